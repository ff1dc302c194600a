/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts about a segment: all sequence arithmetic of the model, done before any state is touched.
 *
 * Model, per end: next is one past the highest number it sent; acked and edge are what it promised
 * as a receiver; what of its stream was captured is told in holes.c. RFC 9293 3.4 (sequence
 * numbers), 3.8 (retransmission, windows), 3.10.7.4 (acceptance). When a segment was sent, not when
 * it passed, is told by its timestamp and by how fast its sender's clock was seen to tick.
 *
 * Limits: a window whose scale was not captured is taken as scaled by the maximum (14), so that no
 * good segment is refused. Bytes that neither this capture nor an ACK shows stay unknown.
 */
#include "conn/facts.h"

#include "conn/history.h"
#include "conn/holes.h"
#include "conn/numbers.h"
#include "conn/unseen.h"

#define UNKNOWN_TURNAROUND_NS 150000000 /* longer than most paths, shorter than any timer */
#define JITTER_NS             5000000
#define OLD_BYTES             (1 << 24) /* how far behind its end old text may be */
#define CLOCK_TICKS           16        /* with fewer, the rate isn't known well enough */

void facts_learn(struct end *end, uint32_t seq, bool is_syn)
{
    end->isn = is_syn ? seq : seq - 1;
    end->next = end->contiguous = end->block_start = end->block_end = is_syn ? seq + 1 : seq;
    end->flags &= ~(uint32_t)END_BASE_KNOWN;
    end->flags |= END_SEQ_KNOWN | (is_syn ? END_ISN_KNOWN : END_TAIL_UNSEEN);
}

int64_t facts_turnaround_ns(const struct conn *c, unsigned end)
{
    int64_t ns = end == c->client ? c->synack_to_ack_ns : c->syn_to_synack_ns;
    if (ns == LIFELINE_UNKNOWN_NS) {
        return UNKNOWN_TURNAROUND_NS;
    }
    return ns + ns / 2 > JITTER_NS ? ns + ns / 2 : JITTER_NS;
}

/* An end that is past its handshake repeats its SYN no more: it is late on its way. */
static bool is_late_syn(const struct pass *pass)
{
    const struct end *from = pass->from;
    uint8_t state = from->state;
    if (state == LIFELINE_CLOSED && from->state_count >= 2) {
        state = history_at(from, from->state_count - 2U);
    }
    /* ESTABLISHED by what was delivered may be wrong: only a SYN,ACK repeated says so. */
    uint8_t least = pass->ack ? LIFELINE_FIN_WAIT_1 : LIFELINE_ESTABLISHED;
    return pass->syn && state >= least && state != LIFELINE_STATE_UNKNOWN;
}

bool facts_is_copy(const struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    const struct end *from = pass->from;
    if (is_late_syn(pass)) {
        return true;
    }
    if (pass->fin && !pass->syn && !(from->flags & END_FIN)) {
        return false; /* its last was the SYN */
    }
    if (s->ip_id || from->control_ip_id) {
        bool first = pass->syn && s->ip_id && s->ip_id == from->first_ip_id;
        return first || s->ip_id == from->control_ip_id;
    }
    if (s->options & LIFELINE_OPT_TIMESTAMP) {
        return s->timestamp_value == from->control_tsval;
    }
    return s->time_ns - from->control_ns < COPY_WINDOW_NS;
}

/* Is a copy of its last SYN or FIN that very packet? Without identification what is sent again in
 * the same moment, as the answer to a repeated SYN, is equal to it. */
static bool is_same_control(const struct pass *pass)
{
    const struct end *from = pass->from;
    uint16_t id = pass->segment->ip_id;
    bool first = pass->syn && id == from->first_ip_id;
    bool unprovoked = pass->to->control_ns <= from->control_ns;
    return id ? first || id == from->control_ip_id
              : unprovoked && pass->time_ns - from->control_ns < NS_PER_MS;
}

/* The same of payload: does it come sooner than a sender could know that it was lost? */
static bool is_same_data(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    bool refits = c->icmp_errors && c->icmp_to == pass->e &&
                  c->icmp_error == LIFELINE_ICMP_PACKET_TOO_BIG; /* it sends again at once */
    return !refits && pass->time_ns - c->last_data_ns < NS_PER_MS / 10;
}

void facts_note_control(struct pass *pass)
{
    pass->from->control_ns = pass->time_ns;
    pass->from->control_ip_id = pass->segment->ip_id;
    pass->from->control_tsval = pass->segment->timestamp_value;
}

static uint32_t since_start_ms(const struct pass *pass)
{
    if (pass->time_ns < pass->conn->start_ns) {
        return 0;
    }
    uint64_t ms = (uint64_t)(pass->time_ns - pass->conn->start_ns) / NS_PER_MS;
    return ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

void facts_note_clock(struct pass *pass)
{
    pass->from->last_tsval = pass->segment->timestamp_value;
    pass->from->last_tsval_ms = since_start_ms(pass);
}

/* Timestamps tick regularly, not faster than once in a millisecond (RFC 7323 5.4); how fast is seen
 * between the sender's first segment and its newest. One tick is added for the part of it that is
 * hidden. */
static int64_t sent_ns(const struct pass *pass)
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

/* The scale that applies to windows the end advertises after the handshake. */
static unsigned scale_of(const struct conn *c, unsigned end)
{
    const struct end *x = &c->end[end], *y = &c->end[!end];
    if ((x->flags & END_SCALE_KNOWN) && (y->flags & END_SCALE_KNOWN)) {
        return (x->flags & y->flags & END_SCALE_OFFERED) ? x->window_scale : 0;
    }
    return 14;
}

uint32_t facts_window_bytes(const struct pass *pass)
{
    if (pass->segment->options & LIFELINE_OPT_WINDOW_CUT) {
        return (uint32_t)UINT16_MAX << 14;
    }
    unsigned shift = pass->syn ? 0 : scale_of(pass->conn, pass->e);
    return (uint32_t)pass->segment->window << shift;
}

void facts_note_older_ack(struct end *x, uint32_t ack)
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
        facts_learn(to, pass->segment->ack - 1, true);
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
    if (mended && (pass->sent_ns - mended_ns < facts_turnaround_ns(pass->conn, pass->e) ||
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

static void read_ack(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from, *to = pass->to;
    if (!(to->flags & END_SEQ_KNOWN)) {
        facts_learn(to, s->ack, false);
        if (pass->syn || from->state == LIFELINE_SYN_SENT) {
            to->flags &= ~(uint32_t)END_TAIL_UNSEEN; /* its SYN */
        }
        pass->ack_fits = true;
    } else if (seq_leq(s->ack, to->next)) {
        pass->ack_fits = numbers_were_sent(to, s->ack - 1); /* the octet before was sent */
    } else {
        /* More than was captured: frames are missing, unless it is more than can have been sent. */
        pass->ack_fits = pass->fits && unseen_ack_fits(pass);
        uint32_t beyond = seq_gt(s->ack, to->next) ? s->ack - to->next : 0;
        if (pass->ack_fits) {
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
    }
    if (!pass->ack_fits) {
        return;
    }
    holes_acked(to, s->ack);
    uint32_t edge = s->ack + facts_window_bytes(pass);
    if (!(from->flags & END_ACKED_KNOWN)) {
        from->flags |= END_ACKED_KNOWN;
        from->acked = s->ack;
        from->edge = edge;
        from->older_acks[0] = from->older_acks[1] = from->older_acks[2] = (uint16_t)s->ack;
        from->data_ack = (uint16_t)s->ack;
    } else {
        bool pure = pass->seq_end == s->seq && !pass->syn && !pass->rst;
        bool again = pure && s->ack == from->acked;
        if (again && s->window == from->window && seq_lt(s->ack, to->next) &&
            !(to->flags & END_KEEP_ALIVE)) {
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
            facts_note_older_ack(from, seq_min(s->ack, from->acked));
        }
        from->acked = seq_max(from->acked, s->ack);
        from->edge = seq_max(from->edge, edge);
    }
}

void facts_note_data(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;
    from->payload_bytes += pass->new_bytes;
    from->data_ack = pass->ack_fits ? (uint16_t)pass->segment->ack : from->data_ack;
    pass->steps |= LIFELINE_STEP_DATA;
    if (c->first_data_ns == LIFELINE_UNKNOWN_NS) {
        c->first_data_ns = pass->time_ns;
    }
    c->last_data_ns = pass->time_ns;
    pass->to->flags |= END_HAD_DATA_SINCE;
    from->flags &= ~(uint32_t)END_HAD_DATA_SINCE;
}

/* The last segment again, sooner than any timer would send it: captured at two interfaces, or
 * doubled on its way. */
static bool is_seen_twice(const struct pass *pass)
{
    if (pass->fin) {
        return facts_is_copy(pass);
    }
    if (pass->conn->last_data_ns == LIFELINE_UNKNOWN_NS) {
        return false;
    }
    if (pass->conn->fast_open_data == 1 && !pass->syn && !pass->from->retransmitted_segments &&
        pass->payload_seq == pass->from->isn + 1) {
        return false; /* what came with the SYN, and wasn't taken */
    }
    bool stamped = pass->segment->options & LIFELINE_OPT_TIMESTAMP;
    int64_t since_ns = pass->time_ns - pass->conn->last_data_ns;
    return pass->seq_end == pass->from->next && !pass->new_bytes &&
           (stamped ? pass->same_tick && since_ns < COPY_WINDOW_NS : since_ns < NS_PER_MS);
}

bool facts_is_captured_again(const struct pass *pass)
{
    struct conn *c = pass->conn;
    const struct lifeline_segment *s = pass->segment;
    bool stamped = s->ip_id || (s->options & LIFELINE_OPT_TIMESTAMP);
    int64_t since_ns = pass->time_ns - c->again_ns;
    bool same = c->again_from == pass->e + 1 && c->again_end == pass->seq_end &&
                c->again_ip_id == s->ip_id && c->again_tsval == s->timestamp_value &&
                since_ns < (stamped ? COPY_WINDOW_NS : NS_PER_MS);
    c->again_from = (uint8_t)(pass->e + 1);
    c->again_ns = pass->time_ns;
    c->again_end = pass->seq_end;
    c->again_ip_id = s->ip_id;
    c->again_tsval = s->timestamp_value;
    return same;
}

static void read_payload(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct conn *c = pass->conn;
    struct end *from = pass->from, *to = pass->to;
    uint32_t length = s->payload_bytes;

    /* An octet that is pushed is a user's, sent again; so is the first that isn't acknowledged.
     * Where more isn't, a lone octet at the end is none that is sent again: its ACK isn't in the
     * capture. */
    bool empty = !length || (length == 1 && !(s->flags & LIFELINE_PSH));
    bool acked = to->acked == from->next ||
                 (length && seq_gt(s->seq, to->acked) && !(to->flags & END_MISSES));
    if (!pass->syn && !pass->fin && !pass->rst && empty && pass->ack && s->seq == from->next - 1 &&
        (to->flags & END_ACKED_KNOWN) && acked && !(from->flags & END_FIN) && from->state_count) {
        if (!to->window && !length) {
            pass->marks |= LIFELINE_MARK_WINDOW_PROBE; /* Linux's have no octet */
            return;
        }
        pass->marks |= LIFELINE_MARK_KEEP_ALIVE;
        bool twice =
            facts_is_captured_again(pass) || ((from->flags & END_KEEP_ALIVE) && pass->same_tick);
        from->flags |= END_KEEP_ALIVE;
        if (c->keep_alives < UINT16_MAX && !twice) {
            c->keep_alives++;
        }
        return;
    }
    from->flags &= ~(uint32_t)END_KEEP_ALIVE;
    if (pass->seq_end == s->seq) {
        if (seq_gt(s->seq, from->next)) {
            from->flags |= END_TAIL_UNSEEN;
        }
        return; /* pure ACK or RST */
    }
    if (to->flags & END_ACKED_KNOWN) {
        if (length == 1 && !to->window && s->seq == to->edge) {
            pass->marks |= LIFELINE_MARK_WINDOW_PROBE;
        }
        if (seq_leq(s->seq, to->acked) && seq_gt(pass->seq_end, to->acked) &&
            (to->flags & END_MISSES || seq_lt(pass->seq_end, from->next))) {
            to->flags = (to->flags & ~(uint32_t)END_MISSES) | END_MENDED;
        }
    }
    pass->repeated = seq_leq(pass->seq_end, from->next);
    uint32_t fresh = holes_cover(from, pass->payload_seq, pass->seq_end, &pass->marks);
    if (fresh) {
        pass->repeated = false;
    }
    uint32_t fresh_fin = fresh && pass->fin && !(from->flags & END_FIN) ? 1 : 0;
    pass->new_bytes = fresh - fresh_fin > length ? length : fresh - fresh_fin;
    if (!fresh) {
        pass->marks |= LIFELINE_MARK_RETRANSMISSION;
    } else if (seq_lt(pass->payload_seq, from->next) &&
               !(pass->marks & LIFELINE_MARK_OUT_OF_ORDER)) {
        pass->marks |= LIFELINE_MARK_PARTIAL_RETRANSMISSION;
    }
    if (pass->marks & LIFELINE_MARK_OUT_OF_ORDER) {
        from->out_of_order_segments++;
    }
    bool again =
        pass->marks & (LIFELINE_MARK_RETRANSMISSION | LIFELINE_MARK_PARTIAL_RETRANSMISSION);
    bool late = again || (pass->marks & LIFELINE_MARK_OUT_OF_ORDER);
    bool copy = late && facts_is_captured_again(pass);
    pass->twice = again && (copy || is_seen_twice(pass));
    if (pass->twice &&
        ((copy && s->ip_id) || (pass->fin ? is_same_control(pass) : is_same_data(pass)))) {
        pass->marks |= LIFELINE_MARK_COPY;
    }
    if (again && !pass->twice) {
        from->retransmitted_segments++;
        from->retransmitted_bytes += length - pass->new_bytes;
        pass->early_loss |= s->seq - from->isn <= FINDINGS_EARLY;
    }
    if (seq_gt(pass->seq_end, from->next)) {
        numbers_advance(from, pass->seq_end);
        from->flags &= ~(uint32_t)(END_TAIL_UNSEEN | END_TAIL_ACKED);
    }
    if (pass->new_bytes) {
        facts_note_data(pass);
    }
}

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

void facts_read(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;

    if (!(from->flags & END_SENT)) {
        from->flags |= END_SENT;
        from->ttl = s->ttl;
        from->first_ip_id = s->ip_id;
        from->first_tsval = s->timestamp_value;
        from->first_ms = since_start_ms(pass);
    }
    from->segments++;
    pass->sent_ns = sent_ns(pass);
    pass->stale = (s->options & LIFELINE_OPT_TIMESTAMP) && from->segments > 1 &&
                  (from->flags & END_TIMESTAMPS) && seq_lt(s->timestamp_value, from->last_tsval);
    pass->same_tick = (s->options & LIFELINE_OPT_TIMESTAMP) && from->segments > 1 &&
                      s->timestamp_value == from->last_tsval;
    if (s->bad_checksum) {
        pass->marks |= LIFELINE_MARK_BAD_CHECKSUM;
    }
    if (s->captured_bytes < s->payload_bytes) {
        pass->marks |= LIFELINE_MARK_TRUNCATED;
        from->flags |= END_CUT;
    }
    if (pass->syn && (from->flags & END_SEQ_KNOWN) && s->seq != from->isn &&
        ((pass->ack && from->state == LIFELINE_SYN_RECEIVED) ||
         (from->state == LIFELINE_STATE_UNKNOWN && pass->to->state == LIFELINE_SYN_SENT))) {
        /* A stateless server answers anew, or something else came before its SYN: the last SYN
         * counts. */
        from->flags &= ~(uint32_t)(END_SEQ_KNOWN | END_ISN_KNOWN);
        from->wraps = 0;
        if (pass->ack) {
            pass->to->flags &= ~(uint32_t)END_ACKED_KNOWN; /* it acknowledged other numbers */
            from->flags |= END_ISN_REPLACED;
        }
    }
    pass->fits = numbers_fit(pass);
    if (pass->fits && !pass->rst) {
        unseen_refute(pass);
    }
    if (pass->rst) {
        pass->ack_fits =
            pass->ack && (!(pass->to->flags & END_SEQ_KNOWN) || seq_leq(s->ack, pass->to->next));
        return; /* its number may be anything: nothing is learned from it */
    }
    if (!pass->fits && !(pass->fits = unseen_agree(pass))) {
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
        return;
    }
    if (pass->to->state == LIFELINE_SYN_SENT && (pass->to->flags & END_ISN_KNOWN) && pass->ack &&
        !(seq_gt(s->ack, pass->to->isn) && seq_diff(s->ack, pass->to->next) < 1 << 20)) {
        /* Answers no SYN of this incarnation: an older one speaks, RFC 9293 3.10.7.3. */
        pass->fits = false;
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW | (pass->syn ? 0U : LIFELINE_MARK_CHALLENGE_ACK);
        return;
    }
    if (pass->syn && (from->flags & END_SEQ_KNOWN) && s->seq != from->isn) {
        /* A SYN of another incarnation: its numbers are none of this one's. What it acknowledges is
         * remembered, for an RST may answer it. */
        pass->fits = unseen_agree(pass);
        return;
    }
    if (!(from->flags & END_SEQ_KNOWN)) {
        facts_learn(from, s->seq, pass->syn);
        if (pass->to->state == LIFELINE_SYN_SENT) {
            from->flags &= ~(uint32_t)END_TAIL_UNSEEN; /* its SYN,ACK went before */
        }
    } else if (pass->syn) {
        pass->repeated = (from->flags & END_ISN_KNOWN) != 0;
        from->flags |= END_ISN_KNOWN;
    }
    if (pass->syn) {
        if (!pass->repeated) {
            /* What isn't in the capture may have been offered. */
            from->flags |= s->options & LIFELINE_OPT_CUT ? 0U : END_SCALE_KNOWN;
            from->mss = s->options & LIFELINE_OPT_MSS ? s->mss : 0;
            if (s->options & LIFELINE_OPT_WINDOW_SCALE) {
                from->flags |= END_SCALE_OFFERED;
                from->window_scale = s->window_scale > 14 ? 14 : s->window_scale;
            }
            from->flags |= s->options & LIFELINE_OPT_SACK_PERMITTED ? END_SACK : 0U;
            from->flags |= s->options & LIFELINE_OPT_TIMESTAMP ? END_TIMESTAMPS : 0U;
            from->flags |= pass->ack && s->options & LIFELINE_OPT_MULTIPATH ? END_MULTIPATH : 0U;
            from->flags |=
                s->options & (LIFELINE_OPT_FAST_OPEN_COOKIE | LIFELINE_OPT_FAST_OPEN_REQUEST)
                    ? END_FAST_OPEN
                    : 0U;
        } else if (!pass->ack || from->state != LIFELINE_SYN_SENT) {
            /* Else it answers a SYN that crossed its own, RFC 9293 3.10.7.3. */
            bool copy = facts_is_copy(pass);
            pass->marks |= LIFELINE_MARK_RETRANSMISSION;
            pass->marks |= copy && is_same_control(pass) ? LIFELINE_MARK_COPY : 0U;
            from->retransmitted_segments += !copy;
        }
    }
    if (pass->fin && !pass->syn && (from->flags & END_ISN_KNOWN) &&
        seq_leq(pass->seq_end - 1, from->isn)) {
        /* No FIN has the number of its SYN, or one before. */
        pass->fits = false;
        pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
        return;
    }
    if (pass->ack) {
        choose_syn_ack(pass);
        read_ack(pass);
        if (pass->fin && !pass->ack_fits && pass->to->state == LIFELINE_SYN_RECEIVED) {
            /* RFC 9293 3.10.7.4: in SYN-RECEIVED, RST is the answer, whatever else it carries. */
            pass->fits = false;
            pass->marks |= LIFELINE_MARK_OUT_OF_WINDOW;
            return;
        }
    }
    pass->to->flags &= ~(uint32_t)END_KEEP_ALIVE;
    bool has_window = !(s->options & LIFELINE_OPT_WINDOW_CUT);
    if (!s->window && !pass->syn && has_window) {
        pass->marks |= LIFELINE_MARK_ZERO_WINDOW;
        from->zero_windows++;
    }
    if (s->payload_bytes || pass->fin || !pass->syn) {
        bool syn_repeated = pass->repeated;
        read_payload(pass);
        if (pass->syn) {
            pass->repeated = syn_repeated;
        }
    }
    from->window = has_window ? s->window : UINT16_MAX; /* not known to be closed */
    if ((s->options & LIFELINE_OPT_TIMESTAMP) && !pass->stale) {
        facts_note_clock(pass);
    }
}
