/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes from the rare events that findings need and records leave out. */
#include "findings/rule.h"

#include <stdlib.h>
#include <string.h>

#define LARGE_BYTES 512       /* less passes on any way */
#define TIMEOUT_NS  100000000 /* what is sent again sooner was no timeout's, or captured twice */

static size_t bytes_of(unsigned capacity)
{
    return sizeof(struct finding_facts) + capacity * sizeof(struct noted);
}

static bool resize(struct facts_pool *pool, struct finding_facts **facts, unsigned capacity)
{
    size_t old_bytes = *facts ? bytes_of((*facts)->capacity) : 0;
    size_t bytes = bytes_of(capacity);
    struct finding_facts *larger =
        pool->held_bytes - old_bytes + bytes > pool->limit_bytes ? NULL : realloc(*facts, bytes);
    if (!larger) {
        ++*pool->dropped;
        return false;
    }
    if (!*facts) {
        memset(larger, 0, sizeof *larger);
    }
    larger->capacity = (uint8_t)capacity;
    pool->held_bytes += bytes - old_bytes;
    *facts = larger;
    return true;
}

bool facts_make(struct facts_pool *pool, struct finding_facts **facts)
{
    return *facts || resize(pool, facts, 1);
}

void facts_free(struct facts_pool *pool, struct finding_facts *facts)
{
    if (facts) {
        pool->held_bytes -= bytes_of(facts->capacity);
        free(facts);
    }
}

size_t findings_facts_bytes(const struct finding_facts *facts)
{
    return facts ? bytes_of(facts->count) : 0;
}

const struct noted *noted_of(const struct finding_facts *facts, enum noted_what what, uint8_t from)
{
    static const struct noted nothing;
    for (unsigned i = 0; i < facts->count; i++) {
        if (facts->noted[i].what == what && facts->noted[i].from == from) {
            return &facts->noted[i];
        }
    }
    return &nothing;
}

static void note(struct facts_pool *pool, struct finding_facts **facts, enum noted_what what,
                 const struct lifeline_event *event, uint64_t first_frame)
{
    if (event->from > LIFELINE_SERVER || !facts_make(pool, facts)) {
        return;
    }
    struct noted *n = (struct noted *)noted_of(*facts, what, event->from);
    if (!n->count) {
        if ((*facts)->count == (*facts)->capacity &&
            !resize(pool, facts, (*facts)->capacity + 1U)) {
            return;
        }
        n = &(*facts)->noted[(*facts)->count++];
        *n = (struct noted){.first_frame = first_frame, .what = (uint8_t)what, .from = event->from};
    }
    n->last_frame = event->frame;
    n->last_ns = event->time_ns;
    n->count += n->count < UINT32_MAX;
}

/* Whether an end can send, and what of its stream nobody saw. */
static void note_unsendable(struct facts_pool *pool, struct finding_facts **facts,
                            const struct lifeline_event *event)
{
    if (event->from > LIFELINE_SERVER) {
        return;
    }
    if (event->marks & LIFELINE_MARK_ZERO_WINDOW) {
        note(pool, facts, NOTED_ZERO_WINDOW, event, event->frame);
    } else if (*facts && !(event->segment->flags & LIFELINE_RST)) {
        struct noted *zero = (struct noted *)noted_of(*facts, NOTED_ZERO_WINDOW, event->from);
        if (zero->count) {
            zero->last_frame = 0;
        }
    }
    if ((event->marks & LIFELINE_MARK_ACKED_UNSEEN) && facts_make(pool, facts)) {
        (*facts)->unseen_ends[other_role(event->from)] = (uint32_t)event->ack;
    }
}

static void note_large(struct facts_pool *pool, struct finding_facts **facts,
                       const struct lifeline_event *event)
{
    uint32_t bytes = event->segment->payload_bytes, seq = (uint32_t)event->seq;
    if (event->from > LIFELINE_SERVER || event->seq > FINDINGS_EARLY) {
        return;
    }
    /* A copy: to note something may move the facts. */
    const struct large large = *facts ? (*facts)->large[event->from] : (struct large){.bytes = 0};
    if (!large.bytes) {
        if (bytes >= LARGE_BYTES && seq - 1 < bytes && facts_make(pool, facts)) {
            (*facts)->large[event->from].seq = seq;
            (*facts)->large[event->from].bytes = bytes;
            note(pool, facts, NOTED_LARGE_AGAIN, event, event->frame);
        }
        return;
    }
    if (large.smaller && seq == large.seq + large.smaller) {
        note(pool, facts, NOTED_SMALLER_ACKED, event, event->frame);
    }
    if (large.smaller && seq >= large.seq + large.smaller && bytes >= large.smaller &&
        bytes < large.bytes && seq + bytes > large.seq + large.bytes) {
        note(pool, facts, NOTED_NEXT_SMALLER, event, event->frame);
    } else if (seq == large.seq && bytes < large.bytes) {
        (*facts)->large[event->from].smaller = bytes;
        note(pool, facts, NOTED_SMALLER, event, event->frame);
    } else if (seq == large.seq && bytes == large.bytes &&
               event->time_ns - noted_of(*facts, NOTED_LARGE_AGAIN, event->from)->last_ns >=
                   TIMEOUT_NS) {
        note(pool, facts, NOTED_LARGE_AGAIN, event, event->frame);
    }
}

static void note_selective_ack(struct facts_pool *pool, struct finding_facts **facts,
                               const struct lifeline_event *event)
{
    const struct lifeline_segment *s = event->segment;
    uint32_t ahead = s->sack_left - s->ack, bytes = s->sack_right - s->sack_left;
    if (event->ack > FINDINGS_EARLY || ahead > INT32_MAX || !ahead ||
        event->from > LIFELINE_SERVER || !facts_make(pool, facts)) {
        return;
    }
    struct large *large = &(*facts)->large[other_role(event->from)];
    if (large->bytes && event->ack != large->seq) {
        return;
    }
    if (large->acked != event->ack) {
        large->acked = (uint32_t)event->ack;
        large->block_bytes = 0;
    }
    large->block_bytes = bytes > large->block_bytes ? bytes : large->block_bytes;
    note(pool, facts, NOTED_SELECTIVE_ACK, event, event->frame);
}

/* Is it an RST that this event takes back? Then no ACK was lost. */
static bool takes_back_reset(const struct finding_facts *facts, const struct lifeline_event *event)
{
    for (uint8_t role = LIFELINE_CLIENT; facts && role <= LIFELINE_SERVER; role++) {
        const struct noted *reset = noted_of(facts, NOTED_RESET, role);
        if (reset->count && reset->last_frame == event->withdrawn_frame) {
            return true;
        }
    }
    return false;
}

void facts_note(struct facts_pool *pool, struct finding_facts **facts,
                const struct lifeline_event *event)
{
    const struct lifeline_segment *s = event->segment;
    bool again = event->marks & LIFELINE_MARK_RETRANSMISSION;
    bool unheard = again && (event->steps & LIFELINE_STEP_WITHDRAWAL) &&
                   !takes_back_reset(*facts, event); /* the answer passed, yet it is repeated */

    note_unsendable(pool, facts, event);
    if (event->marks & LIFELINE_MARK_OLD_DUPLICATE) {
        bool sequenced = s->payload_bytes || (s->flags & (LIFELINE_FIN | LIFELINE_SYN));
        if (sequenced && !(s->flags & LIFELINE_RST)) {
            note(pool, facts,
                 event->old_incarnation == event->incarnation ? NOTED_ABSORBED
                                                              : NOTED_OLD_DUPLICATE,
                 event, event->frame);
        }
    }
    if (event->steps & LIFELINE_STEP_RESET) {
        note(pool, facts, NOTED_RESET, event, event->frame);
        if (*facts && event->from <= LIFELINE_SERVER) {
            (*facts)->reset_ttl[event->from] = s->ttl;
        }
    } else if (s->flags & LIFELINE_SYN) {
        bool is_answer = s->flags & LIFELINE_ACK;
        if (again) {
            note(pool, facts, is_answer ? NOTED_SYN_ACK_AGAIN : NOTED_SYN_AGAIN, event,
                 event->frame);
        }
        if (unheard && is_answer) {
            note(pool, facts, NOTED_THIRD_IGNORED, event, event->withdrawn_frame);
        }
    } else if (s->flags & LIFELINE_FIN) {
        if (again) {
            note(pool, facts, NOTED_FIN_AGAIN, event, event->frame);
        }
        if (unheard) {
            note(pool, facts, NOTED_FIN_ACK_LOST, event, event->withdrawn_frame);
        }
    } else if (s->options & LIFELINE_OPT_SACK) {
        note_selective_ack(pool, facts, event);
    }
    if (again && !(s->flags & LIFELINE_SYN)) {
        note_large(pool, facts, event);
    }
}
