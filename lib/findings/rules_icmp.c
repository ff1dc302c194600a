/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors: what routers and firewalls say of a connection's segments. */
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
