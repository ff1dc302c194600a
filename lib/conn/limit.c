/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The limit of memory: what the engine holds is counted, and beyond the limit connections are given
 * up, in the order of table_victim().
 */
#include "conn/limit.h"

#include "conn/ending.h"
#include "conn/held.h"

#define LEAST_ROOM_BYTES  ((uint64_t)1 << 20) /* however little is allowed */
#define SEGMENTS_PER_LOOK 16                  /* at how much is held */

void limit_set(struct lifeline_engine *engine)
{
    const uint64_t allowed = engine->options.max_memory_bytes;
    const uint64_t least = held_bytes(engine) + LEAST_ROOM_BYTES;
    engine->limit_bytes = allowed - allowed / 4; /* the rest is the program's and the allocator's */
    engine->limit_bytes = engine->limit_bytes < least ? least : engine->limit_bytes;
}

/* Asked for one segment of a few, or when one brought much: a segment of HTTP/2 may begin as many
 * exchanges as are allowed. */
static bool holds_too_much(struct lifeline_engine *engine)
{
    uint64_t http_bytes = app_memory_bytes(engine->app);
    if (engine->counters.segments % SEGMENTS_PER_LOOK && http_bytes < engine->next_look_bytes) {
        return false;
    }
    engine->next_look_bytes = http_bytes + LEAST_ROOM_BYTES;
    uint64_t bytes = held_bytes(engine);
    if (bytes > engine->counters.memory_peak_bytes) {
        engine->counters.memory_peak_bytes = bytes;
    }
    return bytes > engine->limit_bytes;
}

static bool must_evict(struct lifeline_engine *engine)
{
    struct table *t = &engine->table;
    return (!table_has_room(t) && !table_make_room(t)) || holds_too_much(engine);
}

void limit_keep(struct lifeline_engine *engine)
{
    while (must_evict(engine) && engine->table.live) {
        ending_evict(engine, table_victim(&engine->table));
    }
}
