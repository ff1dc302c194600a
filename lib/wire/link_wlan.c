/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IEEE 802.11 data frames, and the radio headers before them.
 *
 * Only what is in the clear is followed: no protected frames, and no fragments of MPDUs. A frame
 * with an A-MSDU holds several packets, and so may give several segments.
 */
#include "packet.h"

#define CONTROL_TO_DS     0x0001 /* of the flags octet */
#define CONTROL_FROM_DS   0x0002
#define CONTROL_MORE      0x0004
#define CONTROL_PROTECTED 0x0040
#define CONTROL_ORDER     0x0080

#define SUBFRAME_HEADER_BYTES 14

/* Destination, source, length, LLC; padded to 4. Each packet starts from the same surroundings. */
static void aggregate(struct packet *packet, struct bytes b)
{
    uint32_t context = packet->segment.context;
    uint8_t nesting = packet->nesting, depth = packet->depth;

    while (bytes_has(b, SUBFRAME_HEADER_BYTES)) {
        uint16_t length = bytes_u16(b, 12);
        struct bytes inner = bytes_from(b, SUBFRAME_HEADER_BYTES);

        if (length < 8 || length > inner.wire)
            break;
        packet->bounded = true;
        wire_llc(packet, bytes_limit(inner, length));
        packet->segment.context = context;
        packet->nesting = nesting;
        packet->depth = depth;
        b = bytes_from(inner,
                       (length + SUBFRAME_HEADER_BYTES + 3u) / 4 * 4 - SUBFRAME_HEADER_BYTES);
    }
}

/* type, flags: the frame control octets. aligned: the radio header says that the 802.11 header is
 * padded to 4 octets. */
static void data_frame(struct packet *packet, struct bytes b, uint8_t type, uint8_t flags,
                       bool aligned)
{
    uint8_t subtype = type >> 4;
    uint32_t header_bytes = 24;
    bool is_aggregate = false;

    if (!bytes_has(b, 24)) {
        wire_malformed(packet);
        return;
    }
    /* Version 0, a data frame, with data, in the clear, whole. */
    if ((type & 0x0f) != 0x08 || subtype & 4 || flags & (CONTROL_PROTECTED | CONTROL_MORE) ||
        bytes_u16le(b, 22) & 0x000f)
        return;
    if ((flags & CONTROL_TO_DS) && (flags & CONTROL_FROM_DS))
        header_bytes += 6;
    if (subtype & 8) {
        is_aggregate = bytes_u8(b, header_bytes) & 0x80;
        header_bytes += flags & CONTROL_ORDER ? 6 : 2;
    }
    if (aligned)
        header_bytes = (header_bytes + 3) & ~3u;
    b = bytes_from(b, header_bytes);
    if (is_aggregate)
        aggregate(packet, b);
    else
        wire_llc(packet, b);
}

static void ieee80211(struct packet *packet, struct bytes b, bool aligned)
{
    data_frame(packet, b, bytes_u8(b, 0), bytes_u8(b, 1), aligned);
}

void wire_ieee80211(struct packet *packet, struct bytes b)
{
    ieee80211(packet, b, false);
}

/* Many access points send the frame control octets the other way round in CAPWAP. */
void wire_ieee80211_capwap(struct packet *packet, struct bytes b)
{
    uint8_t type = bytes_u8(b, 0), flags = bytes_u8(b, 1);

    if ((type & 0x0f) != 0x08 && (flags & 0x0f) == 0x08)
        data_frame(packet, b, flags, type, false);
    else
        data_frame(packet, b, type, flags, false);
}

#define RADIOTAP_FLAG_ALIGNED 0x20
#define RADIOTAP_FLAG_FCS     0x10

/* Version, padding, length, words of presence bits (each may announce another), fields. Flags are
 * the second field, behind the 8-octet timer. */
void wire_radiotap(struct packet *packet, struct bytes b)
{
    uint16_t header_bytes = bytes_u16le(b, 2);
    uint32_t present = bytes_u32le(b, 4), word = present, at = 8;
    uint8_t flags = 0;

    if (!bytes_has(b, 8) || bytes_u8(b, 0) != 0 || header_bytes < 8) {
        wire_malformed(packet);
        return;
    }
    while (word & 0x80000000 && at + 4 <= header_bytes && bytes_has(b, at + 4)) {
        word = bytes_u32le(b, at);
        at += 4;
    }
    if (present & 1)
        at = ((at + 7) & ~7u) + 8;
    if (present & 2 && at < header_bytes)
        flags = bytes_u8(b, at);
    b = bytes_from(b, header_bytes);
    if (flags & RADIOTAP_FLAG_FCS && b.wire >= 4)
        b = bytes_limit(b, b.wire - 4);
    ieee80211(packet, b, flags & RADIOTAP_FLAG_ALIGNED);
}

#define AVS_MAGIC          0x80211000
#define PRISM_HEADER_BYTES 144

void wire_avs(struct packet *packet, struct bytes b)
{
    uint32_t header_bytes = bytes_u32(b, 4);

    if (bytes_has(b, 8) && header_bytes >= 8)
        ieee80211(packet, bytes_from(b, header_bytes), false);
    else
        wire_malformed(packet);
}

/* Some drivers write an AVS header under Prism's number. */
void wire_prism(struct packet *packet, struct bytes b)
{
    if ((bytes_u32(b, 0) & 0xfffff000) == AVS_MAGIC)
        wire_avs(packet, b);
    else
        ieee80211(packet, bytes_from(b, PRISM_HEADER_BYTES), false);
}

/* Per-packet information: version, flags, length, and the link type of what follows. */
void wire_ppi(struct packet *packet, struct bytes b)
{
    uint16_t header_bytes = bytes_u16le(b, 2);
    wire_step *step = wire_link_step(bytes_u32le(b, 4));

    if (!bytes_has(b, 8) || header_bytes < 8) {
        wire_malformed(packet);
        return;
    }
    if (step != NULL && wire_enter(packet))
        step(packet, bytes_from(b, header_bytes));
}
