/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes after an RST, from an end that it closed.
 *
 * An RST is refuted when its receiver goes on (it was lost or not accepted), or when its supposed
 * sender does (it came from somebody else). "Goes on" needs proof: segments already under way when
 * the RST passed prove nothing. What those show was so before the end that the RST made: the
 * closing is taken back, they have their effect, and it is closed again.
 */
#include "conn/reset_after.h"

#include "conn/apply.h"
#include "conn/clock.h"
#include "conn/copy.h"
#include "conn/facts.h"
#include "conn/history.h"
#include "conn/reset.h"

static void reopen(struct pass *pass, unsigned end, uint32_t lost_mark)
{
    struct end *x = &pass->conn->end[end];
    if (end_closed(x)) {
        apply_withdrawal(pass, end, lost_mark);
        if (x->flags & END_FIN_ACKED) {
            apply(pass, end, GETS_ACK_OF_FIN); /* it came while the end was thought closed */
        }
        if (x->state == LIFELINE_FIN_WAIT_2) {
            x->flags |= END_WITHDRAWABLE; /* it may repeat its FIN */
        }
        bool answers = pass->e == end && pass->syn && pass->ack && !x->payload_bytes;
        if (answers && x->state == LIFELINE_ESTABLISHED &&
            history_evidence(x) == LIFELINE_DELIVERED && pass->conn->ack_frame) {
            x->flags |= END_WITHDRAWABLE; /* nor did it get the third segment */
            x->delivered_frame = pass->conn->ack_frame;
        }
    }
}

static void restore(struct pass *pass, unsigned end)
{
    struct closing *k = pass->conn->closing;
    if (k->reset_closed[end]) {
        reopen(pass, end, end == k->reset_by ? k->reset_frame : k->taken_frame[end]);
    }
    k->reset_closed[end] = false;
}

static bool answers_syn_ack(const struct pass *pass)
{
    return pass->ack && pass->ack_fits && !pass->syn && pass->conn->synack_frame &&
           seq_gt(pass->segment->ack, pass->to->isn);
}

/* pass->from sent this before the RST, which had passed already, reached it. What it shows comes
 * before the end that the RST makes; reset_overtaken() makes that end again. */
static void reset_crossing(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;
    bool covers = (to->flags & END_FIN) && pass->ack && pass->segment->ack == to->fin_end;
    bool closes = pass->fin && pass->fits && !pass->repeated && !(from->flags & END_FIN);
    uint8_t was = history_at(from, from->state_count - 2U);
    bool both_open = history_at(from, 0) == LIFELINE_CLOSED;
    bool opens = (was == LIFELINE_SYN_SENT || (was == LIFELINE_SYN_RECEIVED && both_open)) &&
                 answers_syn_ack(pass);
    /* In a simultaneous open its SYN,ACK answers the peer's SYN. */
    opens |= was == LIFELINE_SYN_SENT && pass->syn && pass->ack && to->flags & END_ISN_KNOWN &&
             pass->segment->ack == to->isn + 1;
    if (!end_closed(from) || (pass->syn && !opens) || !(opens || closes || covers)) {
        return;
    }
    bool took_fin = was == LIFELINE_CLOSE_WAIT &&
                    history_evidence_at(from, from->state_count - 2U) == LIFELINE_DELIVERED;
    /* Its number shows an end of its stream that isn't in the capture: its FIN, maybe. */
    bool in_doubt = took_fin && covers && end_may_have_closed(from);
    if (!opens && !closes && !in_doubt && was != LIFELINE_ESTABLISHED &&
        was != LIFELINE_FIN_WAIT_1 && was != LIFELINE_FIN_WAIT_2) {
        return; /* it had acknowledged the FIN before */
    }
    apply_withdrawal(pass, pass->e, pass->conn->closing->reset_frame);
    if (in_doubt || (closes && !covers && took_fin)) {
        apply_withdrawal(pass, pass->e, pass->conn->closing->reset_frame);
    }
    pass->reset_crossed = true;
}

/* Was its RST a program's abort? Then its number is the next in its stream. */
static bool aborted(const struct end *from)
{
    return from->reset_cause == LIFELINE_CAUSE_ABORT ||
           from->reset_cause == LIFELINE_CAUSE_UNREAD_DATA ||
           from->reset_cause == LIFELINE_CAUSE_KEEP_ALIVE;
}

/* Its FIN, late on its way by the timestamp, or in front of the number with which it aborted: sent
 * before the RST that passed already. */
static bool closed_before_reset(const struct pass *pass)
{
    const struct end *from = pass->from;
    const struct closing *k = pass->conn->closing;
    uint8_t was = history_at(from, from->state_count - 2U);
    bool sent_before = pass->stale || (aborted(from) && pass->seq_end == k->reset_seq);
    return pass->fin && k->reset_by == pass->e && k->reset_closed[pass->e] && end_closed(from) &&
           sent_before && !(from->flags & END_FIN) &&
           (was == LIFELINE_ESTABLISHED || was == LIFELINE_CLOSE_WAIT);
}

/* Its ACK of the peer's FIN, just behind its own RST of the same number: that overtook it. */
static bool acked_before_reset(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint8_t was = history_at(from, from->state_count - 2U);
    return end_closed(from) && pass->ack && pass->ack_fits &&
           pass->segment->seq == pass->conn->closing->reset_seq && (to->flags & END_FIN) &&
           pass->segment->ack == to->fin_end && !(to->flags & END_FIN_ACKED) &&
           (was == LIFELINE_ESTABLISHED || was == LIFELINE_FIN_WAIT_1 ||
            was == LIFELINE_FIN_WAIT_2);
}

void reset_overtaken(struct pass *pass)
{
    struct end *to = pass->to;
    if (!pass->reset_crossed) {
        return;
    }
    if (pass->conn->closing->reset_by == pass->e) {
        apply(pass, pass->e, SENDS_RST);
        return;
    }
    if ((to->flags & END_FIN) && seq_geq(to->contiguous, to->fin_end)) {
        apply(pass, pass->e, GETS_FIN);
    }
    reset_taken(pass, pass->e);
}

/* A listener with SYN cookies (RFC 4987 3.6) takes the first octets, which were under way when it
 * aborted, for the third segment of a new connection. */
static bool may_open_by_cookie(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    uint32_t first = pass->from->isn + 1;
    return history_at(pass->from, 0) == LIFELINE_LISTEN && pass->segment->seq == first &&
           c->closing->reset_seq == first && c->first_data_ns >= c->closing->reset_last_ns &&
           pass->from->reset_cause != LIFELINE_CAUSE_INJECTED;
}

/* Somebody forged an RST of pass->from, its peer believed it, and answered what pass->from went on
 * sending by an RST of its own; but it goes on. */
static bool never_had_answer(const struct pass *pass)
{
    const struct closing *k = pass->conn->closing;
    return k->reset_by == pass->e && !k->reset_closed[pass->e] &&
           k->answered_ns != LIFELINE_UNKNOWN_NS && end_closed(pass->from) &&
           history_evidence(pass->from) == LIFELINE_DELIVERED && !facts_is_old(pass) &&
           !pass->same_tick && !copy_of_control(pass) &&
           pass->sent_ns - k->answered_ns > clock_turnaround_ns(pass->conn, pass->e);
}

/* It answers the peer's SYN,ACK, although an RST of its own seemed to give up the handshake. */
static bool goes_on_opening(const struct pass *pass)
{
    const struct end *from = pass->from;
    bool next = pass->segment->seq == from->isn + 1 ||
                (pass->conn->fast_open_data && pass->segment->seq == from->next);
    return pass->ack && !pass->syn && next && from->state_count >= 2 &&
           (from->reset_cause == LIFELINE_CAUSE_HANDSHAKE_ABORT ||
            history_at(from, from->state_count - 2U) == LIFELINE_SYN_SENT);
}

/* Does the RST's supposed sender go on? A straggler proves nothing: something new must follow the
 * RST. late: it was sent when the RST had long passed. */
static bool sender_goes_on(const struct pass *pass, bool late)
{
    const struct end *from = pass->from;
    const struct closing *k = pass->conn->closing;
    bool doubtful = from->reset_verdict == LIFELINE_RESET_CHALLENGED;
    bool fills = pass->marks & LIFELINE_MARK_OUT_OF_ORDER && !late;
    bool news = (pass->new_bytes && !fills) || (pass->fin && !pass->repeated) || pass->syn;
    bool beyond = seq_gt(pass->seq_end, k->reset_seq) || late || pass->syn || doubtful;
    bool hears = pass->ack && pass->ack_fits &&
                 seq_gt(pass->segment->ack, doubtful || late ? k->reset_acked : k->reset_peer_next);
    return (news && beyond) || hears || (pass->syn && pass->repeated);
}

/* Was it sent before the RST? One whose number is neither its sender's next nor an ACK that passed
 * may be anybody's nevertheless. */
static bool sender_sent_before(const struct pass *pass)
{
    const struct end *from = pass->from;
    const struct closing *k = pass->conn->closing;
    bool doubtful = from->reset_verdict == LIFELINE_RESET_CHALLENGED;
    bool before = facts_is_old(pass) || pass->sent_ns < k->reset_last_ns;
    if (doubtful && pass->seq_end == k->reset_seq) {
        return true; /* what ends where the RST begins went before it */
    }
    return pass->stale || (before && (!doubtful || aborted(from)));
}

/* The RST's supposed sender sends. Is the RST refuted at its receiver, too? */
static bool reconsider_sender(struct pass *pass, bool late)
{
    struct end *from = pass->from;
    if (!late && acked_before_reset(pass)) {
        apply_withdrawal(pass, pass->e, 0);
        pass->reset_crossed = true;
        return false;
    }
    if (sender_sent_before(pass)) {
        return false;
    }
    if (goes_on_opening(pass)) {
        /* It never gave up the handshake; its peer may still have believed the RST. */
        from->reset_cause = LIFELINE_CAUSE_INJECTED;
        restore(pass, pass->e);
        return false;
    }
    if (!sender_goes_on(pass, late)) {
        return false;
    }
    from->reset_cause =
        may_open_by_cookie(pass) ? (uint8_t)LIFELINE_UNKNOWN : (uint8_t)LIFELINE_CAUSE_INJECTED;
    if (seq_leq(pass->segment->seq, from->next)) {
        from->flags &= ~(uint32_t)END_TAIL_UNSEEN; /* as the RST's number had it */
    }
    restore(pass, pass->e);
    return !pass->conn->closing->reset_closed[pass->p]; /* else until it goes on too */
}

/* The RST's receiver sends. Is the RST refuted? */
static bool reconsider_receiver(struct pass *pass, bool late)
{
    /* It answers a SYN,ACK that passed after the RST. */
    bool opens = history_at(pass->from, pass->from->state_count - 2U) == LIFELINE_SYN_SENT &&
                 answers_syn_ack(pass) &&
                 pass->conn->synack_frame > pass->conn->closing->reset_frame;
    if (!late && !opens) {
        reset_crossing(pass);
        return false;
    }
    restore(pass, pass->e);
    return true;
}

/* pass->from was thought closed by an RST, and sends. */
void reset_reconsider(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct closing *k = c->closing;

    if (!k || pass->rst) {
        return;
    }
    if (closed_before_reset(pass)) {
        apply_withdrawal(pass, pass->e, 0);
        k->reset_after_fin = pass->reset_crossed = true;
        return;
    }
    if (never_had_answer(pass)) {
        reopen(pass, pass->e, k->taken_frame[pass->e]);
        k->answered_ns = LIFELINE_UNKNOWN_NS;
        return;
    }
    if (k->reset_by == LIFELINE_UNKNOWN || !k->reset_closed[pass->e] ||
        ((pass->syn || pass->fin) && copy_of_control(pass))) {
        return;
    }
    bool late = !facts_is_old(pass) && !pass->same_tick &&
                pass->sent_ns - k->reset_last_ns > clock_turnaround_ns(c, pass->e);
    bool refuted =
        k->reset_by == pass->e ? reconsider_sender(pass, late) : reconsider_receiver(pass, late);
    if (!refuted) {
        return;
    }
    c->end[k->reset_by].reset_verdict = LIFELINE_RESET_REFUTED;
    k->reset_accepted = false;
    if (!k->reset_closed[0] && !k->reset_closed[1]) {
        k->reset_by = LIFELINE_UNKNOWN;
    }
}
