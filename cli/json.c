/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON Lines from the schema.
 *
 * Model: the schema's rows are compiled once into a plan: for each field the literal text that goes
 * before its value (the comma, the key, the braces of its nesting), and how to print the value.
 * Writing a record is then one pass over the plan; names of enumerations are quoted beforehand.
 * Values are printed in json_value.c, lists by functions of their own in json_lists.c.
 *
 * Why not a library: a capture of 170,000 short connections shall take less than half a second. One
 * connection record of this schema (120 values, 2.4 kB), measured on one machine, to /dev/null:
 *     this file             0.74 us
 *     yajl 2.1 (yajl_gen)  11.4  us, the values formatted beforehand
 *     json-c 0.16          19.4  us, with its object tree
 *     jansson 2.14         30.1  us, with its object tree
 *
 * Rules: unknown is null. Times are RFC 3339 in UTC with nine digits; durations are exact decimals
 * in seconds. Output is valid UTF-8 whatever the packets held: see json_string().
 */
#include "json.h"

#include <glib.h>

#include "json_plan.h"

#define MAX_DEPTH 4
#define MAX_VALUE 64 /* octets of a value that has a bound and isn't CUSTOM */

/* ---- the plan -------------------------------------------------------------------------------- */

/* A copy with room after it, so that LITERAL_COPY octets can be read. */
static char *keep(struct json *json, const char *text)
{
    char *padded = g_malloc0(strlen(text) + LITERAL_COPY), *kept;

    strcpy(padded, text);
    kept = g_string_chunk_insert_len(json->chunk, padded, (gssize)(strlen(text) + LITERAL_COPY));
    g_free(padded);
    return kept;
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

        names[i].text = keep(json, text);
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
    size_t room = 0;

    for (; field->path; field++) {
        struct op op = {.field = field, .offset = field->offset, .type = field->type};
        bool bits = field->type == LIFELINE_FIELD_BITS || field->type == LIFELINE_FIELD_BIT_LIST;

        if (field->type == LIFELINE_FIELD_CUSTOM) {
            const struct custom *custom = json_find_custom(kind, field->path);

            if (!custom)
                g_error("no JSON writer for %s", field->path);
            if (custom->headers && !headers)
                continue;
            op.custom = custom->put;
        }
        append_literal(text, before, field->path, strcmp(text->str, "{") == 0);
        op.literal = keep(json, text->str);
        op.length = (uint32_t)text->len;
        op.names = quote_names(json, field->names, bits);
        room += text->len + (op.custom || bits ? MAX_LIST_VALUE : MAX_VALUE);
        g_array_append_val(ops, op);
        g_string_truncate(text, 0);
        before = field->path;
    }
    append_literal(text, before, "", true);
    g_assert(room + text->len + LITERAL_COPY < OUT_MAX_RESERVE);
    plan->tail = keep(json, text->str);
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
        [LIFELINE_RECORD_HOLDER] = "{\"record\":\"time-wait\"",
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
    make_plan(json, &json->time_wait, LIFELINE_RECORD_TIME_WAIT, "{", false);
    return json;
}

void json_free(struct json *json)
{
    for (unsigned kind = 0; kind < LIFELINE_RECORD_COUNT; kind++)
        g_free(json->plans[kind].ops);
    g_free(json->time_wait.ops);
    g_hash_table_destroy(json->names);
    g_string_chunk_free(json->chunk);
    g_free(json);
}

/* ---- records --------------------------------------------------------------------------------- */

void json_record(struct json *json, enum lifeline_record_kind kind, const void *record)
{
    json_put_plan(json, &json->plans[kind], record);
    out_bytes(json->out, "}\n", 2);
    out_line(json->out);
}
