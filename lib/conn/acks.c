/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an ACK tells: of its sender, what it has and how much more it takes; of its receiver, what
 * that must have sent, also where the capture lacks it (RFC 9293 3.4, 3.8.6).
 *
 * Limits: a window whose scale was not captured is taken as scaled by the maximum (14), so that no
 * good segment is refused.
 */
#include "conn/acks.h"

#include "conn/clock.h"
#include "conn/copy.h"
#include "conn/holes.h"
#include "conn/numbers.h"
#include "conn/unseen.h"

/* The scale that applies to windows the end advertises after the handshake. */
static unsigned scale_of(const struct conn *c, unsigned end)
{
    const struct end *x = &c->end[end], *y = &c->end[!end];
    if ((x->flags & END_SCALE_KNOWN) && (y->flags & END_SCALE_KNOWN)) {
        return (x->flags & y->flags & END_SCALE_OFFERED) ? x->window_scale : 0;
    }
    return 14;
}

uint32_t acks_window_bytes(const struct pass *pass)
{
    if (pass->segment->options & LIFELINE_OPT_WINDOW_CUT) {
        return (uint32_t)UINT16_MAX << 14;
    }
    unsigned shift = pass->syn ? 0 : scale_of(pass->conn, pass->e);
    return (uint32_t)pass->segment->window << shift;
}

void acks_note_older(struct end *x, uint32_t ack)
{
    if (x->older_acks[0] != (uint16_t)ack) {
        x->older_acks[2] = x->older_acks[1];
        x->older_acks[1] = x->older_acks[0];
        x->older_acks[0] = (uint16_t)ack;
    }
}

/* Of SYN,ACKs with different numbers the opener takes the first that reaches it and acknowledges
 * that one: RFC 9293 3.10.7.3. Its other end isn't the last one's sender, then. */
static void choose_syn_ack(struct pass *pass)
{
    struct end *to = pass->to;
    if (pass->from->state == LIFELINE_SYN_SENT && to->state == LIFELINE_SYN_RECEIVED &&
        (to->flags & END_ISN_REPLACED) && !pass->syn && pass->segment->ack != to->isn + 1 &&
        pass->segment->seq == pass->from->isn + 1) {
        numbers_learn(to, pass->segment->ack - 1, true);
        to->wraps = 0;
        to->control_ns = 0; /* the last SYN,ACK isn't the one that is answered */
    }
}

/* Does its receiver say that it misses something? again: it only repeats its last ACK. */
static void read_hole(struct pass *pass, bool again)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from, *to = pass->to;
    bool mended = from->flags & END_MENDED, reports = s->options & LIFELINE_OPT_SACK;
    pass->early_loss = reports && s->ack - to->isn <= FINDINGS_EARLY;
    /* When what was missing passed: without any data it was the FIN. */
    int64_t last_ns = pass->conn->last_data_ns;
    int64_t mended_ns = last_ns == LIFELINE_UNKNOWN_NS ? to->control_ns : last_ns;
    /* A report that comes too soon after the filling, or doesn't reach what passed behind it, was
     * on its way by then. */
    if (mended && (pass->sent_ns - mended_ns < clock_turnaround_ns(pass->conn, pass->e) ||
                   (reports && seq_lt(s->sack_right, to->next)))) {
        return;
    }
    if (reports && seq_gt(s->sack_left, s->ack) && seq_geq(s->ack, from->acked)) {
        from->flags |= END_MISSES;
    }
    /* Without SACK, only this says that there is a hole. */
    if (again && s->seq == from->next && (to->flags & END_FIN) && seq_lt(s->ack, to->fin_end - 1) &&
        !(from->flags & to->flags & END_SACK) && !pass->same_tick) {
        from->flags |= END_MISSES;
    }
}

/* More is acknowledged than was captured: frames are missing, unless it is more than can have been
 * sent. */
static void read_unseen(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *to = pass->to;
    pass->ack_fits = pass->fits && unseen_ack_fits(pass);
    uint32_t beyond = seq_gt(s->ack, to->next) ? s->ack - to->next : 0;
    if (!pass->ack_fits) {
        return;
    }
    pass->marks |= LIFELINE_MARK_ACKED_UNSEEN;
    unseen_claim(pass);
    holes_acked(to, to->next);
    to->missing_bytes += beyond;
    if (beyond) {
        to->flags |= END_TAIL_UNSEEN | END_TAIL_ACKED;
    }
    numbers_advance(to, seq_max(s->ack, to->next));
    to->contiguous = to->block_start = to->block_end = to->next;
}

/* Can its receiver have sent what it acknowledges? */
static void judge(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from, *to = pass->to;
    if (!(to->flags & END_SEQ_KNOWN)) {
        numbers_learn(to, s->ack, false);
        if (pass->syn || from->state == LIFELINE_SYN_SENT) {
            to->flags &= ~(uint32_t)END_TAIL_UNSEEN; /* its SYN */
        }
        pass->ack_fits = true;
    } else if (seq_leq(s->ack, to->next)) {
        pass->ack_fits = numbers_were_sent(to, s->ack - 1); /* the octet before was sent */
    } else {
        read_unseen(pass);
    }
}

/* Its sender's first ACK that is known. */
static void note_first(struct pass *pass, uint32_t edge)
{
    struct end *from = pass->from;
    uint32_t ack = pass->segment->ack;
    from->flags |= END_ACKED_KNOWN;
    from->acked = ack;
    from->edge = edge;
    from->older_acks[0] = from->older_acks[1] = from->older_acks[2] = (uint16_t)ack;
    from->data_ack = (uint16_t)ack;
}

/* One of many: more than the last, the same again, or less. */
static void note_next(struct pass *pass, uint32_t edge)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from, *to = pass->to;
    bool pure = pass->seq_end == s->seq && !pass->syn && !pass->rst;
    bool again = pure && s->ack == from->acked;
    if (again && s->window == from->window && seq_lt(s->ack, to->next) &&
        !(to->flags & END_KEEP_ALIVE) && !copy_of_ack(pass)) {
        pass->marks |= LIFELINE_MARK_DUPLICATE_ACK;
    }
    if (again && (to->flags & END_KEEP_ALIVE)) {
        pass->marks |= LIFELINE_MARK_KEEP_ALIVE_ACK;
    }
    pass->hears = seq_gt(s->ack, from->acked);
    if (pass->hears) {
        from->flags &= ~(uint32_t)(END_MISSES | END_MENDED);
    }
    read_hole(pass, again);
    if (s->ack != from->acked) {
        acks_note_older(from, seq_min(s->ack, from->acked));
    }
    from->acked = seq_max(from->acked, s->ack);
    from->edge = seq_max(from->edge, edge);
}

void acks_read(struct pass *pass)
{
    choose_syn_ack(pass);
    judge(pass);
    if (!pass->ack_fits) {
        return;
    }
    uint32_t ack = pass->segment->ack;
    holes_acked(pass->to, ack);
    uint32_t edge = ack + acks_window_bytes(pass);
    if (pass->from->flags & END_ACKED_KNOWN) {
        note_next(pass, edge);
    } else {
        note_first(pass, edge);
    }
}
