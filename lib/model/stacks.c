/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Stacks: how long TIME-WAIT lasts on a system, and from which ports it opens connections.
 *
 * A capture doesn't tell a host's TIME-WAIT duration, so the user picks a system (default: Linux).
 * Limits: the defaults of each system; administrators can change all but Linux's duration.
 */
#include "lifeline.h"

#define SECOND_NS INT64_C(1000000000)

static const struct lifeline_stack_facts facts[LIFELINE_STACK_COUNT] = {
    [LIFELINE_STACK_LINUX] = {"linux", 60 * SECOND_NS, 32768, 60999,
                              "TCP_TIMEWAIT_LEN, fixed; net.ipv4.ip_local_port_range"},
    [LIFELINE_STACK_RFC] = {"rfc", 240 * SECOND_NS, 49152, 65535,
                            "RFC 9293 3.4.2: MSL is 2 minutes; IANA dynamic ports, RFC 6335"},
    [LIFELINE_STACK_WINDOWS] = {"windows", 120 * SECOND_NS, 49152, 65535,
                                "TcpTimedWaitDelay, default since Server 2003"},
    [LIFELINE_STACK_MACOS] = {"macos", 30 * SECOND_NS, 49152, 65535,
                              "net.inet.tcp.msl 15000; net.inet.ip.portrange.first"},
    [LIFELINE_STACK_FREEBSD] = {"freebsd", 60 * SECOND_NS, 10000, 65535,
                                "net.inet.tcp.msl 30000; net.inet.ip.portrange.first"},
};

const struct lifeline_stack_facts *lifeline_stack_facts(enum lifeline_stack stack)
{
    return (unsigned)stack < LIFELINE_STACK_COUNT ? &facts[stack] : NULL;
}
