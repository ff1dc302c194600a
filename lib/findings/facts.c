/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes from the rare events that findings need and records leave out. */
#include "findings/rule.h"

#include <stdlib.h>
#include <string.h>

#define LARGE_BYTES         512       /* less passes on any way */
#define TIMEOUT_NS          100000000 /* what is sent again sooner was no timeout's, or captured twice */
#define LEAST_KEEP_ALIVE_NS 1000000000
#define ANSWER_SLACK_NS     100000000

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

/* NULL when there is none. */
static struct noted *find(struct finding_facts *facts, enum noted_what what, uint8_t from)
{
    for (unsigned i = 0; facts && i < facts->count; i++) {
        if (facts->noted[i].what == what && facts->noted[i].from == from) {
            return &facts->noted[i];
        }
    }
    return NULL;
}

const struct noted nothing_noted;

const struct noted *noted_among(const struct finding_facts *facts, enum noted_what what,
                                uint8_t from)
{
    const struct noted *found = find((struct finding_facts *)facts, what, from);
    return found ? found : &nothing_noted;
}

/* The one that there is, or an empty one; NULL when there is no room. */
static struct noted *noted_for(struct facts_pool *pool, struct finding_facts **facts,
                               enum noted_what what, uint8_t from)
{
    if (from > LIFELINE_SERVER || !facts_make(pool, facts)) {
        return NULL;
    }
    struct noted *found = find(*facts, what, from);
    if (found) {
        return found;
    }
    if ((*facts)->count == (*facts)->capacity && !resize(pool, facts, (*facts)->capacity + 1U)) {
        return NULL;
    }
    struct noted *n = &(*facts)->noted[(*facts)->count++];
    *n = (struct noted){.what = (uint8_t)what, .from = from};
    return n;
}

static void note_of(struct facts_pool *pool, struct finding_facts **facts, enum noted_what what,
                    uint8_t from, const struct lifeline_event *event, uint64_t first_frame)
{
    struct noted *n = noted_for(pool, facts, what, from);
    if (!n) {
        return;
    }
    if (!n->count) {
        n->first_frame = first_frame;
        n->first_ns = event->time_ns;
    }
    n->last_frame = event->frame;
    n->last_ns = event->time_ns;
    n->count += n->count < UINT32_MAX;
}

static void note(struct facts_pool *pool, struct finding_facts **facts, enum noted_what what,
                 const struct lifeline_event *event, uint64_t first_frame)
{
    note_of(pool, facts, what, event->from, event, first_frame);
}

static void copy_noted(struct facts_pool *pool, struct finding_facts **facts, enum noted_what to,
                       enum noted_what what, uint8_t from)
{
    struct noted *n = noted_for(pool, facts, to, from);
    if (n) {
        *n = *noted_of(*facts, what, from);
        n->what = (uint8_t)to;
        n->from = from;
    }
}

static void forget(struct finding_facts *facts, enum noted_what what, uint8_t from)
{
    struct noted *n = find(facts, what, from);
    if (n) {
        n->count = 0;
    }
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
        struct noted *zero = find(*facts, NOTED_ZERO_WINDOW, event->from);
        if (zero) {
            zero->last_frame = 0;
        }
    }
    if ((event->marks & LIFELINE_MARK_ACKED_UNSEEN) && facts_make(pool, facts)) {
        (*facts)->unseen_ends[other_role(event->from)] = (uint32_t)event->ack;
    }
}

/* The window of that role isn't shut any more. */
static void end_stall(struct facts_pool *pool, struct finding_facts **facts, uint8_t role)
{
    const struct noted *shut = noted_of(*facts, NOTED_SHUT, role);
    const struct noted *longest = noted_of(*facts, NOTED_STALL, role);
    if (noted_of(*facts, NOTED_PROBED, role)->count &&
        (!longest->count || noted_ns(shut) > noted_ns(longest))) {
        copy_noted(pool, facts, NOTED_STALL, NOTED_SHUT, role);
        copy_noted(pool, facts, NOTED_STALL_PROBED, NOTED_PROBED, role);
    }
    forget(*facts, NOTED_SHUT, role);
    forget(*facts, NOTED_PROBED, role);
}

/* A probe says that its sender has more to send. One that is sent late doesn't say since when. If
 * it has no octet either, it may as well be a keep-alive, which nobody sends within a second. */
static void note_probe(struct facts_pool *pool, struct finding_facts **facts,
                       const struct lifeline_event *event)
{
    uint8_t role = other_role(event->from);
    struct noted *shut = find(*facts, NOTED_SHUT, role);
    if (!shut || !shut->count) {
        return;
    }
    bool late = event->time_ns - shut->first_ns >= LEAST_KEEP_ALIVE_NS;
    if (late && !noted_of(*facts, NOTED_PROBED, role)->count) {
        if (!event->segment->payload_bytes) {
            return;
        }
        shut->first_ns = shut->last_ns = event->time_ns;
    }
    note_of(pool, facts, NOTED_PROBED, role, event, event->frame);
}

/* A window that is open when a probe asks may have been for long, and the segment that said so lost
 * before it was captured. Not each probe is answered: Linux does so twice in a second. */
static void open_window(struct finding_facts *facts, const struct lifeline_event *event,
                        int64_t turnaround_ns)
{
    struct noted *shut = find(facts, NOTED_SHUT, event->from);
    int64_t probed_ns = noted_of(facts, NOTED_PROBED, event->from)->last_ns;
    bool asked =
        probed_ns > shut->last_ns && event->time_ns - probed_ns < turnaround_ns + ANSWER_SLACK_NS;
    shut->last_frame = event->frame;
    shut->last_ns = asked ? shut->last_ns : event->time_ns;
}

/* Since when a window is shut while the peer has more to send. */
static void note_stall(struct facts_pool *pool, struct finding_facts **facts,
                       const struct lifeline_event *event, int64_t turnaround_ns)
{
    const uint32_t other = LIFELINE_MARK_OUT_OF_WINDOW | LIFELINE_MARK_OLD_DUPLICATE;
    const struct lifeline_segment *s = event->segment;
    uint8_t role = event->from;
    if (role > LIFELINE_SERVER || (event->marks & other) || s->flags & LIFELINE_RST) {
        return;
    }
    if (event->marks & LIFELINE_MARK_WINDOW_PROBE) {
        note_probe(pool, facts, event);
    }
    bool is_shut = event->marks & LIFELINE_MARK_ZERO_WINDOW;
    const struct noted *shut = find(*facts, NOTED_SHUT, role);
    bool was_shut = shut && shut->count;
    if ((!is_shut && !was_shut) || !(s->flags & LIFELINE_ACK) ||
        s->options & LIFELINE_OPT_WINDOW_CUT) {
        return;
    }
    if (was_shut) {
        /* Each probe may have brought an octet. What brought more passed a window that was open. */
        uint32_t heard = (uint32_t)event->ack - (*facts)->shut_acks[role];
        bool more = heard > noted_of(*facts, NOTED_PROBED, role)->count;
        if (heard > INT32_MAX) {
            return; /* overtaken by what shut it */
        }
        if (is_shut && !more) {
            note(pool, facts, NOTED_SHUT, event, event->frame);
            return;
        }
        if (!more) {
            open_window(*facts, event, turnaround_ns);
        }
        end_stall(pool, facts, role);
    }
    if (is_shut) {
        note(pool, facts, NOTED_SHUT, event, event->frame);
        if (*facts) {
            (*facts)->shut_acks[role] = (uint32_t)event->ack;
        }
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
                const struct lifeline_event *event, int64_t turnaround_ns)
{
    const struct lifeline_segment *s = event->segment;
    bool again = event->marks & LIFELINE_MARK_RETRANSMISSION;
    bool unheard = again && (event->steps & LIFELINE_STEP_WITHDRAWAL) &&
                   !takes_back_reset(*facts, event); /* the answer passed, yet it is repeated */

    note_unsendable(pool, facts, event);
    note_stall(pool, facts, event, turnaround_ns);
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
