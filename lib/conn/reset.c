/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RST: what it does to its sender, and how it fares at its receiver.
 *
 * Verdict, RFC 9293 3.10.7.4 with RFC 5961 3.2: in SYN-SENT an RST counts when it acknowledges the
 * SYN; in the other states when its number is exactly the next one expected. What the receiver
 * expects is known within what passed: the highest it acknowledged, or all that was captured
 * without a hole. Linux also takes one below after a FIN, and with SACK the edge behind a hole. In
 * the window but not exact draws a challenge ACK; outside it is ignored.
 *
 * An RST without ACK takes its number from the ACK of the segment that it answers (RFC 9293
 * 3.10.7.1). When that was late on its way, the number is below the receiver's window and the
 * receiver ignores the RST; yet it proves that its sender has no connection any more.
 *
 * Why it was sent: reset_cause.c; whether what passes later bears that out: reset_after.c.
 */
#include "conn/reset.h"

#include <string.h>

#include "conn/apply.h"
#include "conn/clock.h"
#include "conn/closing.h"
#include "conn/history.h"
#include "conn/reset_cause.h"
#include "conn/teardown.h"
#include "conn/time_wait.h"
#include "conn/unseen.h"

/* Neither text nor ACKs are captured of any connection: what came before it, up to its number, may
 * have arrived. */
static bool follows_unseen(const struct pass *pass, uint32_t low)
{
    return engine_lacks_acks(pass->engine) && !(pass->from->flags & END_FIN) &&
           seq_gt(pass->segment->seq, low);
}

static uint8_t judge(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    const struct lifeline_segment *s = pass->segment;

    switch (to->state) {
    case LIFELINE_CLOSED:
    case LIFELINE_LISTEN:
        return LIFELINE_RESET_MOOT;
    case LIFELINE_SYN_SENT:
        if (to->flags & END_SYN_ACKED) { /* follows a SYN,ACK that passed */
            return s->seq == from->next || follows_unseen(pass, from->next)
                       ? LIFELINE_RESET_ACCEPTABLE
                       : LIFELINE_RESET_OUT_OF_WINDOW;
        }
        /* One more: a SYN,FIN takes two numbers. */
        return pass->ack && seq_gt(s->ack, to->isn) && seq_leq(s->ack, to->next + 1)
                   ? LIFELINE_RESET_ACCEPTABLE
                   : LIFELINE_RESET_OUT_OF_WINDOW;
    case LIFELINE_STATE_UNKNOWN:
        if (to->state_count) {
            break; /* it lived */
        }
        /* In mid-stream nothing refutes it; while a SYN is unanswered nobody is there yet. */
        return from->state == LIFELINE_STATE_UNKNOWN ? LIFELINE_RESET_ACCEPTABLE
                                                     : LIFELINE_RESET_MOOT;
    default:
        break;
    }
    if (!(from->flags & END_SEQ_KNOWN)) {
        return LIFELINE_RESET_ACCEPTABLE;
    }
    uint32_t low = to->flags & END_ACKED_KNOWN ? to->acked : from->contiguous;
    if (s->seq == from->contiguous || s->seq == low ||
        (s->seq == from->next &&
         (from->block_start == from->block_end || (from->flags & to->flags & END_SACK)))) {
        return LIFELINE_RESET_ACCEPTABLE;
    }
    if (pass->conn->claimed_from == pass->p + 1 && s->seq == pass->conn->claim_start) {
        return LIFELINE_RESET_ACCEPTABLE; /* what is acknowledged beyond may be somebody's tale */
    }
    bool one_way = !(to->flags & (END_ACKED_KNOWN | END_SENT));
    if (one_way && seq_gt(s->seq, from->isn) && seq_lt(s->seq, low)) {
        return LIFELINE_RESET_ACCEPTABLE; /* what its receiver had isn't in the capture */
    }
    if (follows_unseen(pass, low)) {
        return LIFELINE_RESET_ACCEPTABLE;
    }
    if (s->seq == low - 1 && (from->flags & END_FIN) && (to->flags & END_ACKED_KNOWN) &&
        to->state != LIFELINE_FIN_WAIT_2 && to->state != LIFELINE_TIME_WAIT) {
        return LIFELINE_RESET_ACCEPTABLE;
    }
    uint32_t edge = to->flags & END_ACKED_KNOWN ? to->edge : from->next + 65535;
    return seq_geq(s->seq, low) && seq_lt(s->seq, seq_max(edge, from->next))
               ? LIFELINE_RESET_CHALLENGED
               : LIFELINE_RESET_OUT_OF_WINDOW;
}

/* In SYN-RECEIVED a SYN in the window ends the connection (RFC 9293 3.10.7.4). The answer to one
 * has a number of no connection, 0, and acknowledges that SYN: the peer ignores it, so it tells of
 * its sender only. */
static bool refuses_second_syn(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t seq = pass->segment->seq, syn = pass->segment->ack - 1;
    return from->state == LIFELINE_SYN_RECEIVED && pass->ack && seq != from->isn &&
           seq != from->next && (to->flags & END_ISN_KNOWN) && seq_gt(syn, to->isn) &&
           seq_diff(syn, to->isn) < 65536;
}

/* In SYN-SENT and SYN-RECEIVED an RST that answers an unacceptable ACK leaves the sender as it is.
 */
static bool closes_sender(const struct pass *pass, uint8_t verdict)
{
    const struct end *from = pass->from;
    if (from->state == LIFELINE_SYN_SENT) {
        return pass->segment->seq == from->next || pass->ack || follows_unseen(pass, from->next);
    }
    if (!pass->ack && (from->flags & END_FIN) && reset_reopens(pass)) {
        return false; /* sent by the new socket; the old one may be in TIME-WAIT */
    }
    if (reset_answers_late(pass)) {
        return true;
    }
    /* Unlike its supposed sender's segments and not exact: somebody else guessed. */
    bool guessed = verdict == LIFELINE_RESET_CHALLENGED && reset_is_foreign(pass);
    return (!guessed && verdict != LIFELINE_RESET_OUT_OF_WINDOW &&
            verdict != LIFELINE_RESET_REFUTED) ||
           refuses_second_syn(pass);
}

/* A copy of a forged RST: its supposed sender has gone on since. */
static bool is_refuted_again(const struct pass *pass, const struct closing *k)
{
    const struct end *from = pass->from;
    /* The end's own: its number says so, or a new one of that address has no use for the old. */
    bool own = (pass->ack && pass->segment->seq == from->next) || reset_reopens(pass);
    return from->reset_cause == LIFELINE_CAUSE_INJECTED && !own &&
           pass->segment->seq == k->reset_seq &&
           (from->reset_verdict == LIFELINE_RESET_REFUTED ||
            (k->reset_by == pass->e && !k->reset_closed[pass->e]));
}

/* What it aborts with doesn't acknowledge the peer's FIN, which it never did. (A closed port's
 * answer to a late copy of the peer's SYN has the number 0.) */
static bool aborts_without_fin(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    bool had_acked = (from->flags & END_ACKED_KNOWN) && (to->flags & END_FIN) &&
                     seq_geq(from->acked, to->fin_end);
    return pass->ack && pass->fits && (to->flags & END_FIN) && !had_acked &&
           seq_lt(pass->segment->ack, to->fin_end);
}

/* It was thought to have taken the peer's FIN and then an RST; but its own RST, sent before that
 * one came, doesn't acknowledge the FIN. */
static bool aborted_before_fin(const struct pass *pass)
{
    const struct end *from = pass->from;
    const struct closing *k = pass->conn->closing;
    if (!end_closed(from) || !k->reset_closed[pass->e] || k->reset_by == pass->e ||
        from->state_count < 3 || !aborts_without_fin(pass)) {
        return false;
    }
    unsigned before = from->state_count - 2U;
    return history_at(from, before) == LIFELINE_CLOSE_WAIT &&
           history_evidence_at(from, before) == LIFELINE_DELIVERED;
}

/* An RST without ACK takes its number from the ACK of the segment that it answers. One below its
 * sender's own FIN answers what the peer sent before it had that FIN: its sender was gone already
 * when the peer's later segments arrived, and what they were thought to have done is taken back. */
static void gone_before(struct pass *pass, bool acceptable)
{
    struct end *from = pass->from;
    bool open = from->state == LIFELINE_FIN_WAIT_1 || from->state == LIFELINE_LAST_ACK;
    if (pass->ack && open && !(from->flags & END_FIN_ACKED) &&
        pass->segment->seq == from->fin_end - 1 &&
        (reset_may_answer_ns(pass) == LIFELINE_UNKNOWN_NS ||
         pass->segment->options & LIFELINE_OPT_TIMESTAMP)) {
        teardown_forget_fin(pass); /* an abort's number is the next: this FIN it never sent */
        return;
    }
    if (pass->ack && aborted_before_fin(pass)) {
        apply_withdrawal(pass, pass->e, 0);
        apply_withdrawal(pass, pass->e, 0);
        apply(pass, pass->e, SENDS_RST);
        return;
    }
    if (pass->ack || !(from->flags & END_FIN) || (from->flags & END_FIN_DOUBTED) ||
        unseen_answered(pass)) {
        return;
    }
    if (seq_lt(pass->segment->seq, from->fin_end) && seq_gt(pass->segment->seq, from->isn)) {
        from->flags |= END_RESET_OLD;
    }
    if (!acceptable || !(from->flags & END_RESET_OLD)) {
        return; /* a number far below may be anybody's: one that is accepted confirms it */
    }
    if (end_closed(from)) {
        /* An RST of the peer, or its own answer before, closed it in the same mistaken order. */
        struct closing *k = pass->conn->closing;
        bool mistaken = k->reset_by == pass->e ? seq_lt(k->reset_seq, from->fin_end)
                                               : history_evidence(from) == LIFELINE_DELIVERED;
        if (!k->reset_closed[pass->e] || !mistaken ||
            history_at(from, from->state_count - 2U) != LIFELINE_FIN_WAIT_2) {
            return;
        }
        apply_withdrawal(pass, pass->e, from->fin_acked_frame);
    }
    while (history_evidence(from) == LIFELINE_DELIVERED &&
           (from->state == LIFELINE_FIN_WAIT_2 || from->state == LIFELINE_CLOSING ||
            from->state == LIFELINE_TIME_WAIT)) {
        apply_withdrawal(pass, pass->e, from->fin_acked_frame);
    }
}

/* One with a number below its sender's own FIN is the answer of nobody. */
static bool acknowledges_fin(const struct pass *pass)
{
    const struct end *from = pass->from;
    bool nobody = (from->flags & END_FIN) && seq_lt(pass->segment->seq, from->fin_end);
    return pass->ack && (pass->to->flags & END_FIN) && pass->segment->ack == pass->to->fin_end &&
           from->state != LIFELINE_FIN_WAIT_2 && !nobody;
}

/* It was closed when a segment came that the peer sent, or sent again, before it had this end's
 * FIN: the peer's FIN, behind that segment, it had not taken. */
static void never_took_fin(struct pass *pass)
{
    if (pass->from->state == LIFELINE_CLOSING &&
        history_evidence(pass->from) == LIFELINE_DELIVERED) {
        apply_withdrawal(pass, pass->e, 0);
        if (pass->from->flags & END_FIN_DOUBTED) {
            apply(pass, pass->e, GETS_ACK_OF_FIN); /* what it answers passed after that ACK */
        }
    }
}

bool reset_taken(struct pass *pass, unsigned end)
{
    uint8_t was = pass->conn->end[end].state;
    if (!apply(pass, end, GETS_RST)) {
        return false;
    }
    if (was == LIFELINE_TIME_WAIT) {
        time_wait_assassinated(pass, end);
    }
    return true;
}

/* The receiver spoke long after the FIN passed, and hadn't got it. */
static bool missed_fin(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    const struct end *from = pass->from, *to = pass->to;
    if (!(to->flags & END_ACKED_KNOWN) || seq_geq(to->acked, from->fin_end)) {
        return false;
    }
    int64_t spoke_ns = to->flags & END_FIN ? to->control_ns : from->control_ns;
    if ((from->flags & END_HAD_DATA_SINCE) && c->last_data_ns > spoke_ns) {
        spoke_ns = c->last_data_ns;
    }
    int64_t since_ns = spoke_ns - from->control_ns;
    return since_ns > SHORTEST_TIMEOUT_NS && since_ns > clock_turnaround_ns(c, pass->e);
}

/* What it does to the end that sends it. True: it closes that one. */
static bool reset_sender(struct pass *pass, struct closing *k, uint8_t verdict)
{
    struct end *from = pass->from;

    if (from->state == LIFELINE_STATE_UNKNOWN && pass->to->state == LIFELINE_SYN_SENT) {
        if (verdict == LIFELINE_RESET_ACCEPTABLE) {
            history_begin(from, LIFELINE_CLOSED); /* a port that refuses */
            k->reset_closed[pass->e] = true;
        }
        return false;
    }
    if (reset_aborts_time_wait(pass)) {
        bool closed = apply(pass, pass->e, SENDS_RST);
        time_wait_assassinated(pass, pass->e);
        return closed;
    }
    if (from->state == LIFELINE_TIME_WAIT) {
        bool is_end = pass->segment->seq == from->fin_end;
        if ((!is_end && !reset_answers_late(pass)) || reset_reopens(pass)) {
            return false; /* not the holder's */
        }
        time_wait_skipped(pass);
        if (!is_end || aborts_without_fin(pass)) {
            never_took_fin(pass);
        }
        return apply(pass, pass->e, SENDS_RST);
    }
    if (!closes_sender(pass, verdict)) {
        return false;
    }
    if (reset_acknowledges_syn(pass) ||
        (from->state == LIFELINE_SYN_SENT && follows_unseen(pass, from->next))) {
        apply(pass, pass->e, SENDS_ACK_OF_SYN);
    }
    if (acknowledges_fin(pass)) {
        apply(pass, pass->e, SENDS_AS_OPEN);
        if (!(from->flags & END_TAIL_UNSEEN)) {
            apply(pass, pass->e, SENDS_ACK_OF_FIN); /* it had it before it aborted */
        }
    }
    return apply(pass, pass->e, SENDS_RST);
}

/* And to the one that gets it. */
static bool reset_receiver(struct pass *pass, uint8_t verdict)
{
    const struct end *from = pass->from;
    struct end *to = pass->to;

    if (verdict == LIFELINE_RESET_CHALLENGED) {
        to->flags |= END_CHALLENGED;
    } else if (verdict == LIFELINE_RESET_OUT_OF_WINDOW) {
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
    }
    if (verdict != LIFELINE_RESET_ACCEPTABLE) {
        return false;
    }
    /* Its FIN came in order before the RST. With one direction, nothing says who had closed first.
     */
    if ((from->flags & END_FIN) && seq_geq(from->contiguous, from->fin_end) && to->segments &&
        !(to->flags & (END_MISSES | END_TAIL_UNSEEN)) && !missed_fin(pass)) {
        apply(pass, pass->p, GETS_FIN);
    }
    return reset_taken(pass, pass->p);
}

/* Notes what is known of the connection where the RST that stands, or another of its sender, closed
 * an end: reset_after.c compares what comes later. */
static void note_standing(struct pass *pass, struct closing *k, bool sender_closed,
                          bool receiver_closed)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t ack = pass->segment->ack, told = pass->ack && pass->ack_fits ? ack : from->acked;

    k->reset_seq = seq_max(k->reset_seq, pass->segment->seq); /* lower ones answer stragglers */
    k->reset_peer_next = pass->ack && !(to->flags & END_SEQ_KNOWN) ? ack : to->next;
    k->reset_acked = from->flags & END_ACKED_KNOWN ? seq_max(from->acked, told) : told;
    k->reset_last_ns = pass->time_ns;
    k->reset_closed[pass->e] |= sender_closed;
    k->reset_closed[pass->p] |= receiver_closed;
    k->reset_accepted |= receiver_closed;
}

/* What an RST did to both ends. */
struct effect {
    uint8_t sender_was, receiver_was;
    bool sender_closed, receiver_closed;
    bool after_close; /* both had closed, as far as they could see */
};

static struct effect take_effect(struct pass *pass, struct closing *k, uint8_t verdict)
{
    struct end *from = pass->from;
    struct effect effect = {
        .sender_was = from->state,
        .receiver_was = pass->to->state,
        .after_close = verdict == LIFELINE_RESET_ACCEPTABLE && reset_answers_last_ack(pass),
    };
    if (effect.after_close) {
        from->flags |= END_FIN_ACKED;
        effect.sender_closed = apply(pass, pass->e, SENDS_RST_AFTER_CLOSE);
        effect.receiver_closed = apply(pass, pass->p, GETS_RST_AFTER_CLOSE);
    } else {
        effect.sender_closed = reset_sender(pass, k, verdict);
        effect.receiver_closed = reset_receiver(pass, verdict);
    }
    return effect;
}

static void note_reset(struct pass *pass)
{
    pass->from->reset_frame = pass->mark;
    pass->from->reset_verdict = pass->reset_verdict;
    pass->from->reset_cause = pass->reset_cause;
}

/* Does the connection end by it? One without ACK answers for a closed end, and both may have been
 * closed in order; in TIME-WAIT both had. */
static bool ends_life(const struct pass *pass, const struct effect *effect)
{
    bool moot = !pass->ack && ((pass->from->flags | pass->to->flags) & END_DOUBTED) &&
                effect->sender_was == LIFELINE_STATE_UNKNOWN &&
                effect->receiver_was == LIFELINE_STATE_UNKNOWN;
    return !moot && !effect->after_close &&
           ((effect->sender_closed && effect->sender_was != LIFELINE_TIME_WAIT) ||
            (effect->receiver_closed && effect->receiver_was != LIFELINE_TIME_WAIT));
}

/* It closed an end, or both: what of it is told, and what later segments are compared with. */
static void note_effect(struct pass *pass, struct closing *k, const struct effect *effect)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;
    if (effect->sender_closed && pass->ack && (from->flags & END_SEQ_KNOWN) &&
        seq_gt(s->seq, from->next)) {
        from->flags |= END_TAIL_UNSEEN; /* its number shows more than was captured */
    }
    if (k->reset_by == LIFELINE_UNKNOWN && ends_life(pass, effect)) {
        k->reset_by = (uint8_t)pass->e;
        k->reset_after_fin = k->first_fin != LIFELINE_UNKNOWN;
        k->reset_frame = pass->mark;
        k->reset_ns = pass->time_ns;
        k->reset_seq = s->seq;
        note_reset(pass);
    }
    if (effect->receiver_closed) {
        k->taken_frame[pass->p] = pass->mark;
        if (k->reset_by == pass->p && !k->reset_closed[pass->p]) {
            k->answered_ns = pass->time_ns;
        }
    }
    if (effect->sender_closed && (s->options & LIFELINE_OPT_TIMESTAMP) &&
        seq_gt(s->timestamp_value, from->last_tsval)) {
        clock_note(pass); /* what is older was sent before */
    }
    if (k->reset_by == pass->e) {
        note_standing(pass, k, effect->sender_closed, effect->receiver_closed);
    }
}

void reset_segment(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;
    struct closing *k = closing_of(pass);

    pass->steps |= LIFELINE_STEP_RESET;
    if (from->state == LIFELINE_TIME_WAIT && !reset_reopens(pass) &&
        !reset_aborts_time_wait(pass)) {
        time_wait_was_over(pass);
    }
    if (reset_answers_straggler(pass)) {
        from->flags |= END_FIN_ACKED;
        from->reset_frame = from->reset_frame ? from->reset_frame : pass->mark;
        apply(pass, pass->e, SENDS_RST_AFTER_CLOSE);
        return;
    }
    bool again = is_refuted_again(pass, k);
    uint8_t verdict = again ? (uint8_t)LIFELINE_RESET_REFUTED : judge(pass);
    pass->reset_verdict = verdict;
    pass->reset_cause = again ? (uint8_t)LIFELINE_CAUSE_INJECTED : reset_cause(pass, verdict);
    if (pass->reset_cause == LIFELINE_CAUSE_TIME_WAIT_ACK && from->state == LIFELINE_SYN_SENT) {
        time_wait_killed_behind(pass); /* it reopens, was refused by TIME-WAIT, and ends it */
    }
    if (!from->reset_frame) {
        note_reset(pass);
    }
    gone_before(pass, verdict == LIFELINE_RESET_ACCEPTABLE || end_closed(to));
    struct effect effect = take_effect(pass, k, verdict);
    if (effect.sender_closed || effect.receiver_closed) {
        note_effect(pass, k, &effect);
    }
}
