/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several segments in order, and a look ahead.
 *
 * Purpose: connections lie anywhere in memory, and an answer of memory takes as long as a segment
 * or two. Where a connection lies, the next segments' keys say.
 *
 * Model: segments go by in blocks, four of which are under way at a time. While the segments of one
 * are pushed, memory is asked for what the next ones need: the connections of the block behind it,
 * by what the slots say; the slots of the one behind that, by what the index says; the index of the
 * last one. So each answer has a block's time to come. What is asked for is a guess: what is pushed
 * in between may end or move the connection, and nothing depends on it. Segments of one connection
 * come close together: for those after the first, all was asked for.
 */
#include "conn/engine.h"

#include <string.h>

#define BLOCK  8 /* segments */
#define RING   (4 * BLOCK)
#define FAR    32  /* where the segments themselves are asked for */
#define TEXT   256 /* octets of payload: few heads are longer */
#define RECENT 64  /* connections, more than are under way */

/* What is known of the segments under way. */
struct ahead {
    const struct lifeline_segment *segments;
    size_t count;
    struct lookup lookups[RING];
    bool is_new[RING];       /* its connection wasn't asked for lately */
    uint32_t recent[RECENT]; /* tags, each where its last digits say */
};

/* The end of the block that begins with segment i; where there is none, i itself. */
static size_t block_end(const struct ahead *a, size_t i)
{
    return i >= a->count ? i : a->count - i < BLOCK ? a->count : i + BLOCK;
}

static void expect_index(struct ahead *a, const struct table *t, size_t i)
{
    for (size_t end = block_end(a, i); i < end; i++) {
        const struct lifeline_segment *segment = &a->segments[i];
        struct lookup *lookup = &a->lookups[i % RING];
        table_key(t, segment, lookup);
        uint32_t *recent = &a->recent[lookup->tag % RECENT];
        a->is_new[i % RING] = *recent != lookup->tag;
        *recent = lookup->tag;
        table_expect_index(t, lookup);
        memory_expect(segment->payload,
                      segment->captured_bytes < TEXT ? segment->captured_bytes : TEXT);
        if (i + FAR < a->count) {
            memory_expect(segment + FAR, sizeof *segment);
        }
    }
}

static void expect_slots(struct ahead *a, const struct table *t, size_t i)
{
    for (size_t end = block_end(a, i); i < end; i++) {
        if (a->is_new[i % RING]) {
            table_expect_slot(t, &a->lookups[i % RING]);
        }
    }
}

static void expect_conns(const struct ahead *a, const struct table *t, size_t i)
{
    for (size_t end = block_end(a, i); i < end; i++) {
        if (a->is_new[i % RING]) {
            /* A SYN ends the incarnation before, if there is one. */
            bool syn = a->segments[i].flags & LIFELINE_SYN;
            table_expect_conn(t, &a->lookups[i % RING], syn);
        }
    }
}

void lifeline_push_segments(struct lifeline_engine *engine, const struct lifeline_segment *segments,
                            size_t count)
{
    struct ahead a;
    a.segments = segments;
    a.count = count;
    memset(a.recent, 0, sizeof a.recent);
    const struct table *t = &engine->table;
    /* Blocks before the first one are none: their numbers wrap, beyond all. */
    for (size_t i = 0; i < count + 3 * BLOCK; i += BLOCK) {
        expect_index(&a, t, i);
        expect_slots(&a, t, i - BLOCK);
        expect_conns(&a, t, i - 2 * BLOCK);
        size_t j = i - 3 * BLOCK;
        for (size_t end = block_end(&a, j); j < end; j++) {
            engine_push(engine, &segments[j], &a.lookups[j % RING]);
        }
    }
}
