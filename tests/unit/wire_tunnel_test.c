/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each tag and tunnel gives the segment in it and its context, whole and cut at every length. */
#include "check.h"
#include "packet_spec.h"

#define V4 "192.0.2.1-192.0.2.2"
#define V6 "2001:db8:ffff::1-2001:db8:ffff::2"

static const struct {
    const char *spec, *context;
} tags[] = {
    /* VLAN: priority bits are no part of it, id 0 is a mere priority */
    {"eth:8100 hex:000a0800 ip4:6 tcp", "vlan 10"},
    {"eth:8100 hex:e00a0800 ip4:6 tcp", "vlan 10"},
    {"eth:8100 hex:a0000800 ip4:6 tcp", ""},
    {"eth:88a8 hex:0064 hex:8100 hex:000a86dd ip6:6 tcp", "vlan 100, vlan 10"},
    {"eth:9100 hex:0064 hex:8100 hex:000a0800 ip4:6 tcp", "vlan 100, vlan 10"},
    {"eth:8100 hex:000a len16:0 hex:aaaa030000000800 ip4:6 tcp", "vlan 10"},
    /* MPLS: labels are no context; IP, pseudowire with and without control word */
    {"eth:8847 hex:00064140 ip4:6 tcp", ""},
    {"eth:8847 hex:00064040 hex:00065140 ip6:6 tcp", ""},
    {"eth:8848 hex:00064140 ip4:6 tcp", ""},
    {"eth:8847 hex:00064140 hex:00000000 eth:0800 ip4:6 tcp", ""},
    {"eth:8847 hex:00064140 eth:0800 ip4:6 tcp", ""},
    {"eth:8847 hex:00064140 hex:44000000000264000000000108 hex:00 ip4:6 tcp", ""},
    {"eth:8847 hex:00064140 hex:64000000000244000000000186dd ip6:6 tcp", ""},
    {"eth:8100 hex:000a8847 hex:00064140 ip4:6 tcp", "vlan 10"},
    /* PPPoE: sessions are no context; padding behind its length isn't payload */
    {"eth:8864 hex:11000102 len16:0 hex:0021 ip4:6 tcp trail:10", ""},
    {"eth:8864 hex:11000102 len16:0 hex:0057 ip6:6 tcp", ""},
    {"eth:8864 hex:11000102 len16:0 hex:0281 hex:00064140 ip4:6 tcp", ""},
    /* shims */
    {"eth:8926 hex:800100010800 ip4:6 tcp", ""},
    {"eth:8926 hex:800100018100 hex:000a0800 ip4:6 tcp", "vlan 10"},
    {"eth:8909 hex:0101000100020800 ip4:6 tcp", ""},
    {"eth:88e5 hex:0000000000010800 ip4:6 tcp trail:16", ""},
    {"eth:88e5 hex:2000000000010102030405060708 hex:0800 ip4:6 tcp trail:16", ""},
    {"eth:88e7 hex:00000539 eth:0800 ip4:6 tcp", "i-sid 1337"},
    {"eth:88a8 hex:006488e7 hex:00000539 eth:8100 hex:000a0800 ip4:6 tcp",
     "vlan 100, i-sid 1337, vlan 10"},
    {"eth:22f3 hex:003f00010002 eth:0800 ip4:6 tcp", ""},
    {"eth:22f3 hex:007f00010002 hex:00000000 eth:0800 ip4:6 tcp", ""},
    {"eth:8903 hex:0400 eth:0800 ip4:6 tcp", ""},
    {"eth:892f hex:003400010800 ip4:6 tcp", ""},
    {"eth:894f hex:0fc20101000000ff ip4:6 tcp", ""},
    {"eth:894f hex:0fc20103000000ff eth:0800 ip4:6 tcp", ""},
    {"hex:01000c00000002000000000100 hex:50 hex:aaaa0300000c hex:0015 hex:00000000 eth:0800 ip4:6 "
     "tcp",
     "vlan 10"},
};

static void tags_and_shims(void)
{
    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
        spec_check(1, tags[i].spec, 1, tags[i].context);
}

static const struct {
    const char *spec, *context;
} tunnels[] = {
    {"ip4:4 ip4:6 tcp", "ipip " V4},
    {"ip4:94 ip4:6 tcp", "ipip " V4},
    {"ip4:41 ip6:6 tcp", "6in4 " V4},
    {"ip6:4 ip4:6 tcp", "ipip " V6},
    {"ip6:41 ip6:6 tcp", "6in4 " V6},
    {"ip4:97 hex:3000 eth:0800 ip4:6 tcp", "etherip " V4},
    {"ip4:137 hex:00064140 ip4:6 tcp", "mpls " V4},
    {"ip6:143 eth:0800 ip4:6 tcp", "srv6 " V6},
    /* GRE: each flag, PPTP, ERSPAN, WCCP, 802.11 */
    {"ip4:47 hex:00000800 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:800008001234 hex:0000 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:2000080000000007 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:1000080000000001 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:b00086dd hex:123400000000000700000001 ip6:6 tcp", "gre " V4},
    {"ip4:47 hex:40000800 hex:00000000 hex:08000004c0000201 hex:00000000 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:20006558 hex:00053901 eth:0800 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:00008847 hex:00064140 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:00008100 hex:000a0800 ip4:6 tcp", "gre " V4 ", vlan 10"},
    {"ip4:47 hex:3001880b len16:2 hex:0007 hex:00000001 hex:ff030021 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:3081880b len16:2 hex:0007 hex:00000001 hex:00000002 hex:21 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:0000883e ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:0000883e hex:00010203 ip4:6 tcp", "gre " V4},
    {"ip4:47 hex:000088be eth:0800 ip4:6 tcp", "erspan " V4},
    {"ip4:47 hex:100088be hex:00000001 hex:100a000100000000 eth:0800 ip4:6 tcp", "erspan " V4},
    {"ip4:47 hex:100088be hex:00000001 hex:100a000100000000 eth:8100 hex:000a0800 ip4:6 tcp",
     "erspan " V4 ", vlan 10"},
    {"ip4:47 hex:100022eb hex:00000001 hex:200a000100000000 hex:00000000 eth:0800 ip4:6 tcp",
     "erspan " V4},
    {"ip4:47 hex:100022eb hex:00000001 hex:200a000100000000 hex:00000001 hex:0000000000000000 "
     "eth:0800 ip4:6 tcp",
     "erspan " V4},
    {"ip4:47 hex:100022eb hex:00000001 hex:200a000100000000 hex:00000800 ip4:6 tcp", "erspan " V4},
    {"ip4:47 hex:00008200 hex:08010000020000000002020000000001020000000003 hex:0000 "
     "hex:aaaa030000000800 ip4:6 tcp",
     "gre " V4},
    {"ip6:47 hex:00000800 ip4:6 tcp", "gre " V6},
    /* UDP */
    {"ip4:17 udp:4789 hex:0800000000000500 eth:0800 ip4:6 tcp", "vxlan 5 " V4},
    {"ip4:17 udp:8472 hex:0800000000000500 eth:86dd ip6:6 tcp", "vxlan 5 " V4},
    {"ip4:17 udp:4789 hex:8800006400000500 eth:0800 ip4:6 tcp", "vxlan 5 " V4},
    {"ip6:17 udp:4789 hex:0800000000000500 eth:8100 hex:000a0800 ip4:6 tcp",
     "vxlan 5 " V6 ", vlan 10"},
    {"ip4:17 udp:4790 hex:0c00000100000500 ip4:6 tcp", "vxlan 5 " V4},
    {"ip4:17 udp:4790 hex:0c00000300000500 eth:0800 ip4:6 tcp", "vxlan 5 " V4},
    {"ip4:17 udp:4790 hex:0c00000400000500 hex:0fc20101000000ff ip4:6 tcp", "vxlan 5 " V4},
    {"ip4:17 udp:6081 hex:0000655800000500 eth:0800 ip4:6 tcp", "geneve 5 " V4},
    {"ip4:17 udp:6081 hex:0240655800000500 hex:0102800100000007 eth:0800 ip4:6 tcp",
     "geneve 5 " V4},
    {"ip4:17 udp:6081 hex:0000080000000500 ip4:6 tcp", "geneve 5 " V4},
    {"ip4:17 udp:4754 hex:00000800 ip4:6 tcp", "gre " V4},
    {"ip4:17 udp:6635 hex:00064140 ip4:6 tcp", "mpls " V4},
    {"ip4:17 udp:6080 hex:00040000 ip4:6 tcp", "gue " V4 ", ipip " V4},
    {"ip4:17 udp:6080 ip4:6 tcp", "gue " V4},
    {"ip4:17 udp:4341 hex:0800000000000500 ip4:6 tcp", "lisp " V4},
    {"ip4:17 udp:5072 hex:41520129 hex:00000000 pad:16 pad:20 ip6:6 tcp", "ayiya " V4},
    {"ip4:17 udp:37008 hex:01000001 hex:0a0101 hex:00 hex:01 eth:0800 ip4:6 tcp", "tzsp " V4},
    /* L2TP: bare, and with length, sequence numbers and offset */
    {"ip4:17 udp:1701 hex:0002 hex:00070008 hex:ff030021 ip4:6 tcp", "l2tp " V4},
    {"ip4:17 udp:1701 hex:4a02 len16:4 hex:00070008 hex:00010002 hex:0002 hex:0000 hex:0021 ip4:6 "
     "tcp",
     "l2tp " V4},
    /* version 3: cookies of 0, 4 and 8 octets, with and without a sublayer header */
    {"ip4:115 hex:00000007 eth:0800 ip4:6 tcp", "l2tp " V4},
    {"ip4:115 hex:00000007 hex:c0c1c2c3 eth:0800 ip4:6 tcp", "l2tp " V4},
    {"ip4:115 hex:00000007 hex:c0c1c2c3c4c5c6c7 hex:00000000 eth:8100 hex:000a86dd ip6:6 tcp",
     "l2tp " V4 ", vlan 10"},
    {"ip4:17 udp:1701 hex:00030000 hex:00000007 hex:00000000 eth:0800 ip4:6 tcp", "l2tp " V4},
    /* CAPWAP: 802.3; 802.11 in either order, behind a radio MAC address */
    {"ip4:17 udp:5247 hex:0010020000000000 eth:0800 ip4:6 tcp", "capwap " V4},
    {"ip4:17 udp:5247 hex:0020031000000000 hex:0602000000000900 "
     "hex:08010000020000000002020000000001020000000003 hex:0000 hex:aaaa030000000800 ip4:6 tcp",
     "capwap " V4},
    {"ip4:17 udp:5247 hex:0010030000000000 "
     "hex:01080000020000000002020000000001020000000003 hex:0000 hex:aaaa030000000800 ip4:6 tcp",
     "capwap " V4},
    /* Teredo: bare, authentication, origin, both; on another port it takes proof */
    {"ip4:17 udp:3544 ip6:6 tcp", "teredo"},
    {"ip4:17 udp:3544 hex:00010000 hex:000000000000000000 ip6:6 tcp", "teredo"},
    {"ip4:17 udp:3544 hex:0000ef39fefdfcfb ip6:6 tcp", "teredo"},
    {"ip4:17 udp:3544 hex:00010201 hex:a1a2a3 hex:000000000000000000 hex:0000ef39fefdfcfb ip6:6 "
     "tcp",
     "teredo"},
    /* one in another */
    {"ip4:4 ip4:47 hex:00000800 ip4:6 tcp", "ipip " V4 ", gre " V4},
    {"ip4:17 udp:4789 hex:0800000000000500 eth:0800 ip4:17 udp:6081 hex:0000655800000700 "
     "eth:8100 hex:000a0800 ip4:6 tcp",
     "vxlan 5 " V4 ", geneve 7 " V4 ", vlan 10"},
};

static void ip_tunnels(void)
{
    for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++)
        spec_check(101, tunnels[i].spec, 1, tunnels[i].context);
}

/* TS 29.281: flags E, S, PN; extension headers; PDU types. The length counts from octet 9 on. */
static void gtp(void)
{
    static const char *const specs[] = {
        "ip4:17 udp:2152 hex:30ff004c00000007 ip4:6 tcp",
        "ip4:17 udp:2152 hex:32ff005000000007 hex:00010000 ip4:6 tcp",
        "ip4:17 udp:2152 hex:34ff005400000007 hex:00000085 hex:01000900 ip4:6 tcp",
        "ip4:17 udp:2152 hex:34ff005c00000007 hex:00000085010009c00200000000000000 ip4:6 tcp",
    };

    for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
        spec_check(101, specs[i], 1, "gtp " V4);
    spec_check(101, "ip4:17 udp:2152 hex:30ff006000000007 ip6:6 tcp", 1, "gtp " V4);
    spec_check(101, "ip4:17 udp:2152 hex:30ff005a00000007 eth:0800 ip4:6 tcp", 1, "gtp " V4);
    spec_check(101, "ip4:17 udp:2152 hex:30ff005000000007 hex:ff030021 ip4:6 tcp", 1, "gtp " V4);
    spec_check(101, "ip4:17 udp:3386 hex:1eff004c0001000000000000 pad:8 ip4:6 tcp", 1, "gtp " V4);
    /* Signalling, and an extension header of length 0 */
    spec_check(101, "ip4:17 udp:2152 hex:3201000400000000 hex:00010000", 0, "");
    spec_check(101, "ip4:17 udp:2152 hex:34ff005400000007 hex:00000085 hex:00000900 ip4:6 tcp", 0,
               "");
}

/* RFC 4380: clients talk from any port; an address of 2001:0::/32 and the exact size prove it. */
static void teredo_anywhere(void)
{
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    struct spec_packet packet;
    struct spec_result result;

    spec_build("ip4:17 udp:51234 ip6:6 tcp", &packet);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 0);
    memset(packet.data + 28 + 8 + 2, 0, 2);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    if (CHECK_UINT(result.count, 1))
        CHECK_TEXT(result.contexts[0], "teredo");
    packet.data[28 + 5]--;
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 0);
    wire_free(decoder);
}

/* 6to4 has another relay for each direction: its outer addresses are no context. */
static void sixtofour(void)
{
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    struct spec_packet packet;
    struct spec_result result;

    spec_build("ip4:41 ip6:6 tcp", &packet);
    memcpy(packet.data + 20 + 24, (uint8_t[]){0x20, 0x02, 192, 0, 2, 2}, 6);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    if (CHECK_UINT(result.count, 1))
        CHECK_TEXT(result.contexts[0], "6to4");
    wire_free(decoder);
}

/* Minimal encapsulation, RFC 2004: the addresses are put back. */
static void minimal(void)
{
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    struct spec_packet packet;
    struct spec_result result;

    spec_build("ip4:55 hex:068000000a0000020a000001 tcp", &packet);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    if (CHECK_UINT(result.count, 1)) {
        CHECK_TEXT(result.contexts[0], "ipip " V4);
        CHECK(memcmp(result.segments[0].src.bytes, (uint8_t[]){10, 0, 0, 1}, 4) == 0);
        CHECK(memcmp(result.segments[0].dst.bytes, (uint8_t[]){10, 0, 0, 2}, 4) == 0);
    }
    wire_free(decoder);
}

/* What can't be read is no segment, and no malformed frame either. */
static void closed_books(void)
{
    spec_check(101, "ip4:50 hex:0000000100000001 pad:80", 0, "");
    spec_check(1, "eth:88e5 hex:0c00000000010800 pad:80", 0, "");
    spec_check(1, "eth:0806 pad:28", 0, "");
    spec_check(1, "eth:8863 hex:1109000000000000", 0, "");
    spec_check(101, "ip4:17 udp:4789 hex:0000000000000500 eth:0800 ip4:6 tcp", 0, "");
    spec_check(101, "ip4:17 udp:4790 hex:0d00000100000500 ip4:6 tcp", 0, "");
    spec_check(101, "ip4:17 udp:6081 hex:0080080000000500 ip4:6 tcp", 0, "");
    spec_check(101, "ip4:17 udp:1701 hex:c802 len16:2 hex:00070000 hex:00010002", 0, "");
    spec_check(101, "ip4:17 udp:53 ip4:6 tcp", 0, "");
    spec_check(101, "ip4:115 hex:00000000 hex:c8030000 pad:40", 0, "");
    spec_check(101, "ip4:17 udp:5247 hex:0100000000000000 pad:40", 0, "");
    spec_check(101, "ip4:17 udp:5247 hex:0010020800000000 pad:40", 0, "");
    spec_check(101, "ip4:47 hex:00020800 ip4:6 tcp", 0, "");
    spec_check(101, "ip4:132 pad:80", 0, "");
    /* A GRE keep-alive and a PPTP acknowledgement without data */
    spec_check(101, "ip4:47 hex:00000000", 0, "");
    spec_check(101, "ip4:47 hex:2081880b hex:00000007 hex:00000002", 0, "");
}

/* Deeper than max_tunnel_depth is counted, and not decoded. */
static void depth(void)
{
    struct lifeline_options options = {.max_tunnel_depth = 2};
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(&options, &counters);
    struct spec_packet packet;
    struct spec_result result;
    char spec[1024] = "eth:8100";

    spec_build("ip4:4 ip4:4 ip4:6 tcp", &packet);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 1);
    CHECK_UINT(counters.tunnels_too_deep, 0);
    spec_build("ip4:4 ip4:4 ip4:4 ip4:6 tcp", &packet);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 0);
    CHECK_UINT(counters.tunnels_too_deep, 1);
    wire_free(decoder);

    /* 8 by default; 9 aren't followed, nor are endless VLAN tags or MPLS labels. */
    memset(&counters, 0, sizeof(counters));
    decoder = wire_new(NULL, &counters);
    spec_build("ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:6 tcp", &packet);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 1);
    spec_build("ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:4 ip4:6 tcp", &packet);
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 0);
    CHECK_UINT(counters.tunnels_too_deep, 1);
    for (int i = 0; i < 60; i++)
        strcat(spec, " hex:00018100");
    spec_build(spec, &packet);
    spec_decode(decoder, 1, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(counters.tunnels_too_deep, 2);
    spec_build("eth:8847 pad:2", &packet);
    memset(packet.data + 14, 0, 2000);
    spec_decode(decoder, 1, packet.data, 2000, 2000, &result);
    CHECK_UINT(counters.tunnels_too_deep, 3);
    wire_free(decoder);
}

int main(void)
{
    RUN(tags_and_shims);
    RUN(ip_tunnels);
    RUN(gtp);
    RUN(teredo_anywhere);
    RUN(sixtofour);
    RUN(minimal);
    RUN(closed_books);
    RUN(depth);
    return check_report();
}
