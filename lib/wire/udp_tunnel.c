/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels in UDP: each checks that its header can be one, since a port number proves nothing. */
#include "packet.h"

/* RFC 7348 5: the instance flag is set; others belong to extensions that change no offsets. */
void wire_vxlan(struct packet *packet, struct bytes b)
{
    if (!bytes_has(b, 8) || (bytes_u8(b, 0) & 0x08) == 0)
        return;
    if (wire_enter_tunnel(packet, WIRE_VXLAN, bytes_u32(b, 4) >> 8))
        wire_ethernet(packet, bytes_from(b, 8));
}

void wire_vxlan_gpe(struct packet *packet, struct bytes b)
{
    static wire_step *const next[] = {NULL,          wire_ipv4, wire_ipv6,
                                      wire_ethernet, wire_nsh,  wire_mpls};
    uint8_t flags = bytes_u8(b, 0), protocol = bytes_u8(b, 3);

    if ((flags & 0x04) == 0)
        protocol = 3;
    /* Version 0, not an operations packet, a protocol that is known. */
    if (!bytes_has(b, 8) || (flags & 0x31) != 0 || protocol >= sizeof(next) / sizeof(next[0]) ||
        next[protocol] == NULL)
        return;
    if (wire_enter_tunnel(packet, WIRE_VXLAN, flags & 0x08 ? bytes_u32(b, 4) >> 8 : 0))
        next[protocol](packet, bytes_from(b, 8));
}

/* RFC 8926 3.4: version 0; options in units of 4 octets. Control packets hold no user data. */
void wire_geneve(struct packet *packet, struct bytes b)
{
    uint8_t first = bytes_u8(b, 0);
    uint16_t type = bytes_u16(b, 2);

    if (!bytes_has(b, 8) || first >> 6 != 0 || bytes_u8(b, 1) & 0x80 || !wire_ethertype_known(type))
        return;
    if (wire_enter_tunnel(packet, WIRE_GENEVE, bytes_u32(b, 4) >> 8))
        wire_ethertype(packet, type, bytes_from(b, 8 + (first & 0x3fu) * 4));
}

#define GTP_USER_DATA 255

/* TS 29.281 5.1: any of the flags E, S, PN adds four octets; extension headers give their length in
 * units of 4 octets and their successor's type in the last one. */
static bool skip_gtp_header(struct bytes *b)
{
    uint8_t flags = bytes_u8(*b, 0);
    uint8_t next;

    *b = bytes_limit(bytes_from(*b, 8), bytes_u16(*b, 2));
    if ((flags & 0x07) == 0)
        return true;
    next = flags & 0x04 ? bytes_u8(*b, 3) : 0;
    *b = bytes_from(*b, 4);
    while (next != 0) {
        uint32_t length = bytes_u8(*b, 0) * 4u;

        if (length == 0 || !bytes_has(*b, length))
            return false;
        next = bytes_u8(*b, length - 1);
        *b = bytes_from(*b, length);
    }
    return true;
}

void wire_gtp(struct packet *packet, struct bytes b)
{
    uint8_t flags = bytes_u8(b, 0), nibble;

    if (!bytes_has(b, 8) || bytes_u8(b, 1) != GTP_USER_DATA || (flags & 0x10) == 0)
        return;
    if (flags >> 5 == 0) {
        b = bytes_limit(bytes_from(b, 20), bytes_u16(b, 2));
    } else if (flags >> 5 != 1 || !skip_gtp_header(&b)) {
        return;
    }
    nibble = bytes_u8(b, 0) >> 4;
    if (nibble == 4 || nibble == 6) {
        if (wire_enter_tunnel(packet, WIRE_GTP, 0))
            wire_ip(packet, b);
    } else if (bytes_u16(b, 0) == 0xff03) { /* PDP type PPP */
        if (wire_enter_tunnel(packet, WIRE_GTP, 0))
            wire_ppp(packet, b);
    } else if (wire_ethertype_known(bytes_u16(b, 12))) { /* PDU session type Ethernet */
        if (wire_enter_tunnel(packet, WIRE_GTP, 0))
            wire_ethernet(packet, b);
    }
}

/* Skips the authentication and origin indications, RFC 4380 5.1.1. */
static struct bytes skip_teredo_indications(struct bytes b)
{
    if (bytes_u16(b, 0) == 0x0001 && bytes_has(b, 4))
        b = bytes_from(b, 4u + bytes_u8(b, 2) + bytes_u8(b, 3) + 9);
    if (bytes_u16(b, 0) == 0x0000 && bytes_has(b, 8))
        b = bytes_from(b, 8);
    return b;
}

void wire_teredo(struct packet *packet, struct bytes b)
{
    b = skip_teredo_indications(b);
    if (bytes_u8(b, 0) >> 4 == 6 && wire_enter_tunnel(packet, WIRE_TEREDO, 0))
        wire_ipv6(packet, b);
}

/* Clients talk to each other and to relays from any port: a datagram is theirs when it is an IPv6
 * packet of exactly its size, and one of the addresses is of 2001:0::/32. */
bool wire_looks_like_teredo(struct bytes b)
{
    b = skip_teredo_indications(b);
    return bytes_has(b, 40) && bytes_u8(b, 0) >> 4 == 6 && bytes_u16(b, 4) + 40u == b.wire &&
           (bytes_u32(b, 8) == 0x20010000 || bytes_u32(b, 24) == 0x20010000);
}

/* RFC 8086 */
void wire_gre_in_udp(struct packet *packet, struct bytes b)
{
    wire_gre(packet, b);
}

void wire_mpls_in_udp(struct packet *packet, struct bytes b)
{
    wire_mpls_in_ip(packet, b);
}

/* Version 0 has a header with the IP protocol number in it, version 1 is bare IP. */
void wire_gue(struct packet *packet, struct bytes b)
{
    uint8_t first = bytes_u8(b, 0);

    if (!bytes_has(b, 4) || first >> 6 > 1 || (first >> 5) == 1)
        return;
    if (!wire_enter_tunnel(packet, WIRE_GUE, 0))
        return;
    if (first >> 6 == 1)
        wire_ip(packet, b);
    else
        wire_ip_protocol(packet, bytes_u8(b, 1), bytes_from(b, 4 + (first & 0x1fu) * 4));
}

/* Data has an 8-octet header. */
void wire_lisp(struct packet *packet, struct bytes b)
{
    uint8_t nibble = bytes_u8(b, 8) >> 4;

    if ((nibble == 4 || nibble == 6) && wire_enter_tunnel(packet, WIRE_LISP, 0))
        wire_ip(packet, bytes_from(b, 8));
}

#define AYIYA_FORWARD 1

void wire_ayiya(struct packet *packet, struct bytes b)
{
    uint32_t identity_bytes = 1u << (bytes_u8(b, 0) >> 4);
    uint32_t signature_bytes = (bytes_u8(b, 1) >> 4) * 4u;
    uint8_t next_header = bytes_u8(b, 3);

    if (!bytes_has(b, 8) || (bytes_u8(b, 2) & 0x0f) != AYIYA_FORWARD ||
        (next_header != 4 && next_header != 41))
        return;
    if (wire_enter_tunnel(packet, WIRE_AYIYA, 0))
        wire_ip(packet, bytes_from(b, 8 + identity_bytes + signature_bytes));
}

/* TaZmen Sniffer Protocol: version, type, encapsulation, tagged fields up to the end tag. */
void wire_tzsp(struct packet *packet, struct bytes b)
{
    uint16_t encapsulation = bytes_u16(b, 2);
    wire_step *step = encapsulation == 1    ? wire_ethernet
                      : encapsulation == 18 ? wire_ieee80211
                                            : NULL;

    if (!bytes_has(b, 5) || bytes_u8(b, 0) != 1 || bytes_u8(b, 1) > 1 || step == NULL)
        return;
    b = bytes_from(b, 4);
    while (b.left > 0 && bytes_u8(b, 0) != 1)
        b = bytes_from(b, bytes_u8(b, 0) == 0 ? 1 : 2u + bytes_u8(b, 1));
    if (wire_enter_tunnel(packet, WIRE_TZSP, 0))
        step(packet, bytes_from(b, 1));
}
