/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CAPWAP data (RFC 5415 4.3): what access points and their controller exchange, 802.3 or 802.11
 * frames. Not followed: DTLS, keep-alives, and frames that CAPWAP itself fragmented.
 */
#include "packet.h"

#define TYPE_PLAIN        0x00
#define FLAG_NATIVE       0x0100 /* of octets 3 and 4 */
#define FLAG_FRAGMENT     0x0080
#define FLAG_KEEP_ALIVE   0x0008
#define BINDING_IEEE80211 1

void wire_capwap(struct packet *packet, struct bytes b)
{
    uint32_t header_bytes = (bytes_u8(b, 1) >> 3) * 4u;
    uint16_t flags = bytes_u16(b, 2);
    uint8_t binding = flags >> 9 & 0x1f;

    if (!bytes_has(b, 8) || bytes_u8(b, 0) != TYPE_PLAIN || header_bytes < 8 ||
        flags & (FLAG_FRAGMENT | FLAG_KEEP_ALIVE))
        return;
    if (flags & FLAG_NATIVE && binding != BINDING_IEEE80211)
        return;
    if (!wire_enter_tunnel(packet, WIRE_CAPWAP, 0))
        return;
    b = bytes_from(b, header_bytes);
    if (flags & FLAG_NATIVE)
        wire_ieee80211_capwap(packet, b);
    else
        wire_ethernet(packet, b);
}
