/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a segment carries of its sender's stream: what is new, again or late of its text and FIN
 * (RFC 9293 3.8.1), and the probes that carry none: keep-alives (3.8.4) and those of a closed
 * window (3.8.6.1).
 */
#include "conn/payload.h"

#include "conn/copy.h"
#include "conn/holes.h"
#include "conn/numbers.h"

void payload_note(struct pass *pass)
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

/* Does it repeat its sender's last number, or one octet of it, only to get an ACK? An octet that is
 * pushed is a user's, sent again; so is the first that isn't acknowledged. Where more isn't, a lone
 * octet at the end is none that is sent again: its ACK isn't in the capture. */
static bool asks_for_ack(const struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    const struct end *from = pass->from, *to = pass->to;
    uint32_t length = s->payload_bytes;
    bool empty = !length || (length == 1 && !(s->flags & LIFELINE_PSH));
    bool acked = to->acked == from->next ||
                 (length && seq_gt(s->seq, to->acked) && !(to->flags & END_MISSES));
    return !pass->syn && !pass->fin && !pass->rst && empty && pass->ack &&
           s->seq == from->next - 1 && (to->flags & END_ACKED_KNOWN) && acked &&
           !(from->flags & END_FIN) && from->state_count;
}

static void note_probe(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;
    if (!pass->to->window && !pass->segment->payload_bytes) {
        pass->marks |= LIFELINE_MARK_WINDOW_PROBE; /* Linux's have no octet */
        return;
    }
    pass->marks |= LIFELINE_MARK_KEEP_ALIVE;
    bool twice = copy_captured_again(pass) || ((from->flags & END_KEEP_ALIVE) && pass->same_tick);
    from->flags |= END_KEEP_ALIVE;
    if (c->keep_alives < UINT16_MAX && !twice) {
        c->keep_alives++;
    }
}

/* What its receiver said that it has and takes: an octet beyond a closed window asks whether that
 * is open, and what was missing comes. */
static void meet_receiver(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *to = pass->to;
    if (!(to->flags & END_ACKED_KNOWN)) {
        return;
    }
    if (s->payload_bytes == 1 && !to->window && s->seq == to->edge) {
        pass->marks |= LIFELINE_MARK_WINDOW_PROBE;
    }
    if (seq_leq(s->seq, to->acked) && seq_gt(pass->seq_end, to->acked) &&
        (to->flags & END_MISSES || seq_lt(pass->seq_end, pass->from->next))) {
        to->flags = (to->flags & ~(uint32_t)END_MISSES) | END_MENDED;
    }
}

/* What of it is new? */
static void find_new(struct pass *pass)
{
    struct end *from = pass->from;
    uint32_t length = pass->segment->payload_bytes;
    uint32_t fresh = holes_cover(from, pass->payload_seq, pass->seq_end, &pass->marks);
    pass->repeated = !fresh && seq_leq(pass->seq_end, from->next);
    uint32_t fresh_fin = fresh && pass->fin && !(from->flags & END_FIN) ? 1 : 0;
    pass->new_bytes = fresh - fresh_fin > length ? length : fresh - fresh_fin;
    if (!fresh) {
        pass->marks |= LIFELINE_MARK_RETRANSMISSION;
    } else if (seq_lt(pass->payload_seq, from->next) &&
               !(pass->marks & LIFELINE_MARK_OUT_OF_ORDER)) {
        pass->marks |= LIFELINE_MARK_PARTIAL_RETRANSMISSION;
    }
}

/* It came again or late: was it sent again, or captured again? */
static void note_again(struct pass *pass)
{
    struct end *from = pass->from;
    if (pass->marks & LIFELINE_MARK_OUT_OF_ORDER) {
        from->out_of_order_segments++;
    }
    bool again =
        pass->marks & (LIFELINE_MARK_RETRANSMISSION | LIFELINE_MARK_PARTIAL_RETRANSMISSION);
    bool late = again || (pass->marks & LIFELINE_MARK_OUT_OF_ORDER);
    bool copy = late && copy_captured_again(pass);
    bool before = !pass->new_bytes && copy_of_data(pass);
    pass->twice = again && (copy || before || copy_seen_twice(pass));
    if (pass->twice && (before || (copy && pass->segment->ip_id) ||
                        (pass->fin ? copy_same_control(pass) : copy_same_data(pass)))) {
        copy_note(pass);
    }
    if (again && !pass->twice) {
        from->retransmitted_segments++;
        from->retransmitted_bytes += pass->segment->payload_bytes - pass->new_bytes;
        pass->early_loss |= pass->segment->seq - from->isn <= FINDINGS_EARLY;
    }
}

void payload_read(struct pass *pass)
{
    const struct lifeline_segment *s = pass->segment;
    struct end *from = pass->from;

    if (asks_for_ack(pass)) {
        note_probe(pass);
        return;
    }
    from->flags &= ~(uint32_t)END_KEEP_ALIVE;
    if (pass->seq_end == s->seq) {
        if (seq_gt(s->seq, from->next)) {
            from->flags |= END_TAIL_UNSEEN;
        }
        return; /* pure ACK or RST */
    }
    meet_receiver(pass);
    find_new(pass);
    note_again(pass);
    if (seq_gt(pass->seq_end, from->next)) {
        numbers_advance(from, pass->seq_end);
        from->flags &= ~(uint32_t)(END_TAIL_UNSEEN | END_TAIL_ACKED);
    }
    if (pass->new_bytes) {
        payload_note(pass);
    }
}
