/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * GRE (RFC 2784, 2890; routing of RFC 1701; version 1 of RFC 2637) and what uses its own types in
 * it: ERSPAN, WCCP, Aruba's 802.11 frames. All others are Ethernet types.
 */
#include "packet.h"

#define FLAG_CHECKSUM 0x8000
#define FLAG_ROUTING  0x4000
#define FLAG_KEY      0x2000
#define FLAG_SEQUENCE 0x1000
#define FLAG_ACK      0x0080 /* version 1 */

#define TYPE_ERSPAN     0x88be /* types I and II */
#define TYPE_ERSPAN_III 0x22eb
#define TYPE_WCCP       0x883e
#define TYPE_PPP        0x880b
#define TYPE_ARUBA      0x8200 /* to 0x8370, in steps of 16: one per tunnel of an access point */
#define TYPE_ARUBA_LAST 0x8370

/* Source route entries until one of length 0, RFC 1701. */
static struct bytes skip_routes(struct bytes b)
{
    while (bytes_has(b, 4)) {
        uint8_t length = bytes_u8(b, 3);

        b = bytes_from(b, 4u + length);
        if (length == 0)
            break;
    }
    return b;
}

/* Type I has no header at all (and no GRE sequence number), II has 8 octets, III has 12 and perhaps
 * a platform specific 8 more (draft-foschiano-erspan). */
static void erspan(struct packet *packet, uint16_t type, bool has_sequence, struct bytes b)
{
    bool is_ip = false;

    if (type == TYPE_ERSPAN_III || (has_sequence && bytes_u8(b, 0) >> 4 == 2)) {
        uint16_t flags = bytes_u16(b, 10);

        is_ip = (flags >> 10 & 0x1f) == 2;
        b = bytes_from(b, flags & 1 ? 20 : 12);
    } else if (has_sequence) {
        b = bytes_from(b, 8);
    }
    if (is_ip)
        wire_ip(packet, b);
    else
        wire_ethernet(packet, b);
}

void wire_gre(struct packet *packet, struct bytes b)
{
    uint16_t flags = bytes_u16(b, 0), type = bytes_u16(b, 2);
    uint8_t version = flags & 7;
    bool is_erspan = type == TYPE_ERSPAN || type == TYPE_ERSPAN_III;

    if (!bytes_has(b, 4)) {
        wire_malformed(packet);
        return;
    }
    if (version > 1 || !wire_enter_tunnel(packet, is_erspan ? WIRE_ERSPAN : WIRE_GRE, 0))
        return;
    b = bytes_from(b, 4);
    if (version == 0 && (flags & (FLAG_CHECKSUM | FLAG_ROUTING)))
        b = bytes_from(b, 4);
    if (flags & FLAG_KEY)
        b = bytes_from(b, 4);
    if (flags & FLAG_SEQUENCE)
        b = bytes_from(b, 4);
    if (version == 1 && (flags & FLAG_ACK))
        b = bytes_from(b, 4);
    if (version == 0 && (flags & FLAG_ROUTING))
        b = skip_routes(b);
    /* Keep-alives and PPTP acknowledgements end here. */
    if (b.wire == 0)
        return;
    if (is_erspan) {
        erspan(packet, type, flags & FLAG_SEQUENCE, b);
    } else if (type == TYPE_WCCP) {
        /* WCCP version 2 has a redirect header, version 1 doesn't. */
        wire_ipv4(packet, bytes_u8(b, 0) >> 4 == 4 ? b : bytes_from(b, 4));
    } else if (type == TYPE_PPP) {
        wire_ppp(packet, b);
    } else if (type >= TYPE_ARUBA && type <= TYPE_ARUBA_LAST && (type & 0x000f) == 0) {
        wire_ieee80211(packet, b);
    } else if (type > 1500) {
        wire_ethertype(packet, type, b);
    }
}
