/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each link type gives the segment in it, whole and cut at every length. */
#include "check.h"
#include "packet_spec.h"

/* Numbers: tcpdump.org/linktypes.html. */
static const struct {
    uint16_t link_type;
    const char *spec;
} links[] = {
    {0, "hex:02000000 ip4:6 tcp"}, /* little endian */
    {0, "hex:00000002 ip4:6 tcp"}, /* big endian */
    {0, "hex:0a000000 ip6:6 tcp"}, /* Linux */
    {0, "hex:17000000 ip6:6 tcp"}, /* Windows */
    {0, "hex:18000000 ip6:6 tcp"}, /* NetBSD, OpenBSD */
    {0, "hex:1c000000 ip6:6 tcp"}, /* FreeBSD */
    {0, "hex:0000001e ip6:6 tcp"}, /* macOS */
    {1, "eth:0800 ip4:6 tcp"},
    {1, "eth:86dd ip6:6 tcp"},
    {1, "eth:0800 ip4:6 tcp trail:6"}, /* padding isn't payload */
    {1, "hex:020000000002020000000001 len16:0 hex:aaaa030000000800 ip4:6 tcp"},
    {1, "hex:020000000002020000000001 len16:0 hex:aaaa0300000086dd ip6:6 tcp"},
    {1, "hex:020000000002020000000001 len16:0 hex:060603 ip4:6 tcp"},
    {6, "hex:1040000000000002000000000001 hex:aaaa030000000800 ip4:6 tcp"},
    {6, "hex:1040000000000002800000000001 hex:061000200030 hex:aaaa030000000800 ip4:6 tcp"},
    {7, "hex:0102f0 ip4:6 tcp"},
    {7, "hex:0102d4000001 ip4:6 tcp"},
    {7, "hex:0102d4ff00ffff000001 ip4:6 tcp"},
    {7, "hex:0102c4000001 ip6:6 tcp"},
    {8, "hex:00400000000000000000000000000000 ip4:6 tcp"},
    {9, "hex:ff030021 ip4:6 tcp"},
    {9, "hex:0021 ip4:6 tcp"},
    {9, "hex:21 ip4:6 tcp"}, /* protocol field compression */
    {9, "hex:ff030057 ip6:6 tcp"},
    {10, "hex:50020000000002020000000001 hex:aaaa030000000800 ip4:6 tcp"},
    {12, "ip4:6 tcp"},
    {14, "ip6:6 tcp"},
    {50, "hex:ff030021 ip4:6 tcp"},
    {50, "hex:0f000800 ip4:6 tcp"},
    {50, "hex:8f0086dd ip6:6 tcp"},
    {51, "hex:11000102 len16:0 hex:0021 ip4:6 tcp"},
    {100, "hex:aaaa030000000800 ip4:6 tcp"},
    {100, "hex:aaaa030080c200070000 eth:0800 ip4:6 tcp"},
    {100, "hex:fefe03cc ip4:6 tcp"},
    {101, "ip4:6 tcp"},
    {101, "ip6:6 tcp"},
    {104, "hex:0f000800 ip4:6 tcp"},
    {107, "hex:184103cc ip4:6 tcp"},
    {107, "hex:1841038e ip6:6 tcp"},
    {107, "hex:18410300800000000800 ip4:6 tcp"}, /* SNAP */
    {107, "hex:18410800 ip4:6 tcp"},
    {108, "hex:00000002 ip4:6 tcp"},
    {108, "hex:00000018 ip6:6 tcp"},
    {109, "hex:020000000000000000000000 ip4:6 tcp"},
    {113, "hex:00000001000602000000000100000800 ip4:6 tcp"},
    {113, "hex:000000010006020000000001000086dd ip6:6 tcp"},
    {113, "hex:00000001000602000000000100000004 hex:aaaa030000000800 ip4:6 tcp"},
    {117, "hex:3d020000 pad:60 ip4:6 tcp"},
    {122, "hex:00000000000000020000000000000001 hex:aaaa030000000800 ip4:6 tcp"},
    {123, "hex:02000005 hex:aaaa030000000800 ip4:6 tcp"},
    {129, "hex:01020000f0 ip4:6 tcp"},
    {129, "hex:01020000d4000001 ip4:6 tcp"},
    {138, "hex:00000000000000020000000000000001 hex:0800 ip4:6 tcp"},
    {143, "hex:0000 len16:2 hex:0000 eth:0800 ip4:6 tcp"},
    {143, "hex:0103 len16:5 hex:0102030000 eth:0800 ip4:6 tcp"},
    {149, "hex:0c0000000000000001000000 eth:0800 ip4:6 tcp"},
    {166, "hex:00030021 ip4:6 tcp"},
    {178, "hex:4d474300 eth:0800 ip4:6 tcp"},
    {178, "hex:4d474380 hex:0003 hex:010203 eth:0800 ip4:6 tcp"},
    {178, "hex:4d474302 ip4:6 tcp"},
    {192, "hex:0000080001000000 eth:0800 ip4:6 tcp"},
    {197, "hex:0000000000000000 hex:0200 len16:2 hex:00000000 hex:0000 eth:0800 ip4:6 tcp"},
    {197, "hex:0000000000000000 hex:8200 len16:10 hex:00000000 hex:0300000000000000 hex:0000 "
          "eth:0800 ip4:6 tcp"},
    {197, "hex:0000000000000000 hex:1600 len16:0 hex:00000000 ip4:6 tcp"},
    {204, "hex:00ff030021 ip4:6 tcp"},
    {204, "hex:010021 ip4:6 tcp"},
    {219, "hex:00064040 hex:00065140 ip4:6 tcp"},
    {226, "hex:0102000000000000 pad:16 ip4:6 tcp"},
    {228, "ip4:6 tcp"},
    {229, "ip6:6 tcp"},
    {240, "hex:00000000 eth:0800 ip4:6 tcp"},
    {241, "hex:00000000 hex:55555555555555d5 eth:0800 ip4:6 tcp"},
    {242, "pad:40 hex:08000000 ip4:6 tcp"},
    {258, "hex:100000000000000065000000ffffffff ip6:6 tcp"},
    {274, "hex:55555555555555d5 eth:0800 ip4:6 tcp"},
    {276, "hex:0800000000000002000100060200000000010000 ip4:6 tcp"},
    {276, "hex:86dd000000000002000100060200000000010000 ip6:6 tcp"},
    {281, "hex:020000000002020000000001 hex:20000001 hex:0800 ip4:6 tcp"},
    {282, "hex:20000001 eth:0800 ip4:6 tcp"},
    {283, "hex:020000000002020000000001 hex:c0010000 hex:0800 ip4:6 tcp"},
    {284, "hex:020000000002020000000001 hex:dada0000 hex:c0010000 hex:0800 ip4:6 tcp"},
};

static void link_types(void)
{
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        spec_check(links[i].link_type, links[i].spec, strstr(links[i].spec, "tcp") != NULL, "");
}

static const char ieee80211_data[] =
    "hex:08010000020000000002020000000001020000000003 hex:0000 hex:aaaa030000000800 ip4:6 tcp";
static const char ieee80211_qos[] =
    "hex:88020000020000000002020000000001020000000003 hex:0000 hex:0000 hex:aaaa030000000800 "
    "ip4:6 tcp";

static void aggregate_of_two(void)
{
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    struct spec_packet packet, second;
    struct spec_result result;

    spec_build("hex:88010000020000000002020000000001020000000003 hex:0000 hex:8000 "
               "hex:020000000002020000000001 hex:0054 hex:aaaa030000000800 ip4:6 tcp trail:2",
               &packet);
    spec_build("hex:020000000002020000000001 hex:0068 hex:aaaa0300000086dd ip6:6 tcp", &second);
    memcpy(packet.data + packet.length, second.data, second.length);
    packet.length += second.length;
    spec_decode(decoder, 105, packet.data, packet.length, packet.length, &result);
    if (CHECK_UINT(result.count, 2)) {
        CHECK_UINT(result.segments[0].src.family, 4);
        CHECK_UINT(result.segments[0].layer, 0);
        CHECK_UINT(result.segments[1].src.family, 6);
        CHECK_UINT(result.segments[1].layer, 1);
        CHECK_UINT(result.segments[1].payload_bytes, SPEC_PAYLOAD_BYTES);
    }
    for (uint32_t length = 0; length < packet.length; length++)
        spec_decode(decoder, 105, packet.data, length, packet.length, &result);
    wire_free(decoder);
}

/* 802.11: four addresses, QoS, HT control, aggregates; behind each radio header. */
static void wireless(void)
{
    spec_check(105, ieee80211_data, 1, "");
    spec_check(105, ieee80211_qos, 1, "");
    spec_check(105,
               "hex:08030000020000000002020000000001020000000003 hex:0000 hex:020000000004 "
               "hex:aaaa030000000800 ip4:6 tcp",
               1, "");
    spec_check(105,
               "hex:88810000020000000002020000000001020000000003 hex:0000 hex:0000 hex:00000000 "
               "hex:aaaa030000000800 ip4:6 tcp",
               1, "");
    /* An aggregate of one: 84 octets with the LLC header, padded to a multiple of 4 with the
     * subframe header. */
    spec_check(105,
               "hex:88010000020000000002020000000001020000000003 hex:0000 hex:8000 "
               "hex:020000000002020000000001 hex:0054 hex:aaaa030000000800 ip4:6 tcp trail:2",
               1, "");
    aggregate_of_two();
    /* Protected, null data, a fragment, management: nothing to read. */
    spec_check(105, "hex:08410000020000000002020000000001020000000003 hex:0000 pad:60", 0, "");
    spec_check(105, "hex:48010000020000000002020000000001020000000003 hex:0000", 0, "");
    spec_check(105, "hex:08050000020000000002020000000001020000000003 hex:0000 pad:60", 0, "");
    spec_check(105, "hex:80000000020000000002020000000001020000000003 hex:0000 pad:60", 0, "");
    /* Radiotap: bare; with a timer and flags saying that padding follows the header (26 octets of
     * it, so 2 of padding) and that a check sequence ends the frame. */
    spec_check(127,
               "hex:00000800 hex:00000000 "
               "hex:08010000020000000002020000000001020000000003 hex:0000 "
               "hex:aaaa030000000800 ip4:6 tcp",
               1, "");
    spec_check(127,
               "hex:00001100 hex:03000000 hex:0000000000000000 hex:30 "
               "hex:88010000020000000002020000000001020000000003 hex:0000 hex:0000 hex:0000 "
               "hex:aaaa030000000800 ip4:6 tcp trail:4",
               1, "");
    spec_check(119,
               "hex:00000044 pad:140 hex:08010000020000000002020000000001020000000003 "
               "hex:0000 hex:aaaa030000000800 ip4:6 tcp",
               1, "");
    spec_check(163,
               "hex:80211001 hex:00000040 pad:56 "
               "hex:08010000020000000002020000000001020000000003 hex:0000 "
               "hex:aaaa030000000800 ip4:6 tcp",
               1, "");
    spec_check(192,
               "hex:0000080069000000 hex:08010000020000000002020000000001020000000003 hex:0000 "
               "hex:aaaa030000000800 ip4:6 tcp",
               1, "");
}

/* Attributes in either byte order, others before the payload. */
static void nflog(void)
{
    struct spec_packet inner, packet;
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    struct spec_result result;

    spec_build("ip4:6 tcp", &inner);
    for (unsigned order = 0; order < 2; order++) {
        char spec[128];
        unsigned length = inner.length + 4;

        snprintf(spec, sizeof(spec), "hex:02000000 hex:%s pad:6 hex:0000 hex:%02x%02x%s ip4:6 tcp",
                 order ? "000a0001" : "0a000100", order ? length >> 8 : length & 0xff,
                 order ? length & 0xff : length >> 8, order ? "0009" : "0900");
        spec_build(spec, &packet);
        spec_decode(decoder, 239, packet.data, packet.length, packet.length, &result);
        if (CHECK_UINT(result.count, 1))
            CHECK_UINT(result.segments[0].payload_bytes, SPEC_PAYLOAD_BYTES);
        for (uint32_t length_cut = 0; length_cut < packet.length; length_cut++)
            spec_decode(decoder, 239, packet.data, length_cut, packet.length, &result);
    }
    wire_free(decoder);
}

static void unknown_link(void)
{
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    struct spec_packet packet;
    struct spec_result result;

    spec_build("ip4:6 tcp", &packet);
    spec_decode(decoder, 147, packet.data, packet.length, packet.length, &result);
    spec_decode(decoder, 65535, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 0);
    CHECK_UINT(counters.frames_unknown_link, 2);
    CHECK_UINT(counters.frames_without_tcp, 2);
    CHECK_UINT(counters.frames_malformed, 0);
    wire_free(decoder);
}

int main(void)
{
    RUN(link_types);
    RUN(wireless);
    RUN(nflog);
    RUN(unknown_link);
    return check_report();
}
