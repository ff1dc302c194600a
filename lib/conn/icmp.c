/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors about a connection's segments: what they do to the end that gets them.
 *
 * Rules, those of Linux (tcp_v4_err(), tcp_v6_err(), tried: tests/lab/icmp.py):
 *  - One is believed only when it quotes a number that its receiver has under way, from the oldest
 *    that isn't acknowledged to the next to be sent (RFC 5927 4.1). Others are forged or late: they
 *    are shown, and do nothing.
 *  - In SYN-SENT, and in SYN-RECEIVED of an opener, any error ends the connection at once. RFC 1122
 *    4.2.3.9 has that for hard ones only, but a user who waits for connect() is told of soft ones,
 *    too (RFC 5461 4.1). A system that isn't Linux is thought to be as the RFC has it.
 *  - A listener forgets its request on some: ends_request().
 *  - "Packet too big" lowers the path MTU and ends nothing, in no state.
 *  - In synchronized states all are soft (RFC 5927 5.2): TCP goes on repeating.
 *
 * Nothing tells whether the end got or took the error. An end that speaks on hadn't: the program
 * may have held the socket's lock just then (connect() itself does while it sends the first SYN on
 * a virtual link), and Linux doesn't end it then. That takes the transition back.
 */
#include "conn/icmp.h"

#include <string.h>

#include "conn/apply.h"
#include "conn/copy.h"
#include "conn/emit.h"
#include "conn/ending.h"
#include "conn/history.h"
#include "conn/record.h"

enum verdict { NOT_JUDGED, BELIEVED, IGNORED };

/* Does the end have the quoted number under way? What it may have sent, but isn't in the capture,
 * isn't judged: in its peer's window. */
static enum verdict judge(const struct conn *c, unsigned end, uint32_t quoted)
{
    const struct end *x = &c->end[end], *peer = &c->end[!end];
    bool acked = peer->flags & END_ACKED_KNOWN, sent = x->flags & END_SEQ_KNOWN;
    uint32_t first = acked ? peer->acked : x->isn;
    if (!sent && !acked) {
        return NOT_JUDGED;
    }
    if (sent && seq_geq(quoted, first) && seq_leq(quoted, x->next)) {
        return BELIEVED;
    }
    return acked && seq_geq(quoted, first) && seq_leq(quoted, peer->edge) ? NOT_JUDGED : IGNORED;
}

/* RFC 1122 4.2.3.9; of ICMPv6 those that RFC 5461 2.1 holds for the same. */
static bool is_hard(bool is_ipv6, uint8_t error)
{
    return error == LIFELINE_ICMP_PORT_UNREACHABLE ||
           error == (is_ipv6 ? LIFELINE_ICMP_ADMIN_PROHIBITED : LIFELINE_ICMP_PROTOCOL_UNREACHABLE);
}

/* Of what a listener answered: on ICMPv4 and on ICMPv6 other ones than one would think. */
static bool ends_request(bool is_ipv6, uint8_t error)
{
    switch (error) {
    case LIFELINE_ICMP_PARAMETER_PROBLEM:
        return true;
    case LIFELINE_ICMP_NET_UNREACHABLE:
    case LIFELINE_ICMP_HOST_UNREACHABLE:
    case LIFELINE_ICMP_HOP_LIMIT_EXCEEDED:
    case LIFELINE_ICMP_REASSEMBLY_TIME_EXCEEDED:
        return !is_ipv6;
    case LIFELINE_ICMP_ADMIN_PROHIBITED:
    case LIFELINE_ICMP_PORT_UNREACHABLE:
    case LIFELINE_ICMP_SOURCE_POLICY:
    case LIFELINE_ICMP_REJECT_ROUTE:
        return is_ipv6;
    default:
        return false;
    }
}

/* Is the end one of Linux, as far as is said or can be assumed? */
static bool is_linux(const struct pass *pass, unsigned end)
{
    struct lifeline_host_stack host;
    record_stack(&pass->engine->options, pass->conn, end, &host);
    return host.known ? host.stack == LIFELINE_STACK_LINUX : pass->conn->end[end].ttl <= 64;
}

static bool ends(const struct pass *pass, unsigned end, const struct lifeline_icmp *icmp)
{
    const struct conn *c = pass->conn;
    const struct end *x = &c->end[end];
    bool is_ipv6 = c->key[4] & 1;
    bool opening = x->state == LIFELINE_SYN_SENT || x->state == LIFELINE_SYN_RECEIVED;
    if (!opening || icmp->quoted_seq != x->isn || icmp->error == LIFELINE_ICMP_PACKET_TOO_BIG) {
        return false;
    }
    if (history_at(x, 0) == LIFELINE_LISTEN) {
        return c->fast_open_data != 2 && is_linux(pass, end) && ends_request(is_ipv6, icmp->error);
    }
    return is_hard(is_ipv6, icmp->error) || is_linux(pass, end);
}

/* 0: it tells none. */
static uint32_t mtu_of(const struct lifeline_icmp *icmp)
{
    return icmp->mtu == LIFELINE_UNKNOWN_COUNT ? 0 : (uint32_t)icmp->mtu;
}

/* The last one again, sooner than anything could provoke another: captured at two interfaces, or
 * doubled on its way. */
static bool is_captured_again(const struct pass *pass, const struct lifeline_icmp *icmp)
{
    const struct conn *c = pass->conn;
    return c->icmp_errors && c->icmp_to == pass->p && c->icmp_error == icmp->error &&
           c->icmp_seq == (uint32_t)icmp->quoted_seq && c->icmp_mtu == mtu_of(icmp) &&
           pass->time_ns - c->icmp_ns < COPY_WINDOW_NS &&
           !memcmp(c->icmp_sender, icmp->sender.bytes, sizeof c->icmp_sender);
}

static void note_error(struct conn *c, uint32_t mark, unsigned end, int64_t time_ns,
                       const struct lifeline_icmp *icmp)
{
    c->icmp_errors += c->icmp_errors < UINT16_MAX;
    c->icmp_ns = time_ns;
    c->icmp_seq = (uint32_t)icmp->quoted_seq;
    c->icmp_frame = mark;
    c->icmp_to = (uint8_t)end;
    c->icmp_error = icmp->error;
    c->icmp_mtu = mtu_of(icmp);
    memcpy(c->icmp_sender, icmp->sender.bytes, sizeof c->icmp_sender);
}

/* peer: the end whose name the error is captured under, that of the quoted segment's receiver. */
static void take(struct lifeline_engine *engine, struct conn *c, unsigned peer,
                 const struct lifeline_segment *segment, bool is_of_candidate)
{
    struct lifeline_icmp icmp;
    lifeline_icmp_of(segment, &icmp);
    struct pass pass = {
        .engine = engine,
        .conn = c,
        .icmp = segment,
        .time_ns = segment->time_ns,
        .e = peer,
        .p = !peer,
        .from = &c->end[peer],
        .to = &c->end[!peer],
        .mark = frame_mark(c, segment->frame),
        .steps = LIFELINE_STEP_ICMP,
        .reset_verdict = LIFELINE_UNKNOWN,
        .reset_cause = LIFELINE_UNKNOWN,
    };
    enum verdict verdict = is_of_candidate ? NOT_JUDGED : judge(c, pass.p, segment->ack);
    if (verdict == IGNORED) {
        pass.marks = LIFELINE_MARK_OUT_OF_WINDOW;
    } else if (verdict == BELIEVED && !end_closed(pass.to) &&
               pass.to->state != LIFELINE_TIME_WAIT && !is_captured_again(&pass, &icmp)) {
        note_error(c, pass.mark, pass.p, pass.time_ns, &icmp);
        if (ends(&pass, pass.p, &icmp)) {
            apply(&pass, pass.p, GETS_ICMP_ERROR);
        }
    }
    emit_event(&pass);
    if (pass.transition_count) {
        ending_relist(engine, c);
    }
}

/* Is it about the SYN that waits for what becomes of it? */
static bool is_of_candidate(const struct conn *c, const struct lifeline_segment *icmp)
{
    const struct candidate *waiting = c->candidate;
    return waiting && waiting->segment.seq == icmp->ack &&
           waiting->segment.src_port == icmp->dst_port &&
           !memcmp(waiting->segment.src.bytes, icmp->dst.bytes, sizeof icmp->dst.bytes);
}

void icmp_push(struct lifeline_engine *engine, const struct lifeline_segment *segment,
               const struct lookup *lookup)
{
    struct conn *c = table_find(&engine->table, lookup);
    if (!c) {
        c = table_find_elsewhere(&engine->table, lookup);
    }
    if (!c) {
        return;
    }
    bool waits = is_of_candidate(c, segment);
    if (waits && !c->candidate->refused) {
        c->candidate->refused = true;
        c->candidate->icmp = *segment;
    }
    take(engine, c, lookup->source_is_low == !c->swapped ? 0 : 1, segment, waits);
}

void icmp_replay(struct lifeline_engine *engine, struct conn *c,
                 const struct lifeline_segment *segment)
{
    take(engine, c, 1, segment, false);
}

void icmp_reconsider(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct end *from = pass->from;
    if (c->icmp_errors && c->icmp_to == pass->e && end_closed(from) &&
        (from->flags & END_WITHDRAWABLE) && from->delivered_frame == c->icmp_frame &&
        !copy_of_control(pass)) {
        apply_withdrawal(pass, pass->e, c->icmp_frame);
    }
}
