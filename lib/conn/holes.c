/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of an end's stream was captured, and what is missing.
 *
 * Model: contiguous is how far the stream was captured without a hole, or acknowledged. Above the
 * hole one block is remembered, and the last run, up to next, of what came beyond more holes: so
 * two holes are told exactly, in whatever order they are filled. Of what lies between block and run
 * only the number of octets is kept (loose_bytes, the run's included): when the peer acknowledges
 * past them, what was captured isn't missing. RFC 9293 3.4.
 *
 * Limits: with a third hole, a late copy of octets between block and run counts as new.
 */
#include "conn/holes.h"

#include "conn/seq.h"

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static bool has_block(const struct end *x)
{
    return x->block_start != x->block_end;
}

static uint32_t overlap(uint32_t start, uint32_t end, uint32_t low, uint32_t high)
{
    start = seq_max(start, low);
    end = seq_min(end, high);
    return seq_gt(end, start) ? end - start : 0;
}

/* Above the block, up to next, a run whose beginning is known? */
static bool has_run(const struct end *x)
{
    return x->loose_bytes && seq_lt(x->loose_start, x->next) &&
           seq_gt(x->loose_start, has_block(x) ? x->block_end : x->contiguous);
}

static void take_run(struct end *x)
{
    x->loose_bytes -= least(x->loose_bytes, x->next - x->loose_start);
}

/* contiguous moved on: what it reaches is contiguous, too; without a block the run is it. */
static void reach(struct end *x, bool run)
{
    if (has_block(x) && seq_geq(x->contiguous, x->block_start)) {
        x->contiguous = seq_max(x->contiguous, x->block_end);
        x->block_start = x->block_end = x->contiguous;
    }
    if (seq_geq(x->contiguous, x->next) || (run && seq_geq(x->contiguous, x->loose_start))) {
        x->contiguous = x->block_start = x->block_end = seq_max(x->contiguous, x->next);
        x->loose_bytes = 0;
    } else if (run && !has_block(x)) {
        take_run(x);
        x->block_start = x->loose_start;
        x->block_end = x->next;
    }
}

uint32_t holes_cover(struct end *x, uint32_t start, uint32_t end, uint32_t *marks)
{
    if (seq_leq(end, x->contiguous)) {
        return 0;
    }
    bool run = has_run(x);
    if (run && seq_geq(start, x->loose_start) && seq_leq(end, x->next)) {
        return 0;
    }
    uint32_t fresh = end - start - (run ? overlap(start, end, x->loose_start, x->next) : 0);
    if (seq_leq(start, x->contiguous)) {
        fresh -= x->contiguous - start;
        fresh -= has_block(x) ? overlap(start, end, x->block_start, x->block_end) : 0;
        if (fresh && seq_lt(x->contiguous, x->next)) {
            *marks |= LIFELINE_MARK_OUT_OF_ORDER; /* fills a hole */
        }
        x->contiguous = end;
        reach(x, run);
        return fresh;
    }
    if (!has_block(x)) {
        x->block_start = start;
        x->block_end = end;
        *marks |= seq_geq(start, x->next) ? LIFELINE_MARK_GAP_BEFORE : LIFELINE_MARK_OUT_OF_ORDER;
    } else if (seq_geq(start, x->block_start) && seq_leq(end, x->block_end)) {
        return 0;
    } else if (seq_leq(start, x->block_end) && seq_geq(end, x->block_start)) {
        fresh -= overlap(start, end, x->block_start, x->block_end);
        if (seq_lt(start, x->block_start) || (start == x->block_end && seq_lt(start, x->next))) {
            *marks |= LIFELINE_MARK_OUT_OF_ORDER;
        }
        x->block_start = seq_min(x->block_start, start);
        x->block_end = seq_max(x->block_end, end);
        if (run && seq_geq(x->block_end, x->loose_start)) {
            take_run(x);
            x->block_end = seq_max(x->block_end, x->next);
        }
    } else if (run && seq_leq(start, x->next) && seq_geq(end, x->loose_start)) {
        if (seq_lt(start, x->loose_start)) {
            *marks |= LIFELINE_MARK_OUT_OF_ORDER;
        }
        x->loose_start = seq_min(x->loose_start, start);
        x->loose_bytes += fresh;
    } else if (seq_geq(start, x->next)) {
        /* A second hole: an ACK past both sets it right. */
        if (seq_gt(start, x->next)) {
            *marks |= LIFELINE_MARK_GAP_BEFORE;
        }
        x->loose_start = start;
        x->loose_bytes += fresh;
    } else {
        *marks |= LIFELINE_MARK_OUT_OF_ORDER;
        bool below = seq_lt(end, x->block_start);
        if (!run) {
            x->loose_start = below && x->block_end == x->next ? x->block_start : x->next;
        }
        x->loose_bytes += below ? x->block_end - x->block_start : fresh;
        if (below) {
            x->block_start = start;
            x->block_end = end;
        }
    }
    return fresh;
}

void holes_acked(struct end *x, uint32_t ack)
{
    if (seq_leq(ack, x->contiguous)) {
        return;
    }
    uint32_t holes = ack - x->contiguous;
    if (has_block(x)) {
        holes -= overlap(x->contiguous, ack, x->block_start, x->block_end);
    }
    bool run = has_run(x);
    uint32_t above = run ? overlap(ack, x->next, x->loose_start, x->next) : 0;
    uint32_t loose = least(holes, x->loose_bytes - least(x->loose_bytes, above));
    x->missing_bytes += holes - loose;
    x->loose_bytes -= loose;
    x->contiguous = ack;
    reach(x, run);
}
