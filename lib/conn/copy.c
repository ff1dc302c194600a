/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is it the same packet again (captured at two places, doubled on its way), or did its sender send
 * it again?
 *
 * A packet's IP identification tells, or its timestamp; without both, whether it comes sooner than
 * its sender could know that it was lost. Of each end its last SYN or FIN is remembered, and what
 * came last of all; of a connection, the last segment that came again or late.
 *
 * Where identifications count packets (Linux: those of the connection; Windows: all), what is sent
 * again gets the next one: what has an older one was sent before the newest that passed. So copies
 * are known however many segments are between, as of both ends' captures in one file; but behind
 * the ACK of what they carry, or so late that a timer may have sent them, they aren't: some hosts
 * send again under the old identification.
 *
 * Limits: without identifications (IPv6, some systems) only a copy that follows at once is known. A
 * fast retransmission under the old identification passes for a copy.
 */
#include "conn/copy.h"

#include "conn/history.h"

#define ID_STEP   64   /* packets of a connection or host between two that were captured */
#define ID_BEHIND 8192 /* packets under way */

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

/* No timer can have sent it since the connection's last segment. */
static bool is_recent(const struct pass *pass)
{
    return pass->quiet_ns < SHORTEST_TIMEOUT_NS;
}

/* How many packets before its sender's newest that passed it was sent; 0 for that one. ID_BEHIND
 * where identifications don't tell, or no more: a host's count may have come round. */
static unsigned behind_newest(const struct pass *pass)
{
    const struct end *from = pass->from;
    uint16_t id = pass->segment->ip_id, behind = (uint16_t)(from->newest_ip_id - id);
    bool tells = id && from->ids_count && is_recent(pass);
    return tells && behind < ID_BEHIND ? behind : ID_BEHIND;
}

bool copy_of_ack(const struct pass *pass)
{
    return behind_newest(pass) < ID_BEHIND;
}

bool copy_of_data(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    unsigned behind = behind_newest(pass);
    if (behind == ID_BEHIND ||
        ((to->flags & END_ACKED_KNOWN) && seq_leq(pass->seq_end, to->acked))) {
        return false;
    }
    if (!behind || pass->conn->doubled) {
        return true;
    }
    /* So many packets at least carried what was sent since: else it was sent later than its text
     * had been, and is overtaken. */
    uint32_t since_bytes = from->next - pass->seq_end, mss = to->mss ? to->mss : UINT16_MAX;
    return behind >= (since_bytes + mss - 1) / mss;
}

/* What the sender's host cuts up later has as many identifications as segments. */
static unsigned segments_of(const struct pass *pass)
{
    unsigned mss = pass->to->mss, options = pass->segment->options;
    unsigned stamp = options & LIFELINE_OPT_TIMESTAMP ? 12 : 0; /* with padding, RFC 7323 A */
    uint32_t length = pass->segment->payload_bytes;
    return length <= mss || mss <= stamp ? 1 : (length + mss - stamp - 1) / (mss - stamp);
}

void copy_note_id(struct pass *pass)
{
    struct end *from = pass->from;
    uint16_t id = pass->segment->ip_id, step = (uint16_t)(id - from->newest_ip_id);
    if (step == 1 && from->ids_count && pass->segment->payload_bytes <= pass->to->mss) {
        from->newest_ip_id = id; /* the usual case */
        return;
    }
    uint16_t behind = (uint16_t)-step;
    bool is_older = from->newest_ip_id && behind < ID_BEHIND && is_recent(pass);
    if (!id || is_older) {
        return;
    }
    from->ids_count = from->newest_ip_id && step <= ID_STEP;
    from->newest_ip_id = (uint16_t)(id + segments_of(pass) - 1);
}

void copy_note(struct pass *pass)
{
    pass->marks |= LIFELINE_MARK_COPY;
    pass->conn->doubled = 1;
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
