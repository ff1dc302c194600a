/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flows: both byte streams of a connection, put in order, and handed to the protocol on them.
 *
 * Finding the protocol
 *   Nothing is allocated before payload that may belong to one. Where the connection's start was
 *   captured its first octets decide: a stranger makes the flow APP_OPAQUE, and no more work is
 *   done for it. Where it wasn't, each segment's first octets are asked until one proves a message.
 *
 * Limits
 *   Held octets per stream and in total: struct stream_pool. The flow itself is below 1 KiB, and is
 *   freed with its second FIN, with an RST, or when its octets are no protocol's any more.
 */
#include "app/app.h"

#include <stdlib.h>
#include <string.h>

#include "app/exchange.h"
#include "app/flow.h"
#include "app/order.h"

#define MEBIBYTE             (1u << 20)
#define DEFAULT_STREAM_BYTES (8 * MEBIBYTE) /* more than what Linux lets be under way */
#define OVERTAKEN_NS         3000000        /* segments overtake each other by less */

struct app *app_new(const struct lifeline_options *options, struct lifeline_counters *counters,
                    const struct lifeline_sink *sink)
{
    struct app *app = calloc(1, sizeof *app);
    if (!app)
        return NULL;
    app->options = options;
    app->counters = counters;
    app->sink = sink;
    app->key = hash_random_key();
    app->counted = counted_memory(&app->held_bytes);
    app->pool.max_held_bytes = options->max_streams_bytes ? options->max_streams_bytes
                                                          : lifeline_max_memory_bytes(options) / 8;
    app->pool.max_stream_bytes =
        options->max_stream_bytes ? options->max_stream_bytes : DEFAULT_STREAM_BYTES;
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
    if (app_is_idle(flow) || !flow->protocol || !flow->protocol->owes || flow->abandoned ||
        flow->is_foreign[0] || flow->is_foreign[1])
        return LIFELINE_UNKNOWN;
    return flow->protocol->owes(flow, end);
}

/* ---- flows ---- */

static void open_stream(struct app_flow *flow, unsigned end, uint32_t base, bool from_start)
{
    stream_open(&flow->stream[end], base);
    flow->flight[end] = (struct flight){.count = 0};
    flow->opened[end] = true;
    flow->hunting[end] = !from_start;
}

static struct app_flow *flow_new(struct app *app, const struct app_link *link)
{
    struct app_flow *flow = app_flow_take(app);
    if (!flow)
        return NULL;
    memset(flow, 0, offsetof(struct app_flow, state));
    flow->app = app;
    flow->patience = APP_PATIENCE;
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
    app_put_away(flow);
    *home = APP_OPAQUE;
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
    bool anew = *link->flow == APP_RESET;
    bool base_known = link->base_known[end] && !anew;
    bool from_start = base_known && seq == link->base[end];
    bool doubtful = *link->flow == APP_DOUBTFUL(!end);
    bool proxied = from_start && app_proxy_header(segment->payload, segment->captured_bytes);
    const struct app_protocol *protocol = NULL;
    enum app_verdict verdict = APP_MAYBE;
    if (!segment->captured_bytes || *link->flow == APP_DOUBTFUL(end))
        return NULL;
    if (proxied) {
        /* what follows decides */
    } else if (from_start || !base_known) {
        protocol =
            app_protocol_probe(segment->payload, segment->captured_bytes, from_start, &verdict);
        if (!protocol && (verdict == APP_NO || !from_start)) {
            if (from_start)
                *link->flow = doubtful || !link->base_known[!end] ? APP_OPAQUE : APP_DOUBTFUL(end);
            return NULL;
        }
    } else if (seq_lt(seq, link->base[end])) {
        return NULL;
    }
    struct app_flow *flow = flow_new(app, link);
    if (!flow)
        return NULL;
    if (!flow->opened[end] || anew)
        open_stream(flow, end, seq, false);
    flow->is_foreign[!end] = doubtful;
    if (doubtful || anew) /* whatever the other end sent so far is behind us */
        open_stream(flow, !end, segment->flags & LIFELINE_ACK ? segment->ack : link->base[!end],
                    false);
    else if (!flow->opened[!end] && segment->flags & LIFELINE_ACK)
        open_stream(flow, !end, segment->ack, false);
    struct stream_origin origin = {.ack = segment->ack,
                                   .has_ack = (segment->flags & LIFELINE_ACK) != 0};
    /* Octets that it acknowledges may still come: then it waits, to be decided later. */
    if (protocol && app_is_causal(flow, end, &origin) &&
        !app_open_protocol(flow, protocol, verdict == APP_IS_CLIENT ? end : !end)) {
        flow->link = link;
        app_flow_abandon(flow);
        leave(flow);
        return NULL;
    }
    return flow;
}

/* Since when the octets of a segment that fills a hole were missed, if it must be a retransmission:
 * what was overtaken on its way comes sooner than the round trip that asking for it again takes. */
static int64_t missed_since(const struct app_flow *flow, unsigned end, int64_t offset,
                            const struct lifeline_segment *segment)
{
    const struct stream *s = &flow->stream[end];
    if (!stream_has_hole(s) || offset > s->next)
        return LIFELINE_UNKNOWN_NS;
    int64_t rtt_ns = flow->link->rtt_ns, since_ns = s->spans->origin.time_ns;
    int64_t least_ns = rtt_ns == LIFELINE_UNKNOWN_NS ? OVERTAKEN_NS : rtt_ns / 4 * 3;
    return segment->time_ns - since_ns >= least_ns ? since_ns : LIFELINE_UNKNOWN_NS;
}

/* Octets that were delivered are sent again. */
static void repeated(struct app_flow *flow, unsigned end, int64_t offset, uint32_t bytes,
                     uint32_t marks)
{
    const struct stream *s = &flow->stream[end];
    int64_t first = offset > s->acked ? offset : s->acked, since_ns;
    if (first >= offset + bytes || first >= s->next || marks & LIFELINE_MARK_WINDOW_PROBE ||
        !flight_time(&flow->flight[end], first, &since_ns))
        since_ns = LIFELINE_UNKNOWN_NS;
    flow->protocol->repeat(flow, end, offset, bytes, since_ns);
}

/* Octets of an end are missing, which the segment at hand shows, but not how many. */
static void say_gap(struct app_flow *flow, unsigned end, int64_t offset, uint64_t bytes)
{
    struct app_at at = {.frame = flow->now_frame,
                        .time_ns = flow->now_ns,
                        .offset = offset,
                        .peer_offset = APP_NO_OFFSET,
                        .layer = flow->layer,
                        .missed_ns = LIFELINE_UNKNOWN_NS};
    flow->protocol->gap(flow, end, bytes, &at);
}

/* Opens a stream that wasn't when the flow began: data came with the SYN, before the SYN,ACK, or
 * its sender acknowledged nothing. */
static void open_late(struct app_flow *flow, unsigned end, uint32_t seq)
{
    bool known = flow->link->base_known[end];
    open_stream(flow, end, known ? flow->link->base[end] : seq, known);
    if (!known && flow->protocol)
        say_gap(flow, end, flow->stream[end].next, 0); /* there may have been more */
}

void app_data(struct app *app, const struct app_link *link, unsigned end,
              const struct lifeline_segment *segment, uint32_t seq, uint32_t marks)
{
    struct app_flow *flow = *link->flow;
    if (flow == APP_OPAQUE || !segment->payload_bytes)
        return;
    if (link->is_reset && (flow == APP_RESET || (!app_is_idle(flow) && flow->was_reset)))
        return; /* an RST before any octets ended nothing here */
    if (app_is_idle(flow) && !(flow = meet(app, link, end, segment, seq)))
        return;
    if (flow->fed || flow->abandoned)
        return;
    enter(flow, link, segment);
    flow->was_reset = false;
    struct stream *s = &flow->stream[end];
    if (!flow->opened[end])
        open_late(flow, end, seq);
    int64_t offset = stream_offset(s, seq);
    uint32_t bytes = segment->payload_bytes;
    if (flow->tail_gap[end] != APP_NO_OFFSET && offset < s->next &&
        offset + bytes > flow->tail_gap[end]) {
        s->next = offset > flow->tail_gap[end] ? offset : flow->tail_gap[end];
        flow->tail_gap[end] = APP_NO_OFFSET;
    }
    if (offset < s->next && flow->protocol)
        repeated(flow, end, offset, bytes, marks);
    if (offset + bytes > s->next) {
        struct stream_origin origin = {
            .frame = segment->frame,
            .time_ns = segment->time_ns,
            .ack = segment->ack,
            .has_ack = (segment->flags & LIFELINE_ACK) != 0,
            .layer = segment->layer,
            .missed_ns = missed_since(flow, end, offset, segment),
        };
        flight_sent(&flow->flight[end], offset + bytes, segment->time_ns, s->acked);
        bool direct =
            flow->protocol && stream_fits(s, offset, bytes) && app_is_causal(flow, end, &origin);
        /* A limit is hit: what holds the stream up is given up; then it fits or is lost. */
        while (!direct && !stream_hold(s, &app->pool, offset, bytes, segment->captured_bytes,
                                       segment->payload, &origin)) {
            bool moved = app_give_up(flow, APP_LIMIT);
            app_pump(flow);
            direct = flow->protocol && stream_fits(s, offset, bytes);
            if (flow->abandoned || (!direct && !moved)) {
                app->counters->stream_bytes_dropped += segment->captured_bytes;
                app_flow_abandon(flow);
                break;
            }
        }
        if (direct && !flow->abandoned && offset + bytes > s->next)
            app_deliver(flow, end, offset, segment->payload, bytes, segment->captured_bytes,
                        &origin);
        if (app_is_pending(flow)) {
            app_pump(flow);
            app_wait(flow);
        }
    }
    leave(flow);
}

void app_begins(const struct app_link *link, unsigned end, const struct lifeline_segment *segment)
{
    struct app_flow *flow = *link->flow;
    if (app_is_idle(flow) || flow->fed || flow->abandoned || flow->opened[end])
        return;
    enter(flow, link, segment);
    open_late(flow, end, segment->ack);
    leave(flow);
}

/* A segment of end begins at seq: what was before that, and isn't in the capture, was sent. */
static void note_sent(struct app_flow *flow, unsigned end, uint32_t seq)
{
    struct stream *s = &flow->stream[end];
    if (!flow->opened[end] || flow->fed)
        return;
    int64_t offset = stream_offset(s, seq);
    if (offset > s->next && offset > s->sent)
        s->sent = offset;
}

bool app_hears(struct app_flow *flow, unsigned end, uint32_t ack, uint32_t seq)
{
    if (app_is_idle(flow) || flow->fed || flow->abandoned || !flow->opened[end])
        return false;
    struct stream *s = &flow->stream[end];
    int64_t offset = stream_offset(s, ack);
    if (offset > s->acked)
        s->acked = offset;
    note_sent(flow, !end, seq);
    if (flow->flight[end].count && s->acked >= s->next)
        flow->flight[end] = (struct flight){.count = 0};
    return app_is_pending(flow);
}

void app_acked(const struct app_link *link, const struct lifeline_segment *segment)
{
    struct app_flow *flow = *link->flow;
    enter(flow, link, segment);
    app_wait(flow);
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
    if (app_is_idle(flow) || flow->abandoned || link->is_reset)
        return;
    enter(flow, link, segment);
    flow->was_reset = false;
    struct stream *s = &flow->stream[end];
    if (!flow->fin[end].seen)
        flow->fin[end] = farewell(flow, end, segment);
    if (!flow->fed && s->end == STREAM_NO_END && flow->opened[end]) {
        int64_t at = stream_offset(s, seq);
        s->end = at > s->next ? at : s->next;
    }
    app_check_fin(flow, end);
    app_check_fin(flow, !end); /* it may have acknowledged this one */
    app_pump(flow);
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
    if (flow->reset[end].received != APP_NO_OFFSET)
        app_hears(flow, !end, segment->ack, segment->seq); /* octets may not be in the capture */
    else
        note_sent(flow, end, segment->seq);
    /* What it cuts is given with the connection's end: until then the RST may be refuted. */
    flow->was_reset = flow->protocol && (app_is_pending(flow) || !flow->protocol->is_idle(flow));
    if (flow->was_reset) {
        flow->link = NULL;
        return;
    }
    close_protocol(flow, APP_CLOSE_RESET);
    app_put_away(flow);
    *link->flow = APP_RESET;
}

/* The flow whose octets come by app_feed() from now on. NULL: no memory. */
static struct app_flow *enter_fed(struct app *app, const struct app_link *link, uint64_t frame,
                                  int64_t time_ns, uint8_t layer)
{
    struct app_flow *flow = *link->flow;
    if (app_is_idle(flow) && !(flow = flow_new(app, link)))
        return NULL;
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
    return flow;
}

void app_feed(struct app *app, const struct app_link *link, unsigned end, uint64_t frame,
              int64_t time_ns, uint8_t layer, const uint8_t *bytes, size_t length)
{
    struct app_flow *flow = enter_fed(app, link, frame, time_ns, layer);
    if (!flow)
        return;
    struct stream *s = &flow->stream[end];
    struct stream_origin origin = {
        .frame = frame, .time_ns = time_ns, .layer = layer, .missed_ns = LIFELINE_UNKNOWN_NS};
    while (length && !flow->abandoned) {
        uint32_t n = length < MEBIBYTE ? (uint32_t)length : MEBIBYTE;
        if (flow->protocol && !s->spans)
            app_deliver(flow, end, s->next, bytes, n, n, &origin);
        else if (stream_hold(s, &app->pool, s->last ? s->last->offset + s->last->bytes : s->next, n,
                             n, bytes, &origin))
            app_pump(flow);
        else
            app_flow_abandon(flow);
        bytes += n;
        length -= n;
    }
    leave(flow);
}

void app_feed_gap(struct app *app, const struct app_link *link, unsigned end, uint64_t frame,
                  int64_t time_ns, uint8_t layer)
{
    struct app_flow *flow = enter_fed(app, link, frame, time_ns, layer);
    if (!flow)
        return;
    struct stream *s = &flow->stream[end];
    int64_t offset = s->next;
    if (!flow->protocol) { /* what is held are the first octets of something that broke off */
        stream_clear(s, &app->pool);
        open_stream(flow, end, 0, false);
    }
    s->next++; /* one stands for all of them */
    if (flow->protocol && !flow->abandoned)
        say_gap(flow, end, offset, APP_GAP_UNKNOWN);
    leave(flow);
}

void app_end(struct app *app, const struct app_link *link, bool capture_ended)
{
    (void)app;
    struct app_flow *flow = *link->flow;
    *link->flow = NULL;
    if (app_is_idle(flow))
        return;
    flow->link = link;
    for (unsigned end = 0; end < 2 && flow->fed; end++) {
        if (flow->fin[end].seen) { /* its segment may have carried the last octets, too */
            flow->stream[end].end = flow->stream[end].next;
            app_check_fin(flow, end);
        }
    }
    if (!flow->abandoned)
        app_flush(flow);
    close_protocol(flow, flow->was_reset ? APP_CLOSE_RESET
                         : capture_ended ? APP_CLOSE_CAPTURE_END
                                         : APP_CLOSE_GONE);
    app_put_away(flow);
}
