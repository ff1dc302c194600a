/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which octets are handed to the protocol next.
 *
 * Causal order
 *   A segment that acknowledges octets of the other end which haven't been delivered yet is held
 *   back, as is one behind a hole. So octets are delivered in an order in which both ends can have
 *   sent and received them, whatever order the capture is in.
 *
 * Giving up
 *   A hole that its receiver acknowledged is lost to the capture, or the capture is out of order
 *   and the octets still come. The flow waits APP_PATIENCE frames or PATIENCE_NS for them, less
 *   after each time in vain, then declares a gap. A gap behind which nothing was seen (tail gap) is
 *   taken back if its octets do come after all: some senders acknowledge nonsense. A hole that
 *   nobody acknowledged is kept open until a limit of memory or the stream's end: a retransmission
 *   fills it.
 */
#include "app/order.h"

#include <string.h>

#define PATIENCE_NS 1000000000ll
#define PROBE_BYTES 2048 /* of a start line that comes in pieces */

/* Is everything that the segment acknowledges delivered? The FIN counts as an octet. */
bool app_is_causal(const struct app_flow *flow, unsigned end, const struct stream_origin *origin)
{
    const struct stream *other = &flow->stream[!end];
    if (!origin->has_ack || !flow->opened[!end])
        return true;
    return stream_offset(other, origin->ack) <= other->next + (other->next >= other->end);
}

void app_check_fin(struct app_flow *flow, unsigned end)
{
    struct stream *s = &flow->stream[end];
    if (s->next < s->end || flow->fin_given[end] || !flow->protocol || flow->abandoned ||
        !flow->opened[end])
        return;
    /* After what its sender had received. */
    const struct stream *other = &flow->stream[!end];
    if (flow->fin[end].received > other->next + (other->next >= other->end) && flow->opened[!end])
        return;
    flow->fin_given[end] = true;
    flow->protocol->fin(flow, end);
}

/* Octets of an end were delivered: its FIN may be next, or the other's, that acknowledged them. */
static void check_fins(struct app_flow *flow, unsigned end)
{
    app_check_fin(flow, end);
    app_check_fin(flow, !end);
}

/* Declares the octets below until missing, that aren't delivered yet. origin: the segment that
 * shows it, NULL for the current one. is_counted: each of them was an octet. */
static void deliver_gap(struct app_flow *flow, unsigned end, int64_t until,
                        const struct stream_origin *origin, bool is_counted)
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
        .cut = origin != NULL,
        .missed_ns = LIFELINE_UNKNOWN_NS,
    };
    uint64_t bytes = (uint64_t)(until - s->next);
    s->next = until;
    if (flow->protocol)
        flow->protocol->gap(flow, end, is_counted ? bytes : APP_GAP_UNKNOWN, &at);
    else
        flow->hunting[end] = true;
    check_fins(flow, end);
}

/* Delivers the octets of a segment that aren't delivered yet; offset is its first one's. */
void app_deliver(struct app_flow *flow, unsigned end, int64_t offset, const uint8_t *data,
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
        .missed_ns = origin->missed_ns,
    };
    while (skip < captured && !flow->abandoned) {
        uint32_t taken = flow->protocol->data(flow, end, data + skip, captured - skip, &at);
        skip += taken;
        at.offset += taken;
        at.segment_start = false;
        at.repeats = 0;
        at.missed_ns = LIFELINE_UNKNOWN_NS;
        s->next = at.offset;
    }
    if (flow->abandoned)
        return;
    deliver_gap(flow, end, offset + bytes, origin, true);
    check_fins(flow, end);
}

/* Passes over the first octets of what is held, as many as a segment has or fewer. */
static void pass_over(struct app_flow *flow, unsigned end, size_t n)
{
    struct stream *s = &flow->stream[end];
    struct stream_span *span = stream_take(s);
    uint32_t bytes = n < span->bytes ? (uint32_t)n : span->bytes;
    s->next += bytes;
    if (span->captured > bytes) /* no memory: they are a gap */
        stream_hold(s, &flow->app->pool, s->next, span->bytes - bytes, span->captured - bytes,
                    span->data + bytes, &span->origin);
    stream_release(s, &flow->app->pool, span);
}

/* Asks the protocols about what is held of a flow that has none yet, and passes over what is none's
 * until it comes to what isn't to be delivered before the other end's. */
static bool decide(struct app_flow *flow, unsigned end)
{
    struct stream *s = &flow->stream[end];
    while (s->spans && s->spans->offset == s->next && app_is_causal(flow, end, &s->spans->origin)) {
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
        size_t proxy = s->next || flow->hunting[end] ? 0 : app_proxy_header(bytes, length);
        if (proxy > length && !cut)
            return false;
        if (proxy && proxy <= length) {
            while (proxy) {
                int64_t before = s->next;
                pass_over(flow, end, proxy);
                proxy -= (size_t)(s->next - before);
            }
            continue;
        }
        enum app_verdict verdict;
        const struct app_protocol *protocol =
            app_protocol_probe(bytes, length, !flow->hunting[end], &verdict);
        if (protocol) {
            if (!app_open_protocol(flow, protocol, verdict == APP_IS_CLIENT ? end : !end))
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
        flow->is_foreign[end] |= !flow->hunting[end] && !cut && verdict == APP_NO;
        flow->hunting[end] = true;
        pass_over(flow, end, s->spans->bytes);
    }
    return false;
}

/* Delivers the head of what is held, if its time has come. */
static bool deliver_held(struct app_flow *flow, unsigned end)
{
    struct stream *s = &flow->stream[end];
    if (flow->abandoned || !s->spans || s->spans->offset != s->next ||
        !app_is_causal(flow, end, &s->spans->origin))
        return false;
    const int64_t before = s->next;
    if (!flow->protocol && !decide(flow, end))
        return s->next != before && !flow->abandoned;
    struct stream_span *span = stream_take(s);
    if (!span)
        return false;
    app_deliver(flow, end, span->offset, span->data, span->bytes, span->captured, &span->origin);
    stream_release(s, &flow->app->pool, span);
    return true;
}

void app_pump(struct app_flow *flow)
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

bool app_is_pending(const struct app_flow *flow)
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
                                                    : !app_is_causal(flow, end, &s->spans->origin)))
            return true;
    }
    return false;
}

bool app_give_up(struct app_flow *flow, enum app_give_up_why why)
{
    const bool force = why != APP_PROVEN;
    bool moved = false;
    for (unsigned end = 0; end < 2 && !flow->abandoned; end++) {
        struct stream *s = &flow->stream[end], *other = &flow->stream[!end];
        const int64_t before = s->next, before_other = other->next;
        if (has_hole_before_fin(s) && (force || s->acked >= s->end)) {
            deliver_gap(flow, end, s->end, NULL, true);
        } else if (stream_has_hole(s)) {
            if (moved && other->spans && other->spans->offset == other->next &&
                app_is_causal(flow, !end, &other->spans->origin))
                continue; /* what the other end held goes first: app_pump() */
            if (!force && s->acked < s->spans->offset)
                continue;
            int64_t until = s->spans->offset;
            if (why == APP_LIMIT && s->acked < until)
                flow->app->counters->stream_bytes_dropped += (uint64_t)(until - s->next);
            /* Piece by piece, where the other end sent something in between. */
            if (why == APP_PROVEN && other->spans && other->spans->offset == other->next &&
                other->spans->origin.has_ack) {
                int64_t heard = stream_offset(s, other->spans->origin.ack);
                if (heard > s->next && heard < until)
                    until = heard;
            }
            deliver_gap(flow, end, until, NULL, true);
        } else if (s->spans && !app_is_causal(flow, end, &s->spans->origin)) {
            if (flow->protocol && other->spans && other->spans->offset == other->next &&
                app_is_causal(flow, !end, &other->spans->origin))
                continue; /* what it acknowledges is at hand now: app_pump() comes first */
            int64_t until = stream_offset(other, s->spans->origin.ack);
            if (other->spans && other->spans->offset < until)
                until = other->spans->offset;
            if (!other->spans && flow->tail_gap[!end] == APP_NO_OFFSET)
                flow->tail_gap[!end] = other->next;
            deliver_gap(flow, !end, until, NULL, true);
            if (other->next == before_other) { /* nothing more to wait for */
                s->spans->origin.has_ack = 0;
                moved = true;
            }
        }
        moved |= s->next != before || other->next != before_other;
    }
    return moved;
}

void app_wait(struct app_flow *flow)
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
        if (!app_give_up(flow, APP_PROVEN))
            break;
        app_pump(flow);
    }
    flow->stalled_frames = 0;
}

/* All that is held goes out, with gaps where octets lack. */
void app_flush(struct app_flow *flow)
{
    while (!flow->abandoned && app_is_pending(flow)) {
        app_pump(flow);
        if (!flow->protocol && !stream_has_hole(&flow->stream[0]) &&
            !stream_has_hole(&flow->stream[1]) && !is_stalled(flow))
            return; /* undecided: too little was ever sent */
        if (!app_give_up(flow, APP_END))
            break;
    }
    for (unsigned end = 0; end < 2 && !flow->abandoned; end++) {
        struct stream *s = &flow->stream[end];
        int64_t shown = s->acked > s->sent ? s->acked : s->sent;
        if (!flow->opened[end] || shown <= s->next)
            continue;
        /* The last one may be a FIN that the capture lacks. */
        bool is_counted = s->end != STREAM_NO_END;
        deliver_gap(flow, end, shown - !is_counted, NULL, true);
        deliver_gap(flow, end, shown, NULL, is_counted);
    }
}
