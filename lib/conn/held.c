/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine holds and has counted. */
#include "conn/held.h"

#include "conn/timers.h"

/* Without the decoder's own, a seventh of what is allowed at most: it may run in another thread,
 * some segments ahead, and what is given up mustn't depend on that. */
uint64_t held_bytes(const struct lifeline_engine *engine)
{
    return engine->table.memory_bytes + wire_text_bytes(engine->wire) +
           app_memory_bytes(engine->app) + findings_memory_bytes(engine->findings) +
           INCARNATION_MEMORY * sizeof *engine->memory + timers_memory_bytes(engine->timers);
}

void lifeline_get_counters(const struct lifeline_engine *engine, struct lifeline_counters *out)
{
    uint64_t memory =
        held_bytes(engine) + wire_memory_bytes(engine->wire) - wire_text_bytes(engine->wire);
    struct lifeline_counters counters = engine->counters;
    const struct lifeline_counters *decoded = &engine->decoded->counters;
    counters.frames = decoded->frames;
    counters.frames_without_tcp = decoded->frames_without_tcp;
    counters.frames_malformed = decoded->frames_malformed;
    counters.frames_unknown_link = decoded->frames_unknown_link;
    counters.icmp_quoted = decoded->icmp_quoted;
    counters.fragments = decoded->fragments;
    counters.fragments_dropped = decoded->fragments_dropped;
    counters.tunnels_too_deep = decoded->tunnels_too_deep;
    counters.bad_checksums = decoded->bad_checksums;
    counters.contexts_unnamed = decoded->contexts_unnamed;
    counters.open_connections = engine->table.live;
    counters.memory_bytes = memory;
    if (memory > counters.memory_peak_bytes) {
        counters.memory_peak_bytes = memory;
    }
    *out = counters;
}
