/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON Lines from the schema.
 *
 * Model: the schema's rows are compiled once into a plan: for each field the literal text that goes
 * before its value (the comma, the key, the braces of its nesting), and how to print the value.
 * Writing a record is then one pass over the plan; names of enumerations are quoted beforehand.
 *
 * Rules: unknown is null. Times are RFC 3339 in UTC with nine digits; durations are exact decimals
 * in seconds. Output is valid UTF-8 whatever the packets held: an octet that is no part of valid
 * UTF-8 becomes U+FFFD; control characters (C0, DEL, C1) and the line separators U+2028 and U+2029
 * are escaped, so that one record is one line for every reader.
 */
#include "json.h"

#include <glib.h>

#define MAX_DEPTH    4
#define SET_NAMES    32 /* values of an enumeration, or bits of a set */
#define LITERAL_COPY 32

struct quoted {
    const char *text; /* "\"three-way\"", or "null" */
    size_t length;
};

typedef void (*custom_fn)(struct json *json, const void *record);

struct op {
    const char *literal; /* LITERAL_COPY octets can always be read */
    uint32_t length;
    uint16_t offset;
    uint8_t type;               /* enum lifeline_field_type */
    const struct quoted *names; /* SET_NAMES of them */
    custom_fn custom;
};

struct plan {
    struct op *ops;
    size_t count;
    const char *tail;
    size_t tail_length;
};

struct json {
    struct out *out;
    struct plan plans[LIFELINE_RECORD_COUNT];
    struct plan nested_time_wait;
    GStringChunk *chunk; /* literals and quoted names */
    GHashTable *names;   /* of a table of names: its struct quoted[SET_NAMES] */
    const struct quoted *states, *evidence, *roles;
};

/* ---- strings --------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

static void put_escape(struct out *out, unsigned code)
{
    static const char digits[] = "0123456789abcdef";
    char *p = out_reserve(out, 6);

    *p++ = '\\';
    switch (code) {
    case '"':
    case '\\':
        *p++ = (char)code;
        break;
    case '\n':
        *p++ = 'n';
        break;
    case '\r':
        *p++ = 'r';
        break;
    case '\t':
        *p++ = 't';
        break;
    default:
        *p++ = 'u';
        for (unsigned shift = 16; shift;) {
            shift -= 4;
            *p++ = digits[code >> shift & 15];
        }
    }
    out_commit(out, p);
}

void json_string(struct out *out, const char *text, size_t length)
{
    const char *end = text + length;

    out_char(out, '"');
    while (text < end) {
        const char *run = text;
        gunichar code;

        while (text < end && is_plain((unsigned char)*text))
            text++;
        out_bytes(out, run, (size_t)(text - run));
        if (text == end)
            break;
        if ((unsigned char)*text < 0x80) {
            put_escape(out, (unsigned char)*text++);
            continue;
        }
        code = g_utf8_get_char_validated(text, end - text);
        if (code >= 0x110000) { /* malformed, or cut off */
            out_bytes(out, "\xef\xbf\xbd", 3);
            text++;
        } else if (code < 0xa0 || code == 0x2028 || code == 0x2029) {
            put_escape(out, code);
            text = g_utf8_next_char(text);
        } else {
            run = text;
            text = g_utf8_next_char(text);
            out_bytes(out, run, (size_t)(text - run));
        }
    }
    out_char(out, '"');
}

void json_text(struct out *out, const char *text)
{
    if (text)
        json_string(out, text, strlen(text));
    else
        out_bytes(out, "null", 4);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static char *put_quoted(char *p, const struct quoted *name)
{
    memcpy(p, name->text, name->length);
    return p + name->length;
}

static char *put_name(char *p, const struct quoted *names, unsigned value)
{
    static const struct quoted null = {"null", 4};

    return put_quoted(p, value < SET_NAMES ? &names[value] : &null);
}

static char *put_frame(char *p, uint64_t frame)
{
    if (frame != LIFELINE_NO_FRAME)
        return put_u64(p, frame);
    memcpy(p, "null", 4);
    return p + 4;
}

static void put_names(struct json *json, const struct quoted *names, const uint8_t *values,
                      unsigned count)
{
    char *p = out_reserve(json->out, 16 * 20 + 2);

    *p++ = '[';
    for (unsigned i = 0; i < count && i < 16; i++) {
        if (i)
            *p++ = ',';
        p = put_name(p, names, values[i]);
    }
    *p++ = ']';
    out_commit(json->out, p);
}

static void put_frames(struct json *json, const uint64_t *frames, unsigned count)
{
    char *p = out_reserve(json->out, 16 * 21 + 2);

    *p++ = '[';
    for (unsigned i = 0; i < count && i < 16; i++) {
        if (i)
            *p++ = ',';
        p = put_frame(p, frames[i]);
    }
    *p++ = ']';
    out_commit(json->out, p);
}

static void custom_client_states(struct json *json, const void *record)
{
    const struct lifeline_connection *c = record;

    put_names(json, json->states, c->client.states, c->client.state_count);
}

static void custom_client_evidence(struct json *json, const void *record)
{
    const struct lifeline_connection *c = record;

    put_names(json, json->evidence, c->client.states_evidence, c->client.state_count);
}

static void custom_server_states(struct json *json, const void *record)
{
    const struct lifeline_connection *c = record;

    put_names(json, json->states, c->server.states, c->server.state_count);
}

static void custom_server_evidence(struct json *json, const void *record)
{
    const struct lifeline_connection *c = record;

    put_names(json, json->evidence, c->server.states_evidence, c->server.state_count);
}

static void custom_handshake_frames(struct json *json, const void *record)
{
    const struct lifeline_handshake *h = &((const struct lifeline_connection *)record)->handshake;

    put_frames(json, (uint64_t[]){h->syn_frame, h->synack_frame, h->ack_frame}, 3);
}

static void custom_teardown_frames(struct json *json, const void *record)
{
    const struct lifeline_teardown *t = &((const struct lifeline_connection *)record)->teardown;

    put_frames(json, (uint64_t[]){t->fin1_frame, t->ack1_frame, t->fin2_frame, t->ack2_frame}, 4);
}

static void put_plan(struct json *json, const struct plan *plan, const void *record);

static void custom_time_wait(struct json *json, const void *record)
{
    const struct lifeline_connection *c = record;

    out_char(json->out, '[');
    for (unsigned i = 0; i < c->time_wait_count; i++) {
        if (i)
            out_char(json->out, ',');
        put_plan(json, &json->nested_time_wait, &c->time_wait[i]);
        out_char(json->out, '}');
    }
    out_char(json->out, ']');
}

static void custom_findings(struct json *json, const void *record)
{
    const struct lifeline_connection *c = record;

    out_char(json->out, '[');
    for (uint64_t i = 0; i < c->finding_count; i++) {
        if (i)
            out_char(json->out, ',');
        json_text(json->out, c->findings[i]);
    }
    out_char(json->out, ']');
}

static void custom_segment(struct json *json, const void *record)
{
    const struct lifeline_event *event = record;
    char *p = out_reserve(json->out, 64);

    if (event->segment) {
        *p++ = '"';
        p += lifeline_flags_text(event->segment->flags, p, 60);
        *p++ = '"';
    } else {
        p = put_frame(p, 0);
    }
    out_commit(json->out, p);
}

static void custom_length(struct json *json, const void *record)
{
    const struct lifeline_event *event = record;
    char *p = out_reserve(json->out, 20);

    p = event->segment ? put_u64(p, event->segment->payload_bytes) : put_frame(p, 0);
    out_commit(json->out, p);
}

static void custom_transitions(struct json *json, const void *record)
{
    const struct lifeline_event *event = record;
    char *p = out_reserve(json->out, LIFELINE_MAX_TRANSITIONS * 128 + 2);

    *p++ = '[';
    for (unsigned i = 0; i < event->transition_count; i++) {
        const struct lifeline_transition *t = &event->transitions[i];

        if (i)
            *p++ = ',';
        p = mempcpy(p, "{\"endpoint\":", 12);
        p = put_name(p, json->roles, t->endpoint);
        p = mempcpy(p, ",\"from\":", 8);
        p = put_name(p, json->states, t->from);
        p = mempcpy(p, ",\"to\":", 6);
        p = put_name(p, json->states, t->to);
        p = mempcpy(p, ",\"evidence\":", 12);
        p = put_name(p, json->evidence, t->evidence);
        *p++ = '}';
    }
    *p++ = ']';
    out_commit(json->out, p);
}

static void custom_old_incarnation(struct json *json, const void *record)
{
    const struct lifeline_event *event = record;
    char *p = out_reserve(json->out, 20);

    p = event->marks & LIFELINE_MARK_OLD_DUPLICATE ? put_u64(p, event->old_incarnation)
                                                   : put_frame(p, 0);
    out_commit(json->out, p);
}

static void custom_interim(struct json *json, const void *record)
{
    const struct lifeline_exchange *x = record;
    char *p = out_reserve(json->out, 16 * 6);

    *p++ = '[';
    for (unsigned i = 0; i < x->interim_count && i < 8; i++) {
        if (i)
            *p++ = ',';
        p = put_u64(p, x->interim[i]);
    }
    *p++ = ']';
    out_commit(json->out, p);
}

static void put_headers(struct json *json, const struct lifeline_http_message *message)
{
    if (!message->headers) {
        out_bytes(json->out, "null", 4);
        return;
    }
    out_char(json->out, '[');
    for (uint64_t i = 0; i < message->header_count; i++) {
        const struct lifeline_http_header *header = &message->headers[i];

        out_text(json->out, i ? ",{\"name\":" : "{\"name\":");
        json_string(json->out, header->name, header->name_bytes);
        out_text(json->out, ",\"value\":");
        json_string(json->out, header->value, header->value_bytes);
        out_char(json->out, '}');
    }
    out_char(json->out, ']');
}

static void custom_request_headers(struct json *json, const void *record)
{
    put_headers(json, &((const struct lifeline_exchange *)record)->request);
}

static void custom_response_headers(struct json *json, const void *record)
{
    put_headers(json, &((const struct lifeline_exchange *)record)->response);
}

static void custom_finding_frames(struct json *json, const void *record)
{
    const struct lifeline_finding *finding = record;

    put_frames(json, finding->frames, finding->frame_count);
}

static const struct custom {
    uint8_t kind; /* enum lifeline_record_kind */
    bool headers; /* only when headers are kept */
    const char *path;
    custom_fn write;
} customs[] = {
    {LIFELINE_RECORD_CONNECTION, false, "client.states", custom_client_states},
    {LIFELINE_RECORD_CONNECTION, false, "client.states_evidence", custom_client_evidence},
    {LIFELINE_RECORD_CONNECTION, false, "server.states", custom_server_states},
    {LIFELINE_RECORD_CONNECTION, false, "server.states_evidence", custom_server_evidence},
    {LIFELINE_RECORD_CONNECTION, false, "handshake.frames", custom_handshake_frames},
    {LIFELINE_RECORD_CONNECTION, false, "teardown.frames", custom_teardown_frames},
    {LIFELINE_RECORD_CONNECTION, false, "time_wait", custom_time_wait},
    {LIFELINE_RECORD_CONNECTION, false, "findings", custom_findings},
    {LIFELINE_RECORD_EVENT, false, "segment", custom_segment},
    {LIFELINE_RECORD_EVENT, false, "length", custom_length},
    {LIFELINE_RECORD_EVENT, false, "transitions", custom_transitions},
    {LIFELINE_RECORD_EVENT, false, "old_incarnation", custom_old_incarnation},
    {LIFELINE_RECORD_EXCHANGE, false, "interim", custom_interim},
    {LIFELINE_RECORD_EXCHANGE, true, "request_headers", custom_request_headers},
    {LIFELINE_RECORD_EXCHANGE, true, "response_headers", custom_response_headers},
    {LIFELINE_RECORD_FINDING, false, "frames", custom_finding_frames},
};

static const struct custom *find_custom(unsigned kind, const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(customs); i++) {
        if (customs[i].kind == kind && strcmp(customs[i].path, path) == 0)
            return &customs[i];
    }
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

#define AT(type) (*(const type *)(const void *)((const char *)record + op->offset))

static void put_bits(struct json *json, const struct op *op, uint32_t mask)
{
    bool list = op->type == LIFELINE_FIELD_BIT_LIST;
    char *p = out_reserve(json->out, 32 * 32);

    if (!mask) {
        p = mempcpy(p, list ? "[]" : "null", list ? 2 : 4);
    } else {
        *p++ = list ? '[' : '"';
        for (bool first = true; mask; mask &= mask - 1, first = false) {
            const struct quoted *name = &op->names[__builtin_ctz(mask)];

            if (!first)
                *p++ = list ? ',' : '+';
            if (list)
                p = put_quoted(p, name);
            else
                p = mempcpy(p, name->text + 1, name->length - 2);
        }
        *p++ = list ? ']' : '"';
    }
    out_commit(json->out, p);
}

static char *put_unknown_or_u64(char *p, uint64_t value, bool unknown)
{
    return unknown ? (char *)mempcpy(p, "null", 4) : put_u64(p, value);
}

/* Literal and value of one field. */
static void put_field(struct json *json, const struct op *op, const void *record)
{
    struct out *out = json->out;
    char *p = out_reserve(out, 512);

    memcpy(p, op->literal, LITERAL_COPY);
    if (op->length > LITERAL_COPY)
        memcpy(p + LITERAL_COPY, op->literal + LITERAL_COPY, op->length - LITERAL_COPY);
    p += op->length;
    switch (op->type) {
    case LIFELINE_FIELD_U8:
        p = put_u64(p, AT(uint8_t));
        break;
    case LIFELINE_FIELD_U16:
        p = put_u64(p, AT(uint16_t));
        break;
    case LIFELINE_FIELD_U32:
        p = put_u64(p, AT(uint32_t));
        break;
    case LIFELINE_FIELD_U64:
        p = put_unknown_or_u64(p, AT(uint64_t), AT(uint64_t) == LIFELINE_UNKNOWN_COUNT);
        break;
    case LIFELINE_FIELD_FRAME:
        p = put_unknown_or_u64(p, AT(uint64_t), AT(uint64_t) == LIFELINE_NO_FRAME);
        break;
    case LIFELINE_FIELD_TTL:
        p = put_unknown_or_u64(p, AT(uint8_t), AT(uint8_t) == 0);
        break;
    case LIFELINE_FIELD_BOOL:
        if (AT(uint8_t) == LIFELINE_UNKNOWN)
            p = mempcpy(p, "null", 4);
        else if (AT(uint8_t))
            p = mempcpy(p, "true", 4);
        else
            p = mempcpy(p, "false", 5);
        break;
    case LIFELINE_FIELD_ENUM:
        p = put_name(p, op->names, AT(uint8_t));
        break;
    case LIFELINE_FIELD_TIME:
        if (AT(int64_t) == LIFELINE_UNKNOWN_NS) {
            p = mempcpy(p, "null", 4);
        } else {
            *p++ = '"';
            p = put_time(out, p, AT(int64_t));
            *p++ = '"';
        }
        break;
    case LIFELINE_FIELD_DURATION:
        if (AT(int64_t) == LIFELINE_UNKNOWN_NS)
            p = mempcpy(p, "null", 4);
        else
            p = put_seconds(p, AT(int64_t));
        break;
    case LIFELINE_FIELD_DOUBLE:
        if (AT(double) - AT(double) == 0.0) /* finite */
            p += strlen(g_ascii_formatd(p, 40, "%.9g", AT(double)));
        else
            p = mempcpy(p, "null", 4);
        break;
    case LIFELINE_FIELD_STRING:
        out_commit(out, p);
        json_text(out, AT(const char *));
        return;
    case LIFELINE_FIELD_ADDRESS:
        *p++ = '"';
        p += lifeline_address_text(&AT(struct lifeline_address), p, 46);
        *p++ = '"';
        break;
    case LIFELINE_FIELD_BITS:
    case LIFELINE_FIELD_BIT_LIST:
        out_commit(out, p);
        put_bits(json, op, AT(uint32_t));
        return;
    case LIFELINE_FIELD_CUSTOM:
        out_commit(out, p);
        op->custom(json, record);
        return;
    }
    out_commit(out, p);
}

static void put_plan(struct json *json, const struct plan *plan, const void *record)
{
    for (size_t i = 0; i < plan->count; i++)
        put_field(json, &plan->ops[i], record);
}

/* ---- the plan -------------------------------------------------------------------------------- */

static char *keep(struct json *json, const GString *text)
{
    /* Room after the text, so that LITERAL_COPY octets can be read. */
    char padded[256 + LITERAL_COPY] = {0};

    g_assert(text->len < 256);
    memcpy(padded, text->str, text->len);
    return g_string_chunk_insert_len(json->chunk, padded, (gssize)(text->len + LITERAL_COPY));
}

static const struct quoted *quote_names(struct json *json, const struct lifeline_name *table,
                                        bool bits)
{
    struct quoted *names = table ? g_hash_table_lookup(json->names, table) : NULL;

    if (names || !table)
        return names;
    names = g_new(struct quoted, SET_NAMES);
    for (unsigned i = 0; i < SET_NAMES; i++) {
        const char *name = lifeline_name_of(table, bits ? UINT32_C(1) << i : i);
        char *text = name ? g_strdup_printf("\"%s\"", name) : g_strdup(bits ? "\"?\"" : "null");

        names[i].text = g_string_chunk_insert(json->chunk, text);
        names[i].length = strlen(text);
        g_free(text);
    }
    g_hash_table_insert(json->names, (gpointer)table, names);
    return names;
}

/* The text between the values of two paths: closes the objects that the second isn't in, and opens
 * those that the first wasn't in. An empty path is the record itself. */
static void append_literal(GString *text, const char *before, const char *path, bool first)
{
    char **from = g_strsplit(before, ".", MAX_DEPTH), **to = g_strsplit(path, ".", MAX_DEPTH);
    guint from_count = g_strv_length(from), to_count = g_strv_length(to), common = 0;

    while (common + 1 < from_count && common + 1 < to_count &&
           strcmp(from[common], to[common]) == 0)
        common++;
    for (guint i = common + 1; i < from_count; i++)
        g_string_append_c(text, '}');
    if (to_count) {
        if (!first)
            g_string_append_c(text, ',');
        for (guint i = common; i < to_count; i++)
            g_string_append_printf(text, i + 1 < to_count ? "\"%s\":{" : "\"%s\":", to[i]);
    }
    g_strfreev(from);
    g_strfreev(to);
}

static void make_plan(struct json *json, struct plan *plan, unsigned kind, const char *head,
                      bool headers)
{
    const struct lifeline_field *field = lifeline_fields(kind);
    GArray *ops = g_array_new(FALSE, TRUE, sizeof(struct op));
    GString *text = g_string_new(head);
    const char *before = "";

    for (; field->path; field++) {
        const struct custom *custom = NULL;
        struct op op = {.offset = field->offset, .type = field->type};

        if (field->type == LIFELINE_FIELD_CUSTOM) {
            custom = find_custom(kind, field->path);
            if (!custom)
                g_error("no JSON writer for %s", field->path);
            if (custom->headers && !headers)
                continue;
            op.custom = custom->write;
        }
        append_literal(text, before, field->path, strcmp(text->str, "{") == 0);
        op.literal = keep(json, text);
        op.length = (uint32_t)text->len;
        op.names = quote_names(json, field->names,
                               field->type == LIFELINE_FIELD_BITS ||
                                   field->type == LIFELINE_FIELD_BIT_LIST);
        g_array_append_val(ops, op);
        g_string_truncate(text, 0);
        before = field->path;
    }
    append_literal(text, before, "", true);
    plan->tail = keep(json, text);
    plan->tail_length = text->len;
    plan->count = ops->len;
    plan->ops = (struct op *)(void *)g_array_free(ops, FALSE);
    g_string_free(text, TRUE);
}

struct json *json_new(struct out *out, bool headers)
{
    static const char *const heads[LIFELINE_RECORD_COUNT] = {
        [LIFELINE_RECORD_CONNECTION] = "{\"record\":\"connection\"",
        [LIFELINE_RECORD_EVENT] = "{\"record\":\"event\"",
        [LIFELINE_RECORD_EXCHANGE] = "{\"record\":\"exchange\"",
        [LIFELINE_RECORD_FINDING] = "{\"record\":\"finding\"",
        [LIFELINE_RECORD_TIME_WAIT] = "{\"record\":\"time-wait\"",
        [LIFELINE_RECORD_CENSUS] = "{\"record\":\"time-wait-census\"",
    };
    struct json *json = g_new0(struct json, 1);

    json->out = out;
    json->chunk = g_string_chunk_new(8192);
    json->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    json->states = quote_names(json, lifeline_state_names, false);
    json->evidence = quote_names(json, lifeline_evidence_names, false);
    json->roles = quote_names(json, lifeline_role_names, false);
    for (unsigned kind = 0; kind < LIFELINE_RECORD_COUNT; kind++)
        make_plan(json, &json->plans[kind], kind, heads[kind], headers);
    make_plan(json, &json->nested_time_wait, LIFELINE_RECORD_TIME_WAIT, "{", false);
    return json;
}

void json_free(struct json *json)
{
    for (unsigned kind = 0; kind < LIFELINE_RECORD_COUNT; kind++)
        g_free(json->plans[kind].ops);
    g_free(json->nested_time_wait.ops);
    g_hash_table_destroy(json->names);
    g_string_chunk_free(json->chunk);
    g_free(json);
}

void json_begin(struct json *json, enum lifeline_record_kind kind, const void *record)
{
    const struct plan *plan = &json->plans[kind];

    put_plan(json, plan, record);
    out_bytes(json->out, plan->tail, plan->tail_length);
}

void json_end(struct json *json)
{
    out_bytes(json->out, "}\n", 2);
    out_line(json->out);
}

void json_record(struct json *json, enum lifeline_record_kind kind, const void *record)
{
    json_begin(json, kind, record);
    json_end(json);
}
