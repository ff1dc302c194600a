/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TCP header and options (RFC 9293 3.1) -> segment -> callback.
 *
 * A header that the snap length cut still makes a segment when octets 1 to 14 (ports, numbers,
 * offset, flags) are there; window and options are 0 then as far as they're missing, and
 * LIFELINE_OPT_WINDOW_CUT and LIFELINE_OPT_CUT say it.
 *
 * Options: a length below 2 or beyond the header ends the list, as it does in receivers; a known
 * option with a wrong length is ignored. Of an option that comes twice, the last counts.
 *
 * Checksum: judged only when asked for, with the whole segment captured. Not wrong is also what a
 * sender leaves to its network card to complete: 0, or the sum of the pseudo-header alone (with the
 * segment's length, or with length 0 as drivers set it for segmentation offload).
 */
#include "packet.h"

#define TCP_HEADER_BYTES 20
#define TCP_LEAST_BYTES  14 /* up to the flags */
#define TCP_WINDOW_END   16

enum {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
    OPTION_WINDOW_SCALE = 3,
    OPTION_SACK_PERMITTED = 4,
    OPTION_SACK = 5,
    OPTION_TIMESTAMP = 8,
    OPTION_MD5 = 19,
    OPTION_AO = 29,
    OPTION_MULTIPATH = 30,
    OPTION_FAST_OPEN = 34,
    OPTION_EXPERIMENT_1 = 253, /* RFC 6994: a 16-bit magic number follows */
    OPTION_EXPERIMENT_2 = 254,
};
#define MAGIC_FAST_OPEN 0xf989 /* RFC 7413 appendix A.1's predecessors */

/* RFC 7413 2: a cookie has 4 to 16 octets, an even number; none asks for one. */
static void read_fast_open(struct lifeline_segment *segment, uint32_t cookie_bytes)
{
    if (cookie_bytes == 0)
        segment->options |= LIFELINE_OPT_FAST_OPEN_REQUEST;
    else if (cookie_bytes >= 4 && cookie_bytes <= 16 && cookie_bytes % 2 == 0)
        segment->options |= LIFELINE_OPT_FAST_OPEN_COOKIE;
}

/* b: the option from its kind on, length octets, all captured. */
static void read_option(struct lifeline_segment *segment, struct bytes b, uint8_t length)
{
    switch (bytes_u8(b, 0)) {
    case OPTION_MSS:
        if (length != 4)
            break;
        segment->mss = bytes_u16(b, 2);
        segment->options |= LIFELINE_OPT_MSS;
        break;
    case OPTION_WINDOW_SCALE:
        if (length != 3)
            break;
        segment->window_scale = bytes_u8(b, 2);
        segment->options |= LIFELINE_OPT_WINDOW_SCALE;
        break;
    case OPTION_SACK_PERMITTED:
        if (length == 2)
            segment->options |= LIFELINE_OPT_SACK_PERMITTED;
        break;
    case OPTION_SACK:
        if (length < 10 || (length - 2) % 8 != 0)
            break;
        segment->sack_left = bytes_u32(b, 2);
        segment->sack_right = bytes_u32(b, 6);
        segment->options |= LIFELINE_OPT_SACK;
        break;
    case OPTION_TIMESTAMP:
        if (length != 10)
            break;
        segment->timestamp_value = bytes_u32(b, 2);
        segment->timestamp_echo = bytes_u32(b, 6);
        segment->options |= LIFELINE_OPT_TIMESTAMP;
        break;
    case OPTION_MD5:
        if (length == 18)
            segment->options |= LIFELINE_OPT_MD5_OR_AO;
        break;
    case OPTION_AO:
        if (length >= 4)
            segment->options |= LIFELINE_OPT_MD5_OR_AO;
        break;
    case OPTION_MULTIPATH:
        if (length >= 3)
            segment->options |= LIFELINE_OPT_MULTIPATH;
        break;
    case OPTION_FAST_OPEN:
        read_fast_open(segment, length - 2u);
        break;
    case OPTION_EXPERIMENT_1:
    case OPTION_EXPERIMENT_2:
        if (length >= 4 && bytes_u16(b, 2) == MAGIC_FAST_OPEN)
            read_fast_open(segment, length - 4u);
        break;
    default:
        break;
    }
}

static void read_options(struct lifeline_segment *segment, struct bytes b)
{
    /* RFC 7323 appendix A's layout: nearly all segments of nearly all connections. */
    if (b.left == 12 && bytes_u32(b, 0) == 0x0101080a) {
        segment->timestamp_value = bytes_u32(b, 4);
        segment->timestamp_echo = bytes_u32(b, 8);
        segment->options = LIFELINE_OPT_TIMESTAMP;
        return;
    }
    while (b.left > 0) {
        uint8_t kind = bytes_u8(b, 0);
        uint8_t length;

        if (kind == OPTION_END)
            return;
        if (kind == OPTION_NOP) {
            b = bytes_from(b, 1);
            continue;
        }
        length = bytes_u8(b, 1);
        if (length < 2 || length > b.left)
            return;
        read_option(segment, b, length);
        b = bytes_from(b, length);
    }
}

static uint16_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* RFC 9293 3.1: over the pseudo-header and the segment. b is the whole segment, captured whole. */
static bool checksum_is_wrong(const struct lifeline_segment *segment, struct bytes b)
{
    uint32_t address_bytes = segment->src.family == 6 ? 16 : 4;
    uint64_t addresses = bytes_sum((struct bytes){segment->src.bytes, address_bytes, 0}) +
                         bytes_sum((struct bytes){segment->dst.bytes, address_bytes, 0}) + 6;
    /* Longer segments than 65,535 octets have the 32-bit length of the IPv6 pseudo-header. */
    uint64_t pseudo = addresses + (b.wire >> 16) + (b.wire & 0xffff);
    uint16_t field = bytes_u16(b, 16);

    if (fold(pseudo + bytes_sum(b)) == 0xffff)
        return false;
    return field != 0 && field != fold(pseudo) && field != fold(addresses);
}

/* b is the whole segment, as far as it was captured. */
static bool parse(struct lifeline_segment *segment, struct bytes b)
{
    uint32_t header_bytes;
    struct bytes payload;

    if (b.wire < TCP_HEADER_BYTES || !bytes_has(b, TCP_LEAST_BYTES))
        return false;
    header_bytes = (bytes_u8(b, 12) >> 4) * 4u;
    if (header_bytes < TCP_HEADER_BYTES || header_bytes > b.wire)
        return false;
    segment->src_port = bytes_u16(b, 0);
    segment->dst_port = bytes_u16(b, 2);
    segment->seq = bytes_u32(b, 4);
    segment->ack = bytes_u32(b, 8);
    segment->flags = bytes_u16(b, 12) & 0x1ff;
    segment->window = bytes_u16(b, 14);
    segment->options = 0;
    segment->mss = 0;
    segment->window_scale = 0;
    segment->bad_checksum = 0;
    segment->timestamp_value = segment->timestamp_echo = 0;
    segment->sack_left = segment->sack_right = 0;
    if (header_bytes > TCP_HEADER_BYTES) {
        read_options(segment, bytes_from(bytes_limit(b, header_bytes), TCP_HEADER_BYTES));
        if (!bytes_has(b, header_bytes))
            segment->options |= LIFELINE_OPT_CUT;
    }
    if (!bytes_has(b, TCP_WINDOW_END))
        segment->options |= LIFELINE_OPT_WINDOW_CUT;
    payload = bytes_from(b, header_bytes);
    segment->payload_bytes = payload.wire;
    segment->captured_bytes = payload.left;
    segment->payload = payload.data;
    return true;
}

bool lifeline_parse_tcp(const uint8_t *tcp, uint32_t captured_bytes, uint32_t wire_bytes,
                        struct lifeline_segment *segment)
{
    if (wire_bytes < captured_bytes)
        captured_bytes = wire_bytes;
    return parse(segment, (struct bytes){tcp, captured_bytes, wire_bytes});
}

void wire_tcp(struct packet *packet, struct bytes b)
{
    struct lifeline_segment *segment = &packet->segment;

    if (!parse(segment, b)) {
        wire_malformed(packet);
        return;
    }
    segment->layer = packet->layer++;
    if (packet->decoder->verify_checksums && b.left == b.wire && checksum_is_wrong(segment, b)) {
        segment->bad_checksum = 1;
        packet->decoder->counters->bad_checksums++;
    }
    packet->call(packet->user, segment);
}
