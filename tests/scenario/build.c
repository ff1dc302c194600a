/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Actions -> segments and packets. A segment is what the parser wrote plus the variant's changes; a
 * packet is Ethernet, IPv4 or IPv6, and TCP with right lengths and checksums, as a sender that
 * offloads nothing would make it.
 */
#include "scenario.h"

#include <arpa/inet.h>
#include <string.h>

enum { ETHERNET_BYTES = 14, IPV4_BYTES = 20, IPV6_BYTES = 40, TCP_BYTES = 20 };

/* The bystander's addresses: RFC 5737 and RFC 3849, as those of the two sides. */
static const uint8_t bystander4[4] = {203, 0, 113, 9};
static const uint8_t bystander6[4] = {0x20, 0x01, 0x0d, 0xb9};

int64_t scenario_epoch_ns(void)
{
    return INT64_C(1767225600) * 1000000000; /* 2026-01-01T00:00:00Z */
}

bool is_bystander(const struct lifeline_address *address)
{
    return memcmp(address->bytes, address->family == 6 ? bystander6 : bystander4, 4) == 0;
}

static uint8_t family_of(const struct scenario *scenario, const struct variant *variant)
{
    if (scenario->family)
        return scenario->family;
    return variant->family ? variant->family : 4;
}

struct lifeline_address address_of(const struct scenario *scenario, const struct variant *variant,
                                   enum side side)
{
    if (variant->swap_hosts)
        side = side == CLIENT_SIDE ? SERVER_SIDE : CLIENT_SIDE;
    const struct side_settings *settings = &scenario->side[side];
    return family_of(scenario, variant) == 6 ? settings->address6 : settings->address4;
}

/* A SYN between two hosts that no scenario is about: proof that the capture still runs. */
static void build_clock(const struct scenario *scenario, const struct variant *variant,
                        const struct action *action, struct lifeline_segment *out)
{
    out->src.family = out->dst.family = family_of(scenario, variant);
    const uint8_t *prefix = out->src.family == 6 ? bystander6 : bystander4;
    memcpy(out->src.bytes, prefix, 4);
    memcpy(out->dst.bytes, prefix, 4);
    if (out->dst.family == 6)
        out->dst.bytes[15] = 1;
    out->src_port = (uint16_t)(30000 + action->line);
    out->dst_port = 9;
    out->flags = LIFELINE_SYN;
    out->seq = 77;
    out->window = 1024;
    out->ttl = 64;
}

/* Who sends ICMP errors. */
static struct lifeline_address router(uint8_t family)
{
    static const uint8_t router4[4] = {192, 0, 2, 254};
    struct lifeline_address address = {.family = family};
    if (family == 6)
        memcpy(address.bytes, (const uint8_t[16]){0x20, 0x01, 0x0d, 0xb8, [15] = 0xfe}, 16);
    else
        memcpy(address.bytes, router4, sizeof router4);
    return address;
}

void build_segment(const struct scenario *scenario, const struct variant *variant,
                   const struct action *action, struct lifeline_segment *out)
{
    memset(out, 0, sizeof *out);
    out->frame = action->frame;
    out->time_ns = scenario_epoch_ns() + action->time_ns;
    out->payload = action->payload;
    if (action->kind == ACTION_CLOCK) {
        build_clock(scenario, variant, action, out);
        return;
    }
    enum side to = action->from == CLIENT_SIDE ? SERVER_SIDE : CLIENT_SIDE;
    out->src = address_of(scenario, variant, action->from);
    out->dst = address_of(scenario, variant, to);
    out->src_port = action->port[action->from];
    out->dst_port = action->port[to];
    out->ttl = action->ttl;
    out->ip_id = out->src.family == 4 ? action->ip_id : 0;
    out->seq = action->seq + variant->isn_shift;
    out->ack = action->flags & LIFELINE_ACK ? action->ack + variant->isn_shift : 0;
    out->flags = action->flags;
    out->window = action->window;
    out->options = action->options;
    out->mss = action->mss;
    out->window_scale = action->window_scale;
    out->timestamp_value = action->timestamp_value;
    out->timestamp_echo = action->timestamp_echo;
    if (action->options & LIFELINE_OPT_SACK) {
        out->sack_left = action->sack_left + variant->isn_shift;
        out->sack_right = action->sack_right + variant->isn_shift;
    }
    out->payload_bytes = action->payload_bytes;
    out->captured_bytes = action->captured_bytes;
    if (action->flags == LIFELINE_ICMP) {
        struct lifeline_icmp icmp = action->icmp;
        icmp.quoted_seq = action->seq + variant->isn_shift;
        icmp.sender = router(out->dst.family);
        lifeline_icmp_put(out, &icmp);
    }
}

static uint8_t *put8(uint8_t *at, unsigned value)
{
    *at = (uint8_t)value;
    return at + 1;
}

static uint8_t *put16(uint8_t *at, unsigned value)
{
    return put8(put8(at, value >> 8), value & 0xff);
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
    return put16(put16(at, value >> 16), value & 0xffff);
}

static uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, size_t length)
{
    memcpy(at, bytes, length);
    return at + length;
}

/* RFC 9293 3.1, RFC 7323, RFC 2018, RFC 7413; padded to a multiple of four with NOPs. */
static uint8_t *put_options(uint8_t *at, const struct lifeline_segment *segment)
{
    static const uint8_t cookie[8] = {0x6c, 0x69, 0x66, 0x65, 0x6c, 0x69, 0x6e, 0x65};
    uint8_t *start = at;
    if (segment->options & LIFELINE_OPT_MSS)
        at = put16(put16(at, 0x0204), segment->mss);
    if (segment->options & LIFELINE_OPT_SACK_PERMITTED)
        at = put16(at, 0x0402);
    if (segment->options & LIFELINE_OPT_TIMESTAMP)
        at = put32(put32(put16(at, 0x080a), segment->timestamp_value), segment->timestamp_echo);
    if (segment->options & LIFELINE_OPT_WINDOW_SCALE)
        at = put8(put16(at, 0x0303), segment->window_scale);
    if (segment->options & LIFELINE_OPT_SACK)
        at = put32(put32(put16(at, 0x050a), segment->sack_left), segment->sack_right);
    if (segment->options & LIFELINE_OPT_FAST_OPEN_REQUEST)
        at = put16(at, 0x2202);
    if (segment->options & LIFELINE_OPT_FAST_OPEN_COOKIE)
        at = put_bytes(put16(at, 0x220a), cookie, sizeof cookie);
    if (segment->options & LIFELINE_OPT_MULTIPATH)
        at = put32(at, 0x1e040100); /* MP_CAPABLE as in a SYN, RFC 8684 3.1 */
    while ((at - start) % 4)
        at = put8(at, 1);
    return at;
}

static uint32_t sum16(uint32_t sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        sum += i & 1 ? bytes[i] : (uint32_t)bytes[i] << 8;
    return sum;
}

static unsigned fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static size_t put_ipv4(uint8_t *at, const struct lifeline_segment *segment, size_t tcp_bytes)
{
    uint8_t *start = at;
    at = put16(put16(put16(at, 0x4500), (unsigned)(IPV4_BYTES + tcp_bytes)), segment->ip_id);
    at = put16(at, 0x4000); /* don't fragment */
    at = put8(put8(at, segment->ttl), 6);
    uint8_t *checksum = at;
    at = put16(at, 0);
    at = put_bytes(at, segment->src.bytes, 4);
    put_bytes(at, segment->dst.bytes, 4);
    put16(checksum, fold(sum16(0, start, IPV4_BYTES)));
    return IPV4_BYTES;
}

static size_t put_ipv6(uint8_t *at, const struct lifeline_segment *segment, size_t tcp_bytes)
{
    at = put32(at, 0x60000000);
    at = put16(at, (unsigned)tcp_bytes);
    at = put8(put8(at, 6), segment->ttl);
    put_bytes(put_bytes(at, segment->src.bytes, 16), segment->dst.bytes, 16);
    return IPV6_BYTES;
}

/* Types and codes, of ICMP and of ICMPv6. */
static const struct {
    uint8_t error, type4, code4, type6, code6;
} icmp_errors[] = {
    {LIFELINE_ICMP_NET_UNREACHABLE, 3, 0, 1, 0},    {LIFELINE_ICMP_HOST_UNREACHABLE, 3, 1, 1, 3},
    {LIFELINE_ICMP_PORT_UNREACHABLE, 3, 3, 1, 4},   {LIFELINE_ICMP_PACKET_TOO_BIG, 3, 4, 2, 0},
    {LIFELINE_ICMP_ADMIN_PROHIBITED, 3, 13, 1, 1},  {LIFELINE_ICMP_HOP_LIMIT_EXCEEDED, 11, 0, 3, 0},
    {LIFELINE_ICMP_PARAMETER_PROBLEM, 12, 0, 4, 0},
};

/* An ICMP error that quotes the IP header and the first 8 octets of TCP. */
static size_t build_icmp(const struct lifeline_segment *segment, uint8_t *network)
{
    bool six = segment->dst.family == 6;
    struct lifeline_icmp icmp;
    uint8_t type = 0, code = 0;
    size_t header_bytes = six ? IPV6_BYTES : IPV4_BYTES, bytes = 8 + header_bytes + 8;
    lifeline_icmp_of(segment, &icmp);
    for (size_t i = 0; i < sizeof icmp_errors / sizeof *icmp_errors; i++) {
        if (icmp_errors[i].error == icmp.error) {
            type = six ? icmp_errors[i].type6 : icmp_errors[i].type4;
            code = six ? icmp_errors[i].code6 : icmp_errors[i].code4;
        }
    }
    struct lifeline_segment outer = *segment, inner = *segment;
    outer.src = icmp.sender;
    inner.src = segment->dst;
    inner.dst = segment->src;
    uint8_t *at = network + (six ? put_ipv6 : put_ipv4)(network, &outer, bytes);
    network[six ? 6 : 9] = six ? 58 : 1;
    uint8_t *header = at;
    at = put16(put8(put8(at, type), code), 0);
    at = put32(at, icmp.mtu == LIFELINE_UNKNOWN_COUNT ? 0 : (uint32_t)icmp.mtu);
    at += (six ? put_ipv6 : put_ipv4)(at, &inner, 1000);
    at = put16(put16(at, segment->dst_port), segment->src_port);
    put32(at, (uint32_t)icmp.quoted_seq);
    uint32_t sum = 0;
    if (six) {
        sum = sum16(sum, outer.src.bytes, 16);
        sum = sum16(sum, outer.dst.bytes, 16) + 58 + (uint32_t)bytes;
    } else {
        put16(network + 10, 0);
        put16(network + 10, fold(sum16(0, network, IPV4_BYTES)));
    }
    put16(header + 2, fold(sum16(sum, header, bytes)));
    return header_bytes + bytes;
}

size_t build_frame(const struct lifeline_segment *segment, uint8_t *out, size_t *captured_bytes)
{
    /* Locally administered MAC addresses, one for each host. */
    const uint8_t mac[12] = {2, 0, 0, 0, 0, segment->dst.bytes[0],
                             2, 0, 0, 0, 0, segment->src.bytes[0]};
    bool six = segment->src.family == 6;
    size_t address_bytes = six ? 16 : 4;
    uint8_t *network = put16(put_bytes(out, mac, sizeof mac), six ? 0x86dd : 0x0800);
    uint8_t *tcp = network + (six ? IPV6_BYTES : IPV4_BYTES);

    if (segment->flags == LIFELINE_ICMP) {
        *captured_bytes = ETHERNET_BYTES + build_icmp(segment, network);
        return *captured_bytes;
    }
    uint8_t *end = put_options(tcp + TCP_BYTES, segment);
    size_t header_bytes = (size_t)(end - tcp);
    uint8_t *at = put16(put16(tcp, segment->src_port), segment->dst_port);
    at = put32(put32(at, segment->seq), segment->ack);
    at = put16(at, (unsigned)(header_bytes / 4) << 12 | segment->flags);
    at = put16(at, segment->window);
    uint8_t *checksum = at;
    put16(put16(at, 0), 0);
    end = put_bytes(end, segment->payload, segment->payload_bytes);

    size_t tcp_bytes = (size_t)(end - tcp);
    uint32_t sum = sum16(0, segment->src.bytes, address_bytes);
    sum = sum16(sum, segment->dst.bytes, address_bytes) + 6 + (uint32_t)tcp_bytes;
    put16(checksum, fold(sum16(sum, tcp, tcp_bytes)));
    if (six)
        put_ipv6(network, segment, tcp_bytes);
    else
        put_ipv4(network, segment, tcp_bytes);
    *captured_bytes = (size_t)(tcp - out) + header_bytes + segment->captured_bytes;
    return (size_t)(end - out);
}
