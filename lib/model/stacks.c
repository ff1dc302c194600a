/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks: how long TIME-WAIT lasts on a system, and from which ports it opens connections.
 *
 * Model: a capture doesn't show a host's TIME-WAIT. The user may say what hosts run, all of them or
 * network by network; then TIME-WAIT ends at a point. Otherwise Linux is assumed, and the end is an
 * interval: from the shortest to the longest duration of the systems that the host may be. The one
 * thing in a capture that tells them apart safely is the TTL: hops only lower it, so a host whose
 * segments come with 64 or less began with 64, as Linux, macOS and the BSDs do, and is no Windows.
 * Anything else leaves all of the table possible, the RFC's 240 s included: Windows takes its
 * duration from the registry, and what begins with 255 may be anything.
 * Limits: the defaults of each system; administrators can change all but Linux's duration.
 */
#include "lifeline.h"

#define SECOND_NS INT64_C(1000000000)

static const struct lifeline_stack_facts facts[LIFELINE_STACK_COUNT] = {
    [LIFELINE_STACK_LINUX] = {"linux", 60 * SECOND_NS, 32768, 60999, 64,
                              "TCP_TIMEWAIT_LEN, fixed; net.ipv4.ip_local_port_range"},
    [LIFELINE_STACK_RFC] = {"rfc", 240 * SECOND_NS, 49152, 65535, 0,
                            "RFC 9293 3.4.2: MSL is 2 minutes; IANA dynamic ports, RFC 6335"},
    [LIFELINE_STACK_WINDOWS] = {"windows", 120 * SECOND_NS, 49152, 65535, 128,
                                "TcpTimedWaitDelay, default since Server 2003"},
    [LIFELINE_STACK_MACOS] = {"macos", 30 * SECOND_NS, 49152, 65535, 64,
                              "net.inet.tcp.msl 15000; net.inet.ip.portrange.first"},
    [LIFELINE_STACK_FREEBSD] = {"freebsd", 60 * SECOND_NS, 10000, 65535, 64,
                                "net.inet.tcp.msl 30000; net.inet.ip.portrange.first"},
};

const struct lifeline_stack_facts *lifeline_stack_facts(enum lifeline_stack stack)
{
    return (unsigned)stack < LIFELINE_STACK_COUNT ? &facts[stack] : NULL;
}

static bool covers(const struct lifeline_network *network, const struct lifeline_address *host)
{
    unsigned bytes = network->prefix_bits / 8, bits = network->prefix_bits % 8;
    if (network->address.family != host->family || network->prefix_bits > 128) {
        return false;
    }
    for (unsigned i = 0; i < bytes; i++) {
        if (network->address.bytes[i] != host->bytes[i]) {
            return false;
        }
    }
    return !bits || (network->address.bytes[bytes] ^ host->bytes[bytes]) >> (8 - bits) == 0;
}

static void plausible(uint8_t ttl, struct lifeline_host_stack *out)
{
    bool like_unix = ttl && ttl <= 64;
    for (unsigned i = 0; i < LIFELINE_STACK_COUNT; i++) {
        if (like_unix && facts[i].first_ttl != 64) {
            continue;
        }
        if (facts[i].time_wait_ns < out->shortest_ns) {
            out->shortest_ns = facts[i].time_wait_ns;
        }
        if (facts[i].time_wait_ns > out->longest_ns) {
            out->longest_ns = facts[i].time_wait_ns;
        }
    }
}

void lifeline_host_stack(const struct lifeline_options *options,
                         const struct lifeline_address *host, uint8_t ttl,
                         struct lifeline_host_stack *out)
{
    static const struct lifeline_options defaults;
    const struct lifeline_options *o = options ? options : &defaults;
    uint32_t best = o->network_count;
    for (uint32_t i = 0; i < o->network_count; i++) {
        bool longer =
            best == o->network_count || o->networks[i].prefix_bits >= o->networks[best].prefix_bits;
        if (longer && covers(&o->networks[i], host)) {
            best = i;
        }
    }
    bool of_network = best < o->network_count;
    int64_t said_ns = of_network ? o->networks[best].time_wait_ns : o->time_wait_ns;
    uint8_t stack = of_network ? o->networks[best].stack : o->stack;
    const struct lifeline_stack_facts *f = &facts[stack < LIFELINE_STACK_COUNT ? stack : 0];
    *out = (struct lifeline_host_stack){
        .stack = stack,
        .known = of_network ? said_ns <= 0 : o->stack_known, /* seconds name no system */
        .time_wait_ns = said_ns > 0 ? said_ns : f->time_wait_ns,
        .ports = o->ports ? o->ports : f->last_port - f->first_port + 1U,
        .network = best,
    };
    out->shortest_ns = out->longest_ns = out->time_wait_ns;
    if (!out->known && said_ns <= 0) {
        plausible(ttl, out);
    }
}
