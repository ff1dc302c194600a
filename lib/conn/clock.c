/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a segment was sent, and how long one may be under way.
 *
 * A capture tells when a segment passed. When it was sent is told by its timestamp and by how fast
 * its sender's clock was seen to tick. How long what was sent before may still pass is told by the
 * handshake's times.
 *
 * Limits: without timestamps, or before the clock's rate is known, a segment is taken as sent when
 * it passed.
 */
#include "conn/clock.h"

#define UNKNOWN_TURNAROUND_NS 150000000 /* longer than most paths, shorter than any timer */
#define JITTER_NS             5000000
#define CLOCK_TICKS           16 /* with fewer, the rate isn't known well enough */

int64_t clock_turnaround_ns(const struct conn *c, unsigned end)
{
    int64_t ns = end == c->client ? c->synack_to_ack_ns : c->syn_to_synack_ns;
    if (ns == LIFELINE_UNKNOWN_NS) {
        return UNKNOWN_TURNAROUND_NS;
    }
    return ns + ns / 2 > JITTER_NS ? ns + ns / 2 : JITTER_NS;
}

uint32_t clock_ms(const struct pass *pass)
{
    if (pass->time_ns < pass->conn->start_ns) {
        return 0;
    }
    uint64_t ms = (uint64_t)(pass->time_ns - pass->conn->start_ns) / NS_PER_MS;
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void clock_note(struct pass *pass)
{
    pass->from->last_tsval = pass->segment->timestamp_value;
    pass->from->last_tsval_ms = clock_ms(pass);
}

/* Timestamps tick regularly, not faster than once in a millisecond (RFC 7323 5.4); how fast is seen
 * between the sender's first segment and its newest. One tick is added for the part of it that is
 * hidden. */
int64_t clock_sent_ns(const struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    const struct end *from = pass->from;
    uint32_t ticks = from->last_tsval - from->first_tsval,
             ms = from->last_tsval_ms - from->first_ms;
    uint32_t ahead = s->timestamp_value - from->last_tsval + 1;
    if (!(s->options & LIFELINE_OPT_TIMESTAMP) || !(from->flags & END_TIMESTAMPS) ||
        ticks < CLOCK_TICKS || ticks > INT32_MAX || !ms || ms > INT32_MAX || ahead > ticks) {
        return pass->time_ns;
    }
    int64_t newest_ns = pass->conn->start_ns + (int64_t)from->last_tsval_ms * NS_PER_MS;
    if (newest_ns + (int64_t)ahead * NS_PER_MS >= pass->time_ns) {
        return pass->time_ns; /* the usual case, without a division */
    }
    int64_t ahead_ms = ((int64_t)ahead * (ms > ticks ? ms : ticks) + ticks - 1) / ticks;
    int64_t by_clock_ns = newest_ns + (ahead_ms + 1) * NS_PER_MS;
    return by_clock_ns < pass->time_ns ? by_clock_ns : pass->time_ns;
}
