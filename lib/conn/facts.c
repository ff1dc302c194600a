/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about a segment: all sequence arithmetic of the model, done before any state is touched.
 *
 * Model, per end: next is one past the highest number it sent; acked and edge are what it promised
 * as a receiver. RFC 9293 3.4 (sequence numbers), 3.10.7.4 (acceptance). Read in this order: does
 * the segment belong to this incarnation and fit its numbers (here, numbers.c), what a SYN offers
 * (here), what its ACK tells (acks.c), what it carries (payload.c, holes.c), whether that is the
 * same packet again (copy.c), and when it was sent (clock.c).
 *
 * Limits: bytes that neither this capture nor an ACK shows stay unknown.
 */
#include "conn/facts.h"

#include "conn/acks.h"
#include "conn/clock.h"
#include "conn/copy.h"
#include "conn/numbers.h"
#include "conn/payload.h"
#include "conn/unseen.h"

#define OLD_BYTES (1 << 24) /* how far behind its end old text may be */

bool facts_is_old(const struct pass *pass)
{
    return pass->stale || (pass->ack && seq_lt(pass->segment->ack, pass->from->acked));
}

bool facts_of_earlier_incarnation(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    if (!(c->previous_known >> pass->e & 1)) {
        return false;
    }
    if (pass->syn) {
        return pass->segment->seq == c->previous_isn[pass->e] &&
               !(pass->from->flags & END_SEQ_KNOWN && pass->segment->seq == pass->from->isn);
    }
    uint32_t old = c->previous_next[pass->e];
    int32_t behind = seq_diff(old, pass->segment->seq);
    if (behind < 0 || behind > OLD_BYTES) {
        return false;
    }
    if (!(pass->from->flags & END_SEQ_KNOWN)) {
        /* The end has not spoken in this incarnation: judge by what it acknowledges. */
        return !pass->ack || !(pass->to->flags & END_SEQ_KNOWN) ||
               !(seq_gt(pass->segment->ack, pass->to->isn) &&
                 seq_leq(pass->segment->ack, pass->to->next));
    }
    const struct end *from = pass->from, *to = pass->to;
    uint32_t seq = pass->segment->seq;
    /* A window whose scale isn't known reaches over a quarter of all numbers. */
    uint32_t edge = to->flags & END_ACKED_KNOWN
                        ? seq_min(seq_max(to->edge, from->next), from->next + OLD_BYTES)
                        : from->next;
    bool in_new = seq_geq(seq, from->isn) && seq_diff(seq, edge) < 65536;
    return !in_new;
}

static void note_first(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;
    from->flags |= END_SENT;
    from->ttl = s->ttl;
    from->first_ip_id = s->ip_id;
    from->first_tsval = s->timestamp_value;
    from->first_ms = clock_ms(pass);
}

static void read_clock(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    const struct end *from = pass->from;
    bool stamped = (s->options & LIFELINE_OPT_TIMESTAMP) && from->segments > 1;
    pass->sent_ns = clock_sent_ns(pass);
    pass->stale =
        stamped && (from->flags & END_TIMESTAMPS) && seq_lt(s->timestamp_value, from->last_tsval);
    pass->same_tick = stamped && s->timestamp_value == from->last_tsval;
}

static void note_damage(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    if (s->bad_checksum) {
        pass->marks |= LIFELINE_MARK_BAD_CHECKSUM;
    }
    if (s->captured_bytes < s->payload_bytes) {
        pass->marks |= LIFELINE_MARK_TRUNCATED;
        pass->from->flags |= END_CUT;
    }
}

static bool is_other_syn(const struct pass *pass)
{
    return pass->syn && (pass->from->flags & END_SEQ_KNOWN) &&
           pass->segment->seq != pass->from->isn;
}

/* A stateless server answers anew, or something else came before its SYN: the last SYN counts. */
static void replace_syn(struct pass *pass)
{
    struct end *from = pass->from;
    bool anew = pass->ack && from->state == LIFELINE_SYN_RECEIVED;
    bool behind = from->state == LIFELINE_STATE_UNKNOWN && pass->to->state == LIFELINE_SYN_SENT;
    if (!is_other_syn(pass) || !(anew || behind)) {
        return;
    }
    from->flags &= ~(uint32_t)(END_SEQ_KNOWN | END_ISN_KNOWN);
    from->wraps = 0;
    if (pass->ack) {
        pass->to->flags &= ~(uint32_t)END_ACKED_KNOWN; /* it acknowledged other numbers */
        from->flags |= END_ISN_REPLACED;
    }
}

/* Answers no SYN of this incarnation: an older one speaks, RFC 9293 3.10.7.3. */
static bool answers_older_syn(const struct pass *pass)
{
    const struct end *to = pass->to;
    uint32_t ack = pass->segment->ack;
    return to->state == LIFELINE_SYN_SENT && (to->flags & END_ISN_KNOWN) && pass->ack &&
           !(seq_gt(ack, to->isn) && seq_diff(ack, to->next) < 1 << 20);
}

/* Does it belong to this incarnation? Sets pass->fits; of what doesn't, nothing more is learned. */
static bool belongs(struct pass *pass)
{
    if (!pass->fits && !(pass->fits = unseen_agree(pass))) {
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
        return false;
    }
    if (answers_older_syn(pass)) {
        pass->fits = false;
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW | (pass->syn ? 0U : LIFELINE_MARK_CHALLENGE_ACK);
        return false;
    }
    if (is_other_syn(pass)) {
        /* A SYN of another incarnation: its numbers are none of this one's. What it acknowledges is
         * remembered, for an RST may answer it. */
        pass->fits = unseen_agree(pass);
        return false;
    }
    return true;
}

static void learn_numbers(struct pass *pass)
{
    struct end *from = pass->from;
    if (!(from->flags & END_SEQ_KNOWN)) {
        numbers_learn(from, pass->segment->seq, pass->syn);
        if (pass->to->state == LIFELINE_SYN_SENT) {
            from->flags &= ~(uint32_t)END_TAIL_UNSEEN; /* its SYN,ACK went before */
        }
    } else if (pass->syn) {
        pass->repeated = (from->flags & END_ISN_KNOWN) != 0;
        from->flags |= END_ISN_KNOWN;
    }
}

/* What a SYN offers. What isn't in the capture may have been offered. */
static void read_offer(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;
    uint16_t options = s->options;
    from->flags |= options & LIFELINE_OPT_CUT ? 0U : END_SCALE_KNOWN;
    from->mss = options & LIFELINE_OPT_MSS ? s->mss : 0;
    if (options & LIFELINE_OPT_WINDOW_SCALE) {
        from->flags |= END_SCALE_OFFERED;
        from->window_scale = s->window_scale > 14 ? 14 : s->window_scale;
    }
    from->flags |= options & LIFELINE_OPT_SACK_PERMITTED ? END_SACK : 0U;
    from->flags |= options & LIFELINE_OPT_TIMESTAMP ? END_TIMESTAMPS : 0U;
    from->flags |= pass->ack && options & LIFELINE_OPT_MULTIPATH ? END_MULTIPATH : 0U;
    from->flags |= options & (LIFELINE_OPT_FAST_OPEN_COOKIE | LIFELINE_OPT_FAST_OPEN_REQUEST)
                       ? END_FAST_OPEN
                       : 0U;
}

static void read_syn(struct pass *pass)
{
    struct end *from = pass->from;
    if (!pass->repeated) {
        read_offer(pass);
    } else if (!pass->ack || from->state != LIFELINE_SYN_SENT) {
        /* Else it answers a SYN that crossed its own, RFC 9293 3.10.7.3. */
        bool copy = copy_of_control(pass);
        pass->marks |= LIFELINE_MARK_RETRANSMISSION;
        if (copy && copy_same_control(pass)) {
            copy_note(pass);
        }
        from->retransmitted_segments += !copy;
    }
}

/* No FIN has the number of its SYN, or one before. */
static bool ends_before_begin(const struct pass *pass)
{
    const struct end *from = pass->from;
    return pass->fin && !pass->syn && (from->flags & END_ISN_KNOWN) &&
           seq_leq(pass->seq_end - 1, from->isn);
}

/* RFC 9293 3.10.7.4: in SYN-RECEIVED, RST is the answer to an ACK that doesn't fit, whatever else
 * the segment carries. */
static bool closes_unheard(const struct pass *pass)
{
    return pass->ack && pass->fin && !pass->ack_fits && pass->to->state == LIFELINE_SYN_RECEIVED;
}

static void refuse(struct pass *pass)
{
    pass->fits = false;
    pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
}

/* Behind its payload: what the window was until now tells whether that is a probe. */
static void note_window(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;
    bool known = !(s->options & LIFELINE_OPT_WINDOW_CUT);
    bool old = facts_is_old(pass); /* RFC 9293 3.10.7.4: windows are taken in order */
    if (!s->window && !pass->syn && known) {
        pass->marks |= LIFELINE_MARK_ZERO_WINDOW;
        from->zero_windows++;
    } else if (!from->window && from->zero_windows && known && !old) {
        pass->marks |= LIFELINE_MARK_WINDOW_OPEN;
    }
    if (!old) {
        from->window = known ? s->window : UINT16_MAX; /* not known to be closed */
    }
}

void facts_read(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;

    if (!(from->flags & END_SENT)) {
        note_first(pass);
    }
    from->segments++;
    read_clock(pass);
    note_damage(pass);
    replace_syn(pass);
    pass->fits = numbers_fit(pass);
    if (pass->rst) {
        pass->ack_fits =
            pass->ack && (!(pass->to->flags & END_SEQ_KNOWN) || seq_leq(s->ack, pass->to->next));
        return; /* its number may be anything: nothing is learned from it */
    }
    if (pass->fits) {
        unseen_refute(pass);
    }
    if (!belongs(pass)) {
        return;
    }
    learn_numbers(pass);
    if (pass->syn) {
        read_syn(pass);
    }
    if (ends_before_begin(pass)) {
        refuse(pass);
        return;
    }
    if (pass->ack) {
        acks_read(pass);
    }
    if (closes_unheard(pass)) {
        refuse(pass);
        return;
    }
    pass->to->flags &= ~(uint32_t)END_KEEP_ALIVE;
    if (s->payload_bytes || pass->fin || !pass->syn) {
        bool syn_repeated = pass->repeated;
        payload_read(pass);
        if (pass->syn) {
            pass->repeated = syn_repeated;
        }
    }
    note_window(pass);
    copy_note_id(pass);
    if ((s->options & LIFELINE_OPT_TIMESTAMP) && !pass->stale) {
        clock_note(pass);
    }
}
