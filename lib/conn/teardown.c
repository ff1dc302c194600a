/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Closing by FIN: each direction is closed by a FIN and its ACK, hence four steps (RFC 9293 3.6).
 *
 * Model: a FIN takes effect at its sender when it is sent, at its receiver when that acknowledges
 * it: an acknowledgment covers everything before, so order is by sequence space, not by arrival.
 * Step 1 is the first FIN, 2 its ACK, 3 the other FIN, 4 its ACK; 2 and 3 may be one segment.
 * The close is simultaneous when the second FIN was sent by an end that had not seen the first: its
 * segment does not acknowledge it.
 */
#include "conn/teardown.h"

#include "conn/apply.h"
#include "conn/clock.h"
#include "conn/closing.h"
#include "conn/copy.h"
#include "conn/facts.h"
#include "conn/history.h"
#include "conn/time_wait.h"

/* The end that may have closed unseen goes on with its stream: it had not, or this is that FIN.
 * What was left open is said now. */
static void settle_doubt(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;
    if (!(from->flags & END_DOUBTED) || (from->flags & END_TAIL_UNSEEN)) {
        return;
    }
    from->flags &= ~(uint32_t)END_DOUBTED;
    bool in_doubt = to->state == LIFELINE_STATE_UNKNOWN;
    if (in_doubt) {
        apply_withdrawal(pass, pass->p, 0);
        apply(pass, pass->p, SENDS_FIN);
    }
    if (from->state == LIFELINE_STATE_UNKNOWN) {
        apply_withdrawal(pass, pass->e, 0);
        apply(pass, pass->e, SENDS_ACK_OF_FIN);
    }
    if (in_doubt && (to->flags & END_FIN_ACKED)) {
        apply(pass, pass->p, GETS_ACK_OF_FIN);
    }
}

/* The sender of a FIN acknowledges what isn't in the capture: the peer's FIN, as that may show. */
static void note_unseen(struct pass *pass)
{
    if (pass->hears && (pass->marks & LIFELINE_MARK_ACKED_UNSEEN)) {
        pass->conn->closing->unseen_ns = pass->time_ns;
        pass->from->flags &= ~(uint32_t)END_FIN_CROSSED;
        pass->from->flags |= pass->fin ? END_FIN_CROSSED : 0U;
    }
}

/* It acknowledges a FIN by its own, which its receiver had acknowledged before: this FIN was sent
 * earlier, out of the capture, or is captured too late. Who hasn't the ACK of its FIN and sends it
 * again with the ACK of the peer's shows that they crossed. */
static void fin_sent_before(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;
    struct closing *k = pass->conn->closing;
    if (!pass->fin || (from->flags & END_FIN) || k->first_fin != pass->p ||
        to->state != LIFELINE_FIN_WAIT_1 || from->state != LIFELINE_ESTABLISHED || !k->unseen_ns ||
        to->acked != pass->seq_end || k->first_fin_ack == pass->seq_end) {
        return;
    }
    if (to->flags & END_FIN_CROSSED) {
        k->simultaneous = true;
        apply(pass, pass->e, SENDS_FIN);
        apply(pass, pass->p, SENDS_ACK_OF_FIN);
    } else if (pass->time_ns - k->unseen_ns >= COPY_WINDOW_NS) {
        from->flags |= END_TAIL_UNSEEN;
    }
}

/* Each transmission of that FIN carried the ACK of this end's. */
static void acked_by_fin(struct pass *pass)
{
    struct end *from = pass->from;
    struct closing *k = pass->conn->closing;
    if (from->state == LIFELINE_FIN_WAIT_1 && k->first_fin == pass->e && k->fin_frames[2] &&
        !k->simultaneous && !(from->flags & END_FIN_ACKED)) {
        from->flags |= END_FIN_ACKED;
        from->fin_acked_frame = k->fin_frames[2];
        apply(pass, pass->e, GETS_ACK_OF_FIN);
    }
}

static void note_fin_ack_step(struct pass *pass)
{
    struct closing *k = pass->conn->closing;
    bool first = k->first_fin == pass->p;
    uint32_t *step = &k->fin_frames[first ? 1 : 3];
    if (!*step) {
        *step = pass->mark;
        pass->steps |= first ? LIFELINE_STEP_TEARDOWN_2 : LIFELINE_STEP_TEARDOWN_4;
        *(first ? &k->step2_ns : &k->step4_ns) = pass->time_ns;
    }
}

/* A FIN that doesn't acknowledge one that passed a round trip before never got it, unless what was
 * missing before that one came later. */
static bool never_had_fin(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    int64_t later_ns = pass->to->control_ns - pass->from->control_ns;
    int64_t round_ns = pass->p == c->client ? c->synack_to_ack_ns : c->syn_to_synack_ns;
    return round_ns != LIFELINE_UNKNOWN_NS && later_ns > clock_turnaround_ns(c, pass->p) &&
           later_ns > SHORTEST_TIMEOUT_NS && c->last_data_ns <= pass->to->control_ns;
}

/* The first ACK of the peer's FIN reaches that. */
static void fin_acked(struct pass *pass, bool in_doubt)
{
    struct end *from = pass->from, *to = pass->to;
    struct closing *k = pass->conn->closing;

    to->flags |= END_FIN_ACKED;
    to->fin_acked_frame = pass->mark;
    /* The peer's FIN passed earlier, without this ACK, and nothing is missing before it: it came
     * first. Octets in front of it that come with this ACK are read after the ACK. */
    bool bare = (k->first_fin == pass->e || k->simultaneous) && !pass->new_bytes &&
                !(to->flags & END_MISSES);
    bool resent = pass->fin && pass->time_ns - from->control_ns >= SHORTEST_TIMEOUT_NS;
    if (to->state == LIFELINE_FIN_WAIT_1 && (from->flags & END_FIN) && bare && !resent &&
        !never_had_fin(pass) && seq_geq(from->contiguous, from->fin_end)) {
        apply(pass, pass->p, GETS_FIN);
    }
    /* Sent again for want of an ACK, or for want of one in the capture? */
    bool acked_unseen = resent && bare && engine_lacks_acks(pass->engine);
    apply(pass, pass->p, in_doubt || acked_unseen ? GETS_ACK_OF_FIN_IN_DOUBT : GETS_ACK_OF_FIN);
}

/* pass->from acknowledges the FIN of pass->to. */
void teardown_ack(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;
    struct closing *k = pass->conn->closing;

    if (!k || !pass->ack || !pass->ack_fits || !(to->flags & END_FIN) ||
        pass->segment->ack != to->fin_end) {
        if (pass->ack && (to->flags & END_FIN_ACKED) && seq_lt(pass->segment->ack, to->fin_end)) {
            to->flags |= END_FIN_DOUBTED;
        }
        return;
    }
    /* The FIN's own segment acknowledged the SYN: that was taken first. */
    apply(pass, pass->e, SENDS_AS_OPEN);
    fin_sent_before(pass);
    acked_by_fin(pass);
    bool in_doubt = from->state == LIFELINE_ESTABLISHED && end_may_have_closed(from);
    if (in_doubt) {
        from->flags |= END_DOUBTED;
    }
    apply(pass, pass->e, in_doubt ? SENDS_ACK_OF_FIN_IN_DOUBT : SENDS_ACK_OF_FIN);
    note_fin_ack_step(pass);
    if (!(to->flags & END_FIN_ACKED)) {
        fin_acked(pass, in_doubt);
    }
    if ((to->flags & END_FIN_REPEATED) && from->state == LIFELINE_TIME_WAIT &&
        k->time_wait[pass->e].entered_frame != pass->mark) {
        time_wait_restart(pass, pass->e);
    }
    to->flags &= ~(uint32_t)END_FIN_REPEATED;
}

/* The end repeats its FIN: what had been taken for its delivered ACK was lost. */
static void fin_repeated(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;
    struct closing *k = c->closing;

    if (pass->twice) {
        return;
    }
    if ((from->flags & END_FIN_ACKED) || !copy_of_control(pass)) {
        from->flags |= END_FIN_REPEATED;
    }
    /* Some stacks acknowledge a crossing FIN with their own FIN again: nothing was lost. */
    if (facts_is_old(pass) || copy_of_control(pass) ||
        (pass->steps & (LIFELINE_STEP_TEARDOWN_2 | LIFELINE_STEP_TEARDOWN_4))) {
        return;
    }
    k->fin_retransmissions++;
    copy_note_control(pass);
    if (!(from->flags & END_FIN_ACKED) ||
        pass->sent_ns - from->delivered_ns <= clock_turnaround_ns(c, pass->e)) {
        return;
    }
    uint32_t lost = from->fin_acked_frame;
    if (from->flags & END_WITHDRAWABLE) {
        apply_withdrawal(pass, pass->e, lost);
    } else if (from->state == LIFELINE_TIME_WAIT && from->state_count >= 2 &&
               history_at(from, from->state_count - 2U) == LIFELINE_FIN_WAIT_2) {
        /* Without the ACK of its own FIN, the ACK it sent took it to CLOSING. */
        apply_withdrawal(pass, pass->e, lost);
        apply_withdrawal(pass, pass->e, lost);
        apply(pass, pass->e, SENDS_ACK_OF_FIN);
    } else {
        return;
    }
    from->flags &= ~(uint32_t)END_FIN_ACKED;
    from->fin_acked_frame = 0;
    k->fin_frames[k->first_fin == pass->e ? 1 : 3] = 0;
    *(k->first_fin == pass->e ? &k->step2_ns : &k->step4_ns) = LIFELINE_UNKNOWN_NS;
}

/* The other FIN was captured first, but its sender had this one already: order is by sequence
 * space. What was said of that end is taken back and said again in the true order. */
static void overtaken_fin(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct closing *k = c->closing;
    uint32_t second = k->fin_frames[0];

    apply_withdrawal(pass, pass->p, 0);
    k->first_fin = (uint8_t)pass->e;
    k->fin_frames[0] = pass->mark;
    k->fin_frames[1] = k->fin_frames[2] = second;
    k->step2_ns = k->step3_ns = k->step1_ns;
    k->step1_ns = pass->time_ns;
    pass->steps |= LIFELINE_STEP_TEARDOWN_1;
    apply(pass, pass->e, SENDS_FIN);
    apply(pass, pass->p, SENDS_ACK_OF_FIN);
    apply(pass, pass->p, SENDS_FIN);
    pass->from->flags |= END_FIN_ACKED;
    pass->from->fin_acked_frame = second;
    apply(pass, pass->e, GETS_ACK_OF_FIN);
}

void teardown_forget_fin(struct pass *pass)
{
    struct end *from = pass->from;
    struct closing *k = pass->conn->closing;
    bool crossed = from->state == LIFELINE_CLOSING;
    for (unsigned i = 0; i < 1U + crossed; i++) {
        apply_withdrawal(pass, pass->e, from->fin_frame);
    }
    from->flags &= ~(uint32_t)(END_FIN | END_FIN_REPEATED | END_FIN_DOUBTED);
    from->fin_frame = 0;
    if (k->first_fin == pass->e) {
        /* The peer's, if there is one, was the first. */
        bool other = k->fin_frames[2] != 0;
        k->first_fin = other ? (uint8_t)pass->p : LIFELINE_UNKNOWN;
        k->fin_frames[0] = k->fin_frames[2];
        k->fin_frames[1] = k->fin_frames[3];
        k->step1_ns = k->step3_ns;
        k->step2_ns = k->step4_ns;
    }
    k->fin_frames[2] = k->fin_frames[3] = 0;
    k->step3_ns = k->step4_ns = LIFELINE_UNKNOWN_NS;
    k->simultaneous = false;
    if (crossed) {
        apply(pass, pass->e, SENDS_ACK_OF_FIN);
    }
}

/* Its sender goes on past its own FIN, which nobody acknowledged, or sends another FIN: somebody
 * else sent the first. */
void teardown_reconsider(struct pass *pass)
{
    struct end *from = pass->from;
    struct closing *k = pass->conn->closing;
    settle_doubt(pass);
    if (!k || !(from->flags & END_FIN) || (from->flags & END_FIN_ACKED) || pass->syn) {
        return;
    }
    note_unseen(pass);
    bool past = pass->new_bytes &&
                seq_gt(pass->payload_seq + pass->segment->payload_bytes, from->fin_end - 1);
    bool sooner = pass->fin && seq_lt(pass->seq_end, from->fin_end) && !pass->repeated &&
                  seq_geq(from->contiguous, pass->seq_end);
    bool later = pass->fin && seq_gt(pass->seq_end, from->fin_end) &&
                 seq_lt(pass->payload_seq, from->fin_end);
    bool fresh = pass->hears || ((pass->segment->options & LIFELINE_OPT_TIMESTAMP) &&
                                 !pass->stale && !pass->same_tick);
    bool bare = pass->seq_end == pass->segment->seq && fresh &&
                !(pass->marks & (LIFELINE_MARK_KEEP_ALIVE | LIFELINE_MARK_WINDOW_PROBE)) &&
                pass->sent_ns - from->control_ns > clock_turnaround_ns(pass->conn, pass->e);
    bool below = bare && seq_lt(pass->segment->seq, from->fin_end) &&
                 pass->segment->seq != pass->to->edge; /* a closed window holds numbers down */
    if (!past && !sooner && !later && !below) {
        return;
    }
    bool open = from->state == LIFELINE_FIN_WAIT_1 || from->state == LIFELINE_CLOSING ||
                from->state == LIFELINE_LAST_ACK;
    if (!open) {
        return;
    }
    if (sooner || below) {
        from->next = sooner ? pass->seq_end : pass->segment->seq;
        from->block_start = from->block_end = from->contiguous =
            seq_min(from->contiguous, from->next);
        from->loose_bytes = 0;
    }
    teardown_forget_fin(pass);
}

/* Is it the end of a stream that can end? Data beyond it, or of its number, that was sent before
 * tells that it isn't; before its handshake an end has nothing to close. */
static bool is_end_of_stream(struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    bool taken =
        pass->repeated && (to->flags & END_ACKED_KNOWN) && seq_leq(pass->seq_end, to->acked);
    if (pass->seq_end != from->next || taken) {
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
        return false;
    }
    return from->state != LIFELINE_SYN_SENT && from->state != LIFELINE_CLOSED &&
           (from->state != LIFELINE_STATE_UNKNOWN || (from->flags & END_DOUBTED));
}

static void note_first_fin(struct pass *pass)
{
    struct closing *k = pass->conn->closing;
    k->first_fin = (uint8_t)pass->e;
    k->fin_frames[0] = pass->mark;
    k->step1_ns = pass->time_ns;
    k->first_fin_ack = pass->ack ? pass->segment->ack : pass->from->fin_end;
    pass->steps |= LIFELINE_STEP_TEARDOWN_1;
}

static void note_second_fin(struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    struct closing *k = pass->conn->closing;
    bool unaware = pass->ack && seq_lt(pass->segment->ack, to->fin_end);
    k->fin_frames[2] = pass->mark;
    k->step3_ns = pass->time_ns;
    k->simultaneous |=
        !(pass->ack && pass->segment->ack == to->fin_end) &&
        (!(to->flags & END_FIN_ACKED) || (unaware && from->state == LIFELINE_CLOSE_WAIT));
    pass->steps |= LIFELINE_STEP_TEARDOWN_3;
}

/* It closes first; but may its peer have closed before, in the end of its stream that isn't in the
 * capture? */
static bool closes_in_doubt(const struct pass *pass)
{
    const struct end *to = pass->to;
    const struct closing *k = pass->conn->closing;
    uint32_t tail = k->reset_by == pass->p ? seq_max(to->next, k->reset_seq) : to->next;
    return k->first_fin == pass->e && pass->from->state == LIFELINE_ESTABLISHED &&
           end_may_have_closed(to) && (!pass->ack || seq_geq(pass->segment->ack, tail));
}

/* The first transmission of its sender's FIN. */
static void take_fin(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;
    struct closing *k = pass->conn->closing;

    from->flags |= END_FIN;
    from->fin_end = pass->seq_end;
    from->fin_frame = pass->mark;
    copy_note_control(pass);
    bool acked_before = k->first_fin == pass->p && (to->flags & END_ACKED_KNOWN);
    if (acked_before && to->state == LIFELINE_FIN_WAIT_1 && k->first_fin_ack == from->fin_end) {
        overtaken_fin(pass);
        return;
    }
    if (k->first_fin == LIFELINE_UNKNOWN) {
        note_first_fin(pass);
    } else {
        note_second_fin(pass);
    }
    if (k->simultaneous && from->state == LIFELINE_CLOSE_WAIT) {
        /* Its later ACK overtook this FIN, which it sent before it had the peer's. */
        apply_withdrawal(pass, pass->e, 0);
        apply(pass, pass->e, SENDS_FIN);
        apply(pass, pass->e, SENDS_ACK_OF_FIN);
        return;
    }
    if (closes_in_doubt(pass)) {
        to->flags |= END_DOUBTED;
        apply(pass, pass->e, SENDS_FIN_IN_DOUBT);
        return;
    }
    apply(pass, pass->e, SENDS_FIN);
    if (acked_before && to->acked == from->fin_end && !(from->flags & END_FIN_ACKED)) {
        /* Acknowledged before it was captured. */
        from->flags |= END_FIN_ACKED;
        apply(pass, pass->p, SENDS_ACK_OF_FIN);
        apply(pass, pass->e, GETS_ACK_OF_FIN);
    }
}

void teardown_fin(struct pass *pass)
{
    struct end *from = pass->from;
    bool closes = pass->fin && pass->fits;
    struct closing *k = closes ? closing_of(pass) : pass->conn->closing;

    if (!k) {
        return;
    }
    bool passive = k->first_fin == pass->p && k->step2_ns != LIFELINE_UNKNOWN_NS;
    if (passive && !(from->flags & END_FIN)) {
        k->half_close_bytes += pass->new_bytes;
    }
    if (!closes) {
        return;
    }
    if (!(from->flags & END_FIN)) {
        if (is_end_of_stream(pass)) {
            take_fin(pass);
        }
    } else if (pass->seq_end == from->fin_end) {
        fin_repeated(pass);
    } else {
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW; /* nothing follows a FIN */
    }
}

/* Its FIN crossed the peer's, which it was thought to have; but it answers that one, sent again,
 * with an ACK of less: its window is closed, or the FIN was lost. */
void teardown_fin_not_taken(struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t ack = pass->segment->ack;
    bool closing = from->state == LIFELINE_CLOSING || from->state == LIFELINE_TIME_WAIT;
    if (!closing || !(to->flags & END_FIN_REPEATED) || !pass->ack || pass->syn || pass->stale ||
        !(from->flags & END_ACKED_KNOWN) || ack != from->acked || seq_geq(ack, to->fin_end) ||
        history_evidence(from) != LIFELINE_DELIVERED) {
        return;
    }
    bool acked = from->state == LIFELINE_TIME_WAIT;
    apply_withdrawal(pass, pass->e, 0);
    if (from->state == LIFELINE_CLOSING && history_evidence(from) == LIFELINE_DELIVERED) {
        apply_withdrawal(pass, pass->e, 0);
        if (acked) {
            apply(pass, pass->e, GETS_ACK_OF_FIN);
        }
    }
}
