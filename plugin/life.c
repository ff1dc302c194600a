/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives: per connection, what its frames share and what they learn later.
 *
 * The engine forgets a record once it is given; a dissector must show it whenever the user selects
 * one of its frames. So messages, exchanges, findings and the connection's record are copied into
 * the arena, into an object that all notes of the connection point to.
 *
 * Which exchange a frame belongs to is answered from spans of frames, one per message, sorted by
 * first frame (nearly always the order of arrival). Spans of one direction overlap in frames that
 * hold the end of one message and the begin of the next, when segments were reordered, and in
 * HTTP/2; a look-up goes back over at most LOOK_BACK spans that don't hold the frame.
 *
 * Limits: memory grows with the number of connections and exchanges, as Wireshark's own does.
 */
#include "life.h"

#include <math.h>

#include "arena.h"

#define LOOK_BACK 64
/* How many messages of one direction may begin while one is open: the engine's max_pipeline. */
#define MAX_OPEN 1024
/* A jump in exchange numbers beyond this is no list with holes but an error. */
#define MAX_INDEX_JUMP 65536

struct lives {
    struct life **all; /* by the connection's number; NULL: not heard of yet */
    uint64_t count;
};

struct lives *lives_new(void)
{
    return g_new0(struct lives, 1);
}

void lives_free(struct lives *lives)
{
    if (lives != NULL)
        g_free(lives->all);
    g_free(lives);
}

/* Makes room for a connection; the engine numbers them one after the other. */
static void grow(struct lives *lives, uint64_t connection)
{
    uint64_t count = MAX(connection + 1, MAX(lives->count * 2, 64));

    lives->all = g_renew(struct life *, lives->all, count);
    memset(lives->all + lives->count, 0, (count - lives->count) * sizeof(lives->all[0]));
    lives->count = count;
}

struct life *lives_get(struct lives *lives, uint64_t connection, uint32_t incarnation)
{
    struct life *life;

    if (connection >= lives->count)
        grow(lives, connection);
    life = lives->all[connection];
    if (life == NULL) {
        lives->all[connection] = life = arena_new0(struct life);
        life->connection = connection;
        life->incarnation = incarnation;
    }
    return life;
}

/* ---- copies ---------------------------------------------------------------------------------- */

/* Where a record has strings: the schema knows, so that a new field is copied too. */
static const GArray *string_offsets(enum lifeline_record_kind kind)
{
    static GArray *offsets[LIFELINE_RECORD_COUNT];

    if (offsets[kind] == NULL) {
        offsets[kind] = g_array_new(FALSE, FALSE, sizeof(uint16_t));
        for (const struct lifeline_field *field = lifeline_fields(kind); field->path; field++) {
            if (field->type == LIFELINE_FIELD_STRING)
                g_array_append_val(offsets[kind], field->offset);
        }
    }
    return offsets[kind];
}

/* Makes a record's strings its own. Those that before (may be NULL) has alike are taken from it. */
static void own_strings(enum lifeline_record_kind kind, void *record, const void *before)
{
    const GArray *offsets = string_offsets(kind);

    for (guint i = 0; i < offsets->len; i++) {
        uint16_t offset = g_array_index(offsets, uint16_t, i);
        const char **text = (const char **)(void *)((char *)record + offset);
        const char *old =
            before ? *(const char *const *)(const void *)((const char *)before + offset) : NULL;

        *text = old != NULL && *text != NULL && strcmp(old, *text) == 0 ? old : arena_text(*text);
    }
}

void life_connection(struct life *life, const struct lifeline_connection *connection)
{
    struct lifeline_connection record = *connection;
    const char **findings =
        (const char **)arena_alloc(connection->finding_count * sizeof(findings[0]));

    own_strings(LIFELINE_RECORD_CONNECTION, &record, NULL);
    for (uint64_t i = 0; i < connection->finding_count; i++)
        findings[i] = arena_text(connection->findings[i]);
    record.findings = findings;
    life->record = sparse_keep(SPARSE_CONNECTION, &record);
}

const struct sparse *life_copy_finding(const struct lifeline_finding *finding)
{
    struct lifeline_finding out = *finding;

    out.subject = arena_text(out.subject);
    out.peer = arena_text(out.peer);
    out.request = arena_text(out.request);
    return sparse_keep(SPARSE_FINDING, &out);
}

/* ---- exchanges ------------------------------------------------------------------------------- */

static const struct lifeline_http_message unknown_message = {
    .first_ns = LIFELINE_UNKNOWN_NS,
    .last_ns = LIFELINE_UNKNOWN_NS,
    .header_bytes = LIFELINE_UNKNOWN_COUNT,
    .body_bytes = LIFELINE_UNKNOWN_COUNT,
    .wire_body_bytes = LIFELINE_UNKNOWN_COUNT,
    .complete = LIFELINE_UNKNOWN,
};

/* Doubles a list until it has room for one more than at. The old one is left to the arena. */
static void *make_room(void *list, uint32_t *room, uint64_t at, size_t size)
{
    size_t old_bytes = *room * size;
    void *larger;

    if (at < *room)
        return list;
    while (*room <= at)
        *room = *room ? *room * 2 : 1;
    larger = arena_alloc(*room * size);
    if (old_bytes > 0)
        memcpy(larger, list, old_bytes);
    return larger;
}

/* The place of an exchange in the list; NULL when the number can't be right. */
static struct lifeline_exchange **exchange_at(struct life *life, uint64_t index)
{
    if (index >= life->exchange_count + (uint64_t)MAX_INDEX_JUMP)
        return NULL;
    life->exchanges = (struct lifeline_exchange **)make_room(life->exchanges, &life->exchange_room,
                                                             index, sizeof(life->exchanges[0]));
    while (life->exchange_count <= index)
        life->exchanges[life->exchange_count++] = NULL;
    return &life->exchanges[index];
}

/* An exchange of which only messages are known yet. */
static struct lifeline_exchange *begin_exchange(const struct lifeline_message *message)
{
    struct lifeline_exchange *exchange = arena_new0(struct lifeline_exchange);

    exchange->connection = message->connection;
    exchange->incarnation = message->incarnation;
    exchange->index = message->index;
    exchange->stream = LIFELINE_UNKNOWN_COUNT;
    exchange->status = LIFELINE_UNKNOWN_COUNT;
    exchange->request = exchange->response = unknown_message;
    exchange->outcome = exchange->confidence = LIFELINE_UNKNOWN;
    exchange->pipelined = exchange->raced_close = exchange->answered_before = exchange->flagged =
        LIFELINE_UNKNOWN;
    exchange->reused = message->index > 0;
    exchange->connect_ns = exchange->send_ns = exchange->wait_ns = exchange->receive_ns =
        exchange->idle_ns = exchange->blocked_ns = LIFELINE_UNKNOWN_NS;
    exchange->retransmitted_segments = LIFELINE_UNKNOWN_COUNT;
    exchange->retransmission_ns = exchange->wait_retransmission_ns = LIFELINE_UNKNOWN_NS;
    exchange->retransmission_share = NAN;
    return exchange;
}

/* Notes the begin or the end of a message in the spans of its direction. Where segments were
 * reordered, the last byte may come in an earlier frame than the first. */
static void note_span(struct life *life, bool response, uint8_t from, uint64_t index,
                      uint64_t frame, bool is_end)
{
    struct message_spans *spans = &life->spans[response];
    uint32_t oldest = spans->count > MAX_OPEN ? spans->count - MAX_OPEN : 0, i = spans->count;
    struct message_span span = {(uint32_t)index, (uint32_t)frame, LIFELINE_NO_FRAME, from};

    if (frame == LIFELINE_NO_FRAME)
        return;
    while (i > oldest && spans->all[i - 1].index != index)
        i--;
    if (i > oldest) {
        span = spans->all[--i];
    } else {
        spans->all =
            (struct message_span *)make_room(spans->all, &spans->room, spans->count, sizeof(span));
        i = spans->count++;
    }
    if (is_end || span.last != LIFELINE_NO_FRAME)
        span.last = MAX(MAX(span.first, span.last), (uint32_t)frame);
    span.first = MIN(span.first, (uint32_t)frame);
    for (; i > 0 && spans->all[i - 1].first > span.first; i--)
        spans->all[i] = spans->all[i - 1];
    spans->all[i] = span;
}

void life_message(struct life *life, const struct lifeline_message *message)
{
    struct lifeline_exchange **place = exchange_at(life, message->index);
    struct lifeline_http_message *side;

    if (place == NULL)
        return;
    if (*place == NULL)
        *place = begin_exchange(message);
    side = message->is_response ? &(*place)->response : &(*place)->request;
    if (message->is_end) {
        side->last_frame = message->frame;
        side->last_ns = message->time_ns;
    } else {
        side->first_frame = message->frame;
        side->first_ns = message->time_ns;
    }
    if (message->is_response && message->status != LIFELINE_UNKNOWN_COUNT) {
        (*place)->status = message->status;
        (*place)->reason = arena_text(message->reason);
    } else if (!message->is_response && message->method != NULL) {
        (*place)->method = arena_text(message->method);
        (*place)->uri = arena_text(message->uri);
    }
    note_span(life, message->is_response, message->from, message->index, message->frame,
              message->is_end);
}

void life_exchange(struct life *life, const struct lifeline_exchange *exchange)
{
    struct lifeline_exchange **place = exchange_at(life, exchange->index), *out, before;

    if (place == NULL)
        return;
    if (*place == NULL)
        *place = arena_new0(struct lifeline_exchange);
    out = *place;
    before = *out;
    *out = *exchange;
    own_strings(LIFELINE_RECORD_EXCHANGE, out, &before);
    /* The engine keeps neither for this plugin, and doesn't own them after the call. */
    out->request.headers = out->response.headers = NULL;
    out->request.header_count = out->response.header_count = 0;
    out->request.body = out->response.body = NULL;
    out->request.body_kept_bytes = out->response.body_kept_bytes = 0;
    note_span(life, false, LIFELINE_CLIENT, out->index, out->request.first_frame, false);
    note_span(life, false, LIFELINE_CLIENT, out->index, out->request.last_frame, true);
    note_span(life, true, LIFELINE_SERVER, out->index, out->response.first_frame, false);
    note_span(life, true, LIFELINE_SERVER, out->index, out->response.last_frame, true);
}

/* Is a byte of message i possibly in the frame? An open message lasts until the next begins. */
static bool holds(const struct message_spans *spans, uint32_t i, uint64_t frame)
{
    const struct message_span *span = &spans->all[i];

    if (span->last != LIFELINE_NO_FRAME)
        return span->first <= frame && frame <= span->last;
    return span->first <= frame && (i + 1 == spans->count || frame <= span[1].first);
}

static void exchanges_of(const struct life *life, bool response, uint64_t frame, uint8_t from,
                         life_exchange_fn call, void *user)
{
    const struct message_spans *spans = &life->spans[response];
    uint32_t low = 0, high = spans->count, first, misses = 0;

    while (low < high) { /* the first span that begins behind the frame */
        uint32_t middle = low + (high - low) / 2;

        if (spans->all[middle].first <= frame)
            low = middle + 1;
        else
            high = middle;
    }
    for (first = high = low; first > 0 && misses <= LOOK_BACK; first--)
        misses += !holds(spans, first - 1, frame);
    for (uint32_t i = first; i < high; i++) {
        const struct message_span *span = &spans->all[i];

        if (span->from == from && holds(spans, i, frame) && life->exchanges[span->index] != NULL)
            call(user, life->exchanges[span->index], response);
    }
}

void life_exchanges_at(const struct life *life, uint64_t frame, uint8_t from, life_exchange_fn call,
                       void *user)
{
    exchanges_of(life, false, frame, from, call, user);
    exchanges_of(life, true, frame, from, call, user);
}
