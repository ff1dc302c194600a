/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts: the same in both directions, different where they must be, bounded. */
#include "check.h"
#include "packet_spec.h"
#include "wire/context.h"

static struct lifeline_address ipv4(uint8_t host)
{
    return (struct lifeline_address){.bytes = {192, 0, 2, host}, .family = 4};
}

static uint32_t context_of(struct wire_decoder *decoder, const char *spec, int reversed)
{
    struct spec_packet packet;
    struct spec_result result;

    spec_build(spec, &packet);
    if (reversed)
        packet.data[15] = 2, packet.data[19] = 1;
    spec_decode(decoder, 101, packet.data, packet.length, packet.length, &result);
    CHECK_UINT(result.count, 1);
    return result.segments[0].context;
}

/* What differs between the directions, or may, is no part of it. */
static void symmetric(void)
{
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(NULL, &counters);
    uint32_t gre = context_of(decoder, "ip4:47 hex:2000080000000007 ip4:6 tcp", 0);
    uint32_t vxlan =
        context_of(decoder, "ip4:17 udp:4789 hex:0800000000000500 eth:0800 ip4:6 tcp", 0);

    CHECK(gre != 0 && vxlan != 0 && gre != vxlan);
    CHECK_UINT(context_of(decoder, "ip4:47 hex:2000080000000008 ip4:6 tcp", 1), gre);
    CHECK_UINT(context_of(decoder, "ip4:47 hex:00000800 ip4:6 tcp", 1), gre);
    CHECK_UINT(context_of(decoder, "ip4:17 udp:4789 hex:0800000000000500 eth:0800 ip4:6 tcp", 1),
               vxlan);
    CHECK(context_of(decoder, "ip4:17 udp:4789 hex:0800000000000600 eth:0800 ip4:6 tcp", 0) !=
          vxlan);
    CHECK_UINT(context_of(decoder, "ip4:6 tcp", 0), 0);
    CHECK_TEXT(wire_context_text(decoder, 0), "");
    CHECK_TEXT(wire_context_text(decoder, 12345), "");
    CHECK_TEXT(wire_context_text(decoder, UINT32_MAX), "");
    wire_free(decoder);
}

static void ignore_vlan(void)
{
    struct lifeline_options options = {.ignore_vlan = true};
    struct lifeline_counters counters = {0};
    struct wire_decoder *decoder = wire_new(&options, &counters);
    struct spec_packet packet;
    struct spec_result result;

    spec_build("eth:88a8 hex:00648100 hex:000a0800 ip4:6 tcp", &packet);
    spec_decode(decoder, 1, packet.data, packet.length, packet.length, &result);
    if (CHECK_UINT(result.count, 1))
        CHECK_UINT(result.segments[0].context, 0);
    wire_free(decoder);
}

/* Numbers are dense and stay; the text too, while the table grows. */
static void interning(void)
{
    struct wire_contexts *contexts = wire_contexts_new();
    struct lifeline_address a = ipv4(1), b = ipv4(2), c = ipv4(3);
    uint32_t first = wire_context_inside(contexts, 0, WIRE_VLAN, 10, NULL, NULL);
    const char *text = wire_contexts_text(contexts, first);

    CHECK_UINT(first, 1);
    for (uint32_t id = 1; id <= 4000; id++)
        CHECK_UINT(wire_context_inside(contexts, first, WIRE_VXLAN, id, &a, &b), id + 1);
    for (uint32_t id = 1; id <= 4000; id++)
        CHECK_UINT(wire_context_inside(contexts, first, WIRE_VXLAN, id, &b, &a), id + 1);
    CHECK_UINT(wire_context_inside(contexts, first, WIRE_VXLAN, 1, &a, &c), 4002);
    CHECK_UINT(wire_context_inside(contexts, 0, WIRE_VXLAN, 1, &a, &b), 4003);
    CHECK_UINT(wire_context_inside(contexts, first, WIRE_GENEVE, 1, &a, &b), 4004);
    CHECK_UINT(wire_context_inside(contexts, 0, WIRE_VLAN, 10, NULL, NULL), first);
    CHECK(wire_contexts_text(contexts, first) == text);
    CHECK_TEXT(text, "vlan 10");
    CHECK_TEXT(wire_contexts_text(contexts, 6), "vlan 10, vxlan 5 192.0.2.1-192.0.2.2");
    wire_contexts_free(contexts);
}

/* Past the limit: the same chain has the same number still, and memory stays. */
static void bounded(void)
{
    struct wire_contexts *contexts = wire_contexts_new();
    struct lifeline_address a = ipv4(1), b = ipv4(2);
    uint32_t over = 0, collisions = 0;
    uint64_t bytes;
    static uint8_t taken[WIRE_MAX_CONTEXTS * 2 + 2];

    for (uint32_t id = 0; id < WIRE_MAX_CONTEXTS; id++)
        wire_context_inside(contexts, 0, WIRE_VXLAN, id, &a, &b);
    bytes = wire_contexts_bytes(contexts);
    CHECK(bytes < 8u << 20);
    for (uint32_t id = 0; id < 20000; id++) {
        uint32_t context = wire_context_inside(contexts, 0, WIRE_GENEVE, id, &a, &b);

        if (!CHECK(context <= WIRE_MAX_CONTEXTS * 2))
            break;
        CHECK_UINT(wire_context_inside(contexts, 0, WIRE_GENEVE, id, &b, &a), context);
        over += context > WIRE_MAX_CONTEXTS;
        collisions += taken[context]++ > 0;
        if (id == 0)
            CHECK_TEXT(wire_contexts_text(contexts, context), "");
    }
    CHECK_UINT(over, 20000);
    /* 20,000 chains in 65,536 numbers: about 2,800 meet another by chance. */
    CHECK(collisions < 3500);
    CHECK_UINT(wire_contexts_bytes(contexts), bytes);
    wire_contexts_free(contexts);
}

int main(void)
{
    RUN(symmetric);
    RUN(ignore_vlan);
    RUN(interning);
    RUN(bounded);
    return check_report();
}
