/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPv4 (RFC 791), IPv6 (RFC 8200), and the table of IP protocols that lead to TCP.
 *
 * The source and destination of a segment are its endpoints', not the next hop's: a source route
 * that isn't used up yet hides the destination in the option (RFC 791 3.1).
 */
#include "packet.h"

#define IPV4_HEADER_BYTES 20
#define IPV6_HEADER_BYTES 40
#define MORE_FRAGMENTS    0x2000

static void set_ipv4(struct lifeline_address *address, struct bytes b, uint32_t at)
{
    memset(address->bytes, 0, sizeof(address->bytes));
    bytes_copy(b, at, address->bytes, 4);
    address->family = 4;
}

static void set_ipv6(struct lifeline_address *address, struct bytes b, uint32_t at)
{
    bytes_copy(b, at, address->bytes, 16);
    address->family = 6;
}

/* Loose and strict source routes: the last address of the list, while the pointer is within it.
 * False when a length makes no sense: receivers drop such a datagram. */
static bool read_ipv4_options(struct packet *packet, struct bytes b)
{
    while (b.left > 0) {
        uint8_t kind = bytes_u8(b, 0);
        uint8_t length = bytes_u8(b, 1);

        if (kind == 0)
            break;
        if (kind == 1) {
            b = bytes_from(b, 1);
            continue;
        }
        if (length < 2 || length > b.left)
            return false;
        if ((kind == 131 || kind == 137) && length >= 7 && bytes_u8(b, 2) >= 4 &&
            bytes_u8(b, 2) <= length)
            set_ipv4(&packet->segment.dst, b, (length - 3u) / 4 * 4 - 1);
        b = bytes_from(b, length);
    }
    return true;
}

static void ipv4_fragment(struct packet *packet, uint8_t protocol, uint16_t field, struct bytes b)
{
    struct lifeline_segment *segment = &packet->segment;
    struct wire_fragment fragment = {
        .context = segment->context,
        .id = segment->ip_id,
        .protocol = protocol,
        .more = field & MORE_FRAGMENTS,
        .offset = (field & 0x1fffu) * 8,
        .time_ns = segment->time_ns,
        .src = segment->src,
        .dst = segment->dst,
        .ttl = segment->ttl,
    };

    wire_fragment(packet, &fragment, b);
}

void wire_ipv4(struct packet *packet, struct bytes b)
{
    struct lifeline_segment *segment = &packet->segment;
    uint32_t header_bytes = (bytes_u8(b, 0) & 0x0fu) * 4;
    uint16_t total_bytes, fragment_field;
    uint8_t protocol;

    if (!bytes_has(b, IPV4_HEADER_BYTES) || bytes_u8(b, 0) >> 4 != 4 ||
        header_bytes < IPV4_HEADER_BYTES) {
        wire_malformed(packet);
        return;
    }
    total_bytes = bytes_u16(b, 2);
    if (total_bytes != 0) {
        if (total_bytes < header_bytes) {
            wire_malformed(packet);
            return;
        }
        b = wire_claim(packet, b, total_bytes);
    }
    segment->ip_id = bytes_u16(b, 4);
    segment->ttl = bytes_u8(b, 8);
    protocol = bytes_u8(b, 9);
    set_ipv4(&segment->src, b, 12);
    set_ipv4(&segment->dst, b, 16);
    if (header_bytes > IPV4_HEADER_BYTES &&
        !read_ipv4_options(packet, bytes_from(bytes_limit(b, header_bytes), IPV4_HEADER_BYTES))) {
        wire_malformed(packet);
        return;
    }
    fragment_field = bytes_u16(b, 6) & 0x3fff;
    b = bytes_from(b, header_bytes);
    if (fragment_field != 0)
        ipv4_fragment(packet, protocol, fragment_field, b);
    else if (protocol == 6)
        wire_tcp(packet, b);
    else
        wire_ip_protocol(packet, protocol, b);
}

void wire_ipv6(struct packet *packet, struct bytes b)
{
    struct lifeline_segment *segment = &packet->segment;
    uint16_t payload_bytes;
    uint8_t next_header;

    if (!bytes_has(b, IPV6_HEADER_BYTES) || bytes_u8(b, 0) >> 4 != 6) {
        wire_malformed(packet);
        return;
    }
    payload_bytes = bytes_u16(b, 4);
    next_header = bytes_u8(b, 6);
    segment->ttl = bytes_u8(b, 7);
    segment->ip_id = 0;
    set_ipv6(&segment->src, b, 8);
    set_ipv6(&segment->dst, b, 24);
    b = bytes_from(b, IPV6_HEADER_BYTES);
    /* 0: a jumbogram, whose option tells the length (ipv6_ext.c), or an offload's: all there is. */
    if (payload_bytes != 0)
        b = wire_claim(packet, b, payload_bytes);
    if (next_header == 6)
        wire_tcp(packet, b);
    else
        wire_ipv6_payload(packet, next_header, b);
}

void wire_ip(struct packet *packet, struct bytes b)
{
    if (bytes_u8(b, 0) >> 4 == 6)
        wire_ipv6(packet, b);
    else
        wire_ipv4(packet, b);
}

/* The authentication header (RFC 4302) hides nothing: its length is in units of 4, less 2. */
static void authentication(struct packet *packet, struct bytes b)
{
    if (!bytes_has(b, 12)) {
        wire_malformed(packet);
        return;
    }
    if (wire_enter(packet))
        wire_ip_protocol(packet, bytes_u8(b, 0), bytes_from(b, (bytes_u8(b, 1) + 2u) * 4));
}

static wire_step *const protocols[256] = {
    [1] = wire_icmp,         [4] = wire_ip_in_ip,
    [6] = wire_tcp,          [17] = wire_udp,
    [41] = wire_ipv6_in_ip,  [47] = wire_gre,
    [51] = authentication,   [55] = wire_minimal,
    [58] = wire_icmpv6,      [94] = wire_ip_in_ip, /* KA9Q's number for the same */
    [97] = wire_etherip,     [115] = wire_l2tp_in_ip,
    [137] = wire_mpls_in_ip, [143] = wire_ethernet_in_ip,
};

void wire_ip_protocol(struct packet *packet, uint8_t protocol, struct bytes b)
{
    if (protocols[protocol] != NULL)
        protocols[protocol](packet, b);
}
