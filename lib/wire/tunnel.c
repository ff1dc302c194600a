/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tunnels right on IP. */
#include "packet.h"

void wire_ip_in_ip(struct packet *packet, struct bytes b)
{
    if (wire_enter_tunnel(packet, WIRE_IPIP, 0))
        wire_ip(packet, b);
}

/* RFC 4213, and IPv6 in IPv6 (RFC 2473). With addresses of 2002::/16 it is 6to4 (RFC 3056), whose
 * relays differ by direction. */
void wire_ipv6_in_ip(struct packet *packet, struct bytes b)
{
    bool is_6to4 = packet->segment.src.family == 4 &&
                   (bytes_u16(b, 8) == 0x2002 || bytes_u16(b, 24) == 0x2002);

    if (wire_enter_tunnel(packet, is_6to4 ? WIRE_6TO4 : WIRE_6IN4, 0))
        wire_ipv6(packet, b);
}

/* RFC 3378: version 3, then the frame. */
void wire_etherip(struct packet *packet, struct bytes b)
{
    if (bytes_u8(b, 0) >> 4 == 3 && wire_enter_tunnel(packet, WIRE_ETHERIP, 0))
        wire_ethernet(packet, bytes_from(b, 2));
}

/* RFC 4023 */
void wire_mpls_in_ip(struct packet *packet, struct bytes b)
{
    if (wire_enter_tunnel(packet, WIRE_MPLS_IN_IP, 0))
        wire_mpls(packet, b);
}

/* Ethernet in SRv6, RFC 8986 10.1 */
void wire_ethernet_in_ip(struct packet *packet, struct bytes b)
{
    if (wire_enter_tunnel(packet, WIRE_SRV6, 0))
        wire_ethernet(packet, b);
}

/* Minimal encapsulation, RFC 2004: the inner header's fields that differ from the outer one's. The
 * datagram is the outer one with its addresses put back. */
void wire_minimal(struct packet *packet, struct bytes b)
{
    struct lifeline_segment *segment = &packet->segment;
    bool has_source = bytes_u8(b, 1) & 0x80;
    uint8_t protocol = bytes_u8(b, 0);
    uint32_t header_bytes = has_source ? 12 : 8;

    if (!bytes_has(b, header_bytes)) {
        wire_malformed(packet);
        return;
    }
    if (!wire_enter_tunnel(packet, WIRE_IPIP, 0))
        return;
    bytes_copy(b, 4, segment->dst.bytes, 4);
    if (has_source)
        bytes_copy(b, 8, segment->src.bytes, 4);
    wire_ip_protocol(packet, protocol, bytes_from(b, header_bytes));
}
