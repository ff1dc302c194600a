/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv6 extension headers, RFC 8200 4.
 *
 * A jumbo payload option (RFC 2675) replaces a payload length of 0. The endpoints' addresses are
 * those that the TCP pseudo-header has: behind a routing header with segments left it is the last
 * one listed that is the destination, and a home address option (RFC 6275 6.3) holds the source.
 */
#include "packet.h"

enum {
    HOP_BY_HOP = 0,
    ROUTING = 43,
    FRAGMENT = 44,
    AUTHENTICATION = 51,
    DESTINATION_OPTIONS = 60,
    HOST_IDENTITY = 139,
    SHIM6 = 140,
};
#define OPTION_JUMBO        0xc2
#define OPTION_HOME_ADDRESS 0xc9

/* Options of a hop-by-hop or destination options header. Returns the jumbo length, or 0. */
static uint32_t read_options(struct packet *packet, struct bytes b)
{
    uint32_t jumbo_bytes = 0;

    while (b.left > 0) {
        uint8_t type = bytes_u8(b, 0);
        uint32_t length = type == 0 ? 1 : bytes_u8(b, 1) + 2u;

        if (length > b.left)
            break;
        if (type == OPTION_JUMBO && length == 6)
            jumbo_bytes = bytes_u32(b, 2);
        if (type == OPTION_HOME_ADDRESS && length == 18)
            bytes_copy(b, 2, packet->segment.src.bytes, 16);
        b = bytes_from(b, length);
    }
    return jumbo_bytes;
}

/* b: the whole routing header. Types 0 and 2 list the final destination last, the segment routing
 * header (RFC 8754) first. */
static void read_routing(struct packet *packet, struct bytes b)
{
    uint8_t type = bytes_u8(b, 2), segments_left = bytes_u8(b, 3);
    uint8_t *destination = packet->segment.dst.bytes;

    if (segments_left == 0 || b.wire < 24)
        return;
    if (type == 0 || type == 2)
        bytes_copy(b, 8 + (b.wire - 24) / 16 * 16, destination, 16);
    else if (type == 4)
        bytes_copy(b, 8, destination, 16);
}

static void fragment(struct packet *packet, struct bytes b)
{
    struct lifeline_segment *segment = &packet->segment;
    uint16_t field = bytes_u16(b, 2);
    struct wire_fragment fields = {
        .context = segment->context,
        .id = bytes_u32(b, 4),
        .protocol = bytes_u8(b, 0),
        .more = field & 1,
        .offset = field & 0xfff8u,
        .time_ns = segment->time_ns,
        .src = segment->src,
        .dst = segment->dst,
        .ttl = segment->ttl,
    };

    if (!bytes_has(b, 8)) {
        wire_malformed(packet);
        return;
    }
    b = bytes_from(b, 8);
    /* An atomic fragment is a datagram of its own, RFC 6946. */
    if (fields.offset == 0 && !fields.more)
        wire_ipv6_payload(packet, fields.protocol, b);
    else
        wire_fragment(packet, &fields, b);
}

void wire_ipv6_payload(struct packet *packet, uint8_t next_header, struct bytes b)
{
    for (;;) {
        uint32_t header_bytes;
        struct bytes header;

        switch (next_header) {
        case HOP_BY_HOP:
        case ROUTING:
        case DESTINATION_OPTIONS:
        case HOST_IDENTITY:
        case SHIM6:
            header_bytes = (bytes_u8(b, 1) + 1u) * 8;
            break;
        case AUTHENTICATION:
            header_bytes = (bytes_u8(b, 1) + 2u) * 4;
            break;
        case FRAGMENT:
            if (wire_enter(packet))
                fragment(packet, b);
            return;
        default:
            wire_ip_protocol(packet, next_header, b);
            return;
        }
        if (!bytes_has(b, header_bytes) || !bytes_has(b, 8)) {
            wire_malformed(packet);
            return;
        }
        header = bytes_limit(b, header_bytes);
        if (next_header == ROUTING) {
            read_routing(packet, header);
        } else if (next_header == HOP_BY_HOP || next_header == DESTINATION_OPTIONS) {
            uint32_t jumbo_bytes = read_options(packet, bytes_from(header, 2));

            if (jumbo_bytes > UINT16_MAX && next_header == HOP_BY_HOP)
                b = wire_claim(packet, b, jumbo_bytes);
        }
        next_header = bytes_u8(header, 0);
        b = bytes_from(b, header_bytes);
    }
}
