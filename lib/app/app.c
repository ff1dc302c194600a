/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows: both byte streams of a connection, put in order, and handed to the protocol on them.
 *
 * Finding the protocol
 *   Nothing is allocated before payload that may belong to one. Where the connection's start was
 *   captured its first octets decide: a stranger makes the flow APP_OPAQUE, and no more work is
 *   done for it. Where it wasn't, each segment's first octets are asked until one proves a message.
 *
 * Causal order
 *   A segment that acknowledges octets of the other end which haven't been delivered yet is held
 *   back, as is one behind a hole. So octets are delivered in an order in which both ends can have
 *   sent and received them, whatever order the capture is in.
 *
 * Giving up
 *   A hole that its receiver acknowledged is lost to the capture, or the capture is out of order
 * and the octets still come. The flow waits PATIENCE frames or PATIENCE_NS for them, less after
 * each time in vain, then declares a gap. A gap behind which nothing was seen (tail gap) is taken
 * back if its octets do come after all: some senders acknowledge nonsense. A hole that nobody
 *   acknowledged is kept open until a limit of memory or the stream's end: a retransmission fills
 * it.
 *
 * Limits
 *   Held octets per stream and in total: struct stream_pool. The flow itself is about 800 bytes
 * while it follows a protocol.
 */
#include "app/app.h"

#include <stdlib.h>
#include <string.h>

#include "app/exchange.h"
#include "app/flow.h"

#define PATIENCE        16
#define PATIENCE_NS     (50 * 1000000ll)
#define PROBE_BYTES     2048 /* of a start line that comes in pieces */
#define KEEP_FREE_FLOWS 256
#define MEBIBYTE        (1u << 20)

struct app_flow app_opaque_flow;
static struct app_flow doubtful_flows[2];
struct app_flow *const app_doubtful[2] = {&doubtful_flows[0], &doubtful_flows[1]};

struct app *app_new(const struct lifeline_options *options, struct lifeline_counters *counters,
                    const struct lifeline_sink *sink)
{
    struct app *app = calloc(1, sizeof *app);
    if (!app)
        return NULL;
    app->options = options;
    app->counters = counters;
    app->sink = sink;
    uint64_t memory = options->max_memory_bytes ? options->max_memory_bytes : 512ull * MEBIBYTE;
    app->pool.max_held_bytes = options->max_streams_bytes ? options->max_streams_bytes : memory / 8;
    app->pool.max_stream_bytes = options->max_stream_bytes ? options->max_stream_bytes : MEBIBYTE;
    app->max_header_bytes =
        options->max_header_bytes ? options->max_header_bytes : APP_MESSAGE_MAX_HEADER_BYTES;
    app->max_pipeline = options->max_pipeline ? options->max_pipeline : 1024;
    return app;
}

void app_free(struct app *app)
{
    if (!app)
        return;
    while (app->free_flows) {
        struct app_flow *flow = app->free_flows;
        app->free_flows = flow->next_free;
        free(flow);
    }
    exchange_free_list(app);
    free(app);
}

uint64_t app_memory_bytes(const struct app *app)
{
    return app->pool.held_bytes + app->held_bytes;
}

uint8_t app_owes(const struct app_flow *flow, unsigned end)
{
    if (app_is_idle(flow) || !flow->protocol || !flow->protocol->owes || flow->abandoned)
        return LIFELINE_UNKNOWN;
    return flow->protocol->owes(flow, end);
}

/* ---- flows ---- */

static void open_stream(struct app_flow *flow, unsigned end, uint32_t base, bool from_start)
{
    stream_open(&flow->stream[end], base);
    flow->opened[end] = true;
    flow->hunting[end] = !from_start;
}

static struct app_flow *flow_new(struct app *app, const struct app_link *link)
{
    struct app_flow *flow = app->free_flows;
    if (flow) {
        app->free_flows = flow->next_free;
        app->free_flow_count--;
    } else {
        flow = malloc(sizeof *flow);
        if (!flow)
            return NULL;
        app->held_bytes += sizeof *flow;
    }
    memset(flow, 0, offsetof(struct app_flow, state));
    flow->app = app;
    flow->patience = PATIENCE;
    for (unsigned end = 0; end < 2; end++) {
        flow->tail_gap[end] = APP_NO_OFFSET;
        flow->fin[end].received = flow->reset[end].received = APP_NO_OFFSET;
        flow->fin[end].seen = link->fin_seen[end];
        if (link->base_known[end])
            open_stream(flow, end, link->base[end], true);
    }
    *link->flow = flow;
    return flow;
}

static void flow_free(struct app_flow *flow)
{
    struct app *app = flow->app;
    for (unsigned end = 0; end < 2; end++)
        stream_clear(&flow->stream[end], &app->pool);
    if (app->free_flow_count < KEEP_FREE_FLOWS) {
        flow->next_free = app->free_flows;
        app->free_flows = flow;
        app->free_flow_count++;
    } else {
        app->held_bytes -= sizeof *flow;
        free(flow);
    }
}

void app_flow_abandon(struct app_flow *flow)
{
    flow->abandoned = true;
}

static bool open_protocol(struct app_flow *flow, const struct app_protocol *protocol,
                          unsigned client)
{
    memset(flow->state, 0, protocol->state_bytes);
    flow->protocol = protocol;
    return protocol->open(flow, client);
}

static void close_protocol(struct app_flow *flow, enum app_close how)
{
    if (flow->protocol)
        flow->protocol->close(flow, how);
    flow->protocol = NULL;
}

/* What every call does last: a flow that nothing more can come of is freed. */
static void leave(struct app_flow *flow)
{
    struct app_flow **home = flow->link->flow;
    bool over = flow->fin_given[0] && flow->fin_given[1];
    if (!flow->abandoned && !over) {
        flow->link = NULL;
        return;
    }
    close_protocol(flow, APP_CLOSE_GONE);
    if (flow->fed) {
        flow->abandoned = true; /* it stays, to stay deaf */
        flow->link = NULL;
        return;
    }
    flow_free(flow);
    *home = APP_OPAQUE;
}

bool app_raced_close(const struct app_flow *flow, unsigned end, uint64_t frame, int64_t start)
{
    const struct app_farewell *const closes[2] = {&flow->fin[end], &flow->reset[end]};
    for (int i = 0; i < 2; i++)
        if (closes[i]->seen && (closes[i]->received != APP_NO_OFFSET ? closes[i]->received <= start
                                                                     : closes[i]->frame < frame))
            return true;
    return false;
}

/* ---- delivery ---- */

/* Is everything that the segment acknowledges delivered? The FIN counts as an octet. */
static bool is_causal(const struct app_flow *flow, unsigned end, const struct stream_origin *origin)
{
    const struct stream *other = &flow->stream[!end];
    if (!origin->has_ack || !flow->opened[!end])
        return true;
    return stream_offset(other, origin->ack) <= other->next + (other->next >= other->end);
}

static void check_fin(struct app_flow *flow, unsigned end)
{
    struct stream *s = &flow->stream[end];
    if (s->next < s->end || flow->fin_given[end] || !flow->protocol || flow->abandoned)
        return;
    flow->fin_given[end] = true;
    flow->protocol->fin(flow, end);
}

static void deliver_gap(struct app_flow *flow, unsigned end, int64_t until,
                        const struct stream_origin *origin)
{
    struct stream *s = &flow->stream[end];
    if (until > s->end)
        until = s->end;
    if (until <= s->next)
        return;
    struct app_at at = {
        .frame = origin ? origin->frame : flow->now_frame,
        .time_ns = origin ? origin->time_ns : flow->now_ns,
        .offset = s->next,
        .peer_offset = APP_NO_OFFSET,
        .layer = origin ? origin->layer : flow->layer,
    };
    uint64_t bytes = (uint64_t)(until - s->next);
    s->next = until;
    if (flow->protocol)
        flow->protocol->gap(flow, end, bytes, &at);
    else
        flow->hunting[end] = true;
    check_fin(flow, end);
}

/* Delivers the octets of a segment that aren't delivered yet; offset is its first one's. */
static void deliver(struct app_flow *flow, unsigned end, int64_t offset, const uint8_t *data,
                    uint32_t bytes, uint32_t captured, const struct stream_origin *origin)
{
    struct stream *s = &flow->stream[end];
    if (offset + bytes > s->end)
        bytes = s->end > offset ? (uint32_t)(s->end - offset) : 0;
    if (captured > bytes)
        captured = bytes;
    uint32_t skip = (uint32_t)(s->next - offset);
    flow->tail_gap[end] = APP_NO_OFFSET;
    struct app_at at = {
        .frame = origin->frame,
        .time_ns = origin->time_ns,
        .offset = s->next,
        .peer_offset = origin->has_ack && flow->opened[!end]
                           ? stream_offset(&flow->stream[!end], origin->ack)
                           : APP_NO_OFFSET,
        .layer = origin->layer,
        .segment_start = skip == 0,
        .repeats = origin->repeats,
    };
    while (skip < captured && !flow->abandoned) {
        uint32_t taken = flow->protocol->data(flow, end, data + skip, captured - skip, &at);
        skip += taken;
        at.offset += taken;
        at.segment_start = false;
        at.repeats = 0;
        s->next = at.offset;
    }
    if (flow->abandoned)
        return;
    deliver_gap(flow, end, offset + bytes, origin);
    check_fin(flow, end);
}

/* Asks the protocols about what is held of a flow that has none yet. */
static bool decide(struct app_flow *flow, unsigned end)
{
    struct stream *s = &flow->stream[end];
    while (s->spans && s->spans->offset == s->next) {
        uint8_t bytes[PROBE_BYTES];
        size_t length = 0;
        bool cut = false;
        int64_t at = s->next;
        for (const struct stream_span *span = s->spans;
             span && span->offset == at && !cut && length < sizeof bytes; span = span->next) {
            size_t n = span->captured;
            if (n > sizeof bytes - length)
                n = sizeof bytes - length;
            memcpy(bytes + length, span->data, n);
            length += n;
            at += span->bytes;
            cut = span->captured < span->bytes;
        }
        enum app_verdict verdict;
        const struct app_protocol *protocol =
            app_protocol_probe(bytes, length, !flow->hunting[end], &verdict);
        if (protocol) {
            if (!open_protocol(flow, protocol, verdict == APP_IS_CLIENT ? end : !end))
                app_flow_abandon(flow);
            return !flow->abandoned;
        }
        if (verdict == APP_MAYBE && !cut && length < sizeof bytes && !flow->hunting[end])
            return false;
        /* A stranger. Where octets are missing, or the other end hasn't spoken, it may look so only
         * for want of them. */
        if (!flow->hunting[end] && !cut && flow->hunting[!end]) {
            app_flow_abandon(flow);
            return false;
        }
        flow->hunting[end] = true;
        struct stream_span *span = stream_take(s);
        s->next += span->bytes;
        stream_release(s, &flow->app->pool, span);
    }
    return false;
}

/* Delivers the head of what is held, if its time has come. */
static bool deliver_held(struct app_flow *flow, unsigned end)
{
    struct stream *s = &flow->stream[end];
    if (flow->abandoned || !s->spans || s->spans->offset != s->next ||
        !is_causal(flow, end, &s->spans->origin))
        return false;
    if (!flow->protocol && !decide(flow, end))
        return false;
    struct stream_span *span = stream_take(s);
    if (!span)
        return false;
    deliver(flow, end, span->offset, span->data, span->bytes, span->captured, &span->origin);
    stream_release(s, &flow->app->pool, span);
    return true;
}

static void pump(struct app_flow *flow)
{
    bool moved;
    do {
        moved = deliver_held(flow, 0);
        moved |= deliver_held(flow, 1);
    } while (moved);
}

/* A hole before the FIN, with nothing held behind it. */
static bool has_hole_before_fin(const struct stream *s)
{
    return !s->spans && s->end != STREAM_NO_END && s->next < s->end;
}

static bool is_pending(const struct app_flow *flow)
{
    return flow->stream[0].spans || flow->stream[1].spans ||
           has_hole_before_fin(&flow->stream[0]) || has_hole_before_fin(&flow->stream[1]);
}

/* Is the flow held up by octets that their receiver has? */
static bool is_stalled(const struct app_flow *flow)
{
    for (unsigned end = 0; end < 2; end++) {
        const struct stream *s = &flow->stream[end];
        if (has_hole_before_fin(s) && s->acked >= s->end)
            return true;
        if (s->spans && (s->spans->offset > s->next ? s->acked >= s->spans->offset
                                                    : !is_causal(flow, end, &s->spans->origin)))
            return true;
    }
    return false;
}

/* Declares those gaps that let at least one held segment go. force: holes that a retransmission
 * could still fill, too. */
static bool give_up(struct app_flow *flow, bool force)
{
    bool moved = false;
    for (unsigned end = 0; end < 2 && !flow->abandoned; end++) {
        struct stream *s = &flow->stream[end], *other = &flow->stream[!end];
        const int64_t before = s->next, before_other = other->next;
        if (has_hole_before_fin(s) && (force || s->acked >= s->end)) {
            deliver_gap(flow, end, s->end, NULL);
        } else if (stream_has_hole(s)) {
            if (!force && s->acked < s->spans->offset)
                continue;
            if (s->acked < s->spans->offset)
                flow->app->counters->stream_bytes_dropped += (uint64_t)(s->spans->offset - s->next);
            deliver_gap(flow, end, s->spans->offset, NULL);
        } else if (s->spans && !is_causal(flow, end, &s->spans->origin)) {
            int64_t until = stream_offset(other, s->spans->origin.ack);
            if (other->spans && other->spans->offset < until)
                until = other->spans->offset;
            if (!other->spans && flow->tail_gap[!end] == APP_NO_OFFSET)
                flow->tail_gap[!end] = other->next;
            deliver_gap(flow, !end, until, NULL);
            if (other->next == before_other) { /* nothing more to wait for */
                s->spans->origin.has_ack = 0;
                moved = true;
            }
        }
        moved |= s->next != before || other->next != before_other;
    }
    return moved;
}

static void wait_or_give_up(struct app_flow *flow)
{
    while (!flow->abandoned && is_stalled(flow)) {
        if (!flow->stalled_frames)
            flow->stalled_ns = flow->now_ns;
        flow->stalled_frames += flow->is_new_frame;
        flow->is_new_frame = false;
        if (flow->stalled_frames <= flow->patience && flow->now_ns - flow->stalled_ns < PATIENCE_NS)
            return;
        flow->patience = (uint16_t)(flow->patience > 1 ? flow->patience / 2 : 1);
        flow->stalled_frames = 0;
        if (!give_up(flow, false))
            break;
        pump(flow);
    }
    flow->stalled_frames = 0;
}

/* All that is held goes out, with gaps where octets lack. */
static void flush(struct app_flow *flow)
{
    while (!flow->abandoned && is_pending(flow)) {
        pump(flow);
        if (!flow->protocol && !stream_has_hole(&flow->stream[0]) &&
            !stream_has_hole(&flow->stream[1]) && !is_stalled(flow))
            return; /* undecided: too little was ever sent */
        if (!give_up(flow, true))
            break;
    }
    for (unsigned end = 0; end < 2 && !flow->abandoned; end++)
        if (flow->opened[end] && flow->stream[end].acked > flow->stream[end].next)
            deliver_gap(flow, end, flow->stream[end].acked, NULL);
}

/* ---- calls ---- */

static void enter(struct app_flow *flow, const struct app_link *link,
                  const struct lifeline_segment *segment)
{
    flow->link = link;
    if (segment) {
        flow->is_new_frame = flow->now_frame != segment->frame;
        flow->now_frame = segment->frame;
        flow->now_ns = segment->time_ns;
        flow->layer = segment->layer;
    }
}

/* The first payload that may matter: makes the flow, or doesn't. */
static struct app_flow *meet(struct app *app, const struct app_link *link, unsigned end,
                             const struct lifeline_segment *segment, uint32_t seq)
{
    bool from_start = link->base_known[end] && seq == link->base[end];
    bool doubtful = *link->flow == app_doubtful[!end];
    const struct app_protocol *protocol = NULL;
    enum app_verdict verdict = APP_MAYBE;
    if (!segment->captured_bytes || *link->flow == app_doubtful[end])
        return NULL;
    if (from_start || !link->base_known[end]) {
        protocol =
            app_protocol_probe(segment->payload, segment->captured_bytes, from_start, &verdict);
        if (!protocol && (verdict == APP_NO || !from_start)) {
            if (from_start)
                *link->flow = doubtful || !link->base_known[!end] ? APP_OPAQUE : app_doubtful[end];
            return NULL;
        }
    } else if (seq_lt(seq, link->base[end])) {
        return NULL;
    }
    struct app_flow *flow = flow_new(app, link);
    if (!flow)
        return NULL;
    if (!flow->opened[end])
        open_stream(flow, end, seq, false);
    if (doubtful) /* whatever the other end sent so far is behind us */
        open_stream(flow, !end, segment->flags & LIFELINE_ACK ? segment->ack : link->base[!end],
                    false);
    else if (!flow->opened[!end] && segment->flags & LIFELINE_ACK)
        open_stream(flow, !end, segment->ack, false);
    struct stream_origin origin = {.ack = segment->ack,
                                   .has_ack = (segment->flags & LIFELINE_ACK) != 0};
    /* Octets that it acknowledges may still come: then it waits, to be decided later. */
    if (protocol && is_causal(flow, end, &origin) &&
        !open_protocol(flow, protocol, verdict == APP_IS_CLIENT ? end : !end)) {
        flow->link = link;
        app_flow_abandon(flow);
        leave(flow);
        return NULL;
    }
    return flow;
}

void app_data(struct app *app, const struct app_link *link, unsigned end,
              const struct lifeline_segment *segment, uint32_t seq, uint32_t marks)
{
    (void)marks; /* overlaps tell what a retransmission is */
    struct app_flow *flow = *link->flow;
    if (flow == APP_OPAQUE || !segment->payload_bytes)
        return;
    if (app_is_idle(flow) && !(flow = meet(app, link, end, segment, seq)))
        return;
    if (flow->fed || flow->abandoned)
        return;
    enter(flow, link, segment);
    struct stream *s = &flow->stream[end];
    if (!flow->opened[end])
        open_stream(flow, end, seq, false);
    int64_t offset = stream_offset(s, seq);
    uint32_t bytes = segment->payload_bytes;
    if (flow->tail_gap[end] != APP_NO_OFFSET && offset < s->next &&
        offset + bytes > flow->tail_gap[end]) {
        s->next = offset > flow->tail_gap[end] ? offset : flow->tail_gap[end];
        flow->tail_gap[end] = APP_NO_OFFSET;
    }
    if (offset < s->next && flow->protocol)
        flow->protocol->repeat(flow, end, offset, bytes);
    if (offset + bytes > s->next) {
        struct stream_origin origin = {
            .frame = segment->frame,
            .time_ns = segment->time_ns,
            .ack = segment->ack,
            .has_ack = (segment->flags & LIFELINE_ACK) != 0,
            .layer = segment->layer,
        };
        bool direct =
            flow->protocol && stream_fits(s, offset, bytes) && is_causal(flow, end, &origin);
        /* A limit is hit: what holds the stream up is given up; then it fits or is lost. */
        while (!direct && !stream_hold(s, &app->pool, offset, bytes, segment->captured_bytes,
                                       segment->payload, &origin)) {
            bool moved = give_up(flow, true);
            pump(flow);
            direct = flow->protocol && stream_fits(s, offset, bytes);
            if (flow->abandoned || (!direct && !moved)) {
                app->counters->stream_bytes_dropped += segment->captured_bytes;
                app_flow_abandon(flow);
                break;
            }
        }
        if (direct && !flow->abandoned && offset + bytes > s->next)
            deliver(flow, end, offset, segment->payload, bytes, segment->captured_bytes, &origin);
        if (is_pending(flow)) {
            pump(flow);
            wait_or_give_up(flow);
        }
    }
    leave(flow);
}

void app_acked(struct app *app, const struct app_link *link, unsigned end, uint32_t ack,
               const struct lifeline_segment *segment)
{
    (void)app;
    struct app_flow *flow = *link->flow;
    if (app_is_idle(flow) || flow->fed || flow->abandoned || !flow->opened[end])
        return;
    struct stream *s = &flow->stream[end];
    int64_t offset = stream_offset(s, ack);
    if (offset > s->acked)
        s->acked = offset;
    if (!is_pending(flow))
        return;
    enter(flow, link, segment);
    wait_or_give_up(flow);
    leave(flow);
}

/* Where the sender of a segment stood in its peer's stream. */
static struct app_farewell farewell(const struct app_flow *flow, unsigned end,
                                    const struct lifeline_segment *segment)
{
    bool known = segment->flags & LIFELINE_ACK && flow->opened[!end] && !flow->fed;
    return (struct app_farewell){
        .frame = segment->frame,
        .received = known ? stream_offset(&flow->stream[!end], segment->ack) : APP_NO_OFFSET,
        .seen = true,
    };
}

void app_fin(struct app *app, const struct app_link *link, unsigned end, uint32_t seq,
             const struct lifeline_segment *segment)
{
    (void)app;
    struct app_flow *flow = *link->flow;
    if (app_is_idle(flow) || flow->abandoned)
        return;
    enter(flow, link, segment);
    struct stream *s = &flow->stream[end];
    if (!flow->fin[end].seen)
        flow->fin[end] = farewell(flow, end, segment);
    if (flow->fed) {
        s->end = s->next;
    } else if (s->end == STREAM_NO_END && flow->opened[end]) {
        int64_t at = stream_offset(s, seq);
        s->end = at > s->next ? at : s->next;
    }
    check_fin(flow, end);
    pump(flow);
    leave(flow);
}

void app_reset(struct app *app, const struct app_link *link, unsigned end,
               const struct lifeline_segment *segment)
{
    (void)app;
    struct app_flow *flow = *link->flow;
    if (app_is_idle(flow) || flow->abandoned)
        return;
    enter(flow, link, segment);
    flow->reset[end] = farewell(flow, end, segment);
    flush(flow);
    close_protocol(flow, APP_CLOSE_RESET);
    flow->abandoned = true;
    leave(flow);
}

void app_feed(struct app *app, const struct app_link *link, unsigned end, uint64_t frame,
              int64_t time_ns, uint8_t layer, const uint8_t *bytes, size_t length)
{
    struct app_flow *flow = *link->flow;
    if (app_is_idle(flow) && !(flow = flow_new(app, link)))
        return;
    flow->link = link;
    flow->now_frame = frame;
    flow->now_ns = time_ns;
    flow->layer = layer;
    if (!flow->fed) {
        for (unsigned e = 0; e < 2; e++) {
            stream_clear(&flow->stream[e], &app->pool);
            open_stream(flow, e, 0, true);
        }
        close_protocol(flow, APP_CLOSE_GONE);
        flow->abandoned = false;
        flow->fed = true;
    }
    struct stream *s = &flow->stream[end];
    struct stream_origin origin = {.frame = frame, .time_ns = time_ns, .layer = layer};
    while (length && !flow->abandoned) {
        uint32_t n = length < MEBIBYTE ? (uint32_t)length : MEBIBYTE;
        if (flow->protocol && !s->spans)
            deliver(flow, end, s->next, bytes, n, n, &origin);
        else if (stream_hold(s, &app->pool, s->last ? s->last->offset + s->last->bytes : s->next, n,
                             n, bytes, &origin))
            pump(flow);
        else
            app_flow_abandon(flow);
        bytes += n;
        length -= n;
    }
    leave(flow);
}

void app_roles(struct app *app, const struct app_link *link)
{
    /* Roles are read from the link of each call, and HTTP's own follow from its content. */
    (void)app;
    (void)link;
}

void app_end(struct app *app, const struct app_link *link, bool capture_ended)
{
    (void)app;
    struct app_flow *flow = *link->flow;
    *link->flow = NULL;
    if (app_is_idle(flow))
        return;
    flow->link = link;
    if (!flow->abandoned)
        flush(flow);
    close_protocol(flow, capture_ended ? APP_CLOSE_CAPTURE_END : APP_CLOSE_GONE);
    flow_free(flow);
}
