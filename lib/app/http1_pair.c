/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who answers whom on an HTTP/1 connection.
 *
 * Requests wait in order; a final response answers the oldest that waits (RFC 9112 9.3.2). That is
 * proven as long as no octets are missing that may have held a message. Behind such a gap it is
 * proven no more, and becomes a judgement on sequence numbers, or isn't made:
 *
 *   - A request tells by its ACK number how much of the server's stream its sender had received
 *     (sent_ack). One that was sent with the whole gap received can't have been answered in it.
 *   - A client that doesn't pipeline has its last answer before it asks again. So when one request
 *     waited as the gap began, and the next was sent behind the gap, the first one's answer is what
 *     is missing, and what follows answers the second.
 *   - When all was quiet as a request began (nothing waits, its sender has all of the server's
 *     octets, and some of them came since the gap), requests that were lost before it have had
 *     their answers.
 *   - Where none of this tells, several pipelined requests wait, say, the responses are given as
 *     answers to nothing captured (no-request) and the requests as cut by a gap, until all is
 *     quiet. A client that pipelines is only quiet when as many responses came as it asked for, or
 *     the server was silent for a while.
 *
 * All exchanges behind such a gap have confidence "likely".
 */
#include "app/http1.h"

#include <string.h>

#define QUIET_NS 1000000000ll

struct exchange *http1_next_answered(const struct http1 *h)
{
    struct exchange *x = h->first;
    while (x && x->response_done)
        x = x->next;
    return x;
}

bool http1_is_quiet(const struct http1 *h)
{
    return !h->side[!h->client].x && !http1_next_answered(h);
}

static enum lifeline_exchange_outcome outcome_of(const struct exchange *x, bool is_foreign,
                                                 enum app_close how)
{
    if (!x->has_request)
        return LIFELINE_EXCHANGE_NO_REQUEST;
    if (x->upgraded)
        return LIFELINE_EXCHANGE_UPGRADED;
    if (x->missing)
        return LIFELINE_EXCHANGE_GAP;
    if (!x->has_response && is_foreign)
        return LIFELINE_EXCHANGE_NOT_HTTP;
    if (x->request_done && x->response_done && !x->cut && !x->request_cut)
        return LIFELINE_EXCHANGE_COMPLETE;
    if (!x->has_response && x->request_done && !x->request_cut)
        return LIFELINE_EXCHANGE_NO_RESPONSE;
    return how == APP_CLOSE_RESET ? LIFELINE_EXCHANGE_RESET : LIFELINE_EXCHANGE_TRUNCATED;
}

/* The client's RST answers something (RFC 9293 3.10.7.1: it has no ACK), and of all that its server
 * sent nothing is in the capture. */
static bool rst_answers_unseen(const struct app_flow *flow, const struct http1 *h)
{
    const struct app_farewell *reset = &flow->reset[h->client];
    return flow->link && flow->link->unheard[!h->client] && reset->seen &&
           reset->received == APP_NO_OFFSET;
}

static void give(struct app_flow *flow, struct http1 *h, struct exchange *x, enum app_close how)
{
    struct lifeline_exchange *r = &x->record;
    bool is_foreign = flow->is_foreign[!h->client] && !h->answered;
    if (r->pipelined) {
        bool known = x->has_response && r->pipelined == 1 &&
                     h->last_end_ns != LIFELINE_UNKNOWN_NS &&
                     r->request.last_ns != LIFELINE_UNKNOWN_NS;
        r->blocked_ns = !known                                ? LIFELINE_UNKNOWN_NS
                        : h->last_end_ns > r->request.last_ns ? h->last_end_ns - r->request.last_ns
                                                              : 0;
    }
    /* Its response may be in a gap that it was sent before, or is one that answers nothing known.
     */
    x->missing |= !x->has_response && (x->sent_ack < h->server_gap_end || h->ambiguous ||
                                       (x->sent_ack < h->server_unread_end && !is_foreign) ||
                                       rst_answers_unseen(flow, h));
    exchange_race(flow, x);
    r->behind_close = h->closing && x->has_request && !x->has_response;
    bool framed = r->request.body_bytes != LIFELINE_UNKNOWN_COUNT;
    r->request.complete = x->request_done && !x->request_cut && !x->request_gap && framed;
    r->response.complete = x->response_done && !x->cut && !x->response_gap;
    bool asked = x->has_request || !h->likely; /* or its request may go on */
    bool ended = x->response_done && !x->cut && !x->missing && asked;
    h->last_end_ns = ended ? exchange_latest_ns(r) : LIFELINE_UNKNOWN_NS;
    for (unsigned end = 0; end < 2; end++)
        if (h->side[end].x == x)
            h->side[end].x = NULL;
    enum lifeline_exchange_outcome outcome = outcome_of(x, is_foreign, how);
    if (outcome == LIFELINE_EXCHANGE_NOT_HTTP)
        r->confidence = LIFELINE_PROVEN; /* nothing is paired */
    exchange_give(flow, x, outcome);
}

static void give_first(struct app_flow *flow, struct http1 *h, enum app_close how)
{
    struct exchange *x = h->first;
    h->first = x->next;
    if (!h->first)
        h->last = NULL;
    h->waiting--;
    give(flow, h, x, how);
}

/* Those at the head of the line that nothing more can be added to. */
static void give_done(struct app_flow *flow, struct http1 *h)
{
    while (h->first && h->first->request_done && h->first->response_done)
        give_first(flow, h, APP_CLOSE_GONE);
}

/* The answers to those that wait, up to stop, are lost in a gap. */
static void give_lost(struct app_flow *flow, struct http1 *h, const struct exchange *stop)
{
    while (h->first && h->first != stop) {
        h->owed += h->first->request_done && !h->first->has_response;
        h->first->missing = true;
        give_first(flow, h, APP_CLOSE_GONE);
    }
}

/* A response whose end is unknown ends no later than here. */
static void end_tail(struct app_flow *flow, struct http1 *h)
{
    struct http1_side *server = &h->side[!h->client];
    if (server->place == HTTP1_LOST && server->x) {
        if (h->pipelined) /* or more of it follows */
            server->x->record.response.last_frame = LIFELINE_NO_FRAME;
        http1_response_ends(flow, h, true);
    }
}

/* ---- requests ---- */

/* Does the client have all of the server's octets as it sends the request's first? */
static bool has_all(const struct app_flow *flow, const struct http1 *h, const struct app_at *at)
{
    return at->peer_offset != APP_NO_OFFSET && at->peer_offset >= flow->stream[!h->client].next;
}

void http1_settle(struct app_flow *flow, struct http1 *h, const struct app_at *at)
{
    h->judged = false;
    if (!h->likely)
        return;
    const struct http1_side *server = &h->side[!h->client];
    if (server->place == HTTP1_LOST && has_all(flow, h, at)) {
        h->judged = true;
        end_tail(flow, h);
        struct exchange *x = http1_next_answered(h);
        if (x && x->request_done && h->server_gap_end != APP_NO_OFFSET &&
            at->peer_offset >= h->server_gap_end && x->sent_ack < h->server_gap_end) {
            h->ambiguous |= h->pipelined;
            h->pipelines |= h->pipelined;
            give_lost(flow, h, NULL);
        }
    }
    if (h->ambiguous && !h->first && !server->x && has_all(flow, h, at) &&
        (!h->pipelines || h->owed <= h->gap_holds || at->time_ns - h->server_ns >= QUIET_NS)) {
        h->judged = true;
        h->ambiguous = h->pipelines = h->gap_holds = h->unseen = false;
        h->owed = 0;
    }
}

/* Was the request of x, which begins now, sent before those before it were answered? 0, 1, or
 * LIFELINE_UNKNOWN. settled: what was lost before it, if anything, has had its answer. */
static uint8_t is_pipelined(const struct app_flow *flow, const struct http1 *h,
                            const struct exchange *x, bool settled)
{
    const struct http1_side *side = &h->side[h->client], *server = &h->side[!h->client];
    const struct app_at *at = &side->begin;
    bool first = at->offset == 0 && !flow->hunting[h->client];
    bool begins = x->is_first && flow->hunting[h->client]; /* what was before isn't captured */
    if (side->quiet && h->likely && !first && (begins || !settled || h->judged || h->pipelined))
        return LIFELINE_UNKNOWN;
    /* What waits may have been answered in what is lost, or by what couldn't be paired, unless
     * the client had received nothing since it asked. */
    if (!side->quiet && (server->place == HTTP1_LOST || h->ambiguous) &&
        (at->peer_offset == APP_NO_OFFSET || !h->last || at->peer_offset > h->last->sent_ack))
        return LIFELINE_UNKNOWN;
    /* What is under way may be over: nobody knows what it answers, HEAD perhaps. */
    if (server->x && !server->x->has_request && !http1_next_answered(h))
        return LIFELINE_UNKNOWN;
    return !side->quiet;
}

void http1_request_begins(struct app_flow *flow, struct http1 *h)
{
    struct http1_side *side = &h->side[h->client];
    const struct app_at *at = &side->begin;
    side->x = NULL;
    if (h->skipped || h->waiting >= flow->app->max_pipeline) {
        h->skipped++;
        flow->app->counters->pipeline_dropped++;
        return;
    }
    struct exchange *x = exchange_new(flow);
    if (!x) {
        h->skipped++;
        return;
    }
    if (!h->first)
        h->interim_count = 0; /* they belonged to nothing */
    struct lifeline_exchange *r = &x->record;
    exchange_has_request(flow, x);
    x->request_start = at->offset;
    x->sent_ack = at->peer_offset;
    x->request_end_of = h->client;
    x->response_end_of = !h->client;
    /* What was lost before it, if anything, has had its answer. */
    bool settled = has_all(flow, h, at) && at->peer_offset > h->client_gap_answered &&
                   (!h->pipelined || at->time_ns - h->server_ns >= QUIET_NS);
    x->barrier = side->resynced && !(http1_is_quiet(h) && settled);
    exchange_begin(&r->request, at);
    r->retransmitted_segments = at->repeats;
    exchange_delayed(x, at->missed_ns, at->time_ns);
    r->confidence = h->likely ? LIFELINE_LIKELY : LIFELINE_PROVEN;
    r->answered_before = h->unasked && (at->peer_offset == APP_NO_OFFSET || has_all(flow, h, at));
    if (r->answered_before && h->likely) /* perhaps it answered what is lost */
        r->answered_before = LIFELINE_UNKNOWN;
    r->pipelined = is_pipelined(flow, h, x, settled);
    h->pipelined |= r->pipelined == 1;
    if (r->pipelined == 1)
        r->idle_ns = 0;
    else if (!r->pipelined && r->index && h->last_end_ns != LIFELINE_UNKNOWN_NS)
        r->idle_ns = at->time_ns < h->last_end_ns ? LIFELINE_UNKNOWN_NS /* the clock went back */
                                                  : at->time_ns - h->last_end_ns;
    if (h->last)
        h->last->next = x;
    else
        h->first = x;
    h->last = x;
    h->waiting++;
    side->x = x;
}

void http1_request_ends(struct app_flow *flow, struct http1 *h)
{
    struct http1_side *side = &h->side[h->client];
    struct exchange *x = side->x;
    side->x = NULL;
    if (!x)
        return;
    x->request_done = true;
    if (!x->request_cut)
        exchange_announce(flow, x, false, true);
    give_done(flow, h);
    if (h->side[!h->client].place == HTTP1_OVER)
        http1_no_more_responses(flow, h);
}

/* ---- responses ---- */

void http1_interim(struct http1 *h, uint16_t status)
{
    struct exchange *x = http1_next_answered(h);
    if (x && !h->likely) /* else the final response shows whose it is */
        exchange_interim(x, status);
    else if (h->interim_count < sizeof h->interim / sizeof *h->interim)
        h->interim[h->interim_count++] = status;
}

/* Which of those that wait does a response answer that begins at `at`? NULL: none that is known. */
static struct exchange *answered_by(struct app_flow *flow, struct http1 *h,
                                    const struct http1_side *server)
{
    const struct app_at *at = &server->begin;
    struct exchange *x = http1_next_answered(h);
    if (!h->likely)
        return x;
    if (h->ambiguous || !x)
        return NULL;
    if (x->barrier) {
        h->ambiguous = true;
        h->pipelines |= h->pipelined;
        give_lost(flow, h, NULL);
        return NULL;
    }
    if (!server->resynced || h->server_gap_end == APP_NO_OFFSET || x->sent_ack >= h->server_gap_end)
        return x;
    /* x was sent before the gap was over: its answer may be in it; and what is lost
     * behind it may have held the request that is answered here. */
    struct exchange *next = x->next;
    bool unseen = x->request_cut ||
                  (h->client_gap_begin > x->request_start && at->peer_offset > h->client_gap_begin);
    if (!next && !unseen)
        return x;
    if (next && next->sent_ack >= h->server_gap_end && !next->barrier && x->record.pipelined != 1) {
        give_lost(flow, h, next);
        return next;
    }
    h->ambiguous = true;
    h->pipelines |= h->pipelined;
    give_lost(flow, h, NULL);
    return NULL;
}

/* Does the method tell that the head is all there is? As good as always. */
static bool is_bodiless(const struct exchange *x)
{
    return x->is_head || (x->record.method && strcmp(x->record.method, "GET") == 0);
}

void http1_response_begins(struct app_flow *flow, struct http1 *h)
{
    struct http1_side *side = &h->side[!h->client];
    struct exchange *x = answered_by(flow, h, side);
    h->answered = true;
    h->closing = false; /* it goes on, whatever it told */
    side->x = NULL;
    if (!x) {
        if (h->skipped && !h->first) {
            h->skipped--;
            return;
        }
        x = exchange_new(flow);
        if (!x)
            return;
        h->owed -= h->owed > 0 && !h->unseen;
        struct lifeline_exchange *r = &x->record;
        x->request_end_of = h->client;
        x->response_end_of = !h->client;
        const struct http1_side *asks = &h->side[h->client];
        bool begun = asks->place == HTTP1_HEAD && asks->head_bytes; /* what it answers, perhaps */
        r->confidence = h->likely || begun ? LIFELINE_LIKELY : LIFELINE_PROVEN;
    }
    for (unsigned i = 0; i < h->interim_count; i++)
        exchange_interim(x, h->interim[i]);
    h->interim_count = 0;
    /* What is behind a cut request's head can't be told from its body; now it is over. */
    struct http1_side *client = &h->side[h->client];
    if (client->x == x && client->place == HTTP1_LOST) {
        if (x->missing && !is_bodiless(x)) /* or it goes on, and the response is early */
            x->record.request.last_frame = LIFELINE_NO_FRAME;
        http1_request_ends(flow, h);
    }
    exchange_delayed(x, side->begin.missed_ns, side->begin.time_ns); /* a part of the wait */
    x->has_response = true;
    x->response_start = side->begin.offset;
    exchange_begin(&x->record.response, &side->begin);
    x->record.retransmitted_segments += side->begin.repeats;
    if (h->likely)
        x->record.confidence = LIFELINE_LIKELY;
    side->x = x;
}

void http1_response_ends(struct app_flow *flow, struct http1 *h, bool cut)
{
    struct http1_side *side = &h->side[!h->client];
    struct exchange *x = side->x;
    side->x = NULL;
    if (!x)
        return;
    x->response_done = true;
    x->cut |= cut;
    if (!cut)
        exchange_announce(flow, x, true, true);
    h->unasked = !x->has_request;
    h->closing |= x->closes;
    if (!x->has_request)
        give(flow, h, x, APP_CLOSE_GONE);
    else
        give_done(flow, h);
}

/* ---- losses and ends ---- */

void http1_messages_lost(struct app_flow *flow, struct http1 *h, unsigned end, int64_t gap_begin,
                         int64_t gap_end)
{
    h->likely = true;
    h->unseen |= end == h->client;
    h->last_end_ns = LIFELINE_UNKNOWN_NS; /* what is lost ended later */
    if (end != h->client)
        h->interim_count = 0; /* the final response behind them may be lost */
    if (end != h->client && gap_end > h->server_gap_end)
        h->server_gap_end = gap_end;
    /* The tail of a request that broke off is taken for its own. */
    if (end == h->client && !h->side[end].x && gap_end > h->client_gap_end) {
        if (!h->last || h->client_gap_begin <= h->last->request_start)
            h->client_gap_begin = gap_begin;
        h->client_gap_end = gap_end;
        h->client_gap_answered = flow->stream[!end].next;
    }
}

void http1_no_more_responses(struct app_flow *flow, struct http1 *h)
{
    while (h->first && h->first->request_done && h->side[!h->client].x != h->first)
        give_first(flow, h, APP_CLOSE_FIN);
}

void http1_give_all(struct app_flow *flow, struct http1 *h, enum app_close how)
{
    struct exchange *orphan = h->side[!h->client].x;
    if (orphan && !orphan->has_request)
        give(flow, h, orphan, how);
    while (h->first)
        give_first(flow, h, how);
}
