/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L2TP data messages: version 2 (RFC 2661) with PPP in it; version 3 (RFC 3931) with Ethernet
 * (RFC 4719) in it.
 *
 * Version 3 doesn't say in the packet how long the cookie is (0, 4 or 8 octets), nor whether a
 * sublayer header (4 octets) follows: both ends agreed before. The place is taken where an Ethernet
 * frame proves to be: a known type, and an IP header behind it that fits.
 */
#include "packet.h"

#define L2TP_CONTROL  0x8000
#define L2TP_LENGTH   0x4000
#define L2TP_SEQUENCE 0x0800
#define L2TP_OFFSET   0x0200

static void version_2(struct packet *packet, uint16_t flags, struct bytes b)
{
    uint32_t header_bytes = 6;

    if (flags & L2TP_LENGTH) {
        b = bytes_limit(b, bytes_u16(b, 2));
        header_bytes += 2;
    }
    if (flags & L2TP_SEQUENCE)
        header_bytes += 4;
    if (flags & L2TP_OFFSET)
        header_bytes += 2 + bytes_u16(b, header_bytes);
    if (bytes_has(b, header_bytes) && wire_enter_tunnel(packet, WIRE_L2TP, 0))
        wire_ppp(packet, bytes_from(b, header_bytes));
}

static bool is_ethernet_with_ip(struct bytes b)
{
    uint16_t type = bytes_u16(b, 12);
    uint32_t at = 14;

    while ((type == 0x8100 || type == 0x88a8) && at <= 18) {
        type = bytes_u16(b, at + 2);
        at += 4;
    }
    if (type == 0x0800)
        return bytes_u8(b, at) >> 4 == 4 && bytes_u16(b, at + 2) + at <= b.wire;
    return type == 0x86dd && bytes_u8(b, at) >> 4 == 6 && bytes_u16(b, at + 4) + 40u + at <= b.wire;
}

/* b begins with the session; 0 is the control connection's. */
static void version_3(struct packet *packet, struct bytes b)
{
    if (bytes_u32(b, 0) == 0)
        return;
    for (uint32_t at = 4; at <= 4 + 8 + 4; at += 4) {
        struct bytes frame = bytes_from(b, at);

        if (!is_ethernet_with_ip(frame))
            continue;
        if (wire_enter_tunnel(packet, WIRE_L2TP, 0))
            wire_ethernet(packet, frame);
        return;
    }
}

void wire_l2tp(struct packet *packet, struct bytes b)
{
    uint16_t flags = bytes_u16(b, 0);

    if (!bytes_has(b, 6) || flags & L2TP_CONTROL)
        return;
    if ((flags & 0x000f) == 2)
        version_2(packet, flags, b);
    else if ((flags & 0x000f) == 3)
        version_3(packet, bytes_from(b, 4));
}

/* RFC 3931 4.1.1: right on IP. */
void wire_l2tp_in_ip(struct packet *packet, struct bytes b)
{
    version_3(packet, b);
}
