/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet_spec.h"

#include <stdlib.h>

#include "check.h"

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static void give_up(const char *what, const char *where)
{
    fprintf(stderr, "packet spec: %s at \"%s\"\n", what, where);
    abort();
}

/* Makes room for a header of count octets, zeroed, before what is there. */
static uint8_t *prepend(struct spec_packet *packet, uint32_t count)
{
    if (packet->length + count > sizeof(packet->data))
        give_up("too long", "");
    memmove(packet->data + count, packet->data, packet->length);
    memset(packet->data, 0, count);
    packet->length += count;
    return packet->data;
}

static uint64_t sum(const uint8_t *data, uint32_t length)
{
    uint64_t total = 0;

    for (uint32_t i = 0; i < length; i++)
        total += i % 2 ? data[i] : (uint32_t)data[i] << 8;
    return total;
}

uint16_t spec_tcp_checksum(const uint8_t *src, const uint8_t *dst, unsigned address_bytes,
                           const uint8_t *tcp, uint32_t length)
{
    uint64_t total =
        sum(src, address_bytes) + sum(dst, address_bytes) + 6 + length + sum(tcp, length);

    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

static void add_tcp(struct spec_packet *packet)
{
    static const uint8_t options[] = {1, 1, 8, 10, 0x11, 0x12, 0x13, 0x14, 0x21, 0x22, 0x23, 0x24,
                                      1, 1, 5, 10, 0x31, 0x32, 0x33, 0x34, 0x41, 0x42, 0x43, 0x44};
    uint8_t *at = prepend(packet, SPEC_TCP_BYTES);

    put16(at, SPEC_SRC_PORT);
    put16(at + 2, SPEC_DST_PORT);
    put32(at + 4, SPEC_SEQ);
    put32(at + 8, SPEC_ACK);
    put16(at + 12, (20 + sizeof(options)) / 4 << 12 | SPEC_FLAGS);
    put16(at + 14, SPEC_WINDOW);
    memcpy(at + 20, options, sizeof(options));
    memcpy(at + 20 + sizeof(options), SPEC_PAYLOAD, SPEC_PAYLOAD_BYTES);
}

static void add_ip4(struct spec_packet *packet, unsigned protocol)
{
    static const uint8_t addresses[2][8] = {{192, 0, 2, 1, 192, 0, 2, 2},
                                            {10, 0, 0, 1, 10, 0, 0, 2}};
    uint8_t *at = prepend(packet, 20);

    at[0] = 0x45;
    put16(at + 2, packet->length);
    put16(at + 4, SPEC_IP_ID);
    at[8] = SPEC_TTL;
    at[9] = (uint8_t)protocol;
    memcpy(at + 12, addresses[protocol == 6], 8);
    if (protocol == 6)
        put16(at + 36, spec_tcp_checksum(at + 12, at + 16, 4, at + 20, packet->length - 20));
}

static void add_ip6(struct spec_packet *packet, unsigned next_header)
{
    uint8_t *at = prepend(packet, 40);

    at[0] = 0x60;
    put16(at + 4, packet->length - 40);
    at[6] = (uint8_t)next_header;
    at[7] = SPEC_TTL;
    for (unsigned i = 0; i < 2; i++) {
        put32(at + 8 + 16 * i, 0x20010db8);
        if (next_header != 6)
            put32(at + 12 + 16 * i, 0xffff0000);
        at[8 + 16 * i + 15] = (uint8_t)(i + 1);
    }
    if (next_header == 6)
        put16(at + 56, spec_tcp_checksum(at + 8, at + 24, 16, at + 40, packet->length - 40));
}

static void add_hex(struct spec_packet *packet, const char *digits, const char *end)
{
    uint8_t *at = prepend(packet, (uint32_t)(end - digits) / 2);

    if ((end - digits) % 2 != 0)
        give_up("half an octet", digits);
    for (; digits < end; digits += 2) {
        char pair[] = {digits[0], digits[1], '\0'};
        char *rest;

        *at++ = (uint8_t)strtoul(pair, &rest, 16);
        if (*rest != '\0')
            give_up("no hexadecimal", digits);
    }
}

static void add(struct spec_packet *packet, const char *word, const char *end)
{
    static const uint8_t macs[] = {0x02, 0, 0, 0, 0, 2, 0x02, 0, 0, 0, 0, 1};
    const char *colon = memchr(word, ':', (size_t)(end - word));
    const char *argument = colon ? colon + 1 : end;
    long number = strtol(argument, NULL, 10);
    size_t name = (size_t)((colon ? colon : end) - word);
    uint8_t *at;

    if (strncmp(word, "tcp", name) == 0) {
        add_tcp(packet);
    } else if (strncmp(word, "ip4", name) == 0) {
        add_ip4(packet, (unsigned)number);
    } else if (strncmp(word, "ip6", name) == 0) {
        add_ip6(packet, (unsigned)number);
    } else if (strncmp(word, "eth", name) == 0) {
        at = prepend(packet, 14);
        memcpy(at, macs, sizeof(macs));
        put16(at + 12, (uint32_t)strtoul(argument, NULL, 16));
    } else if (strncmp(word, "udp", name) == 0) {
        at = prepend(packet, 8);
        put16(at, 50000);
        put16(at + 2, (uint32_t)number);
        put16(at + 4, packet->length);
    } else if (strncmp(word, "len16", name) == 0) {
        at = prepend(packet, 2);
        put16(at, (uint32_t)((long)packet->length - 2 + number));
    } else if (strncmp(word, "pad", name) == 0) {
        memset(prepend(packet, (uint32_t)number), 0xee, (size_t)number);
    } else if (strncmp(word, "trail", name) == 0) {
        packet->trailer = (uint32_t)number;
    } else if (strncmp(word, "hex", name) == 0) {
        add_hex(packet, argument, end);
    } else {
        give_up("unknown word", word);
    }
}

void spec_build(const char *spec, struct spec_packet *packet)
{
    const char *end = spec + strlen(spec);

    packet->length = packet->trailer = 0;
    while (end > spec) {
        const char *word = end;

        while (word > spec && word[-1] != ' ')
            word--;
        if (word < end)
            add(packet, word, end);
        end = word > spec ? word - 1 : spec;
    }
    if (packet->length + packet->trailer > sizeof(packet->data))
        give_up("too long", spec);
    memset(packet->data + packet->length, 0xee, packet->trailer);
    packet->length += packet->trailer;
}

/* So that reads aren't optimised away. */
static volatile unsigned octets_read;

struct collector {
    struct wire_decoder *decoder;
    struct spec_result *result;
};

static void collect(void *user, const struct lifeline_segment *segment)
{
    struct collector *collector = user;
    struct spec_result *result = collector->result;

    /* Reads all of the payload that is said to be there: AddressSanitizer judges. */
    for (uint32_t i = 0; i < segment->captured_bytes; i++)
        octets_read += segment->payload[i] != 0xff;
    if (result->count < 8) {
        result->segments[result->count] = *segment;
        snprintf(result->contexts[result->count], sizeof(result->contexts[0]), "%s",
                 wire_context_text(collector->decoder, segment->context));
    }
    result->count++;
}

void spec_decode(struct wire_decoder *decoder, uint16_t link_type, const uint8_t *data,
                 uint32_t captured_bytes, uint32_t wire_bytes, struct spec_result *result)
{
    static uint64_t number;
    uint8_t *copy = malloc(captured_bytes ? captured_bytes : 1);
    struct collector collector = {decoder, result};
    struct lifeline_frame frame = {
        .number = ++number,
        .captured_bytes = captured_bytes,
        .wire_bytes = wire_bytes,
        .link_type = link_type,
        .data = captured_bytes ? copy : NULL,
    };

    if (copy == NULL)
        give_up("no memory", "");
    memcpy(copy, data, captured_bytes);
    memset(result, 0, sizeof(*result));
    wire_decode(decoder, &frame, collect, &collector);
    free(copy);
}

static void check_whole(const struct lifeline_segment *segment)
{
    CHECK_UINT(segment->src_port, SPEC_SRC_PORT);
    CHECK_UINT(segment->dst_port, SPEC_DST_PORT);
    CHECK_UINT(segment->seq, SPEC_SEQ);
    CHECK_UINT(segment->ack, SPEC_ACK);
    CHECK_UINT(segment->flags, SPEC_FLAGS);
    CHECK_UINT(segment->window, SPEC_WINDOW);
    CHECK_UINT(segment->options, LIFELINE_OPT_TIMESTAMP | LIFELINE_OPT_SACK);
    CHECK_UINT(segment->timestamp_value, SPEC_TIMESTAMP);
    CHECK_UINT(segment->timestamp_echo, SPEC_ECHO);
    CHECK_UINT(segment->sack_left, SPEC_SACK_LEFT);
    CHECK_UINT(segment->sack_right, SPEC_SACK_RIGHT);
    CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES);
    CHECK_UINT(segment->captured_bytes, SPEC_PAYLOAD_BYTES);
    CHECK_UINT(segment->bad_checksum, 0);
    CHECK_UINT(segment->ttl, SPEC_TTL);
    if (segment->src.family == 4) {
        CHECK_UINT(segment->ip_id, SPEC_IP_ID);
        CHECK(memcmp(segment->src.bytes, (uint8_t[16]){10, 0, 0, 1}, 16) == 0);
        CHECK(memcmp(segment->dst.bytes, (uint8_t[16]){10, 0, 0, 2}, 16) == 0);
    } else {
        CHECK_UINT(segment->src.family, 6);
        CHECK_UINT(segment->ip_id, 0);
        CHECK_UINT(segment->src.bytes[15], 1);
        CHECK_UINT(segment->dst.bytes[15], 2);
    }
}

/* A cut frame's segment says nothing that the whole one's doesn't. */
static void check_cut(const struct lifeline_segment *cut, const struct lifeline_segment *whole)
{
    CHECK(memcmp(&cut->src, &whole->src, sizeof(cut->src)) == 0);
    CHECK(memcmp(&cut->dst, &whole->dst, sizeof(cut->dst)) == 0);
    CHECK_UINT(cut->layer, whole->layer);
    CHECK_UINT(cut->ttl, whole->ttl);
    CHECK_UINT(cut->ip_id, whole->ip_id);
    CHECK_UINT(cut->src_port, whole->src_port);
    CHECK_UINT(cut->dst_port, whole->dst_port);
    CHECK_UINT(cut->seq, whole->seq);
    CHECK_UINT(cut->ack, whole->ack);
    CHECK_UINT(cut->flags, whole->flags);
    CHECK_UINT(cut->payload_bytes, whole->payload_bytes);
    CHECK(cut->captured_bytes <= cut->payload_bytes);
    CHECK(cut->window == whole->window || cut->window == 0);
    CHECK((cut->options & ~whole->options &
           ~(unsigned)(LIFELINE_OPT_CUT | LIFELINE_OPT_WINDOW_CUT)) == 0);
    if (cut->options & LIFELINE_OPT_TIMESTAMP) {
        CHECK_UINT(cut->timestamp_value, whole->timestamp_value);
        CHECK_UINT(cut->timestamp_echo, whole->timestamp_echo);
    }
    if (cut->options & LIFELINE_OPT_SACK)
        CHECK_UINT(cut->sack_right, whole->sack_right);
    CHECK_UINT(cut->bad_checksum, 0);
}

void spec_check(uint16_t link_type, const char *spec, unsigned segments, const char *context)
{
    struct lifeline_options options = {.verify_checksums = true};
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(&options, &counters);
    struct spec_packet packet;
    struct spec_result whole, cut;
    unsigned before = 0;

    check_about(spec);
    spec_build(spec, &packet);
    spec_decode(decoder, link_type, packet.data, packet.length, packet.length, &whole);
    CHECK_UINT(counters.frames_malformed, 0);
    CHECK_UINT(counters.frames_without_tcp, segments == 0);
    if (!CHECK_UINT(whole.count, segments))
        segments = 0;
    for (unsigned i = 0; i < segments; i++) {
        check_whole(&whole.segments[i]);
        CHECK_UINT(whole.segments[i].layer, i);
        CHECK_TEXT(whole.contexts[i], context);
    }
    for (uint32_t length = 0; length < packet.length; length++) {
        spec_decode(decoder, link_type, packet.data, length, packet.length, &cut);
        CHECK(cut.count >= before && cut.count <= whole.count);
        before = cut.count;
        for (unsigned i = 0; i < cut.count && i < segments; i++) {
            check_cut(&cut.segments[i], &whole.segments[i]);
            CHECK_TEXT(cut.contexts[i], context);
        }
        /* The same octets, and the file says that there weren't more: nothing may be read that
         * isn't there. */
        spec_decode(decoder, link_type, packet.data, length, length, &cut);
    }
    wire_free(decoder);
    check_about("");
}
