/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers beyond all that was captured: is the capture incomplete, or did somebody make them up?
 *
 * Theory of operation: an ACK of octets that weren't captured is true of a capture that dropped
 * them, and false when a third party forged it. It is believed as far as the window allows that
 * its sender announced (RFC 9293 3.8). Beyond that it is believed only when its sender goes on from
 * there while its peer keeps silent, or when the peer's next segment, as far off, agrees with it on
 * both numbers: each knows what only a receiver knows. Nothing follows a FIN: where an end had sent
 * one, those two are of a later incarnation, whose opening isn't in the capture. When both had
 * closed, one's text is by itself. A belief is a claim: it is taken back when the supposed sender
 * of those octets starts to send them only now.
 *
 * Limits: a peer that never speaks again refutes nothing. Of a forged ACK only the stream's numbers
 * are taken back, not that its supposed sender acknowledged so much.
 */
#include "conn/unseen.h"

#include "conn/numbers.h"

#define MISSING_MAX_BYTES  (1 << 26) /* of one hole in the capture */
#define FIRST_FLIGHT_BYTES (1 << 20) /* before the first ACK */
#define IN_FLIGHT_BYTES    (1 << 22)
#define STRAY_SYN          4U /* in conn.stray_from: it was a SYN,ACK */

/* The highest number that the peer can have reached unseen: the window that this ACK's sender last
 * announced, and one more, since its own segments may be missing as well. */
static uint32_t ack_limit(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    if (!(from->flags & END_ACKED_KNOWN)) {
        return to->next + (from->flags & END_ISN_KNOWN ? FIRST_FLIGHT_BYTES : MISSING_MAX_BYTES);
    }
    uint32_t window = from->edge - from->acked + WINDOW_SLACK_BYTES;
    uint32_t limit = seq_max(from->edge, to->next) + window;
    return limit - to->next < MISSING_MAX_BYTES ? limit : to->next + MISSING_MAX_BYTES;
}

/* The capture lost more than a window: the stream of x goes on at seq. */
static void jump(struct end *x, uint32_t seq)
{
    if (seq_gt(seq, x->next)) {
        x->missing_bytes += seq - x->next;
        numbers_advance(x, seq);
        x->contiguous = x->block_start = x->block_end = seq;
        x->flags |= END_TAIL_UNSEEN | END_TAIL_ACKED;
    }
}

static bool within(uint32_t a, uint32_t b)
{
    return seq_diff(a, b) <= IN_FLIGHT_BYTES && seq_diff(b, a) <= IN_FLIGHT_BYTES;
}

/* Does the segment agree with what the other end sent last with numbers far off? */
static bool agrees(const struct conn *c, unsigned e, const struct lifeline_segment *s)
{
    return c->stray_from == !e + 1 && within(s->seq, c->stray_ack) && within(s->ack, c->stray_end);
}

bool unseen_is_later(const struct conn *c, unsigned e, const struct lifeline_segment *s)
{
    const struct end *from = &c->end[e], *to = &c->end[!e];
    return (s->flags & LIFELINE_ACK) && !(s->flags & (LIFELINE_SYN | LIFELINE_RST)) &&
           agrees(c, e, s) &&
           (((from->flags & END_FIN) && !within(s->seq, from->fin_end)) ||
            ((to->flags & END_FIN) && !within(s->ack, to->fin_end)));
}

static bool is_over(const struct end *x)
{
    return (x->state == LIFELINE_CLOSED || x->state == LIFELINE_TIME_WAIT) &&
           (x->flags & (END_SEQ_KNOWN | END_FIN | END_FIN_ACKED)) ==
               (END_SEQ_KNOWN | END_FIN | END_FIN_ACKED) &&
           !(x->flags & END_IS_PEER);
}

static bool is_far(const struct end *x, uint32_t seq)
{
    bool was_sent = seq_lt(seq, x->next) && numbers_were_sent(x, seq);
    return !was_sent && !within(seq, x->next) && !within(seq, x->isn);
}

/* Clocks of timestamps tick once in a millisecond or less often (RFC 7323 5.4), and Linux's go on
 * from one incarnation to the next: was that one's value at about now? */
static bool went_on(const struct conn *c, const struct end *x, uint32_t tsval, int64_t now_ns)
{
    int64_t since_ms = (now_ns - c->start_ns) / NS_PER_MS - x->last_tsval_ms;
    int32_t ticks = seq_diff(tsval, x->last_tsval);
    return ticks > 0 && ticks <= since_ms + since_ms / 8 + 100;
}

/* Text with numbers far from all that both ends sent, who have closed, is a later incarnation's, if
 * not a copy of an earlier one's, by its timestamp; of those the last one's numbers are remembered.
 * In TIME-WAIT it says that this was reused: no less than both clocks prove that. */
bool unseen_is_later_text(const struct conn *c, unsigned e, const struct lifeline_segment *s)
{
    const struct end *from = &c->end[e], *to = &c->end[!e];
    if (!is_over(from) || !is_over(to) || s->payload_bytes < 2 ||
        (s->flags & (LIFELINE_SYN | LIFELINE_RST | LIFELINE_ACK)) != LIFELINE_ACK ||
        !is_far(from, s->seq) || !is_far(to, s->ack) ||
        (c->previous_known >> e & 1 && within(s->seq, c->previous_next[e]))) {
        return false;
    }
    bool stamped = s->options & LIFELINE_OPT_TIMESTAMP && from->flags & to->flags & END_TIMESTAMPS;
    bool closed = from->state == LIFELINE_CLOSED && to->state == LIFELINE_CLOSED;
    bool newer = stamped ? seq_gt(s->timestamp_value, from->last_tsval) : c->incarnation < 2;
    return (closed && newer) || (stamped && went_on(c, from, s->timestamp_value, s->time_ns) &&
                                 went_on(c, to, s->timestamp_echo, s->time_ns));
}

/* A segment with a number far from all that was captured may be forged. When the peer's next such
 * one agrees with it on both numbers, neither is: each knows what only a receiver knows. They agree
 * when they are no further apart than what can be under way. */
bool unseen_agree(struct pass *pass)
{
    struct conn *c = pass->conn;
    const struct lifeline_segment *s = pass->segment;
    if (!pass->ack || !(pass->to->flags & END_SEQ_KNOWN)) {
        return false;
    }
    if (pass->syn) {
        c->stray_from = (uint8_t)(pass->e + 1) | STRAY_SYN; /* of another incarnation: no partner */
        c->stray_ack = s->ack;
        return false;
    }
    if (agrees(c, pass->e, s)) {
        c->stray_from = 0;
        jump(pass->to, s->ack);
        jump(pass->from, s->seq);
        return numbers_fit(pass);
    }
    c->stray_from = (uint8_t)(pass->e + 1);
    c->stray_end = pass->seq_end;
    c->stray_ack = s->ack;
    return false;
}

/* It acknowledged as much before, and now more; and its peer didn't speak in between. */
static bool goes_on(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    int32_t further = seq_diff(pass->segment->ack, c->stray_ack);
    return c->stray_from == pass->e + 1 && further > 0 && further <= MISSING_MAX_BYTES;
}

/* An ACK of what wasn't captured is believed: until its receiver, the sender of that, shows by its
 * next segment that it never sent it. */
void unseen_claim(struct pass *pass)
{
    struct conn *c = pass->conn;
    const struct end *to = pass->to;
    bool again = c->claimed_from == pass->e + 1 && c->claim_ack == to->next;
    if (!again) {
        if (to->contiguous != to->next || !(to->flags & END_SENT)) {
            return;
        }
        c->claimed_from = (uint8_t)(pass->e + 1);
        c->claim_start = to->next;
    }
    c->claim_ack = pass->segment->ack;
}

/* What its peer claimed to have from this end starts only now, or a part of it does. */
void unseen_refute(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;
    uint32_t seq = pass->segment->seq, start = c->claim_start;
    if (c->stray_from == pass->p + 1 && seq == from->next && seq_lt(seq, c->stray_ack)) {
        c->stray_from = 0;
    }
    bool starts =
        seq == start || (pass->seq_end != seq && seq_gt(seq, start) && seq_lt(seq, c->claim_ack));
    if (c->claimed_from != pass->p + 1 || pass->syn || (!starts && seq_lt(seq, from->next))) {
        return;
    }
    /* A claim of one octet, and that is asked for by an empty segment: a keep-alive, RFC 9293
     * 3.8.4. The octet went before the capture began. */
    if (seq == start && pass->seq_end == seq && c->claim_ack == start + 1 &&
        from->next == c->claim_ack) {
        return;
    }
    c->claimed_from = 0;
    if (!starts || from->next != c->claim_ack || from->contiguous != from->next) {
        return; /* confirmed, or overtaken */
    }
    from->missing_bytes -= from->next - seq;
    from->flags &= ~(uint32_t)(END_TAIL_UNSEEN | END_TAIL_ACKED);
    if (from->next - from->isn < seq - from->isn) {
        from->wraps--;
    }
    from->next = from->contiguous = from->block_start = from->block_end = seq;
}

bool unseen_answered(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    return c->stray_from == ((uint8_t)(pass->p + 1) | STRAY_SYN) &&
           pass->segment->seq == c->stray_ack;
}

bool unseen_ack_fits(struct pass *pass)
{
    uint32_t ack = pass->segment->ack;
    return seq_leq(ack, ack_limit(pass)) || numbers_end_unseen_stream(pass, ack - pass->to->next) ||
           goes_on(pass) || unseen_agree(pass);
}
