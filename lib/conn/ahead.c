/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several segments in order, and a look ahead.
 *
 * Purpose: connections lie anywhere in memory, and an answer of memory takes as long as a segment
 * or two. Where a connection lies, the next segments' keys say.
 *
 * Model: while one segment is pushed, memory is asked for what those after it need: the segment
 * itself and its payload; the index; then, by what stands there, the slot; then the connection.
 * Each step is some segments after the one before, so that its answer is there. What is asked for
 * is a guess: what is pushed in between may end or move the connection, and nothing depends on it.
 * Segments of one connection come close together: for those after the first, all was asked for.
 */
#include "conn/engine.h"

#define STEP    4   /* segments between two of them */
#define LOOKUPS 16  /* more than three steps */
#define FAR     32  /* where the segments themselves are asked for */
#define TEXT    256 /* octets of payload: few heads are longer */

/* Is it one of the tags? Comparing all takes less time than stopping at the first. */
static bool is_among(const uint32_t tags[LOOKUPS], uint32_t tag)
{
    uint32_t any = 0;
    for (unsigned i = 0; i < LOOKUPS; i++) {
        any |= tags[i] == tag;
    }
    return any;
}

void lifeline_push_segments(struct lifeline_engine *engine, const struct lifeline_segment *segments,
                            size_t count)
{
    struct lookup lookups[LOOKUPS];
    uint32_t tags[LOOKUPS] = {0}; /* the lookups', side by side */
    bool asked[LOOKUPS];
    struct table *t = &engine->table;
    for (size_t i = 0; i < count + 3 * STEP; i++) {
        if (i + FAR < count) {
            memory_expect(&segments[i + FAR], sizeof segments[0]);
        }
        if (i < count) {
            struct lookup *lookup = &lookups[i % LOOKUPS];
            table_key(t, &segments[i], lookup);
            asked[i % LOOKUPS] = is_among(tags, lookup->tag);
            tags[i % LOOKUPS] = lookup->tag;
            if (!asked[i % LOOKUPS]) {
                table_expect_index(t, lookup);
            }
            uint32_t captured_bytes = segments[i].captured_bytes;
            memory_expect(segments[i].payload, captured_bytes < TEXT ? captured_bytes : TEXT);
        }
        if (i >= STEP && i - STEP < count && !asked[(i - STEP) % LOOKUPS]) {
            table_expect_slot(t, &lookups[(i - STEP) % LOOKUPS]);
        }
        if (i >= 2 * STEP && i - 2 * STEP < count && !asked[(i - 2 * STEP) % LOOKUPS]) {
            /* A SYN ends the incarnation before, if there is one. */
            bool syn = segments[i - 2 * STEP].flags & LIFELINE_SYN;
            table_expect_conn(t, &lookups[(i - 2 * STEP) % LOOKUPS], syn);
        }
        if (i >= 3 * STEP) {
            engine_push(engine, &segments[i - 3 * STEP], &lookups[(i - 3 * STEP) % LOOKUPS]);
        }
    }
}
