/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP and IP headers: options, lengths, what is no segment, checksums, IPv6 extension headers. */
#include <stdlib.h>

#include "check.h"
#include "packet_spec.h"

static struct lifeline_counters counters;
static struct wire_decoder *decoder;
static struct spec_packet packet;
static struct spec_result result;

static void start(const struct lifeline_options *options)
{
    memset(&counters, 0, sizeof(counters));
    wire_free(decoder);
    decoder = wire_new(options, &counters);
}

static const struct lifeline_segment *decode(uint16_t link_type)
{
    spec_decode(decoder, link_type, packet.data, packet.length, packet.length, &result);
    return result.count == 1 ? &result.segments[0] : NULL;
}

/* A TCP header with these options in hexadecimal, padded with NOPs in front; no payload. */
static const struct lifeline_segment *with_options(const char *hex)
{
    char spec[256];
    unsigned bytes = (unsigned)strlen(hex) / 2, padding = (4 - bytes % 4) % 4;

    snprintf(spec, sizeof(spec), "ip4:6 hex:9c4000500000000100000000%x002721000000000%.*s%s",
             5 + (bytes + padding) / 4, (int)padding * 2, "010101", hex);
    check_about(hex);
    spec_build(spec, &packet);
    return decode(101);
}

#define HAS(option, ...)                                                                           \
    do {                                                                                           \
        const struct lifeline_segment *s = with_options(option);                                   \
        if (CHECK(s != NULL)) {                                                                    \
            __VA_ARGS__                                                                            \
        }                                                                                          \
    } while (0)
#define HAS_ONLY(option, bits) HAS(option, CHECK_UINT(s->options, bits);)

static void options(void)
{
    start(NULL);
    HAS_ONLY("", 0);
    HAS("020405b4", CHECK_UINT(s->mss, 1460); CHECK_UINT(s->options, LIFELINE_OPT_MSS););
    HAS("030307", CHECK_UINT(s->window_scale, 7);
        CHECK_UINT(s->options, LIFELINE_OPT_WINDOW_SCALE););
    HAS_ONLY("0402", LIFELINE_OPT_SACK_PERMITTED);
    HAS("050a0000000100000002", CHECK_UINT(s->sack_left, 1); CHECK_UINT(s->sack_right, 2);
        CHECK_UINT(s->options, LIFELINE_OPT_SACK););
    HAS("05120000000100000002000000030000000405", CHECK_UINT(s->sack_left, 1););
    HAS("080a0000000500000006", CHECK_UINT(s->timestamp_value, 5); CHECK_UINT(s->timestamp_echo, 6);
        CHECK_UINT(s->options, LIFELINE_OPT_TIMESTAMP););
    HAS_ONLY("131200112233445566778899aabbccddeeff", LIFELINE_OPT_MD5_OR_AO);
    HAS_ONLY("1d1001010011223344556677889900aa", LIFELINE_OPT_MD5_OR_AO);
    HAS_ONLY("1e0c00810011223344556677", LIFELINE_OPT_MULTIPATH);
    HAS_ONLY("2202", LIFELINE_OPT_FAST_OPEN_REQUEST);
    HAS_ONLY("220a1122334455667788", LIFELINE_OPT_FAST_OPEN_COOKIE);
    HAS_ONLY("fe04f989", LIFELINE_OPT_FAST_OPEN_REQUEST);
    HAS_ONLY("fe0cf9891122334455667788", LIFELINE_OPT_FAST_OPEN_COOKIE);
    HAS_ONLY("fd04f989", LIFELINE_OPT_FAST_OPEN_REQUEST);
    HAS_ONLY("fe041234", 0);
    HAS_ONLY("220511", 0);
    /* A SYN of Linux */
    HAS("020405b40402080a00000005000000000103030a", CHECK_UINT(s->mss, 1460);
        CHECK_UINT(s->window_scale, 10); CHECK_UINT(s->timestamp_value, 5);
        CHECK_UINT(s->options, LIFELINE_OPT_MSS | LIFELINE_OPT_SACK_PERMITTED |
                                   LIFELINE_OPT_TIMESTAMP | LIFELINE_OPT_WINDOW_SCALE););
}

static void malformed_options(void)
{
    start(NULL);
    /* Wrong lengths of known options: the option is ignored, the next is read. */
    HAS_ONLY("0203050402", LIFELINE_OPT_SACK_PERMITTED);
    HAS_ONLY("03040700"
             "0402",
             LIFELINE_OPT_SACK_PERMITTED);
    HAS_ONLY("050911223344556677"
             "0402",
             LIFELINE_OPT_SACK_PERMITTED);
    HAS_ONLY("050200000402", 0);
    HAS_ONLY("08090000000500000006", 0);
    /* A length of 0 or 1, or beyond the header, ends the list: what came before counts. */
    HAS_ONLY("04020200020405b4", LIFELINE_OPT_SACK_PERMITTED);
    HAS_ONLY("04020201020405b4", LIFELINE_OPT_SACK_PERMITTED);
    HAS_ONLY("0402080a00000005", LIFELINE_OPT_SACK_PERMITTED);
    HAS_ONLY("040202", LIFELINE_OPT_SACK_PERMITTED);
    /* End of list */
    HAS_ONLY("040200020405b4", LIFELINE_OPT_SACK_PERMITTED);
}

static void what_is_no_segment(void)
{
    start(NULL);
    spec_build("ip4:6 tcp", &packet);
    packet.data[20 + 12] = 0x40; /* data offset 4 */
    CHECK(decode(101) == NULL);
    packet.data[20 + 12] = 0xf0; /* 60 octets of header in a segment of 56 */
    CHECK(decode(101) == NULL);
    CHECK_UINT(counters.frames_malformed, 2);
    spec_build("ip4:6 hex:9c40005000000001000000005002ffff000000", &packet); /* 19 octets */
    CHECK(decode(101) == NULL);
    CHECK_UINT(counters.frames_malformed, 3);
    spec_build("ip4:6 tcp", &packet);
    packet.data[0] = 0x44; /* IHL 4 */
    CHECK(decode(101) == NULL);
    packet.data[0] = 0x75;
    CHECK(decode(101) == NULL);
    packet.data[0] = 0x45;
    packet.data[2] = 0, packet.data[3] = 19; /* total length below the header's */
    CHECK(decode(101) == NULL);
    CHECK_UINT(counters.frames_malformed, 6);
    /* An option whose length makes no sense: receivers drop the datagram. */
    spec_build("hex:460000480000000040060000 hex:0a0000010a000002 hex:82010000 tcp", &packet);
    CHECK(decode(101) == NULL);
    CHECK_UINT(counters.frames_malformed, 7);
    CHECK_UINT(counters.frames_without_tcp, 7);
    CHECK_UINT(counters.frames, 7);
}

/* At least 14 octets of the header give a segment; fewer are malformed. */
static void cut_header(void)
{
    start(NULL);
    spec_build("ip4:6 tcp", &packet);
    for (uint32_t there = 0; there < SPEC_TCP_BYTES; there++) {
        uint64_t before = counters.frames_malformed;

        spec_decode(decoder, 101, packet.data, 20 + there, packet.length, &result);
        CHECK_UINT(result.count, there >= 14);
        CHECK_UINT(counters.frames_malformed - before, there < 14);
        if (result.count == 0)
            continue;
        CHECK_UINT(result.segments[0].window, there >= 16 ? SPEC_WINDOW : 0);
        CHECK_UINT(result.segments[0].captured_bytes, there > 44 ? there - 44 : 0);
        CHECK_UINT(result.segments[0].payload_bytes, SPEC_PAYLOAD_BYTES);
    }
    /* Of options that aren't there nothing is said: not that there are none. */
    if (!CHECK(with_options("020405b40402080a00000005000000000103030a") != NULL))
        return;
    for (uint32_t there = 14; there <= 40; there++) {
        spec_decode(decoder, 101, packet.data, 20 + there, packet.length, &result);
        if (!CHECK_UINT(result.count, 1))
            continue;
        CHECK_UINT(result.segments[0].options & LIFELINE_OPT_CUT,
                   there < 40 ? LIFELINE_OPT_CUT : 0);
        CHECK_UINT(result.segments[0].options & LIFELINE_OPT_WINDOW_CUT,
                   there < 16 ? LIFELINE_OPT_WINDOW_CUT : 0);
        CHECK_UINT(result.segments[0].options & LIFELINE_OPT_MSS,
                   there >= 24 ? LIFELINE_OPT_MSS : 0);
    }
}

/* The IP header rules: padding isn't payload; a cut copy was longer; 0 is an offload's. */
static void lengths(void)
{
    const struct lifeline_segment *segment;

    start(NULL);
    spec_build("eth:0800 ip4:6 tcp trail:40", &packet);
    if (CHECK((segment = decode(1)) != NULL))
        CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES);
    spec_build("eth:86dd ip6:6 tcp trail:40", &packet);
    if (CHECK((segment = decode(1)) != NULL))
        CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES);

    spec_build("eth:0800 ip4:6 tcp", &packet);
    packet.data[14 + 2] = 5; /* total length 1280 and more, in a frame that was 90 long */
    if (CHECK((segment = decode(1)) != NULL)) {
        CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES + 1280);
        CHECK_UINT(segment->captured_bytes, SPEC_PAYLOAD_BYTES);
    }
    /* The same in a datagram that can't hold it */
    spec_build("eth:0800 ip4:4 ip4:6 tcp", &packet);
    packet.data[14 + 20 + 2] = 5;
    if (CHECK((segment = decode(1)) != NULL))
        CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES);
    /* and in a mirrored frame, which was cut before it was wrapped */
    spec_build("eth:0800 ip4:47 hex:000088be eth:0800 ip4:6 tcp", &packet);
    packet.data[14 + 20 + 4 + 14 + 2] = 5;
    if (CHECK((segment = decode(1)) != NULL))
        CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES + 1280);

    spec_build("eth:0800 ip4:6 tcp", &packet);
    packet.data[14 + 2] = packet.data[14 + 3] = 0;
    spec_decode(decoder, 1, packet.data, packet.length, packet.length + 70000, &result);
    if (CHECK_UINT(result.count, 1)) {
        CHECK_UINT(result.segments[0].payload_bytes, SPEC_PAYLOAD_BYTES + 70000);
        CHECK_UINT(result.segments[0].captured_bytes, SPEC_PAYLOAD_BYTES);
    }
    spec_build("eth:86dd ip6:6 tcp", &packet);
    packet.data[14 + 4] = packet.data[14 + 5] = 0;
    spec_decode(decoder, 1, packet.data, packet.length, packet.length + 70000, &result);
    if (CHECK_UINT(result.count, 1))
        CHECK_UINT(result.segments[0].payload_bytes, SPEC_PAYLOAD_BYTES + 70000);
    /* RFC 2675: 8 octets of hop-by-hop options, 70,000 of TCP header and payload */
    spec_build("eth:86dd ip6:0 hex:0600c20400011178 tcp", &packet);
    packet.data[14 + 4] = packet.data[14 + 5] = 0;
    spec_decode(decoder, 1, packet.data, packet.length, 14 + 40 + 8 + 70000, &result);
    if (CHECK_UINT(result.count, 1))
        CHECK_UINT(result.segments[0].payload_bytes, 70000 - 44);
}

static void extension_headers(void)
{
    static const char *const specs[] = {
        "ip6:0 hex:0600050200000100 tcp",                      /* hop-by-hop: router alert */
        "ip6:60 hex:0601010c000000000000000000000000 tcp",     /* destination options: padding */
        "ip6:51 hex:0604000000000001 hex:00000001 pad:12 tcp", /* authentication header */
        "ip6:44 hex:060000000000000b tcp",                     /* an atomic fragment, RFC 6946 */
        "ip6:0 hex:3c00010400000000 hex:0600010400000000 tcp",
        "ip6:140 hex:0600010400000000 tcp",
    };

    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
        start(NULL);
        check_about(specs[i]);
        spec_build(specs[i], &packet);
        for (uint32_t length = 0; length <= packet.length; length++)
            spec_decode(decoder, 229, packet.data, length, packet.length, &result);
        if (CHECK_UINT(result.count, 1))
            CHECK_UINT(result.segments[0].payload_bytes, SPEC_PAYLOAD_BYTES);
    }
    check_about("");
    /* IPv4 has the authentication header as well; ESP ends the walk. */
    start(NULL);
    spec_build("ip4:51 hex:0604000000000001 hex:00000001 pad:12 tcp", &packet);
    CHECK(decode(101) != NULL);
    spec_build("ip6:0 hex:3200010400000000 hex:0000000100000001 tcp", &packet);
    CHECK(decode(101) == NULL);
    CHECK_UINT(counters.frames_malformed, 0);
}

/* The endpoints are those of the pseudo-header, RFC 8200 8.1, not the next hop. */
static void source_routes(void)
{
    static const uint8_t last[16] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x99};
    const struct lifeline_segment *segment;

    start(NULL);
    /* Type 0, two addresses, segments left */
    spec_build("ip6:43 hex:0604000200000000 hex:20010db8000000000000000000000055 "
               "hex:20010db8000000000000000000000099 tcp",
               &packet);
    if (CHECK((segment = decode(101)) != NULL))
        CHECK(memcmp(segment->dst.bytes, last, 16) == 0);
    packet.data[43] = 0; /* none left: the destination is reached */
    if (CHECK((segment = decode(101)) != NULL))
        CHECK_UINT(segment->dst.bytes[15], 2);
    /* Segment routing, RFC 8754: the last is listed first */
    spec_build("ip6:43 hex:0604040101000000 hex:20010db8000000000000000000000099 "
               "hex:20010db8000000000000000000000055 tcp",
               &packet);
    if (CHECK((segment = decode(101)) != NULL))
        CHECK(memcmp(segment->dst.bytes, last, 16) == 0);
    /* A mobile node's home address, RFC 6275 */
    spec_build("ip6:60 hex:0602 hex:01020000 hex:c910 hex:20010db8000000000000000000000099 tcp",
               &packet);
    if (CHECK((segment = decode(101)) != NULL))
        CHECK(memcmp(segment->src.bytes, last, 16) == 0);
    /* IPv4 loose source route, RFC 791 3.1: in use, and used up */
    spec_build("hex:480000580000000040060000 hex:0a0000010a000002 "
               "hex:01830b040a0000580a000063 tcp",
               &packet);
    if (CHECK((segment = decode(101)) != NULL)) {
        CHECK_UINT(segment->dst.bytes[3], 0x63);
        CHECK_UINT(segment->payload_bytes, SPEC_PAYLOAD_BYTES);
    }
    packet.data[23] = 12;
    if (CHECK((segment = decode(101)) != NULL))
        CHECK_UINT(segment->dst.bytes[3], 2);
}

/* Verified only when asked for, the whole segment is there, and it isn't left to an offload. */
static void checksums(void)
{
    static const char *const specs[] = {"ip4:6 tcp", "ip6:6 tcp"};
    struct lifeline_options verify = {.verify_checksums = true};

    for (unsigned i = 0; i < 2; i++) {
        unsigned header = i ? 40 : 20, address = i ? 16 : 4, src = i ? 8 : 12;
        uint8_t *field;
        uint16_t right, sum;

        start(&verify);
        spec_build(specs[i], &packet);
        field = packet.data + header + 16;
        right = (uint16_t)(field[0] << 8 | field[1]);
        CHECK_UINT(decode(101)->bad_checksum, 0);
        field[1] ^= 1;
        CHECK_UINT(decode(101)->bad_checksum, 1);
        CHECK_UINT(counters.bad_checksums, 1);
        spec_decode(decoder, 101, packet.data, packet.length - 1, packet.length, &result);
        CHECK_UINT(result.segments[0].bad_checksum, 0);
        field[0] = field[1] = 0;
        CHECK_UINT(decode(101)->bad_checksum, 0);
        /* The pseudo-header's sum, as Linux leaves it to the network card: right for an empty
         * segment of all zeros but the length. */
        sum = (uint16_t)~spec_tcp_checksum(packet.data + src, packet.data + src + address, address,
                                           NULL, 0);
        sum = (uint16_t)(sum + SPEC_TCP_BYTES);
        field[0] = (uint8_t)(sum >> 8), field[1] = (uint8_t)sum;
        CHECK_UINT(decode(101)->bad_checksum, 0);
        sum = (uint16_t)(sum - SPEC_TCP_BYTES);
        field[0] = (uint8_t)(sum >> 8), field[1] = (uint8_t)sum;
        CHECK_UINT(decode(101)->bad_checksum, 0);
        field[0] = (uint8_t)(right >> 8), field[1] = (uint8_t)right;
        packet.data[packet.length - 1] ^= 0x40;
        CHECK_UINT(decode(101)->bad_checksum, 1);
        CHECK_UINT(counters.bad_checksums, 2);
        start(NULL);
        CHECK_UINT(decode(101)->bad_checksum, 0);
        CHECK_UINT(counters.bad_checksums, 0);
    }
}

/* TCP headers quoted by ICMP errors are counted, and are no segments. */
static void icmp_errors(void)
{
    static const char *const quoting[] = {
        "ip4:1 hex:0304000000000578 ip4:6 tcp", "ip4:1 hex:0b00000000000000 ip4:6 tcp",
        "ip4:1 hex:0501000000000000 ip4:6 tcp", "ip6:58 hex:0200000000000578 ip6:6 tcp",
        "ip6:58 hex:0104000000000000 ip6:6 tcp"};
    static const char *const others[] = {"ip4:1 hex:0800000000000000 ip4:6 tcp",
                                         "ip4:1 hex:0301000000000000 ip4:17 udp:53",
                                         "ip6:58 hex:8000000000000000 ip6:6 tcp", "ip4:1 hex:03"};
    const unsigned count = sizeof(quoting) / sizeof(quoting[0]);

    start(NULL);
    for (unsigned i = 0; i < count; i++) {
        spec_build(quoting[i], &packet);
        CHECK(decode(101) == NULL);
    }
    CHECK_UINT(counters.icmp_quoted, count);
    for (unsigned i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        spec_build(others[i], &packet);
        CHECK(decode(101) == NULL);
    }
    CHECK_UINT(counters.icmp_quoted, count);
    CHECK_UINT(counters.frames_malformed, 0);
}

/* From a router, about what the endpoint sent: with these octets of TCP. */
static const char error4[] = "hex:450000380000400040010000"
                             "c00002fe"
                             "c0000201"
                             "hex:0304000000000514"
                             "hex:450005dc0001400040060000"
                             "c0000201"
                             "c6336402"
                             "hex:9c40005001020304";
static const char error6[] = "hex:6000000000483a40"
                             "20010db80000000000000000000000fe"
                             "20010db8000000000000000000000001"
                             "hex:0200000000000514"
                             /* what it quotes has destination options and is an atomic fragment */
                             "hex:6000000005b43c40"
                             "20010db8000000000000000000000001"
                             "20010db8000000010000000000000002"
                             "hex:2c00010400000000"
                             "0600000000000007"
                             "hex:9c40005001020304";

/* Each length of an error that is cut: an error once all of it is there, never a segment. */
static void cut_icmp_error(const char *hex, uint16_t link_type)
{
    uint8_t bytes[256];
    uint32_t length = 0;
    struct lifeline_icmp icmp;

    for (const char *at = hex; *at != '\0';) {
        unsigned octet;

        if (strncmp(at, "hex:", 4) == 0) {
            at += 4;
            continue;
        }
        sscanf(at, "%2x", &octet);
        bytes[length++] = (uint8_t)octet;
        at += 2;
    }
    start(NULL);
    for (uint32_t cut = 0; cut <= length; cut++) {
        uint8_t *copy = malloc(cut ? cut : 1);

        if (copy == NULL)
            abort();
        memcpy(copy, bytes, cut);
        spec_decode(decoder, link_type, copy, cut, length, &result);
        free(copy);
        CHECK_UINT(result.count, cut == length);
    }
    if (!CHECK(result.count == 1))
        return;
    CHECK_UINT(result.segments[0].flags, LIFELINE_ICMP);
    CHECK_UINT(result.segments[0].dst_port, 40000);
    CHECK_UINT(result.segments[0].src_port, 80);
    CHECK_UINT(result.segments[0].dst.bytes[0], bytes[link_type == 228 ? 16 : 24]);
    lifeline_icmp_of(&result.segments[0], &icmp);
    CHECK_UINT(icmp.error, LIFELINE_ICMP_PACKET_TOO_BIG);
    CHECK_UINT(icmp.mtu, 1300);
    CHECK_UINT(icmp.quoted_seq, 0x01020304);
    CHECK_UINT(icmp.sender.family, link_type == 228 ? 4 : 6);
    CHECK_UINT(icmp.sender.bytes[link_type == 228 ? 3 : 15], 0xfe);
    CHECK_UINT(counters.frames_without_tcp, length + 1);
    /* To another host than the one that sent what it quotes. */
    bytes[link_type == 228 ? 19 : 39] ^= 1;
    spec_decode(decoder, link_type, bytes, length, length, &result);
    CHECK_UINT(result.count, 0);
}

static void icmp_errors_cut(void)
{
    cut_icmp_error(error4, 228);
    cut_icmp_error(error6, 229);
}

/* The same parser, for feeders that have their own decoder. */
static void lone_header(void)
{
    struct lifeline_segment segment;
    uint8_t *copy;

    memset(&segment, 0, sizeof(segment));
    spec_build("tcp", &packet);
    for (uint32_t length = 0; length <= packet.length; length++) {
        bool whole;

        copy = malloc(length ? length : 1);
        if (copy == NULL)
            abort();
        memcpy(copy, packet.data, length);
        whole = lifeline_parse_tcp(copy, length, packet.length, &segment);
        CHECK_UINT(whole, length >= 14);
        free(copy);
    }
    CHECK_UINT(segment.seq, SPEC_SEQ);
    CHECK_UINT(segment.sack_right, SPEC_SACK_RIGHT);
    CHECK_UINT(segment.payload_bytes, SPEC_PAYLOAD_BYTES);
    CHECK(!lifeline_parse_tcp(packet.data, packet.length, 19, &segment));
}

int main(void)
{
    RUN(options);
    RUN(malformed_options);
    RUN(what_is_no_segment);
    RUN(cut_header);
    RUN(lengths);
    RUN(extension_headers);
    RUN(source_routes);
    RUN(checksums);
    RUN(icmp_errors);
    RUN(icmp_errors_cut);
    RUN(lone_header);
    wire_free(decoder);
    return check_report();
}
