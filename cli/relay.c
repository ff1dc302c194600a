/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "relay.h"

#include <stddef.h>
#include <string.h>

#include <glib.h>

#include "channel.h"

#define BATCH_BYTES 262144
#define ALIGNMENT   16

/* Parcels one behind the other, each behind its length. */
struct batch {
    char *bytes;
    size_t room, used;
};

struct length {
    size_t bytes; /* of the parcel, this included, aligned */
    size_t unused;
};
_Static_assert(sizeof(struct length) == ALIGNMENT, "parcels begin where any type may");

enum kind { EVENT, MESSAGE, EXCHANGE, FINDING, CONNECTION, ELSEWHERE, UNTOLD };

#define MAX_STRINGS 16

/* Where a record has strings. */
struct strings {
    unsigned count;
    uint16_t offsets[MAX_STRINGS];
};

struct relay {
    struct lifeline_sink to;
    struct channel *channel;
    GThread *thread;
    bool is_slower; /* the thread that prints */
    struct strings of_exchange, of_connection;
};

/* One record on its way. What its pointers lead to stands behind it. */
struct parcel {
    enum kind kind;
    union {
        struct lifeline_event event;
        struct lifeline_message message;
        struct lifeline_exchange exchange;
        struct lifeline_finding finding;
        struct lifeline_connection connection;
        max_align_t untold; /* where it begins */
    } record;
};

/* ---- sending --------------------------------------------------------------------------------- */

/* Room for a parcel, which goes with the batch. */
static struct parcel *new_parcel(struct relay *relay, size_t bytes)
{
    struct batch *batch = (struct batch *)channel_slot(relay->channel);
    bytes = (bytes + sizeof(struct length) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (batch->used && batch->room - batch->used < bytes) {
        relay->is_slower = channel_send(relay->channel);
        batch = (struct batch *)channel_slot(relay->channel);
        batch->used = 0;
    }
    if (batch->room < bytes) {
        g_free(batch->bytes);
        batch->room = MAX(bytes, BATCH_BYTES);
        batch->bytes = (char *)g_malloc(batch->room);
    }
    struct length *length = (struct length *)(void *)(batch->bytes + batch->used);
    length->bytes = bytes;
    batch->used += bytes;
    return (struct parcel *)(length + 1);
}

static size_t text_bytes(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

/* Copies *text to *end and points to the copy. */
static void put_text(const char **text, char **end)
{
    size_t bytes = text_bytes(*text);
    if (!*text)
        return;
    memcpy(*end, *text, bytes);
    *text = *end;
    *end += bytes;
}

/* As the schema says, so that a new field of a record is copied, too. */
static struct strings strings_of(enum lifeline_record_kind kind)
{
    struct strings strings = {0};
    for (const struct lifeline_field *field = lifeline_fields(kind); field->path; field++) {
        if (field->type != LIFELINE_FIELD_STRING)
            continue;
        g_assert(strings.count < MAX_STRINGS);
        strings.offsets[strings.count++] = field->offset;
    }
    return strings;
}

static size_t strings_bytes(const struct strings *strings, const void *record)
{
    size_t bytes = 0;
    for (unsigned i = 0; i < strings->count; i++)
        bytes += text_bytes(
            *(const char *const *)(const void *)((const char *)record + strings->offsets[i]));
    return bytes;
}

static void put_strings(const struct strings *strings, void *record, char **end)
{
    for (unsigned i = 0; i < strings->count; i++)
        put_text((const char **)(void *)((char *)record + strings->offsets[i]), end);
}

static void send_event(void *user, const struct lifeline_event *event)
{
    struct relay *relay = (struct relay *)user;
    struct parcel *parcel =
        new_parcel(relay, sizeof *parcel + (event->segment ? sizeof *event->segment : 0));
    parcel->kind = EVENT;
    parcel->record.event = *event;
    if (!event->segment)
        return;
    struct lifeline_segment *segment = (struct lifeline_segment *)(parcel + 1);
    *segment = *event->segment;
    segment->payload = NULL; /* views print none */
    segment->captured_bytes = 0;
    parcel->record.event.segment = segment;
}

static void send_message(void *user, const struct lifeline_message *message)
{
    struct relay *relay = (struct relay *)user;
    struct parcel *parcel =
        new_parcel(relay, sizeof *parcel + text_bytes(message->method) + text_bytes(message->uri) +
                              text_bytes(message->reason));
    char *end = (char *)(parcel + 1);
    parcel->kind = MESSAGE;
    parcel->record.message = *message;
    put_text(&parcel->record.message.method, &end);
    put_text(&parcel->record.message.uri, &end);
    put_text(&parcel->record.message.reason, &end);
}

/* What an exchange's request or response points to. */
static size_t http_bytes(const struct lifeline_http_message *message)
{
    size_t bytes = message->header_count * sizeof message->headers[0];
    for (uint64_t i = 0; i < message->header_count; i++)
        bytes += message->headers[i].name_bytes + message->headers[i].value_bytes + 2;
    return bytes + message->body_kept_bytes;
}

static char *put_octets(const char *from, size_t bytes, char **end)
{
    char *copy = *end;
    memcpy(copy, from, bytes);
    copy[bytes] = '\0';
    *end += bytes + 1;
    return copy;
}

static void put_headers(struct lifeline_http_message *message, char **end)
{
    struct lifeline_http_header *headers = (struct lifeline_http_header *)(void *)*end;
    size_t bytes = message->header_count * sizeof headers[0];
    if (!bytes)
        return;
    memcpy(headers, message->headers, bytes);
    message->headers = headers;
    *end += bytes;
}

static void put_http(struct lifeline_http_message *message, char **end)
{
    struct lifeline_http_header *headers = (struct lifeline_http_header *)message->headers;
    for (uint64_t i = 0; i < message->header_count; i++) {
        headers[i].name = put_octets(headers[i].name, headers[i].name_bytes, end);
        headers[i].value = put_octets(headers[i].value, headers[i].value_bytes, end);
    }
    if (message->body_kept_bytes) {
        memcpy(*end, message->body, message->body_kept_bytes);
        message->body = (const uint8_t *)*end;
        *end += message->body_kept_bytes;
    }
}

static void send_exchange(void *user, const struct lifeline_exchange *exchange)
{
    struct relay *relay = (struct relay *)user;
    struct parcel *parcel = new_parcel(relay, sizeof *parcel + http_bytes(&exchange->request) +
                                                  http_bytes(&exchange->response) +
                                                  strings_bytes(&relay->of_exchange, exchange));
    struct lifeline_exchange *x = &parcel->record.exchange;
    char *end = (char *)(parcel + 1);
    parcel->kind = EXCHANGE;
    *x = *exchange;
    put_headers(&x->request, &end);
    put_headers(&x->response, &end);
    put_http(&x->request, &end);
    put_http(&x->response, &end);
    put_strings(&relay->of_exchange, x, &end);
}

/* The texts of its kind are static. */
static void send_finding(void *user, const struct lifeline_finding *finding)
{
    struct relay *relay = (struct relay *)user;
    struct parcel *parcel = new_parcel(
        relay, sizeof *parcel + text_bytes(finding->text) + text_bytes(finding->subject) +
                   text_bytes(finding->peer) + text_bytes(finding->request));
    char *end = (char *)(parcel + 1);
    parcel->kind = FINDING;
    parcel->record.finding = *finding;
    put_text(&parcel->record.finding.text, &end);
    put_text(&parcel->record.finding.subject, &end);
    put_text(&parcel->record.finding.peer, &end);
    put_text(&parcel->record.finding.request, &end);
}

/* The names of findings last as long as the engine. */
static void send_record(struct relay *relay, enum kind kind,
                        const struct lifeline_connection *connection)
{
    size_t names_bytes = connection->finding_count * sizeof connection->findings[0];
    struct parcel *parcel = new_parcel(relay, sizeof *parcel + names_bytes +
                                                  strings_bytes(&relay->of_connection, connection));
    const char **names = (const char **)(parcel + 1);
    char *end = (char *)names + names_bytes;
    parcel->kind = kind;
    parcel->record.connection = *connection;
    if (names_bytes)
        memcpy(names, connection->findings, names_bytes);
    parcel->record.connection.findings = names;
    put_strings(&relay->of_connection, &parcel->record.connection, &end);
}

static void send_connection(void *user, const struct lifeline_connection *connection)
{
    send_record((struct relay *)user, CONNECTION, connection);
}

static void send_elsewhere(void *user, const struct lifeline_connection *connection)
{
    send_record((struct relay *)user, ELSEWHERE, connection);
}

/* Whichever thread has less to do makes the record. */
static void *leave_untold(void *user, size_t bytes)
{
    struct relay *relay = (struct relay *)user;
    if (relay->is_slower)
        return NULL;
    struct parcel *parcel = new_parcel(relay, offsetof(struct parcel, record) + bytes);
    parcel->kind = UNTOLD;
    return &parcel->record;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void call(const struct lifeline_sink *to, struct parcel *parcel)
{
    switch (parcel->kind) {
    case EVENT:
        to->event(to->user, &parcel->record.event);
        break;
    case MESSAGE:
        to->message(to->user, &parcel->record.message);
        break;
    case EXCHANGE:
        to->exchange(to->user, &parcel->record.exchange);
        break;
    case FINDING:
        to->finding(to->user, &parcel->record.finding);
        break;
    case CONNECTION:
        to->connection(to->user, &parcel->record.connection);
        break;
    case ELSEWHERE:
        to->elsewhere(to->user, &parcel->record.connection);
        break;
    case UNTOLD:
        lifeline_tell(&parcel->record, to);
        break;
    }
}

static void *call_view(void *user)
{
    const struct relay *relay = (const struct relay *)user;
    const struct batch *batch;
    while ((batch = (const struct batch *)channel_receive(relay->channel))) {
        size_t bytes;
        for (size_t at = 0; at < batch->used; at += bytes) {
            struct length *length = (struct length *)(void *)(batch->bytes + at);
            bytes = length->bytes;
            call(&relay->to, (struct parcel *)(length + 1));
        }
    }
    return NULL;
}

static void clear_batch(void *slot)
{
    g_free(((struct batch *)slot)->bytes);
}

struct relay *relay_new(const struct lifeline_sink *to)
{
    struct relay *relay = g_new0(struct relay, 1);
    relay->to = *to;
    relay->of_exchange = strings_of(LIFELINE_RECORD_EXCHANGE);
    relay->of_connection = strings_of(LIFELINE_RECORD_CONNECTION);
    relay->channel = channel_new(sizeof(struct batch));
    relay->thread = g_thread_new("printer", call_view, relay);
    return relay;
}

struct lifeline_sink relay_sink(struct relay *relay)
{
    return (struct lifeline_sink){
        .user = relay,
        .event = relay->to.event ? send_event : NULL,
        .message = relay->to.message ? send_message : NULL,
        .exchange = relay->to.exchange ? send_exchange : NULL,
        .finding = relay->to.finding ? send_finding : NULL,
        .connection = relay->to.connection ? send_connection : NULL,
        .elsewhere = relay->to.elsewhere ? send_elsewhere : NULL,
        .untold = leave_untold,
    };
}

void relay_finish(struct relay *relay)
{
    const struct batch *batch = (const struct batch *)channel_slot(relay->channel);
    if (batch->used > 0)
        channel_send(relay->channel);
    channel_end(relay->channel);
    g_thread_join(relay->thread);
    channel_free(relay->channel, clear_batch);
    g_free(relay);
}
