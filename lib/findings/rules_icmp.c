/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors: what routers and firewalls say of a connection's segments, and don't say. */
#include "findings/rule.h"

bool icmp_explains(const struct scene *s, uint8_t role, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    if (!r->icmp_errors || r->icmp.to != role || r->icmp.error == LIFELINE_ICMP_PACKET_TOO_BIG) {
        return false;
    }
    out->icmp = r->icmp;
    finding_frame(out, r->icmp_frame);
    return true;
}

bool icmp_rejects(uint8_t error)
{
    switch (error) {
    case LIFELINE_ICMP_PROTOCOL_UNREACHABLE:
    case LIFELINE_ICMP_PORT_UNREACHABLE:
    case LIFELINE_ICMP_NET_PROHIBITED:
    case LIFELINE_ICMP_HOST_PROHIBITED:
    case LIFELINE_ICMP_ADMIN_PROHIBITED:
    case LIFELINE_ICMP_SOURCE_POLICY:
    case LIFELINE_ICMP_REJECT_ROUTE:
        return true;
    default:
        return false;
    }
}

/* Did the end get beyond opening? */
static bool was_open(const struct lifeline_endpoint *end)
{
    for (unsigned i = 0; i < end->state_count; i++) {
        if (end->states[i] >= LIFELINE_ESTABLISHED && end->states[i] <= LIFELINE_TIME_WAIT) {
            return true;
        }
    }
    return false;
}

static bool path_mtu(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    if (!r->icmp_errors || r->icmp.error != LIFELINE_ICMP_PACKET_TOO_BIG) {
        return false;
    }
    out->endpoint = r->icmp.to;
    out->icmp = r->icmp;
    out->count = r->icmp.mtu;
    finding_frame(out, r->icmp_frame);
    finding_says(out,
                 r->icmp.mtu == LIFELINE_UNKNOWN_COUNT
                     ? N_("{sender} drops packets of {subject} to {peer}: they are too big for a "
                          "link on the way, whose MTU it doesn't tell")
                     : N_("{sender} drops packets of {subject} to {peer}: they are too big for a "
                          "link on the way, whose MTU is {count}"),
                 N_("packets of {subject} are too big for a link on the way"));
    return true;
}

#define LARGE_SENT_AGAIN 3
#define ANY_TIMEOUT_NS   3000000000 /* longer than a first one */
/* What each link must carry, whole: RFC 791, RFC 8200 5; the headers of IP and TCP in it. */
#define LEAST_MTU       576
#define LEAST_MTU_V6    1280
#define HEADER_BYTES    40
#define HEADER_BYTES_V6 60

static bool fits_any_link(const struct lifeline_endpoint *end, uint32_t bytes)
{
    return end->ip.family == 4 ? bytes + HEADER_BYTES <= LEAST_MTU
                               : bytes + HEADER_BYTES_V6 <= LEAST_MTU_V6;
}

/* The peer closes after the large segment was sent again, gets the ACK of its FIN (it has no
 * reason to send that again), and the large segment goes on. */
static uint64_t ack_of_fin_between(const struct scene *s, uint8_t role, const struct noted *again)
{
    const struct lifeline_teardown *t = &s->record->teardown;
    const struct lifeline_endpoint *peer = endpoint_of(s->record, other_role(role));
    const struct noted *fins = noted_of(s->facts, NOTED_FIN_AGAIN, other_role(role));
    bool is_first = peer->fin_frame == t->fin1_frame;
    int64_t acked_ns = is_first ? t->ack1_ns : t->ack2_ns;
    bool between = peer->fin_frame > again->first_frame && peer->fin_acked_frame &&
                   peer->fin_acked_frame < again->last_frame && acked_ns != LIFELINE_UNKNOWN_NS &&
                   again->last_ns - acked_ns >= ANY_TIMEOUT_NS;
    return between && fins->last_frame < peer->fin_acked_frame ? peer->fin_acked_frame
                                                               : LIFELINE_NO_FRAME;
}

/* Do large segments of that end vanish, and no smaller ones? No less is demanded than: it sends one
 * again three times, each a timeout after the one before, none as large was ever acknowledged,
 * selectively neither, and its SYN wasn't lost.
 * Then it is never acknowledged, though what is smaller gets there meanwhile, as selective ACKs
 * show, or the ACK of the peer's FIN. Or it is sent in smaller pieces, of which the first is
 * acknowledged at once; then selective ACKs show the same, or the next large segment was lost, too.
 * If nothing gets there any more, the path or the peer is gone. */
static bool large_vanish(const struct scene *s, uint8_t role, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    const struct large *large = &s->facts->large[role];
    const struct lifeline_endpoint *end = endpoint_of(r, role),
                                   *peer = endpoint_of(r, other_role(role));
    const struct noted *again = noted_of(s->facts, NOTED_LARGE_AGAIN, role);
    const struct noted *smaller = noted_of(s->facts, NOTED_SMALLER, role);
    const struct noted *acked = noted_of(s->facts, NOTED_SMALLER_ACKED, role);
    const struct noted *next = noted_of(s->facts, NOTED_NEXT_SMALLER, role);
    uint64_t syns_again = role == LIFELINE_CLIENT ? r->handshake.syn_retransmissions
                                                  : r->handshake.synack_retransmissions;
    bool selective = large->acked == large->seq && large->block_bytes;
    if (syns_again || (selective && large->block_bytes >= large->bytes) ||
        again->count < LARGE_SENT_AGAIN || fits_any_link(end, large->bytes) ||
        end->isn == LIFELINE_UNKNOWN_COUNT || large->bytes > peer->mss ||
        peer->mss == LIFELINE_UNKNOWN_COUNT || (r->icmp_errors && r->icmp.to == role)) {
        return false;
    }
    uint64_t shown = LIFELINE_NO_FRAME;
    if (smaller->count == 1 && acked->count && (selective || next->count) &&
        again->last_frame < smaller->first_frame) {
        shown = smaller->first_frame;
    } else if (!smaller->count && end->unacked_bytes && end->acked == large->seq) {
        shown = selective ? noted_of(s->facts, NOTED_SELECTIVE_ACK, other_role(role))->first_frame
                          : ack_of_fin_between(s, role, again);
    }
    if (!shown) {
        return false;
    }
    out->endpoint = role;
    out->count = large->bytes;
    finding_frame(out, again->first_frame);
    finding_frame(out, again->last_frame);
    finding_frame(out, shown);
    finding_says(out,
                 N_("segments of {subject} with {count|octet|octets} do not get to {peer}, however "
                    "often they are sent again, while smaller ones do; no ICMP error says why: "
                    "probably a link on the way is too small"),
                 N_("large segments of {subject} do not get there, while smaller ones do: probably "
                    "a link on the way is too small"));
    return true;
}

static bool path_mtu_suspect(const struct scene *s, struct lifeline_finding *out)
{
    return large_vanish(s, LIFELINE_CLIENT, out) || large_vanish(s, LIFELINE_SERVER, out);
}

static bool path_error(const struct scene *s, struct lifeline_finding *out)
{
    const struct lifeline_connection *r = s->record;
    if (!r->icmp_errors || !was_open(endpoint_of(r, r->icmp.to)) ||
        !icmp_explains(s, r->icmp.to, out)) {
        return false;
    }
    out->endpoint = r->icmp.to;
    out->count = r->icmp_errors;
    if (!endpoint_of(r, r->icmp.to)->unacked_bytes) {
        out->severity = LIFELINE_NOTE; /* what was repeated got there */
    }
    finding_says(out,
                 N_("{sender} says that packets of {subject} to {peer} did not get there: ICMP "
                    "error {icmp}, captured {count|time|times}"),
                 N_("packets of {subject} did not get there, as ICMP errors say"));
    return true;
}

static const struct rule rules[] = {
    {{"path-mtu", LIFELINE_NOTE, N_("packets too big for the path"),
      N_("A router that can't forward a packet for its size, and may not cut it, drops it and "
         "tells its sender the MTU of the next link. The sender repeats the data in smaller "
         "segments, a round trip later. If it goes on without, the error doesn't reach it: a path "
         "MTU black hole, in which small segments pass and large ones vanish."),
      N_("Let firewalls pass ICMP \"fragmentation needed\" and ICMPv6 \"packet too big\"; where a "
         "tunnel takes its share of the MTU, set the MTU or clamp the MSS there; on Linux "
         "net.ipv4.tcp_mtu_probing=1 helps out of a black hole."),
      "RFC 1191, RFC 8201, RFC 2923 2.1"},
     SCOPE_CONNECTION,
     path_mtu},
    {{"path-mtu-suspect", LIFELINE_WARNING, N_("only small segments get there"),
      N_("A packet that is too big for a link on its way is dropped, and an ICMP error tells its "
         "sender. Where a firewall keeps that error back the sender never learns it: a path MTU "
         "black hole, in which the handshake and small requests pass, and the first large segment "
         "hangs until the sender tries smaller ones, or gives up. That is inferred from what "
         "vanishes and what doesn't; something that drops packets for what is in them looks the "
         "same."),
      N_("Compare with \"ping -M do -s SIZE\" on the path. Let firewalls pass ICMP \"fragmentation "
         "needed\" and ICMPv6 \"packet too big\"; where a tunnel takes its share of the MTU, set "
         "the MTU or clamp the MSS there; on Linux net.ipv4.tcp_mtu_probing=1 helps out."),
      "RFC 2923 2.1, RFC 4821"},
     SCOPE_CONNECTION,
     path_mtu_suspect},
    {{"path-error", LIFELINE_WARNING, N_("an open connection's segments don't get there"),
      N_("An ICMP error about a connection that is open ends nothing: TCP goes on repeating, since "
         "routes fail for a moment and errors can be forged. If the path doesn't come back, it "
         "gives up after many minutes."),
      N_("Ask at the host that sent the error: for a route that was lost, or for a firewall's rule "
         "or state that changed while the connection was open."),
      "RFC 1122 4.2.3.9, RFC 5927"},
     SCOPE_CONNECTION,
     path_error},
};
RULE_TABLE(icmp_rules, rules);
