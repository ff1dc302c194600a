/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Contexts: the same in both directions, different where they must be, bounded. */
#include "check.h"
#include "packet_spec.h"
#include "wire/context.h"

#include <stdlib.h>

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
    struct wire_contexts *contexts = wire_contexts_new(0, UINT64_MAX);
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

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

/* Past the limit: the same chain has the same number still, and memory stays. */
static void bounded_to(uint32_t max)
{
    enum { PAST = 20000 };
    static uint32_t past[PAST];
    struct wire_contexts *contexts = wire_contexts_new(max, UINT64_MAX),
                         *others = wire_contexts_new(max, UINT64_MAX);
    struct lifeline_address a = ipv4(1), b = ipv4(2);
    uint32_t named = max ? max : WIRE_MAX_CONTEXTS, collisions = 0;
    uint64_t bytes;

    for (uint32_t id = 0; id < named; id++) {
        uint32_t context = wire_context_inside(contexts, 0, WIRE_VXLAN, id, &a, &b);

        CHECK_UINT(wire_context_inside(others, 0, WIRE_VXLAN, id, &a, &b), context);
        CHECK(!wire_context_unnamed(contexts, context));
    }
    bytes = wire_contexts_bytes(contexts);
    CHECK(bytes < 8u << 20);
    for (uint32_t id = 0; id < PAST; id++) {
        past[id] = wire_context_inside(contexts, 0, WIRE_GENEVE, id, &a, &b);
        CHECK(wire_context_unnamed(contexts, past[id]));
        CHECK_UINT(wire_context_inside(contexts, 0, WIRE_GENEVE, id, &b, &a), past[id]);
        CHECK_UINT(wire_context_inside(others, 0, WIRE_GENEVE, id, &a, &b), past[id]);
    }
    CHECK_TEXT(wire_contexts_text(contexts, past[0]), "");
    qsort(past, PAST, sizeof(past[0]), ascending);
    for (uint32_t id = 1; id < PAST; id++)
        collisions += past[id] == past[id - 1];
    CHECK_UINT(collisions, 0); /* 20,000 of four billion numbers; the hash is always the same */
    CHECK_UINT(wire_contexts_bytes(contexts), bytes);
    wire_contexts_free(others);
    wire_contexts_free(contexts);
}

static void bounded(void)
{
    bounded_to(0);
    bounded_to(100);
}

int main(void)
{
    RUN(symmetric);
    RUN(ignore_vlan);
    RUN(interning);
    RUN(bounded);
    return check_report();
}
