/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Link layers other than Ethernet, and Ethernet with something before or inside its header. */
#include "packet.h"

/* RFC 1051 types have the datagram right behind, RFC 1201 types a split flag and a sequence number.
 * Datagrams that are split over ARCNET frames aren't put together. */
static void arcnet(struct packet *packet, uint8_t type, struct bytes b)
{
    bool is_rfc1201 = type == 212 || type == 196;

    if (is_rfc1201) {
        if (bytes_u8(b, 0) == 0xff) /* padding before a frame of an impossible length */
            b = bytes_from(b, 4);
        if (bytes_u8(b, 0) != 0)
            return;
        b = bytes_from(b, 3);
    }
    if (type == 240 || type == 212)
        wire_ipv4(packet, b);
    else if (type == 196)
        wire_ipv6(packet, b);
}

void wire_arcnet(struct packet *packet, struct bytes b)
{
    arcnet(packet, bytes_u8(b, 2), bytes_from(b, 3));
}

void wire_arcnet_linux(struct packet *packet, struct bytes b)
{
    arcnet(packet, bytes_u8(b, 4), bytes_from(b, 5));
}

/* Frame control, addresses; LLC in asynchronous frames. */
void wire_fddi(struct packet *packet, struct bytes b)
{
    if ((bytes_u8(b, 0) & 0xf0) == 0x50)
        wire_llc(packet, bytes_from(b, 13));
}

/* Access control, frame control, addresses, and a route when the source address says so. */
void wire_token_ring(struct packet *packet, struct bytes b)
{
    uint32_t route_bytes = bytes_u8(b, 8) & 0x80 ? bytes_u8(b, 14) & 0x1fu : 0;

    if ((bytes_u8(b, 1) & 0xc0) == 0x40)
        wire_llc(packet, bytes_from(b, 14 + route_bytes));
}

/* RFC 2625: network header with both addresses. */
void wire_ip_over_fc(struct packet *packet, struct bytes b)
{
    wire_llc(packet, bytes_from(b, 16));
}

/* Skips to an Ethernet type at an offset; what follows it begins behind gap more octets. */
static void type_at(struct packet *packet, struct bytes b, uint32_t at, uint32_t gap)
{
    if (bytes_has(b, at + 2 + gap))
        wire_ethertype(packet, bytes_u16(b, at), bytes_from(b, at + 2 + gap));
    else
        wire_malformed(packet);
}

/* RFC 2734 addresses, as Apple writes them. */
void wire_ieee1394(struct packet *packet, struct bytes b)
{
    type_at(packet, b, 16, 0);
}

/* RFC 4391, behind both 20-octet link addresses. */
void wire_ipoib(struct packet *packet, struct bytes b)
{
    type_at(packet, b, 40, 2);
}

/* Four octets of a switch's tag between the addresses and the type (Broadcom, Marvell DSA). */
void wire_brcm_tag(struct packet *packet, struct bytes b)
{
    type_at(packet, b, 16, 0);
}

void wire_dsa(struct packet *packet, struct bytes b)
{
    type_at(packet, b, 16, 0);
}

/* The same with a type of its own and two octets before. */
void wire_edsa(struct packet *packet, struct bytes b)
{
    type_at(packet, b, 20, 0);
}

void wire_brcm_prepend(struct packet *packet, struct bytes b)
{
    wire_ethernet(packet, bytes_from(b, 4));
}

void wire_netanalyzer(struct packet *packet, struct bytes b)
{
    wire_ethernet(packet, bytes_from(b, 4));
}

/* With preamble and start of frame. */
void wire_netanalyzer_transparent(struct packet *packet, struct bytes b)
{
    wire_ethernet(packet, bytes_from(b, 12));
}

/* IEEE 802.3br: whole frames begin as ever; fragments of preempted ones aren't put together. */
void wire_mpacket(struct packet *packet, struct bytes b)
{
    if (bytes_u8(b, 7) == 0xd5)
        wire_ethernet(packet, bytes_from(b, 8));
}

/* RFC 2684 */
void wire_atm_llc(struct packet *packet, struct bytes b)
{
    wire_llc(packet, b);
}

/* Traffic type, VPI, VCI; type 2 is LLC. */
void wire_sunatm(struct packet *packet, struct bytes b)
{
    if ((bytes_u8(b, 0) & 0x0f) == 2)
        wire_llc(packet, bytes_from(b, 4));
}

/* RFC 2427; or Cisco's encapsulation, an Ethernet type right behind the address. */
void wire_frame_relay(struct packet *packet, struct bytes b)
{
    uint32_t at = 0;

    while (at < 4 && bytes_has(b, at + 1) && (bytes_u8(b, at) & 1) == 0)
        at++;
    b = bytes_from(b, at + 1);
    if (bytes_u8(b, 0) != 0x03) {
        type_at(packet, b, 0, 0);
        return;
    }
    b = bytes_from(b, bytes_u8(b, 1) == 0 ? 2 : 1);
    switch (bytes_u8(b, 0)) {
    case 0xcc:
        wire_ipv4(packet, bytes_from(b, 1));
        break;
    case 0x8e:
        wire_ipv6(packet, bytes_from(b, 1));
        break;
    case 0x80:
        if (bytes_u32(b, 1) >> 8 == 0)
            type_at(packet, b, 4, 0);
        break;
    default:
        break;
    }
}

/* Direction, kind of packet, and what a compressed header began with. */
void wire_slip(struct packet *packet, struct bytes b)
{
    wire_ip(packet, bytes_from(b, 16));
}

void wire_slip_bsdos(struct packet *packet, struct bytes b)
{
    wire_ip(packet, bytes_from(b, 24));
}

/* Packet PDUs: frame control, extended header length, length, extended header, check sequence. */
void wire_docsis(struct packet *packet, struct bytes b)
{
    uint8_t control = bytes_u8(b, 0);
    uint32_t extended_bytes = control & 1 ? bytes_u8(b, 1) : 0;

    if (control >> 6 == 0)
        wire_ethernet(packet, bytes_from(b, 6 + extended_bytes));
}

/* Endace: time, type, flags, lengths; extension headers of 8 octets while their top bit is set. */
void wire_erf(struct packet *packet, struct bytes b)
{
    uint8_t type = bytes_u8(b, 8);
    bool more = type & 0x80;

    b = bytes_from(b, 16);
    while (more && b.left > 0) {
        more = bytes_u8(b, 0) & 0x80;
        b = bytes_from(b, 8);
    }
    switch (type & 0x7f) {
    case 1: /* HDLC over SONET */
        wire_ppp_serial(packet, b);
        break;
    case 2: /* Ethernet, with two octets before it; and its coloured kinds */
    case 11:
    case 16:
    case 20:
        wire_ethernet(packet, bytes_from(b, 2));
        break;
    case 22:
        wire_ipv4(packet, b);
        break;
    case 23:
        wire_ipv6(packet, b);
        break;
    default:
        break;
    }
}

#define JUNIPER_MAGIC     0x4d4743
#define JUNIPER_NO_LINK   0x02
#define JUNIPER_EXTENSION 0x80

/* Magic, flags, and extensions with their length. */
void wire_juniper_ether(struct packet *packet, struct bytes b)
{
    uint8_t flags = bytes_u8(b, 3);

    if (bytes_u32(b, 0) >> 8 != JUNIPER_MAGIC) {
        wire_malformed(packet);
        return;
    }
    b = bytes_from(b, flags & JUNIPER_EXTENSION ? 6u + bytes_u16(b, 4) : 4);
    if (flags & JUNIPER_NO_LINK)
        wire_ip(packet, b);
    else
        wire_ethernet(packet, b);
}
