/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is it the same packet again (captured at two interfaces, doubled on its way), or did its sender
 * send it again?
 *
 * A packet's IP identification tells, or its timestamp; without both, whether it comes sooner than
 * its sender could know that it was lost. Of each end its last SYN or FIN is remembered, and what
 * came last of all; of a connection, the last segment that came again or late.
 *
 * Limits: both ways of a path merged into one capture, a round trip apart, aren't told from
 * retransmissions where neither identification nor timestamps tell: only the last is remembered.
 */
#include "conn/copy.h"

#include "conn/history.h"

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

bool copy_of_control(const struct pass *pass)
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
bool copy_same_control(const struct pass *pass)
{
    const struct end *from = pass->from;
    uint16_t id = pass->segment->ip_id;
    bool first = pass->syn && id == from->first_ip_id;
    bool unprovoked = pass->to->control_ns <= from->control_ns;
    return id ? first || id == from->control_ip_id
              : unprovoked && pass->time_ns - from->control_ns < NS_PER_MS;
}

/* The same of payload: does it come sooner than a sender could know that it was lost? */
bool copy_same_data(const struct pass *pass)
{
    const struct conn *c = pass->conn;
    bool refits = c->icmp_errors && c->icmp_to == pass->e &&
                  c->icmp_error == LIFELINE_ICMP_PACKET_TOO_BIG; /* it sends again at once */
    return !refits && pass->time_ns - c->last_data_ns < NS_PER_MS / 10;
}

void copy_note_control(struct pass *pass)
{
    pass->from->control_ns = pass->time_ns;
    pass->from->control_ip_id = pass->segment->ip_id;
    pass->from->control_tsval = pass->segment->timestamp_value;
}

/* The last segment again, sooner than any timer would send it: captured at two interfaces, or
 * doubled on its way. */
bool copy_seen_twice(const struct pass *pass)
{
    if (pass->fin) {
        return copy_of_control(pass);
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

bool copy_captured_again(const struct pass *pass)
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
