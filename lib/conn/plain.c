/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Header prediction: the segment that most are.
 *
 * Purpose: between handshake and close nearly every segment is the next one of its stream, with
 * nothing special about it. Of all questions that the stages of engine.c ask, a few tell so.
 *
 * Model: as in Van Jacobson's receivers (4.3BSD-Reno, Linux's tcp_rcv_established()): both ends are
 * open and nothing is in doubt; the segment carries the next octets of a stream without holes, or
 * none, and acknowledges more, or carries text and acknowledges the same. All others go through the
 * stages. This changes no answer: it is what the stages do with such a segment, and no more.
 *
 * Built with LIFELINE_CHECK_PLAIN, as the sanitizers' builds are, engine.c has each such segment
 * judged by the stages as well, and aborts where they disagree.
 */
#include "conn/plain.h"

#include "conn/acks.h"
#include "conn/clock.h"
#include "conn/copy.h"
#include "conn/numbers.h"
#include "conn/payload.h"

#define SETTLED (END_SENT | END_SEQ_KNOWN | END_ISN_KNOWN | END_ACKED_KNOWN | END_SYN_ACKED)
#define UNSETTLED                                                                                  \
    (END_FIN | END_FIN_ACKED | END_CHALLENGED | END_RESET | END_ISN_REPLACED | END_MISSES |        \
     END_MENDED | END_KEEP_ALIVE | END_IS_PEER)

static bool is_settled(const struct end *x)
{
    return x->state == LIFELINE_ESTABLISHED && (x->flags & (SETTLED | UNSETTLED)) == SETTLED;
}

static bool is_open(const struct conn *c)
{
    return is_settled(&c->end[0]) && is_settled(&c->end[1]) && !c->closing && !c->stray_from &&
           !c->claimed_from && c->role_evidence != LIFELINE_ROLE_BY_PORT;
}

static bool is_whole(const struct lifeline_segment *s)
{
    const uint8_t control = LIFELINE_SYN | LIFELINE_FIN | LIFELINE_RST | LIFELINE_ACK;
    return (s->flags & control) == LIFELINE_ACK && !(s->options & LIFELINE_OPT_SACK) && s->window &&
           !s->bad_checksum && s->captured_bytes >= s->payload_bytes;
}

static bool is_next(const struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    const struct end *from = pass->from, *to = pass->to;
    bool in_order = s->seq == from->next && from->contiguous == from->next &&
                    from->block_start == from->block_end && !from->loose_bytes &&
                    !(from->flags & END_TAIL_UNSEEN);
    bool hears = s->payload_bytes ? seq_geq(s->ack, from->acked) : seq_gt(s->ack, from->acked);
    bool late = (s->options & LIFELINE_OPT_TIMESTAMP) && (from->flags & END_TIMESTAMPS) &&
                seq_lt(s->timestamp_value, from->last_tsval);
    /* What its sender acknowledged may be more than the peer sent: forged, and refuted since. */
    bool heard = seq_leq(from->acked, to->contiguous) && seq_leq(s->ack, to->contiguous);
    return in_order && hears && heard && !late && from->window && to->window &&
           seq_geq(pass->seq_end, s->seq);
}

bool plain_segment(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;
    if (!is_whole(s) || !is_open(pass->conn) || !is_next(pass)) {
        return false;
    }
    pass->fits = pass->ack_fits = true;
    from->segments++;
    if (s->ack != from->acked) {
        acks_note_older(from, from->acked);
    }
    from->acked = s->ack;
    from->edge = seq_max(from->edge, s->ack + acks_window_bytes(pass));
    from->window = s->window;
    if (s->payload_bytes) {
        numbers_advance(from, pass->seq_end);
        from->contiguous = from->block_start = from->block_end = pass->seq_end;
        pass->new_bytes = s->payload_bytes;
        payload_note(pass);
        from->flags &= ~(uint32_t)END_WITHDRAWABLE; /* it sends as open */
    }
    copy_note_id(pass);
    if (s->options & LIFELINE_OPT_TIMESTAMP) {
        clock_note(pass);
    }
    return true;
}
