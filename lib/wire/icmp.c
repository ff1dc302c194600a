/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ICMP errors about TCP segments: RFC 792, RFC 4443 3.
 *
 * An error quotes the packet that it is about from its IP header on: of TCP at least the first 8
 * octets, the ports and the sequence number. It is handed on as a segment with LIFELINE_ICMP alone
 * in its flags, on its way to the sender of what it quotes; lifeline_icmp_of() reads it.
 *
 * Not handed on, only counted (icmp_quoted): source quench and redirects, which tell no error;
 * codes that no RFC knows, which Linux ignores, too; what quotes less; what goes to somebody else
 * than the sender of what it quotes, such as the endpoint of a tunnel, who can't be the sender of
 * the TCP.
 *
 * Limits: ICMP's checksum isn't verified.
 */
#include "packet.h"

#include "model/address.h"

#define ICMP_HEADER_BYTES 8
#define QUOTED_TCP_BYTES  8
#define NO_ERROR          LIFELINE_UNKNOWN

/* What an error is about: its IP packet's ends, and the TCP header. */
struct quoted {
    struct lifeline_address src, dst;
    struct bytes tcp;
};

_Static_assert(LIFELINE_ICMP_NET_UNREACHABLE == 0 && LIFELINE_ICMP_PRECEDENCE_CUTOFF == 15,
               "destinations unreachable are numbered by their codes");

static const uint8_t unreachable_v6[7] = {
    LIFELINE_ICMP_NET_UNREACHABLE,  LIFELINE_ICMP_ADMIN_PROHIBITED, LIFELINE_ICMP_BEYOND_SCOPE,
    LIFELINE_ICMP_HOST_UNREACHABLE, LIFELINE_ICMP_PORT_UNREACHABLE, LIFELINE_ICMP_SOURCE_POLICY,
    LIFELINE_ICMP_REJECT_ROUTE,
};

static uint8_t time_exceeded(uint8_t code)
{
    return code == 0   ? LIFELINE_ICMP_HOP_LIMIT_EXCEEDED
           : code == 1 ? LIFELINE_ICMP_REASSEMBLY_TIME_EXCEEDED
                       : NO_ERROR;
}

static uint8_t error_of(uint8_t type, uint8_t code)
{
    switch (type) {
    case 3:
        return code <= LIFELINE_ICMP_PRECEDENCE_CUTOFF ? code : NO_ERROR;
    case 11:
        return time_exceeded(code);
    case 12:
        return LIFELINE_ICMP_PARAMETER_PROBLEM;
    default:
        return NO_ERROR;
    }
}

static uint8_t error_of_v6(uint8_t type, uint8_t code)
{
    switch (type) {
    case 1:
        return code < sizeof(unreachable_v6) ? unreachable_v6[code] : NO_ERROR;
    case 2:
        return LIFELINE_ICMP_PACKET_TOO_BIG;
    case 3:
        return time_exceeded(code);
    default:
        return LIFELINE_ICMP_PARAMETER_PROBLEM;
    }
}

/* b: the packet that is quoted. False when it isn't the begin of a TCP segment. */
static bool read_ipv4(struct bytes b, struct quoted *out)
{
    uint32_t header_bytes = (bytes_u8(b, 0) & 0x0fu) * 4;

    if (header_bytes < 20 || bytes_u8(b, 9) != 6 || (bytes_u16(b, 6) & 0x1fff) != 0)
        return false;
    out->src.family = out->dst.family = 4;
    bytes_copy(b, 12, out->src.bytes, 4);
    bytes_copy(b, 16, out->dst.bytes, 4);
    out->tcp = bytes_from(b, header_bytes);
    return true;
}

/* The same. Of extension headers, those that Linux passes over, too. */
static bool read_ipv6(struct bytes b, struct quoted *out)
{
    uint8_t next_header = bytes_u8(b, 6);

    out->src.family = out->dst.family = 6;
    bytes_copy(b, 8, out->src.bytes, 16);
    bytes_copy(b, 24, out->dst.bytes, 16);
    b = bytes_from(b, 40);
    while (next_header != 6) {
        bool is_options = next_header == 0 || next_header == 43 || next_header == 60;
        bool is_fragment = next_header == 44 && (bytes_u16(b, 2) & 0xfff8) == 0;

        if ((!is_options && !is_fragment) || !bytes_has(b, 8))
            return false;
        next_header = bytes_u8(b, 0);
        b = bytes_from(b, is_fragment ? 8 : (bytes_u8(b, 1) + 1u) * 8);
    }
    out->tcp = b;
    return true;
}

void lifeline_icmp_put(struct lifeline_segment *segment, const struct lifeline_icmp *icmp)
{
    const uint8_t *sender = icmp->sender.bytes;

    segment->flags = LIFELINE_ICMP;
    segment->window = icmp->error;
    segment->seq = icmp->mtu == LIFELINE_UNKNOWN_COUNT ? 0 : (uint32_t)icmp->mtu;
    segment->ack = (uint32_t)icmp->quoted_seq;
    memcpy(&segment->timestamp_value, sender, 4);
    memcpy(&segment->timestamp_echo, sender + 4, 4);
    memcpy(&segment->sack_left, sender + 8, 4);
    memcpy(&segment->sack_right, sender + 12, 4);
    segment->options = segment->mss = 0;
    segment->window_scale = segment->bad_checksum = 0;
    segment->payload_bytes = segment->captured_bytes = 0;
    segment->payload = NULL;
}

void lifeline_icmp_of(const struct lifeline_segment *segment, struct lifeline_icmp *out)
{
    uint8_t *sender = out->sender.bytes;

    out->error = (uint8_t)segment->window;
    out->to = LIFELINE_NOBODY;
    out->mtu = segment->seq ? segment->seq : LIFELINE_UNKNOWN_COUNT;
    out->quoted_seq = segment->ack;
    out->sender.family = segment->dst.family;
    memcpy(sender, &segment->timestamp_value, 4);
    memcpy(sender + 4, &segment->timestamp_echo, 4);
    memcpy(sender + 8, &segment->sack_left, 4);
    memcpy(sender + 12, &segment->sack_right, 4);
}

/* b: the packet that an error quotes; mtu: 0 if it tells none. */
static void quotes(struct packet *packet, struct bytes b, uint8_t error, uint32_t mtu)
{
    struct lifeline_segment *segment = &packet->segment;
    struct quoted quoted;
    struct lifeline_icmp icmp;
    uint8_t version = bytes_u8(b, 0) >> 4;

    memset(&quoted, 0, sizeof(quoted));
    if (version == 4 ? !read_ipv4(b, &quoted) : version != 6 || !read_ipv6(b, &quoted))
        return;
    packet->decoder->counters->icmp_quoted++;
    if (error == NO_ERROR || !bytes_has(quoted.tcp, QUOTED_TCP_BYTES) ||
        !address_is(&segment->dst, &quoted.src))
        return;
    icmp.sender = segment->src;
    icmp.quoted_seq = bytes_u32(quoted.tcp, 4);
    icmp.mtu = mtu ? mtu : LIFELINE_UNKNOWN_COUNT;
    icmp.error = error;
    lifeline_icmp_put(segment, &icmp);
    segment->layer = packet->layer;
    segment->src = quoted.dst;
    segment->dst = quoted.src;
    segment->src_port = bytes_u16(quoted.tcp, 2);
    segment->dst_port = bytes_u16(quoted.tcp, 0);
    packet->call(packet->user, segment);
}

void wire_icmp(struct packet *packet, struct bytes b)
{
    uint8_t type = bytes_u8(b, 0), error = error_of(type, bytes_u8(b, 1));

    /* Destination unreachable, source quench, redirect, time exceeded, parameter problem. */
    if (type == 3 || type == 4 || type == 5 || type == 11 || type == 12)
        quotes(packet, bytes_from(b, ICMP_HEADER_BYTES), error,
               error == LIFELINE_ICMP_PACKET_TOO_BIG ? bytes_u16(b, 6) : 0); /* RFC 1191 4 */
}

void wire_icmpv6(struct packet *packet, struct bytes b)
{
    uint8_t type = bytes_u8(b, 0);

    if (type >= 1 && type <= 4)
        quotes(packet, bytes_from(b, ICMP_HEADER_BYTES), error_of_v6(type, bytes_u8(b, 1)),
               type == 2 ? bytes_u32(b, 4) : 0);
}
