/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening: three segments, or four when both ends open at once (RFC 9293 3.5), or data with the
 * first (RFC 7413). Turns facts into stimuli and takes the times.
 *
 * Times: an answer is timed from the transmission that it answers. After a retransmission only the
 * echoed timestamp tells which one that was (Karn); without it the time is unknown.
 */
#include "conn/handshake.h"

#include "conn/apply.h"
#include "conn/clock.h"
#include "conn/closing.h"
#include "conn/copy.h"
#include "conn/history.h"

/* A SYN,ACK that isn't answered is repeated within this: 1 s (RFC 6298 2.1), 3 s before that. */
#define UNANSWERED_NS (4 * INT64_C(1000000000))

void handshake_syn(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;

    if (pass->repeated) {
        if (!copy_of_control(pass)) {
            if (pass->e == c->client) {
                c->syn_retransmissions++;
            }
            copy_note_control(pass);
        }
        return;
    }
    if (!c->had_syn) {
        c->had_syn = 1;
        c->syn_frame = pass->mark;
        if (pass->segment->payload_bytes) {
            c->fast_open_data = 1;
        }
    }
    pass->steps |= LIFELINE_STEP_HANDSHAKE_1;
    history_begin(from, LIFELINE_CLOSED);
    apply(pass, pass->e, SENDS_SYN);
    copy_note_control(pass);
}

/* An end after its SYN, as if the peer had not spoken. */
static void unhear(struct end *x)
{
    x->flags &= END_ISN_KNOWN | END_SEQ_KNOWN | END_SENT | END_SCALE_KNOWN | END_SACK |
                END_TIMESTAMPS | END_FAST_OPEN | END_SCALE_OFFERED | END_IS_PEER;
    x->next = x->contiguous = x->block_start = x->block_end = x->isn + 1;
    x->wraps = 0;
    x->loose_bytes = 0;
    x->missing_bytes = 0;
    x->fin_frame = x->fin_acked_frame = x->reset_frame = 0;
    x->reset_verdict = x->reset_cause = LIFELINE_UNKNOWN;
}

void handshake_refute(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from, *to = pass->to;
    if (!pass->syn || !pass->ack || !c->had_syn || c->synack_by_server || pass->e == c->client ||
        (from->flags & (END_SEQ_KNOWN | END_ISN_KNOWN)) != END_SEQ_KNOWN ||
        pass->segment->seq == from->isn || pass->segment->ack != to->isn + 1) {
        return;
    }
    unsigned listened = history_at(from, 0) == LIFELINE_LISTEN;
    if (from->state_count + to->state_count > LIFELINE_MAX_TRANSITIONS + 1 + listened) {
        return; /* a whole life agreed on the numbers: this one answers a late copy of the SYN */
    }
    while (from->state_count > listened) {
        apply_withdrawal(pass, pass->e, 0);
    }
    while (to->state_count > 2) {
        apply_withdrawal(pass, pass->p, 0);
    }
    unhear(to);
    unhear(from);
    from->flags &= ~(uint32_t)END_SEQ_KNOWN;
    c->ack_frame = 0;
    c->ack_ns = 0;
    c->synack_to_ack_ns = LIFELINE_UNKNOWN_NS;
    c->claimed_from = c->stray_from = 0;
    if (c->closing) {
        closing_begin(c->closing);
    }
}

static int64_t answer_time(const struct pass *pass, const struct end *asked, bool asked_again,
                           int64_t first_ns)
{
    const struct lifeline_segment *s = pass->segment;
    if (!asked->control_ns) {
        return LIFELINE_UNKNOWN_NS;
    }
    if (!asked_again) {
        bool unseen = pass->syn && (s->options & LIFELINE_OPT_TIMESTAMP) &&
                      (asked->flags & END_TIMESTAMPS) &&
                      seq_gt(s->timestamp_echo, asked->control_tsval); /* it answers a later one */
        return unseen ? LIFELINE_UNKNOWN_NS : pass->time_ns - asked->control_ns;
    }
    if (!(s->options & LIFELINE_OPT_TIMESTAMP) || asked->first_tsval == asked->control_tsval) {
        return LIFELINE_UNKNOWN_NS;
    }
    if (s->timestamp_echo == asked->control_tsval) {
        return pass->time_ns - asked->control_ns;
    }
    if (s->timestamp_echo == asked->first_tsval && first_ns != LIFELINE_UNKNOWN_NS) {
        return pass->time_ns - first_ns;
    }
    return LIFELINE_UNKNOWN_NS;
}

/* The third segment was lost: the server repeats its SYN,ACK. */
static void syn_ack_repeated(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;
    if (copy_of_control(pass) || pass->stale) {
        return;
    }
    if (pass->e != c->client) {
        c->synack_retransmissions++;
    }
    copy_note_control(pass);
    /* As many SYN,ACKs as SYNs: a listener's may answer a SYN that was repeated on a slow path. */
    bool answers = history_at(from, 0) == LIFELINE_LISTEN &&
                   c->synack_retransmissions <= c->syn_retransmissions;
    if (!answers && from->state == LIFELINE_ESTABLISHED && (from->flags & END_WITHDRAWABLE) &&
        pass->sent_ns - from->delivered_ns > clock_turnaround_ns(c, pass->e)) {
        apply_withdrawal(pass, pass->e, from->delivered_frame);
        from->flags &= ~(uint32_t)END_SYN_ACKED;
        c->ack_frame = 0;
    }
}

void handshake_syn_ack(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from, *to = pass->to;

    if (from->state == LIFELINE_ESTABLISHED && history_evidence(from) == LIFELINE_IMPLIED &&
        history_at(from, from->state_count - 2U) == LIFELINE_SYN_SENT) {
        apply_withdrawal(pass, pass->e, 0); /* who acknowledged its data had none of it yet */
    }
    if (pass->repeated && from->state != LIFELINE_SYN_SENT) {
        syn_ack_repeated(pass);
        return;
    }
    if (!pass->ack_fits || seq_leq(pass->segment->ack, to->isn)) {
        return; /* answers no SYN of this incarnation */
    }
    if (!(to->flags & END_ISN_KNOWN)) {
        history_begin(to, LIFELINE_CLOSED);
        apply(pass, pass->p, PEER_ANSWERS_SYN);
        to->flags |= to->isn == pass->segment->ack - 1 ? END_BASE_KNOWN : 0U;
    }
    if (to->state == LIFELINE_SYN_SENT || to->state == LIFELINE_SYN_RECEIVED) {
        to->flags |= END_SYN_ACKED;
    }
    if (!c->synack_by_server) {
        c->synack_by_server = 1;
        c->synack_frame = pass->mark;
        pass->steps |= LIFELINE_STEP_HANDSHAKE_2;
        /* Behind its ACK it may be a repetition of the one that was acknowledged. */
        if (c->had_syn && to->state <= LIFELINE_SYN_RECEIVED) {
            c->syn_to_synack_ns = answer_time(pass, to, c->syn_retransmissions > 0, c->start_ns);
        }
        if (c->fast_open_data && seq_gt(pass->segment->ack, to->isn + 1)) {
            c->fast_open_data = 2;
        }
    }
    history_begin(from, LIFELINE_LISTEN);
    apply(pass, pass->e, SENDS_SYN_ACK);
    copy_note_control(pass);
    /* Simultaneous open: both are in SYN-RECEIVED, and each SYN,ACK acknowledges a SYN. */
    apply(pass, pass->p, GETS_ACK_OF_SYN);
    if ((from->flags & END_SYN_ACKED) && apply(pass, pass->e, GETS_ACK_OF_SYN)) {
        from->delivered_frame = c->synack_frame; /* the other SYN,ACK, which passed before */
    }
}

/* The opener's first segment after its SYN. */
static void opener_answers(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from, *to = pass->to;
    const struct lifeline_segment *s = pass->segment;

    if (seq_leq(s->seq, from->isn)) {
        return;
    }
    if (to->state == LIFELINE_STATE_UNKNOWN) {
        history_begin(to, LIFELINE_LISTEN);
        apply(pass, pass->p, PEER_ANSWERS_SYN_ACK);
    } else if (to->state == LIFELINE_SYN_SENT && !c->synack_by_server) {
        /* Acknowledges the crossing SYN without its own, which may come yet; after a FIN it won't.
         */
        if (pass->fin) {
            apply(pass, pass->e, SENDS_SYN_ACK);
        }
        return;
    }
    if (seq_leq(s->ack, to->isn)) {
        return;
    }
    apply(pass, pass->e, SENDS_ACK_OF_SYN);
}

/* Did the server's text follow its SYN,ACK sooner than that followed the SYN? Then it waited for no
 * third segment, wherever the capture was made. */
static bool speaks_unheard(const struct conn *c)
{
    return c->first_data_ns != LIFELINE_UNKNOWN_NS && !c->syn_retransmissions &&
           c->syn_to_synack_ns != LIFELINE_UNKNOWN_NS &&
           c->first_data_ns - c->start_ns < 2 * c->syn_to_synack_ns;
}

/* Nothing of it was seen or proven yet. (An end's state may become unknown later on.) */
static bool is_unheard(const struct end *x)
{
    return x->state == LIFELINE_STATE_UNKNOWN && !x->state_count;
}

/* Its sender's first segment, and no SYN: what is it in? */
static void meet_sender(struct pass *pass)
{
    struct end *to = pass->to;
    if (to->state != LIFELINE_SYN_SENT || !pass->ack) {
        apply(pass, pass->e, SENDS_IN_MID_STREAM);
    } else if (seq_gt(pass->segment->ack, to->isn) && pass->ack_fits &&
               (pass->new_bytes || pass->fin)) {
        /* The SYN,ACK isn't in the capture, and the server speaks, or closes, first. */
        history_begin(pass->from, LIFELINE_LISTEN);
        apply(pass, pass->e, PEER_ANSWERS_SYN_ACK);
    }
}

/* The client gave up after its SYN, and this was sent before: the SYN was answered, no more. */
static bool sent_before_giving_up(const struct pass *pass)
{
    const struct end *to = pass->to;
    bool silent = is_unheard(to) ||
                  (to->state == LIFELINE_SYN_RECEIVED && history_evidence(to) == LIFELINE_IMPLIED);
    return silent && end_closed(pass->from) && pass->conn->had_syn && pass->e == pass->conn->client;
}

/* Can it be the third segment? It acknowledges the SYN,ACK. After text of the server only the bare
 * ACK of its SYN can still be it, or the client's first segment after its SYN: when it closes, or
 * when no other can have gone before. What text went before that isn't in the capture, and a FIN
 * behind a gap, are later than it; and it went before, unseen, where text comes so long after a
 * SYN,ACK that wasn't repeated. */
static bool is_third(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    const struct end *from = pass->from, *to = pass->to;
    const struct lifeline_segment *s = pass->segment;
    bool behind_gap = (from->flags & END_ISN_KNOWN) &&
                      (from->missing_bytes || (pass->fin && seq_gt(s->seq, from->contiguous)));
    if (behind_gap || pass->p == c->client || !c->synack_frame || (to->flags & END_SYN_ACKED)) {
        return false;
    }
    bool is_first = from->segments == 2 + c->syn_retransmissions;
    bool overdue = s->payload_bytes && !c->synack_retransmissions && !c->withdrawals &&
                   pass->time_ns - to->control_ns >= UNANSWERED_NS;
    return !overdue && (to->state == LIFELINE_SYN_RECEIVED || s->ack == to->isn + 1 ||
                        (is_first && (pass->fin || speaks_unheard(c))));
}

static void note_third(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *to = pass->to;
    to->flags |= END_SYN_ACKED;
    if (c->ack_frame) {
        return;
    }
    c->ack_frame = pass->mark;
    c->ack_ns = pass->time_ns;
    pass->steps |= LIFELINE_STEP_HANDSHAKE_3;
    if (c->synack_to_ack_ns == LIFELINE_UNKNOWN_NS && !(to->flags & END_FIN) &&
        !(pass->fin && engine_lacks_acks(pass->engine))) {
        c->synack_to_ack_ns =
            answer_time(pass, to, c->synack_retransmissions > 0, LIFELINE_UNKNOWN_NS);
    }
}

/* Does it show that its sender's connection is open? Text is queued until ESTABLISHED (RFC 9293
 * 3.10.2), but for a server with Fast Open. A number beyond the first octet's shows that text went
 * before; nor is text acknowledged earlier. And a listener's program can close no connection that
 * it didn't accept: when the third segment passed at all, a FIN shows that it arrived. */
static bool shows_open(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    const struct end *from = pass->from, *to = pass->to;
    const struct lifeline_segment *s = pass->segment;
    bool heard = (to->flags & END_ISN_KNOWN) && seq_gt(s->ack, to->isn + 1);
    bool closes = pass->fin && c->withdrawals && to->state >= LIFELINE_ESTABLISHED &&
                  history_at(from, 0) == LIFELINE_LISTEN;
    bool text = pass->new_bytes || heard || closes || seq_gt(s->seq, from->isn + 1);
    return (text && c->fast_open_data != 2) || (pass->marks & LIFELINE_MARK_ACKED_UNSEEN);
}

void handshake_other(struct pass *pass)
{
    struct end *from = pass->from, *to = pass->to;

    if (pass->first || is_unheard(from)) {
        meet_sender(pass);
    }
    if (!pass->ack || !pass->ack_fits) {
        return;
    }
    if (sent_before_giving_up(pass)) {
        history_begin(to, LIFELINE_LISTEN);
        apply(pass, pass->p, PEER_ANSWERS_SYN_ACK);
        return;
    }
    if (is_unheard(to) && from->state != LIFELINE_SYN_SENT) {
        apply(pass, pass->p, PEER_IN_MID_STREAM);
    }
    if (from->state == LIFELINE_SYN_SENT) {
        opener_answers(pass);
    }
    if (seq_gt(pass->segment->ack, to->isn) && from->state != LIFELINE_SYN_SENT) {
        bool third = is_third(pass); /* by the state that it ends */
        apply(pass, pass->p, GETS_ACK_OF_SYN);
        if (third) {
            note_third(pass);
        }
    }
    if (to->state == LIFELINE_SYN_SENT && (pass->marks & LIFELINE_MARK_ACKED_UNSEEN)) {
        apply(pass, pass->p, PEER_ACKS_DATA);
    }
    if (from->state == LIFELINE_SYN_RECEIVED && shows_open(pass)) {
        apply(pass, pass->e, SENDS_AS_OPEN);
        apply(pass, pass->p, PEER_SENDS_AS_OPEN);
    }
}
