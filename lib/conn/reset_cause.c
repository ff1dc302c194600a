/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why an RST was sent, as far as its numbers tell.
 *
 * RFC 9293 3.10.7.1: one that answers a segment takes its number from that segment's ACK and has no
 * ACK itself, or, when the segment had none, the number 0 and an ACK of it. One that aborts is its
 * sender's next segment and carries ACK. What it answers, or aborts, is told by what passed before;
 * where that isn't in the capture, the cause stays unknown.
 */
#include "conn/reset_cause.h"

#include "conn/clock.h"
#include "conn/history.h"

#define TTL_TOLERANCE 2

/* TIME-WAIT's user aborts (RFC 9293 3.10.5): the RST answers nothing, for what comes late ends
 * below the peer's FIN, or is that. */
bool reset_aborts_time_wait(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    return from->state == LIFELINE_TIME_WAIT && pass->ack && !(to->flags & END_FIN_REPEATED) &&
           pass->segment->seq == from->fin_end && pass->segment->ack == to->fin_end;
}

bool reset_is_foreign(const struct pass *pass)
{
    int distance = (int)pass->segment->ttl - pass->from->ttl;
    return pass->from->segments > 1 && (distance > TTL_TOLERANCE || distance < -TTL_TOLERANCE);
}

/* Its number is an ACK that the peer sent before its last one: it answers a late segment, which
 * only a closed end does. Numbers are known by their lower halves, hence within that distance. */
bool reset_answers_late(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t seq = pass->segment->seq, behind = to->acked - seq;
    bool lived = from->state >= LIFELINE_ESTABLISHED
                     ? from->state != LIFELINE_STATE_UNKNOWN
                     : from->state == LIFELINE_CLOSED && (from->flags & END_FIN);
    if (pass->ack || !(to->flags & END_ACKED_KNOWN) || !behind || behind > UINT16_MAX || !lived ||
        seq_leq(seq, from->isn) || reset_is_foreign(pass)) {
        return false;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (to->older_acks[i] == (uint16_t)seq) {
            return true;
        }
    }
    return to->data_ack == (uint16_t)seq;
}

/* Its SYN for a new connection waits for an answer. One with the old number may be a late copy, but
 * a holder of TIME-WAIT answers by RST nothing that this leads to. */
bool reset_reopens(const struct pass *pass)
{
    const struct candidate *waiting = pass->conn->candidate;
    const struct end *from = pass->from;
    if (!waiting || !candidate_sends(waiting, pass->segment)) {
        return false;
    }
    return waiting->segment.seq != from->isn ||
           (from->state == LIFELINE_TIME_WAIT && !(pass->to->flags & END_FIN_REPEATED));
}

/* RFC 9293 3.10.7.1: the answer to a segment without ACK, a SYN, has the number 0. */
static bool answers_syn(const struct pass *pass)
{
    const struct end *to = pass->to;
    return pass->ack && !pass->segment->seq && pass->from->next && (to->flags & END_ISN_KNOWN) &&
           pass->segment->ack == to->isn + 1;
}

/* An answer to a SYN,ACK that nobody wanted has no ACK (RFC 9293 3.10.7.1), but some stacks (lwIP)
 * put one there. One with timestamps was sent by a connection, which had taken the SYN,ACK; so does
 * a number behind the SYN's, or an ACK of data: what was sent since may not have passed yet. */
bool reset_acknowledges_syn(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    const struct lifeline_segment *s = pass->segment;
    if (!pass->ack || from->state != LIFELINE_SYN_SENT || !pass->fits || answers_syn(pass) ||
        seq_lt(s->seq, from->next)) {
        return false;
    }
    if (!(to->flags & END_SEQ_KNOWN)) {
        return s->seq != from->next; /* the other direction is missing: it had sent data */
    }
    bool connected = (s->options & LIFELINE_OPT_TIMESTAMP) || s->seq != from->next ||
                     seq_gt(s->ack, to->isn + 1);
    return connected && (to->flags & END_ISN_KNOWN) && seq_gt(s->ack, to->isn) &&
           seq_diff(s->ack, to->next) < 1 << 30 && pass->conn->synack_by_server;
}

/* Windows and lwIP answer data, or a FIN, for a closed socket with RST,ACK. When did the last of
 * that pass? Not what came before its own FIN. */
int64_t reset_may_answer_ns(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    int64_t since_ns = from->control_ns, last_ns = LIFELINE_UNKNOWN_NS;
    if (!pass->ack || !(from->flags & END_FIN)) {
        return last_ns;
    }
    if ((from->flags & END_HAD_DATA_SINCE) && pass->conn->last_data_ns > since_ns) {
        last_ns = pass->conn->last_data_ns;
    }
    if ((to->flags & END_FIN) && to->control_ns > since_ns && to->control_ns > last_ns) {
        last_ns = to->control_ns;
    }
    return last_ns;
}

/* What a connection sends has timestamps where both ends agreed on them (RFC 7323 3.2); the answer
 * of nobody has none. */
static bool without_clock(const struct pass *pass)
{
    return (pass->from->flags & pass->to->flags & END_TIMESTAMPS) &&
           !(pass->segment->options & (LIFELINE_OPT_TIMESTAMP | LIFELINE_OPT_CUT));
}

/* It may be an answer to what came behind the FIN; and is one, or looks like one: Windows' have no
 * window, a number below the FIN's is that of the segment's ACK, and nothing else comes at once. (A
 * program that shuts down, and later closes with data unread, takes its time.) */
static bool answers_behind_fin(const struct pass *pass)
{
    int64_t asked_ns = reset_may_answer_ns(pass);
    if (asked_ns == LIFELINE_UNKNOWN_NS) {
        return false;
    }
    uint16_t options = pass->segment->options;
    bool no_window = !pass->segment->window && !(options & LIFELINE_OPT_WINDOW_CUT);
    bool at_once = !(options & (LIFELINE_OPT_TIMESTAMP | LIFELINE_OPT_CUT)) &&
                   pass->time_ns - asked_ns <= clock_turnaround_ns(pass->conn, pass->e);
    return no_window || without_clock(pass) || pass->segment->seq == pass->from->fin_end - 1 ||
           at_once;
}

/* Neither ACKs nor text are captured of any connection, and there was time for both. */
static bool lacks_acks(const struct pass *pass)
{
    int64_t last_ns = pass->from->control_ns > pass->to->control_ns ? pass->from->control_ns
                                                                    : pass->to->control_ns;
    return engine_lacks_acks(pass->engine) && pass->time_ns - last_ns > COPY_WINDOW_NS;
}

/* Who sent last, or what, isn't in the capture: nobody can say what was left to read. */
static bool is_content_missing(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    bool beyond = pass->ack && (to->flags & END_SEQ_KNOWN) && seq_gt(pass->segment->ack, to->next);
    return ((from->flags | to->flags) & (END_TAIL_UNSEEN | END_CUT)) || beyond;
}

/* Both have closed, and the RST has the number of the last ACK, which isn't in the capture: its
 * sender was closed by that, or is gone. */
bool reset_answers_last_ack(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    return !pass->ack && from->state == LIFELINE_LAST_ACK && to->state == LIFELINE_FIN_WAIT_2 &&
           pass->segment->seq == from->fin_end && !reset_is_foreign(pass) && !reset_reopens(pass);
}

/* Both have closed, in a capture without ACKs, and the RST answers what the peer sent before it had
 * its sender's FIN, late on its way. Its sender is closed; whether the peer had that FIN, and was
 * in TIME-WAIT, nobody saw. */
bool reset_answers_straggler(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t seq = pass->segment->seq;
    bool closed = from->state == LIFELINE_LAST_ACK ||
                  (end_closed(from) && history_evidence(from) == LIFELINE_IMPLIED);
    return !pass->ack && closed && (from->flags & END_FIN) && lacks_acks(pass) &&
           to->state == LIFELINE_FIN_WAIT_2 && seq_lt(seq, from->fin_end) &&
           seq_gt(seq, from->isn) && !reset_is_foreign(pass) && !reset_reopens(pass);
}

/* Its sender's first state, or its peer's: UNKNOWN where the opening explains nothing. */
static uint8_t cause_in_opening(const struct pass *pass, uint8_t verdict)
{
    const struct end *from = pass->from, *to = pass->to;
    const struct lifeline_segment *s = pass->segment;
    if (to->state == LIFELINE_SYN_SENT && verdict == LIFELINE_RESET_ACCEPTABLE &&
        !(to->flags & END_SYN_ACKED)) {
        return LIFELINE_CAUSE_REFUSED;
    }
    if (from->state != LIFELINE_SYN_SENT) {
        return LIFELINE_UNKNOWN;
    }
    /* It acknowledges text, which answers no SYN; or the third segment isn't captured. */
    bool connected =
        reset_acknowledges_syn(pass) && (seq_gt(s->ack, to->isn + 1) || lacks_acks(pass));
    if ((!pass->ack || to->flags & END_SEQ_KNOWN) && s->seq == from->next && !connected) {
        return LIFELINE_CAUSE_HANDSHAKE_ABORT;
    }
    if (answers_syn(pass)) {
        return LIFELINE_CAUSE_REFUSED; /* the SYN that crossed its own */
    }
    if (pass->ack && !s->ack && s->seq == from->next && !(to->flags & END_SENT)) {
        return LIFELINE_CAUSE_ABORT; /* lwIP gives up, having heard nothing, and says so */
    }
    return reset_acknowledges_syn(pass) ? (uint8_t)LIFELINE_UNKNOWN
                                        : (uint8_t)LIFELINE_CAUSE_TIME_WAIT_ACK;
}

/* It has no ACK: it answers a segment. */
static uint8_t cause_of_answer(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint32_t seq = pass->segment->seq;
    if (to->state == LIFELINE_TIME_WAIT || reset_answers_last_ack(pass)) {
        return LIFELINE_CAUSE_TIME_WAIT_ACK;
    }
    if (reset_reopens(pass)) {
        return LIFELINE_CAUSE_HALF_OPEN_PEER; /* its new SYN met the other's old end */
    }
    if (from->flags & END_FIN) {
        /* Octets that it never acknowledged come before the peer's FIN: it answers those. So does a
         * number below its own FIN, which answers what was sent before that arrived. */
        bool answers_fin = to->flags & END_FIN && !seq_lt(seq, from->fin_end) &&
                           !(from->flags & END_ACKED_KNOWN && seq_lt(from->acked, to->fin_end - 1));
        return answers_fin ? LIFELINE_CAUSE_HALF_OPEN_PEER : LIFELINE_CAUSE_CLOSED_SOCKET;
    }
    /* Its FIN may be in the end of its stream that isn't in the capture. */
    bool may_have_closed = (from->flags & END_TAIL_ACKED) || seq_gt(seq, from->next);
    return may_have_closed ? (uint8_t)LIFELINE_UNKNOWN : (uint8_t)LIFELINE_CAUSE_HALF_OPEN_PEER;
}

/* A program aborts. Whether it had read what came can't be seen, but HTTP shows whether it was done
 * with it: a response that came whole was read, a request without a response was not dealt with. */
static uint8_t cause_of_abort(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    uint8_t owes = app_owes(pass->conn->flow, pass->e);
    if (owes != LIFELINE_UNKNOWN) {
        return owes ? LIFELINE_CAUSE_UNREAD_DATA : LIFELINE_CAUSE_ABORT;
    }
    bool unread = from->flags & END_HAD_DATA_SINCE;
    bool hole = to->missing_bytes || to->contiguous != to->next;
    if (is_content_missing(pass) || lacks_acks(pass) || (!unread && hole)) {
        return LIFELINE_UNKNOWN; /* what is missing may have come last */
    }
    return unread ? LIFELINE_CAUSE_UNREAD_DATA : LIFELINE_CAUSE_ABORT;
}

uint8_t reset_cause(const struct pass *pass, uint8_t verdict)
{
    const struct end *from = pass->from, *to = pass->to;

    uint8_t opening = cause_in_opening(pass, verdict);
    if (opening != LIFELINE_UNKNOWN) {
        return opening;
    }
    if (verdict == LIFELINE_RESET_MOOT) {
        return LIFELINE_UNKNOWN;
    }
    if (reset_is_foreign(pass)) {
        return LIFELINE_CAUSE_INJECTED;
    }
    if (verdict == LIFELINE_RESET_OUT_OF_WINDOW && reset_reopens(pass)) {
        return LIFELINE_CAUSE_TIME_WAIT_ACK;
    }
    if (verdict == LIFELINE_RESET_OUT_OF_WINDOW) {
        /* Or it belongs to nothing that was seen. */
        return reset_answers_late(pass) ? LIFELINE_CAUSE_CLOSED_SOCKET : LIFELINE_UNKNOWN;
    }
    if (reset_aborts_time_wait(pass)) {
        return LIFELINE_CAUSE_ABORT;
    }
    if (from->state == LIFELINE_TIME_WAIT) {
        /* One that answers what crossed its FIN says only that nobody reads any more. */
        return (to->flags & END_FIN_REPEATED) && pass->segment->seq == from->fin_end
                   ? LIFELINE_CAUSE_NO_TIME_WAIT
                   : LIFELINE_CAUSE_CLOSED_SOCKET;
    }
    if (!pass->ack) {
        return cause_of_answer(pass);
    }
    if (answers_behind_fin(pass)) {
        return LIFELINE_CAUSE_CLOSED_SOCKET;
    }
    if (from->flags & END_KEEP_ALIVE) {
        return LIFELINE_CAUSE_KEEP_ALIVE; /* that was its last, and nothing came since */
    }
    return cause_of_abort(pass);
}
