/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IP reassembly: order, overlaps, times, bounds, cut fragments, contexts. */
#include <stdlib.h>

#include "check.h"
#include "packet_spec.h"

#define SECOND INT64_C(1000000000)

static struct lifeline_counters counters;
static struct wire_decoder *decoder;
static struct lifeline_segment last;
static unsigned segments;
static uint64_t number;
static int64_t now;
static uint8_t payload[65536];

/* The datagram that is cut into fragments: a TCP segment of 3,000 octets. */
#define DATAGRAM_BYTES 3000
static uint8_t datagram[65536 + 256];

static void collect(void *user, const struct lifeline_segment *segment)
{
    (void)user;
    segments++;
    last = *segment;
    memcpy(payload, segment->payload, segment->captured_bytes);
}

static void start(uint32_t max_fragments)
{
    struct lifeline_options options = {.max_fragments = max_fragments};
    struct spec_packet packet;

    wire_free(decoder);
    memset(&counters, 0, sizeof(counters));
    decoder = wire_new(&options, &counters);
    segments = 0;
    now = 1000 * SECOND;
    spec_build("tcp", &packet);
    memcpy(datagram, packet.data, packet.length);
    for (uint32_t i = packet.length; i < sizeof(datagram); i++)
        datagram[i] = (uint8_t)(i * 7 + i / 256);
}

static void feed(const uint8_t *data, uint32_t length, uint32_t wire)
{
    uint8_t *copy = malloc(length ? length : 1);
    struct lifeline_frame frame = {++number, now, length, wire, 1, copy};

    if (copy == NULL)
        abort();
    memcpy(copy, data, length);
    wire_decode(decoder, &frame, collect, NULL);
    free(copy);
}

/* Sends octets offset .. offset + length - 1 of the datagram as a fragment. */
struct piece {
    uint16_t id, vlan;
    uint32_t offset, length;
    bool more;
    uint32_t cut; /* octets that the snap length took away */
    uint8_t protocol, ttl, host;
};

static void send4(struct piece piece)
{
    uint8_t frame[18 + 20 + 65536] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
    uint8_t *ip = frame + 14;
    uint32_t total = 20 + piece.length, field = piece.offset / 8 | (piece.more ? 0x2000 : 0);
    uint32_t length;

    frame[12] = 8;
    if (piece.vlan) {
        memcpy(frame + 12, (uint8_t[]){0x81, 0, 0, (uint8_t)piece.vlan, 8, 0}, 6);
        ip += 4;
    }
    ip[0] = 0x45;
    ip[2] = (uint8_t)(total >> 8), ip[3] = (uint8_t)total;
    ip[4] = (uint8_t)(piece.id >> 8), ip[5] = (uint8_t)piece.id;
    ip[6] = (uint8_t)(field >> 8), ip[7] = (uint8_t)field;
    ip[8] = piece.ttl ? piece.ttl : 64;
    ip[9] = piece.protocol ? piece.protocol : 6;
    memcpy(ip + 12, (uint8_t[]){10, 0, 0, 1, 10, 0, 0, piece.host ? piece.host : 2}, 8);
    memcpy(ip + 20, datagram + piece.offset, piece.length);
    length = (uint32_t)(ip - frame) + total;
    feed(frame, length - piece.cut, length);
}

static void send6(uint32_t id, uint32_t offset, uint32_t length, bool more, uint8_t next_header)
{
    uint8_t frame[14 + 48 + 65536] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x86, 0xdd, 0x60};
    uint8_t *ip = frame + 14;

    ip[4] = (uint8_t)((length + 8) >> 8), ip[5] = (uint8_t)(length + 8);
    ip[6] = 44;
    ip[7] = 64;
    ip[23] = 1, ip[39] = 2;
    ip[40] = next_header;
    ip[42] = (uint8_t)(offset >> 8), ip[43] = (uint8_t)(offset | more);
    ip[46] = (uint8_t)(id >> 8), ip[47] = (uint8_t)id;
    memcpy(ip + 48, datagram + offset, length);
    feed(frame, 14 + 48 + length, 14 + 48 + length);
}

static void check_datagram(void)
{
    if (!CHECK_UINT(segments, 1))
        return;
    CHECK_UINT(last.frame, number);
    CHECK_UINT(last.seq, SPEC_SEQ);
    CHECK_UINT(last.payload_bytes, DATAGRAM_BYTES - 44);
    CHECK_UINT(last.captured_bytes, DATAGRAM_BYTES - 44);
    CHECK(memcmp(payload, datagram + 44, DATAGRAM_BYTES - 44) == 0);
}

/* Three fragments in each of their six orders. */
static void any_order(void)
{
    static const uint8_t orders[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                        {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const struct piece pieces[] = {{.offset = 0, .length = 1000, .more = true, .ttl = 60},
                                   {.offset = 1000, .length = 1496, .more = true, .ttl = 59},
                                   {.offset = 2496, .length = DATAGRAM_BYTES - 2496, .ttl = 58}};

    for (unsigned i = 0; i < 6; i++) {
        start(0);
        for (unsigned j = 0; j < 3; j++)
            send4(pieces[orders[i][j]]);
        check_datagram();
        CHECK_UINT(last.ttl, 60); /* the first fragment's */
        CHECK_UINT(counters.fragments, 3);
        CHECK_UINT(counters.fragments_dropped, 0);
        CHECK_UINT(counters.frames_without_tcp, 2);
    }
    start(0);
    send6(7, 0, 1000, true, 6);
    send6(7, 2496, DATAGRAM_BYTES - 2496, false, 17); /* only the first one's next header counts */
    send6(7, 1000, 1496, true, 6);
    check_datagram();
}

/* Fragments with the TCP header itself torn apart. */
static void tiny(void)
{
    start(0);
    for (uint32_t offset = 0; offset < DATAGRAM_BYTES; offset += 8)
        send4((struct piece){.offset = offset, .length = 8, .more = offset + 8 < DATAGRAM_BYTES});
    check_datagram();
}

/* What belongs together: identification, protocol, addresses, VLAN. */
static void keys(void)
{
    const struct piece first = {.offset = 0, .length = 1000, .more = true};
    struct piece rest = {.offset = 1000, .length = 2000};

    start(0);
    send4(first);
    rest.id = 1;
    send4(rest);
    rest.id = 0, rest.protocol = 17;
    send4(rest);
    rest.protocol = 0, rest.host = 9;
    send4(rest);
    rest.host = 0, rest.vlan = 5;
    send4(rest);
    CHECK_UINT(segments, 0);
    rest.vlan = 0;
    send4(rest);
    check_datagram();
    send4((struct piece){.offset = 0, .length = 1000, .more = true, .vlan = 5});
    CHECK_UINT(segments, 2);
    CHECK_TEXT(wire_context_text(decoder, last.context), "vlan 5");
}

/* The same octets again do no harm; others spoil the datagram for good. */
static void overlaps(void)
{
    start(0);
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    send4((struct piece){.offset = 800, .length = 400, .more = true});
    send4((struct piece){.offset = 1000, .length = 2000});
    check_datagram();

    start(0);
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    datagram[900] ^= 1;
    send4((struct piece){.offset = 800, .length = 400, .more = true});
    datagram[900] ^= 1;
    send4((struct piece){.offset = 1000, .length = 2000});
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    CHECK_UINT(segments, 0);
    now += 61 * SECOND; /* until its time is over */
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    CHECK_UINT(counters.fragments_dropped, 4);
    send4((struct piece){.offset = 1000, .length = 2000});
    check_datagram();
}

/* Ends that contradict each other, and the "ping of death". */
static void ends(void)
{
    start(0);
    send4((struct piece){.offset = 1000, .length = 2000});
    send4((struct piece){.offset = 1000, .length = 1996});
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    CHECK_UINT(segments, 0);

    start(0);
    send4((struct piece){.offset = 2000, .length = 1600, .more = true});
    send4((struct piece){.offset = 1000, .length = 2000}); /* ends before what was seen */
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    CHECK_UINT(segments, 0);

    start(0);
    send4((struct piece){.offset = 65528, .length = 100});
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    CHECK_UINT(segments, 0);

    /* No octets at all; and a length that isn't a multiple of 8, whose odd end is left off. */
    start(0);
    send4((struct piece){.offset = 0, .length = 0, .more = true});
    CHECK_UINT(counters.fragments_dropped, 1);
    send4((struct piece){.offset = 0, .length = 1005, .more = true});
    send4((struct piece){.offset = 1000, .length = 2000});
    check_datagram();
}

/* The largest datagram there is: 65,535 octets with the header. */
static void largest(void)
{
    start(0);
    for (uint32_t offset = 0; offset < 65512; offset += 1456)
        send4((struct piece){
            .offset = offset, .length = offset < 64064 ? 1456 : 65512 - offset, .more = true});
    CHECK_UINT(segments, 0);
    send4((struct piece){.offset = 65512, .length = 3});
    if (CHECK_UINT(segments, 1))
        CHECK_UINT(last.payload_bytes, 65515 - 44);
}

/* 60 s of capture time, whichever way that runs. */
static void times(void)
{
    start(0);
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    now += 60 * SECOND;
    send4((struct piece){.offset = 1000, .length = 2000});
    check_datagram();

    start(0);
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    now += 60 * SECOND + 1;
    send4((struct piece){.offset = 1000, .length = 2000});
    CHECK_UINT(segments, 0);
    CHECK_UINT(counters.fragments_dropped, 1);

    start(0);
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    now -= 500 * SECOND;
    send4((struct piece){.offset = 1000, .length = 2000});
    check_datagram();

    start(0);
    now = INT64_MIN;
    send4((struct piece){.offset = 0, .length = 1000, .more = true});
    now = INT64_MAX;
    send4((struct piece){.offset = 1000, .length = 2000});
    CHECK_UINT(segments, 0);
}

/* No more than max_fragments datagrams; the oldest goes first; memory stays below the bound. */
static void bounds(void)
{
    start(4);
    for (uint16_t id = 0; id < 5; id++)
        send4((struct piece){.id = id, .offset = 0, .length = 1000, .more = true});
    CHECK_UINT(counters.fragments_dropped, 1);
    send4((struct piece){.id = 1, .offset = 1000, .length = 2000});
    check_datagram();
    send4((struct piece){.id = 0, .offset = 1000, .length = 2000});
    CHECK_UINT(segments, 1);

    start(0);
    for (uint32_t i = 0; i < 20000; i++) {
        send4((struct piece){.id = (uint16_t)i,
                             .host = (uint8_t)(i >> 8),
                             .offset = i * 8 % 65000 / 8 * 8,
                             .length = 64,
                             .more = true});
        if (wire_memory_bytes(decoder) > 1024 * (65536 + 2048) + (1 << 20))
            break;
    }
    CHECK(wire_memory_bytes(decoder) <= 1024 * (65536 + 2048) + (1 << 20));
    CHECK_UINT(counters.fragments_dropped, 20000 - 1024);
    CHECK_UINT(segments, 0);
}

/* A cut fragment covers its wire length; the captured part ends where the first cut is. */
static void cut_fragments(void)
{
    start(0);
    send4((struct piece){.offset = 1000, .length = 2000, .cut = 1900});
    send4((struct piece){.offset = 0, .length = 1000, .more = true, .cut = 0});
    if (CHECK_UINT(segments, 1)) {
        CHECK_UINT(last.payload_bytes, DATAGRAM_BYTES - 44);
        CHECK_UINT(last.captured_bytes, 1100 - 44);
    }

    for (uint32_t cut = 0; cut <= 1000; cut++) {
        start(0);
        send4((struct piece){.offset = 0, .length = 1000, .more = true, .cut = cut});
        send4((struct piece){.offset = 0, .length = 1000, .more = true, .cut = cut});
        send4((struct piece){.offset = 1000, .length = 2000});
        if (1000 - cut < 14) {
            CHECK_UINT(segments, 0);
            CHECK_UINT(counters.frames_malformed, 1);
        } else if (CHECK_UINT(segments, 1)) {
            CHECK_UINT(last.flags, SPEC_FLAGS);
            CHECK_UINT(last.payload_bytes, DATAGRAM_BYTES - 44);
            if (cut > 0)
                CHECK_UINT(last.captured_bytes, 1000 - cut > 44 ? 1000 - cut - 44 : 0);
        }
    }
}

/* Fragments inside a tunnel, and of the tunnel itself. */
static void tunnels(void)
{
    struct spec_packet packet;

    start(0);
    spec_build("eth:0800 ip4:47 hex:00000800 ip4:6 tcp", &packet);
    /* The outer datagram has 36 + 44 octets behind its header: 40 in the first fragment. */
    for (unsigned half = 0; half < 2; half++) {
        uint32_t octets = packet.length - 34;
        uint8_t frame[256];

        memcpy(frame, packet.data, 34);
        memcpy(frame + 34, packet.data + 34 + (half ? 40 : 0), half ? octets - 40 : 40);
        octets = half ? octets - 40 : 40;
        frame[16] = 0, frame[17] = (uint8_t)(20 + octets);
        frame[20] = half ? 0 : 0x20, frame[21] = half ? 5 : 0;
        feed(frame, 34 + octets, 34 + octets);
    }
    if (CHECK_UINT(segments, 1)) {
        CHECK_TEXT(wire_context_text(decoder, last.context), "gre 192.0.2.1-192.0.2.2");
        CHECK_UINT(last.payload_bytes, SPEC_PAYLOAD_BYTES);
    }
}

int main(void)
{
    RUN(any_order);
    RUN(tiny);
    RUN(keys);
    RUN(overlaps);
    RUN(ends);
    RUN(largest);
    RUN(times);
    RUN(bounds);
    RUN(cut_fragments);
    RUN(tunnels);
    wire_free(decoder);
    return check_report();
}
