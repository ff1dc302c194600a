/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tags and shims between an Ethernet type and what it stands for.
 *
 * MPLS doesn't say what it carries. The first nibble does for IP (RFC 4928 2); a nibble of 0 is a
 * pseudowire control word (RFC 4385) or a MAC address, and any nibble may begin a MAC address of an
 * Ethernet pseudowire without one: the Ethernet type at its place, known here, decides, unless IP's
 * own checksum or length is right.
 */
#include "packet.h"

void wire_vlan(struct packet *packet, struct bytes b)
{
    uint16_t tci = bytes_u16(b, 0), type = bytes_u16(b, 2);

    if (!bytes_has(b, 4)) {
        wire_malformed(packet);
        return;
    }
    if (wire_enter_vlan(packet, tci))
        wire_ethertype(packet, type, bytes_from(b, 4));
}

static bool is_ethernet_at(struct bytes b, uint32_t at)
{
    return bytes_within(b, at, 14) && wire_ethertype_known(bytes_u16(b, at + 12));
}

/* The header checksum tells IPv4 from a MAC address that begins with 4. */
static bool is_ipv4(struct bytes b)
{
    uint32_t header_bytes = (bytes_u8(b, 0) & 0x0fu) * 4;

    return bytes_sum(bytes_limit(b, header_bytes)) == 0xffff || bytes_u16(b, 10) == 0;
}

static void mpls_payload(struct packet *packet, struct bytes b)
{
    uint8_t nibble = bytes_u8(b, 0) >> 4;
    bool is_ethernet = is_ethernet_at(b, 0);

    if (nibble == 4 && (!is_ethernet || is_ipv4(b)))
        wire_ipv4(packet, b);
    else if (nibble == 6 && (!is_ethernet || bytes_u16(b, 4) + 40u == b.wire))
        wire_ipv6(packet, b);
    else if (nibble == 0 && is_ethernet_at(b, 4) && wire_enter(packet))
        wire_ethernet(packet, bytes_from(b, 4));
    else if (is_ethernet && wire_enter(packet))
        wire_ethernet(packet, b);
}

void wire_mpls(struct packet *packet, struct bytes b)
{
    for (unsigned labels = 0; labels < WIRE_MAX_NESTING; labels++) {
        bool bottom = bytes_u8(b, 2) & 1;

        if (!bytes_has(b, 4)) {
            wire_malformed(packet);
            return;
        }
        b = bytes_from(b, 4);
        if (bottom) {
            mpls_payload(packet, b);
            return;
        }
    }
    packet->too_deep = true;
}

/* Skips a header of fixed size whose last two octets are the Ethernet type of what follows. */
static void skip_to_type(struct packet *packet, struct bytes b, uint32_t header_bytes)
{
    if (bytes_has(b, header_bytes))
        wire_ethertype(packet, bytes_u16(b, header_bytes - 2), bytes_from(b, header_bytes));
    else
        wire_malformed(packet);
}

void wire_vntag(struct packet *packet, struct bytes b)
{
    skip_to_type(packet, b, 6);
}

/* Version, length, and one option with the security group tag. */
void wire_cisco_metadata(struct packet *packet, struct bytes b)
{
    skip_to_type(packet, b, 8);
}

/* HSR tag: path and size, sequence number. */
void wire_hsr(struct packet *packet, struct bytes b)
{
    skip_to_type(packet, b, 6);
}

/* Integrity without encryption only: TCI, AN, short length, packet number, SCI when its bit is set.
 */
void wire_macsec(struct packet *packet, struct bytes b)
{
    uint8_t tci = bytes_u8(b, 0);

    if ((tci & 0x80) == 0 && (tci & 0x0c) == 0)
        skip_to_type(packet, b, tci & 0x20 ? 16 : 8);
}

/* Priority and flags, the 24-bit service instance, then the customer's frame. */
void wire_itag(struct packet *packet, struct bytes b)
{
    uint32_t instance = bytes_u32(b, 0) & 0xffffff;

    if (!bytes_has(b, 4)) {
        wire_malformed(packet);
        return;
    }
    if (!packet->decoder->ignore_vlan)
        wire_enter_context(packet, WIRE_ISID, instance, NULL, NULL);
    wire_ethernet(packet, bytes_from(b, 4));
}

void wire_trill(struct packet *packet, struct bytes b)
{
    uint32_t option_bytes = (bytes_u16(b, 0) >> 6 & 0x1f) * 4u;

    wire_ethernet(packet, bytes_from(b, 6 + option_bytes));
}

void wire_fabricpath(struct packet *packet, struct bytes b)
{
    wire_ethernet(packet, bytes_from(b, 2));
}

/* RFC 8300 2.2: length in units of 4 octets, then what comes next. */
void wire_nsh(struct packet *packet, struct bytes b)
{
    struct bytes inner = bytes_from(b, (bytes_u8(b, 1) & 0x3fu) * 4);

    if (!bytes_has(b, 8)) {
        wire_malformed(packet);
        return;
    }
    switch (bytes_u8(b, 3)) {
    case 1:
        wire_ipv4(packet, inner);
        break;
    case 2:
        wire_ipv6(packet, inner);
        break;
    case 3:
        wire_ethernet(packet, inner);
        break;
    case 5:
        wire_mpls(packet, inner);
        break;
    default:
        break;
    }
}
