/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzes the decoder. The input is a capture file, so that any capture is a seed, and whatever the
 * fuzzer finds can be looked at with other tools. The pcap header's unused field at octet 12
 * chooses the options. Each frame is decoded from memory of exactly its size.
 */
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "fuzz.h"
#include "wire/wire.h"

struct state {
    struct wire_decoder *decoder;
    uint64_t frame;
    unsigned layer;
    volatile uint8_t sink;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* What every segment promises to those who take it. */
static void on_segment(void *user, const struct lifeline_segment *segment)
{
    struct state *state = user;

    require(segment->frame == state->frame);
    bool is_icmp = segment->flags == LIFELINE_ICMP;
    require(segment->layer == (uint8_t)state->layer);
    state->layer += !is_icmp;
    require(segment->src.family == segment->dst.family);
    require(segment->src.family == 4 || segment->src.family == 6);
    require(segment->captured_bytes <= segment->payload_bytes);
    require(is_icmp || segment->flags <= 0x1ff);
    require(wire_context_text(state->decoder, segment->context) != NULL);
    for (uint32_t i = 0; i < segment->captured_bytes; i++)
        state->sink ^= segment->payload[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t choice = size > 12 ? data[12] : 0;
    struct lifeline_options options = {
        .verify_checksums = choice & 1,
        .ignore_vlan = choice & 2,
        .max_fragments = choice & 4 ? 2 : 0,
        .max_tunnel_depth = choice & 8 ? 255 : 0,
    };
    struct lifeline_counters counters;
    struct capture_file *capture = capture_from_memory(data, size);
    struct lifeline_frame frame;
    struct state state = {0};

    memset(&counters, 0, sizeof(counters));
    state.decoder = wire_new(&options, &counters);
    if (capture == NULL || state.decoder == NULL)
        abort();
    while (capture_next(capture, &frame)) {
        uint8_t *copy = malloc(frame.captured_bytes ? frame.captured_bytes : 1);

        if (copy == NULL)
            abort();
        memcpy(copy, frame.data, frame.captured_bytes);
        frame.data = copy;
        state.frame = frame.number;
        state.layer = 0;
        wire_decode(state.decoder, &frame, on_segment, &state);
        free(copy);
    }
    require(counters.frames_without_tcp <= counters.frames);
    require(counters.fragments_dropped <= counters.fragments);
    require(wire_memory_bytes(state.decoder) < 200u << 20);
    wire_free(state.decoder);
    capture_close(capture);
    return 0;
}
