/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP (RFC 1661) in its framings, PPPoE (RFC 2516), Cisco HDLC.
 *
 * Not followed: VJ compression (RFC 1144), multilink fragments (RFC 1990), compressed or encrypted
 * packets.
 */
#include "packet.h"

static const struct {
    uint16_t protocol;
    wire_step *step;
} protocols[] = {
    {0x0021, wire_ipv4},
    {0x0057, wire_ipv6},
    {0x0281, wire_mpls}, /* RFC 3032 */
    {0x0283, wire_mpls},
};

/* A bridged frame, RFC 3518 4.2: flags and MAC type, Ethernet's being 1. */
static void bridged(struct packet *packet, struct bytes b)
{
    if (bytes_u8(b, 1) == 1 && wire_enter(packet))
        wire_ethernet(packet, bytes_from(b, 2));
}

/* Both the address and control octets and the high octet of the protocol may be left out. */
void wire_ppp(struct packet *packet, struct bytes b)
{
    uint16_t protocol;

    if (bytes_u16(b, 0) == 0xff03)
        b = bytes_from(b, 2);
    if (!bytes_has(b, 2)) {
        wire_malformed(packet);
        return;
    }
    if (bytes_u8(b, 0) & 1) {
        protocol = bytes_u8(b, 0);
        b = bytes_from(b, 1);
    } else {
        protocol = bytes_u16(b, 0);
        b = bytes_from(b, 2);
    }
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
        if (protocols[i].protocol == protocol)
            protocols[i].step(packet, b);
    if (protocol == 0x0031)
        bridged(packet, b);
}

/* RFC 1662, or Cisco HDLC where the address says so (RFC 1547 4.3.1). */
void wire_ppp_serial(struct packet *packet, struct bytes b)
{
    uint8_t address = bytes_u8(b, 0);

    if (address == 0x0f || address == 0x8f)
        wire_cisco_hdlc(packet, b);
    else
        wire_ppp(packet, b);
}

/* An octet that says sent or received stands before, or in place of, the address. */
void wire_ppp_with_direction(struct packet *packet, struct bytes b)
{
    b = bytes_from(b, 1);
    if (bytes_u8(b, 0) == 0x03)
        b = bytes_from(b, 1);
    wire_ppp(packet, b);
}

void wire_cisco_hdlc(struct packet *packet, struct bytes b)
{
    if (!bytes_has(b, 4)) {
        wire_malformed(packet);
        return;
    }
    wire_ethertype(packet, bytes_u16(b, 2), bytes_from(b, 4));
}

void wire_pppoe(struct packet *packet, struct bytes b)
{
    if (!bytes_has(b, 6)) {
        wire_malformed(packet);
        return;
    }
    if (bytes_u8(b, 0) != 0x11 || bytes_u8(b, 1) != 0) /* version 1, type 1, session data */
        return;
    packet->bounded = true;
    wire_ppp(packet, bytes_limit(bytes_from(b, 6), bytes_u16(b, 4)));
}
