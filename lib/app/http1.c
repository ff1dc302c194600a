/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.0 and 1.1 from octets to messages: framing, RFC 9112.
 *
 * Each direction is a small state machine (enum http1_place). Heads are parsed where they lie in
 * the packet; only one that comes in pieces is copied together, up to options.max_header_bytes.
 * Bodies are skipped by length: their octets aren't looked at, and a segment wholly inside one
 * costs the same whatever its size.
 *
 * Gaps: inside a body of known length (or of a chunk) the gap is counted as body and framing goes
 * on. Elsewhere the stream is lost until, at a segment's start, a whole start line proves a
 * message: HTTP senders begin messages at the start of segments, and bodies hardly ever look like
 * one.
 */
#include "app/http1.h"

_Static_assert(sizeof(struct http1) <= APP_STATE_BYTES, "a flow has room for it");

/* ---- octets of bodies ---- */

/* Was the request answered, or may its answer be among what is lost? */
static bool may_be_answered(const struct http1 *h, const struct exchange *x)
{
    return x->has_response || x->sent_ack < h->server_gap_end;
}

/* A body was announced and doesn't come: the client that expected 100 (Continue) got a final
 * response instead, or a response without a request answered HEAD, or CONNECT. What comes is the
 * next message.
 */
static bool body_is_absent(const struct http1 *h, unsigned end, const struct app_run *run)
{
    const struct exchange *x = h->side[end].x;
    if (!x || !run->at.segment_start)
        return false;
    if (end == h->client
            ? !x->expects_continue || !may_be_answered(h, x) || x->record.request.body_bytes
            : x->has_request || x->record.response.body_bytes)
        return false;
    return http1_resyncs(h, end, run);
}

/* A client that expected 100 (Continue) and got a final response doesn't owe the body that it
 * announced (RFC 9110 10.1.1): the close cuts nothing. */
static bool owes_no_body(const struct http1 *h)
{
    const struct http1_side *side = &h->side[h->client];
    const struct exchange *x = side->x;
    bool before_body =
        side->place == HTTP1_LENGTH || (side->place == HTTP1_CHUNK_SIZE && !side->digits);
    return x && before_body && x->expects_continue && x->has_response && !x->record.interim_count &&
           !x->record.request.body_bytes;
}

/* A response without a length lasts until the close. But its client, with all of it so far, asked
 * again, and what comes looks like the answer to that: both ends take it as over. */
static bool is_over_for_both(const struct http1 *h, unsigned end, const struct app_run *run)
{
    const struct exchange *x = h->side[end].x;
    return x && x->has_request && x->next && x->next->sent_ack == run->at.offset &&
           http1_resyncs(h, end, run);
}

static void count_body(struct app_flow *flow, struct http1 *h, unsigned end,
                       const struct app_run *run, uint32_t wire, uint32_t data)
{
    struct http1_side *side = &h->side[end];
    if (!side->x)
        return;
    struct lifeline_http_message *m = http1_message_of(side, end == h->client);
    http1_touch(side, end == h->client, &run->at);
    m->wire_body_bytes += wire;
    m->body_bytes += data;
    if (data && flow->app->options->keep_body_bytes)
        exchange_keep_body(flow->app, m, run->p, data);
}

static void chunk_step(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run)
{
    struct http1_side *side = &h->side[end];
    uint32_t data, n = http1_chunk(side, run->p, run->left, &data);
    count_body(flow, h, end, run, n, data);
    app_run_advance(run, n);
    if (side->place == HTTP1_START) {
        http1_end_message(flow, h, end);
    } else if (side->place == HTTP1_LOST) {
        http1_flag(side, "invalid chunk");
        if (side->x && end == h->client)
            side->x->request_cut = true;
        http1_messages_lost(flow, h, end, APP_NO_OFFSET, APP_NO_OFFSET);
    }
}

/* Octets whose place in their stream isn't known: may they be another message's than that which
 * broke off? A request's are its own until the server sends something, a response's while no other
 * request may have been sent. */
static bool is_stray(const struct http1 *h, unsigned end, const struct app_at *at)
{
    const struct exchange *x = h->side[end].x;
    if (end == h->client)
        return at->peer_offset == APP_NO_OFFSET || at->peer_offset > x->sent_ack;
    return !x->has_request || x->next || h->client_gap_end > x->request_start;
}

static void lost_step(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run)
{
    struct http1_side *side = &h->side[end];
    if (!http1_resyncs(h, end, run)) {
        http1_touch(side, end == h->client, &run->at);
        if (side->x && is_stray(h, end, &run->at))
            http1_message_of(side, end == h->client)->last_frame = LIFELINE_NO_FRAME;
        app_run_advance(run, run->left);
        if (end != h->client)
            h->server_unread_end = run->at.offset;
        return;
    }
    if (end == h->client)
        http1_request_ends(flow, h);
    else
        http1_response_ends(flow, h, true);
    side->place = HTTP1_START;
    side->resynced = true;
}

static void step(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run)
{
    struct http1_side *side = &h->side[end];
    uint32_t n;
    switch (side->place) {
    case HTTP1_START:
        app_run_advance(run, http1_empty_lines(run->p, run->left));
        if (!run->left)
            return;
        side->place = HTTP1_HEAD;
        side->begin = run->at;
        if (end == h->client)
            http1_settle(flow, h, &side->begin);
        side->quiet = http1_is_quiet(h);
        /* fall through */
    case HTTP1_HEAD:
        http1_head_step(flow, h, end, run);
        return;
    case HTTP1_LENGTH:
        if (body_is_absent(h, end, run)) {
            http1_end_message(flow, h, end);
            return;
        }
        n = side->left < run->left ? (uint32_t)side->left : run->left;
        count_body(flow, h, end, run, n, n);
        app_run_advance(run, n);
        side->left -= n;
        if (!side->left)
            http1_end_message(flow, h, end);
        return;
    case HTTP1_CHUNK_SIZE:
        if (!side->digits && body_is_absent(h, end, run)) {
            http1_end_message(flow, h, end);
            return;
        }
        chunk_step(flow, h, end, run);
        return;
    case HTTP1_UNTIL_CLOSE:
        if (body_is_absent(h, end, run)) {
            http1_end_message(flow, h, end);
            return;
        }
        if (is_over_for_both(h, end, run)) {
            http1_flag(side, "no length, and the connection goes on");
            side->x->next->record.pipelined = 0;
            side->x->next->record.idle_ns = LIFELINE_UNKNOWN_NS;
            h->likely = true;
            http1_end_message(flow, h, end);
            return;
        }
        count_body(flow, h, end, run, run->left, run->left);
        app_run_advance(run, run->left);
        return;
    case HTTP1_LOST:
        lost_step(flow, h, end, run);
        return;
    case HTTP1_OVER:
        app_run_advance(run, run->left);
        return;
    default:
        chunk_step(flow, h, end, run);
    }
}

/* ---- the protocol's row ---- */

static bool http1_open(struct app_flow *flow, unsigned client)
{
    struct http1 *h = http1_of(flow);
    h->client = (uint8_t)client;
    h->server_gap_end = h->server_unread_end = h->client_gap_begin = APP_NO_OFFSET;
    h->client_gap_end = h->client_gap_answered = APP_NO_OFFSET;
    h->last_end_ns = LIFELINE_UNKNOWN_NS;
    for (unsigned end = 0; end < 2; end++) {
        if (!flow->hunting[end])
            continue;
        h->side[end].place = HTTP1_LOST;
        h->likely = true;
        if (flow->stream[end].next > 0) /* else nothing says that there was more */
            http1_messages_lost(flow, h, end, 0, flow->stream[end].next);
    }
    return true;
}

static uint32_t http1_data(struct app_flow *flow, unsigned end, const uint8_t *bytes,
                           uint32_t length, const struct app_at *at)
{
    struct app_run run = {bytes, length, *at};
    if (end != http1_of(flow)->client)
        http1_of(flow)->server_ns = at->time_ns;
    while (run.left && !flow->abandoned && flow->protocol == &app_http1)
        step(flow, http1_of(flow), end, &run);
    return length - run.left;
}

/* A body was announced, none of it came so far, and perhaps none does: the response to a request
 * that isn't known may answer HEAD. */
static bool is_body_doubtful(const struct http1_side *side)
{
    return side->x && !side->x->has_request && !side->x->record.response.wire_body_bytes;
}

/* Octets that lie wholly in a body: framing goes on behind them. */
static bool gap_in_body(struct http1_side *side, uint64_t bytes, bool is_request,
                        const struct app_at *at)
{
    if (bytes == APP_GAP_UNKNOWN || is_body_doubtful(side))
        return false;
    if (side->place == HTTP1_UNTIL_CLOSE)
        side->left = bytes;
    else if ((side->place != HTTP1_LENGTH && side->place != HTTP1_CHUNK_DATA) || bytes > side->left)
        return false;
    side->left -= bytes;
    if (side->x) {
        struct lifeline_http_message *m = http1_message_of(side, is_request);
        m->body_bytes += bytes;
        m->wire_body_bytes += bytes;
        exchange_missing(side->x, !is_request, at);
    }
    return true;
}

/* A gap lets nobody tell how the message under way goes on. */
static void break_off(struct http1_side *side, bool is_request, const struct app_at *at)
{
    struct lifeline_http_message *m = http1_message_of(side, is_request);
    exchange_missing(side->x, !is_request, at);
    m->wire_body_bytes = LIFELINE_UNKNOWN_COUNT;
    if (side->place != HTTP1_TRAILER)
        m->body_bytes = LIFELINE_UNKNOWN_COUNT;
    if (is_request)
        side->x->request_cut = true;
    else
        side->x->cut = true;
}

static void http1_gap(struct app_flow *flow, unsigned end, uint64_t bytes, const struct app_at *at)
{
    struct http1 *h = http1_of(flow);
    struct http1_side *side = &h->side[end];
    bool is_request = end == h->client;
    bool unknown = bytes == APP_GAP_UNKNOWN;
    const uint8_t place = side->place;
    uint64_t left = side->left;
    if (side->place == HTTP1_OVER)
        return;
    if (!is_request)
        h->server_ns = at->time_ns; /* it wasn't silent */
    if (gap_in_body(side, bytes, is_request, at)) {
        if (!side->left && side->place == HTTP1_LENGTH)
            http1_end_message(flow, h, end);
        else if (!side->left && side->place == HTTP1_CHUNK_DATA)
            side->place = HTTP1_CHUNK_END;
        return;
    }
    if (side->place == HTTP1_LENGTH && !unknown &&
        !is_body_doubtful(side)) { /* it ends inside the gap, known by its length */
        gap_in_body(side, left, is_request, at);
        http1_end_message(flow, h, end);
    } else if (side->place == HTTP1_HEAD) {
        http1_cut_head(flow, h, end, true, at);
    } else if (side->x) {
        break_off(side, is_request, at);
    }
    if (flow->abandoned || flow->protocol != &app_http1)
        return;
    h->gap_holds |= !is_request && place == HTTP1_START;
    side->place = HTTP1_LOST;
    http1_messages_lost(flow, h, end, at->offset, at->offset + (unknown ? 1 : (int64_t)bytes));
}

static void http1_fin(struct app_flow *flow, unsigned end)
{
    struct http1 *h = http1_of(flow);
    struct http1_side *side = &h->side[end];
    struct app_at at = side->begin;
    if (side->place == HTTP1_HEAD)
        http1_cut_head(flow, h, end, false, &at);
    if (flow->abandoned || flow->protocol != &app_http1)
        return;
    uint8_t place = side->place;
    bool cuts = side->x && place != HTTP1_LOST && !(end == h->client && owes_no_body(h));
    side->place = HTTP1_OVER;
    if (end == h->client) {
        if (cuts)
            side->x->request_cut = true;
        http1_request_ends(flow, h);
    } else {
        http1_response_ends(flow, h, place != HTTP1_UNTIL_CLOSE);
        http1_no_more_responses(flow, h);
    }
}

static void http1_repeat(struct app_flow *flow, unsigned end, int64_t offset, uint32_t bytes,
                         int64_t since_ns)
{
    struct http1 *h = http1_of(flow);
    if (end != h->client) {
        struct exchange *x = h->side[end].x;
        if (x && offset + bytes > x->response_start) {
            x->record.retransmitted_segments++;
            exchange_delayed(x, since_ns, flow->now_ns);
        }
        return;
    }
    for (struct exchange *x = h->first; x; x = x->next) {
        if (offset + bytes > x->request_start && (!x->next || offset < x->next->request_start)) {
            x->record.retransmitted_segments++;
            exchange_delayed(x, since_ns, flow->now_ns);
            return;
        }
    }
}

/* Gives all that is open, frees all. */
static void http1_close(struct app_flow *flow, enum app_close how)
{
    struct http1 *h = http1_of(flow);
    for (unsigned i = 0; i < 2; i++) {
        unsigned end = i ? !h->client : h->client;
        struct http1_side *side = &h->side[end];
        struct app_at at = side->begin;
        if (side->place == HTTP1_HEAD && !flow->abandoned)
            http1_cut_head(flow, h, end, false, &at);
        if (flow->protocol != &app_http1)
            return; /* cannot happen before the close is over; see upgrade_to_http2() */
        http1_forget_head(flow, side);
    }
    struct http1_side *client = &h->side[h->client];
    if ((client->place == HTTP1_LOST && client->x && !client->x->request_cut) || owes_no_body(h))
        http1_request_ends(flow, h);
    http1_give_all(flow, h, how);
}

static bool http1_owes(const struct app_flow *flow, unsigned end)
{
    const struct http1 *h = (const struct http1 *)flow->state;
    uint8_t place = h->side[!end].place;
    bool under_way = place != HTTP1_START && place != HTTP1_OVER;
    const struct exchange *x = end != h->client ? http1_next_answered(h) : NULL;
    if (x && x->has_response && x->request_done)
        x = x->next; /* who answers a request has read it */
    return under_way || x;
}

static bool http1_is_idle(const struct app_flow *flow)
{
    const struct http1 *h = (const struct http1 *)flow->state;
    return !h->first && !h->side[0].x && !h->side[1].x && !h->side[0].head && !h->side[1].head;
}

const struct app_protocol app_http1 = {
    .name = "HTTP/1",
    .state_bytes = sizeof(struct http1),
    .probe = http1_probe,
    .open = http1_open,
    .data = http1_data,
    .gap = http1_gap,
    .fin = http1_fin,
    .repeat = http1_repeat,
    .owes = http1_owes,
    .is_idle = http1_is_idle,
    .rests = true,
    .close = http1_close,
};
