/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Exchanges: memory, strings, times and the way out.
 *
 * Times, as lifeline_exchange gives them (never negative; unknown where an end wasn't captured):
 *   send     first to last request octet
 *   wait     last request octet to the first octet of the final response; interim (1xx) responses
 *            are not its beginning; 0 when the response began before the request was complete
 *   receive  first to last octet of the final response
 *   idle     (set by the protocol) from the end of the exchange before it to its first request
 *   retransmission  from when octets of it were first sent (or, where the capture lacks that, from
 *            when one behind them came) to when they came again unacknowledged; what overlaps
 *            counts once, and zero-window probes and what was received already not at all
 *
 * An octet's time is that of the segment in which it was first seen, so a retransmission of what
 * the capture holds changes nothing; a message's last time is that of its latest octet, which is
 * not the last in sequence where segments were reordered or lost on their way here.
 */
#include "app/exchange.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define KEEP_FREE_EXCHANGES 256

struct exchange_text {
    struct exchange_text *next;
    size_t bytes;
    char text[];
};

struct exchange *exchange_new(struct app_flow *flow)
{
    struct app *app = flow->app;
    struct exchange *x = app->free_exchanges;
    if (x) {
        app->free_exchanges = x->next;
        app->free_exchange_count--;
    } else {
        x = malloc(sizeof *x);
        if (!x)
            return NULL;
        app->held_bytes += sizeof *x;
    }
    memset(x, 0, offsetof(struct exchange, text));
    struct lifeline_exchange *r = &x->record;
    r->index = (*flow->link->exchanges)++;
    flow->exchanges++;
    r->stream = LIFELINE_UNKNOWN_COUNT;
    r->status = LIFELINE_UNKNOWN_COUNT;
    x->announced_bytes = LIFELINE_UNKNOWN_COUNT;
    r->confidence = LIFELINE_PROVEN;
    r->connect_ns = r->idle_ns = LIFELINE_UNKNOWN_NS;
    r->send_ns = r->wait_ns = r->receive_ns = LIFELINE_UNKNOWN_NS;
    exchange_unknown(&r->request);
    exchange_unknown(&r->response);
    x->delayed_ns = LIFELINE_UNKNOWN_NS;
    x->request_start = x->request_end = x->response_start = x->sent_ack = APP_NO_OFFSET;
    return x;
}

/* Room for what a message says: within what streams may hold, because a few octets of HTTP/2 may
 * refer to as many as an HPACK table holds. */
static bool has_room(struct app *app, struct exchange *x, size_t bytes)
{
    if (app->pool.held_bytes + bytes <= app->pool.max_held_bytes)
        return true;
    app->counters->headers_dropped += !x->text_dropped;
    x->text_dropped = true;
    return false;
}

static void *heap_text(struct app *app, struct exchange *x, size_t bytes)
{
    struct exchange_text *t =
        has_room(app, x, sizeof *t + bytes) ? malloc(sizeof *t + bytes) : NULL;
    if (!t)
        return NULL;
    t->bytes = sizeof *t + bytes;
    t->next = x->texts;
    x->texts = t;
    app->pool.held_bytes += t->bytes;
    return t->text;
}

const char *exchange_copy(struct app *app, struct exchange *x, const char *text, size_t bytes)
{
    char *copy;
    if (bytes < (size_t)EXCHANGE_TEXT_BYTES - x->text_used) {
        copy = x->text + x->text_used;
        x->text_used = (uint16_t)(x->text_used + bytes + 1);
    } else {
        copy = heap_text(app, x, bytes + 1);
        if (!copy)
            return NULL;
    }
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

void exchange_has_request(struct app_flow *flow, struct exchange *x)
{
    x->has_request = true;
    x->is_first = !flow->had_request;
    flow->had_request = true;
}

struct exchange *exchange_repeat_request(struct app_flow *flow, const struct exchange *x)
{
    struct exchange *y = exchange_new(flow);
    if (!y)
        return NULL;
    const char *const texts[] = {x->record.method, x->record.uri, x->record.host};
    const char **const copies[] = {&y->record.method, &y->record.uri, &y->record.host};
    for (int i = 0; i < 3; i++)
        if (texts[i])
            *copies[i] = exchange_copy(flow->app, y, texts[i], strlen(texts[i]));
    y->has_request = y->request_done = true;
    y->missing = y->request_gap = x->request_gap;
    y->request_cut = x->request_cut || x->record.request.body_bytes == LIFELINE_UNKNOWN_COUNT;
    y->request_start = x->request_start;
    y->request_end_of = x->request_end_of;
    y->response_end_of = x->response_end_of;
    y->record.confidence = x->record.confidence;
    y->record.request = x->record.request;
    y->record.request.headers = NULL; /* those stay with x */
    y->record.request.header_count = 0;
    y->record.request.body = NULL;
    y->record.request.body_kept_bytes = 0;
    return y;
}

void exchange_keep_header(struct app *app, struct exchange *x, struct lifeline_http_message *m,
                          const char *name, size_t name_bytes, const char *value,
                          size_t value_bytes)
{
    /* The array doubles at powers of two. */
    if ((m->header_count & (m->header_count - 1)) == 0) {
        size_t room = m->header_count ? 2 * m->header_count : 1;
        struct lifeline_http_header *grown = NULL;
        if (has_room(app, x, (room - m->header_count) * sizeof *grown))
            grown = realloc((void *)m->headers, room * sizeof *grown);
        if (!grown)
            return;
        app->pool.held_bytes += (room - m->header_count) * sizeof *grown;
        m->headers = grown;
    }
    char *copy = heap_text(app, x, name_bytes + value_bytes + 2);
    if (!copy)
        return;
    memcpy(copy, name, name_bytes);
    copy[name_bytes] = '\0';
    char *folded = copy + name_bytes + 1;
    for (size_t i = 0; i < value_bytes; i++)
        folded[i] = value[i] == '\r' || value[i] == '\n' ? ' ' : value[i];
    folded[value_bytes] = '\0';
    ((struct lifeline_http_header *)m->headers)[m->header_count++] = (struct lifeline_http_header){
        .name = copy,
        .value = folded,
        .name_bytes = (uint32_t)name_bytes,
        .value_bytes = (uint32_t)value_bytes,
    };
}

/* The buffer's size is a power of two from 1024 on, so that there is no need to store it. */
static uint64_t body_room(const struct lifeline_http_message *m)
{
    uint64_t room = 1024;
    if (!m->body)
        return 0;
    while (room < m->body_kept_bytes)
        room *= 2;
    return room;
}

void exchange_keep_body(struct app *app, struct lifeline_http_message *m, const uint8_t *bytes,
                        size_t length)
{
    uint64_t limit = app->options->keep_body_bytes;
    if (m->body_kept_bytes >= limit || m->body_kept_bytes + length != m->body_bytes)
        return;
    if (length > limit - m->body_kept_bytes)
        length = (size_t)(limit - m->body_kept_bytes);
    uint64_t room = body_room(m), need = m->body_kept_bytes + length;
    if (need > room) {
        uint64_t grown = room ? room : 1024;
        while (grown < need)
            grown *= 2;
        uint8_t *body = NULL;
        if (app->bodies_bytes + (grown - room) <= app->pool.max_held_bytes / 2 &&
            app->pool.held_bytes + (grown - room) <= app->pool.max_held_bytes)
            body = realloc((void *)m->body, grown);
        if (!body) {
            app->counters->body_bytes_dropped += length;
            return;
        }
        app->pool.held_bytes += grown - room;
        app->bodies_bytes += grown - room;
        m->body = body;
    }
    memcpy((uint8_t *)m->body + m->body_kept_bytes, bytes, length);
    m->body_kept_bytes = need;
}

static void forget_kept(struct app *app, struct lifeline_http_message *m)
{
    if (m->headers) {
        uint64_t room = 1;
        while (room < m->header_count)
            room *= 2;
        app->pool.held_bytes -= room * sizeof(struct lifeline_http_header);
        free((void *)m->headers);
    }
    if (m->body) {
        uint64_t room = body_room(m);
        app->pool.held_bytes -= room;
        app->bodies_bytes -= room;
        free((void *)m->body);
    }
}

void exchange_drop(struct app *app, struct exchange *x)
{
    forget_kept(app, &x->record.request);
    forget_kept(app, &x->record.response);
    while (x->texts) {
        struct exchange_text *t = x->texts;
        x->texts = t->next;
        app->pool.held_bytes -= t->bytes;
        free(t);
    }
    if (app->free_exchange_count < KEEP_FREE_EXCHANGES) {
        x->next = app->free_exchanges;
        app->free_exchanges = x;
        app->free_exchange_count++;
    } else {
        app->held_bytes -= sizeof *x;
        free(x);
    }
}

void exchange_announce(struct app_flow *flow, struct exchange *x, bool is_response, bool is_end)
{
    const struct lifeline_sink *sink = flow->app->sink;
    if (!sink->message || !flow->link)
        return;
    const struct lifeline_exchange *r = &x->record;
    const struct lifeline_http_message *m = exchange_message(x, is_response);
    if (is_end && m->last_frame == LIFELINE_NO_FRAME)
        return;
    unsigned end = is_response ? x->response_end_of : x->request_end_of;
    struct lifeline_message message = {
        .connection = flow->link->connection,
        .incarnation = flow->link->incarnation,
        .index = r->index,
        .from = app_role(flow, end),
        .is_response = is_response,
        .is_end = is_end,
        .frame = is_end ? m->last_frame : m->first_frame,
        .layer = flow->layer,
        .time_ns = is_end ? m->last_ns : m->first_ns,
        .method = r->method,
        .uri = r->uri,
        .reason = is_response ? r->reason : NULL,
        .status = is_response ? r->status : LIFELINE_UNKNOWN_COUNT,
        .slot = flow->link->slot,
    };
    sink->message(sink->user, &message);
}

void exchange_missing(struct exchange *x, bool is_response, const struct app_at *at)
{
    struct lifeline_http_message *m = exchange_message(x, is_response);
    x->missing = true;
    *(is_response ? &x->response_gap : &x->request_gap) = true;
    if (!at->cut)
        m->last_frame = LIFELINE_NO_FRAME;
    else if (m->first_frame != LIFELINE_NO_FRAME)
        exchange_touch(m, at);
}

void exchange_delayed(struct exchange *x, int64_t from_ns, int64_t to_ns)
{
    const struct lifeline_exchange *r = &x->record;
    int64_t first_ns =
        r->request.first_ns != LIFELINE_UNKNOWN_NS ? r->request.first_ns : r->response.first_ns;
    if (from_ns == LIFELINE_UNKNOWN_NS || first_ns == LIFELINE_UNKNOWN_NS)
        return;
    if (from_ns < first_ns)
        from_ns = first_ns;
    if (x->delayed_ns != LIFELINE_UNKNOWN_NS && from_ns < x->delayed_ns)
        from_ns = x->delayed_ns;
    if (to_ns <= from_ns)
        return;
    x->record.retransmission_ns += to_ns - from_ns;
    x->delayed_ns = to_ns;
    if (x->request_done && !x->has_response) {
        int64_t since_ns = from_ns > r->request.last_ns ? from_ns : r->request.last_ns;
        x->record.wait_retransmission_ns += to_ns > since_ns ? to_ns - since_ns : 0;
    }
}

void exchange_pieces(struct exchange *x, bool is_response, const struct app_pieces *pieces)
{
    struct lifeline_http_message *m = exchange_message(x, is_response);
    if (m->last_ns < pieces->latest_ns)
        m->last_ns = pieces->latest_ns;
    x->record.retransmitted_segments += pieces->repeats;
    if (pieces->missed_to_ns)
        exchange_delayed(x, pieces->missed_ns, pieces->missed_to_ns);
}

/* The part of its time that an exchange was delayed; NaN: unknown. */
static double delayed_share(const struct exchange *x)
{
    const struct lifeline_exchange *r = &x->record;
    int64_t first_ns =
        r->request.first_ns != LIFELINE_UNKNOWN_NS ? r->request.first_ns : r->response.first_ns;
    int64_t last_ns = exchange_latest_ns(r);
    if (!r->retransmission_ns)
        return 0;
    if (first_ns == LIFELINE_UNKNOWN_NS)
        return NAN;
    if (last_ns < x->delayed_ns)
        last_ns = x->delayed_ns;
    return (double)r->retransmission_ns / (double)(last_ns - first_ns);
}

/* Had an end begun to close before it received a request that its peer sent, whose first octet is
 * at offset start and in frame? Told by the ACK number of its FIN or RST, else by their order. */
static bool raced_close(const struct app_flow *flow, unsigned end, uint64_t frame, int64_t start)
{
    static const struct app_farewell none;
    const struct app_farewell *const closes[2] = {&flow->fin[end],
                                                  flow->was_reset ? &flow->reset[end] : &none};
    for (int i = 0; i < 2; i++)
        if (closes[i]->seen && (closes[i]->received != APP_NO_OFFSET ? closes[i]->received <= start
                                                                     : closes[i]->frame < frame))
            return true;
    return false;
}

void exchange_race(const struct app_flow *flow, struct exchange *x)
{
    unsigned end = x->response_end_of;
    struct lifeline_exchange *r = &x->record;
    bool heard = flow->opened[end] && (!flow->hunting[end] || flow->stream[end].next > 0);
    if (!x->has_request || x->has_response)
        r->raced_close = 0;
    else if (raced_close(flow, end, r->request.first_frame, x->request_start))
        r->raced_close = 1;
    else if (x->missing || !heard || flow->tail_gap[end] != APP_NO_OFFSET)
        r->raced_close = LIFELINE_UNKNOWN;
    else
        r->raced_close = 0;
}

/* in_order: the frames are; then a time before the first one's is that of a clock that went back.
 */
static int64_t span_ns(int64_t from, int64_t to, bool in_order)
{
    if (from == LIFELINE_UNKNOWN_NS || to == LIFELINE_UNKNOWN_NS || (to < from && in_order))
        return LIFELINE_UNKNOWN_NS;
    return to > from ? to - from : 0;
}

static int64_t message_ns(const struct lifeline_http_message *m)
{
    return span_ns(m->first_ns, m->last_ns, m->first_frame < m->last_frame);
}

/* Of a message whose last octet isn't in the capture last_ns is that of the last one that is, so
 * far. */
static void settle_end(struct lifeline_http_message *m)
{
    if (m->last_frame == LIFELINE_NO_FRAME)
        m->last_ns = LIFELINE_UNKNOWN_NS;
}

/* MPTCP (RFC 8684): what lacks here may have gone another way, and so may a message between those
 * that were paired. */
static void other_paths(struct lifeline_exchange *r)
{
    if (r->outcome == LIFELINE_EXCHANGE_TRUNCATED || r->outcome == LIFELINE_EXCHANGE_RESET ||
        r->outcome == LIFELINE_EXCHANGE_NO_RESPONSE)
        r->outcome = LIFELINE_EXCHANGE_GAP;
    r->confidence = LIFELINE_LIKELY;
}

void exchange_give(struct app_flow *flow, struct exchange *x,
                   enum lifeline_exchange_outcome outcome)
{
    const struct lifeline_sink *sink = flow->app->sink;
    struct lifeline_exchange *r = &x->record;
    const struct app_link *link = flow->link;
    if (sink->exchange && link) {
        r->connection = link->connection;
        r->incarnation = link->incarnation;
        r->slot = link->slot;
        r->outcome = (uint8_t)outcome;
        if (!x->has_request) {
            r->pipelined = r->raced_close = r->answered_before = LIFELINE_UNKNOWN;
            r->blocked_ns = LIFELINE_UNKNOWN_NS;
        }
        bool later = x->has_request ? flow->had_request && !x->is_first : r->index > 0;
        bool whole = link->base_known[0] || link->base_known[1];
        bool first = (whole && r->confidence == LIFELINE_PROVEN) ||
                     (link->base_known[x->request_end_of] && x->request_start == 0);
        r->reused = later ? 1 : first ? 0 : LIFELINE_UNKNOWN;
        if (x->is_first && first)
            r->connect_ns = link->connect_ns;
        if (link->multipath)
            other_paths(r);
        settle_end(&r->request);
        settle_end(&r->response);
        r->send_ns = message_ns(&r->request);
        r->wait_ns = span_ns(r->request.last_ns, r->response.first_ns,
                             r->request.last_frame < r->response.first_frame);
        if (!x->request_done || x->request_cut) /* it has no last octet */
            r->wait_ns = LIFELINE_UNKNOWN_NS;
        r->receive_ns = message_ns(&r->response);
        r->retransmission_share = delayed_share(x);
        sink->exchange(sink->user, r);
    }
    exchange_drop(flow->app, x);
}

void exchange_free_list(struct app *app)
{
    while (app->free_exchanges) {
        struct exchange *x = app->free_exchanges;
        app->free_exchanges = x->next;
        free(x);
    }
}
