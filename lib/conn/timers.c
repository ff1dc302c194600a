/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The timers of TIME-WAITs.
 *
 * Model: how long TIME-WAIT lasts depends on its holder's system, so each duration has a clock: a
 * list of timers, one for each end in TIME-WAIT, since both ends of a connection may be. A clock
 * has one constant delay, so what is started later ends later, the list is in order of its ends,
 * and its head is the next to fire; starting, stopping and firing take constant time. One that is
 * resumed, since the RST that had ended it was not accepted, goes where it belongs. Timers lie
 * beside the connections, which stay packed meanwhile. Over all clocks, the earliest end fires
 * first.
 *
 * Capture time may go back, by a clock that was set: each duration has a second clock, for what
 * ends before the last of the first. Limits: where time goes back and forth, some fire late; none
 * early.
 */
#include "conn/timers.h"

#include <stdlib.h>

#include "conn/record.h"

#define LONGEST_WALK 64 /* of a resumed one; where that is too short it fires late */
#define CHUNK        1024
#define CLOCKS       2 /* of one duration */
#define NO_TIMER     UINT32_MAX

struct timer {
    int64_t due_ns;
    uint32_t owner; /* slot << 1 | end */
    uint32_t next, prev;
    uint32_t clock;
};

/* TIME-WAITs of one duration, in order of their ends. */
struct clock {
    int64_t duration_ns;
    int64_t due_ns; /* of its head; INT64_MAX when empty */
    uint32_t head, tail;
};

struct timers {
    struct timer **chunks;
    uint32_t chunk_count, chunk_capacity;
    uint32_t free;        /* chained through next */
    uint32_t clock_count; /* CLOCKS for each network in the options, then for the rest */
    struct clock clocks[];
};

struct timers *timers_new(const struct lifeline_options *o)
{
    uint32_t count = (o->network_count + 1) * CLOCKS;
    struct timers *t = calloc(1, sizeof *t + count * sizeof *t->clocks);
    if (!t) {
        return NULL;
    }
    t->free = NO_TIMER;
    t->clock_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t network = i / CLOCKS;
        bool rest = network == o->network_count;
        uint8_t stack = rest ? o->stack : o->networks[network].stack;
        int64_t said_ns = rest ? o->time_wait_ns : o->networks[network].time_wait_ns;
        t->clocks[i] = (struct clock){
            .duration_ns = said_ns > 0 ? said_ns : lifeline_stack_facts(stack)->time_wait_ns,
            .due_ns = INT64_MAX,
            .head = NO_TIMER,
            .tail = NO_TIMER,
        };
    }
    return t;
}

void timers_free(struct timers *t)
{
    for (uint32_t i = 0; t && i < t->chunk_count; i++) {
        free(t->chunks[i]);
    }
    if (t) {
        free(t->chunks);
    }
    free(t);
}

uint64_t timers_memory_bytes(const struct timers *t)
{
    return (uint64_t)t->chunk_count * CHUNK * sizeof(struct timer);
}

static struct timer *at(const struct timers *t, uint32_t number)
{
    return &t->chunks[number / CHUNK][number % CHUNK];
}

static bool grow(struct timers *t)
{
    if (t->chunk_count == t->chunk_capacity) {
        uint32_t capacity = t->chunk_capacity ? t->chunk_capacity * 2 : 16;
        struct timer **chunks = realloc(t->chunks, capacity * sizeof *chunks);
        if (!chunks) {
            return false;
        }
        t->chunks = chunks;
        t->chunk_capacity = capacity;
    }
    struct timer *chunk = malloc(CHUNK * sizeof *chunk);
    if (!chunk) {
        return false;
    }
    t->chunks[t->chunk_count] = chunk;
    for (uint32_t i = CHUNK; i-- > 0;) {
        chunk[i].next = t->free;
        t->free = t->chunk_count * CHUNK + i;
    }
    t->chunk_count++;
    return true;
}

/* What stops, or is kept longer, needn't say so: a look too many finds nothing. */
void timers_wake_by(struct lifeline_engine *engine, int64_t time_ns)
{
    engine->wake_ns = time_ns < engine->wake_ns ? time_ns : engine->wake_ns;
}

void timer_stop(struct lifeline_engine *engine, struct conn *c, unsigned end)
{
    struct timers *t = engine->timers;
    uint32_t *mine = &c->closing->time_wait[end].timer;
    if (!*mine || engine->finishing) {
        return; /* at the capture's end none will fire */
    }
    struct timer *timer = at(t, *mine - 1);
    struct clock *clock = &t->clocks[timer->clock];
    *(timer->prev != NO_TIMER ? &at(t, timer->prev)->next : &clock->head) = timer->next;
    *(timer->next != NO_TIMER ? &at(t, timer->next)->prev : &clock->tail) = timer->prev;
    clock->due_ns = clock->head != NO_TIMER ? at(t, clock->head)->due_ns : INT64_MAX;
    timer->next = t->free;
    t->free = *mine - 1;
    *mine = 0;
}

/* The clock in whose order the timer's end comes last; else the first. */
static uint32_t clock_for(const struct timers *t, uint32_t network, int64_t since_ns)
{
    uint32_t first = network * CLOCKS;
    for (uint32_t i = first; i < first + CLOCKS; i++) {
        const struct clock *clock = &t->clocks[i];
        if (clock->tail == NO_TIMER ||
            at(t, clock->tail)->due_ns <= since_ns + clock->duration_ns) {
            return i;
        }
    }
    return first;
}

void timer_start(struct lifeline_engine *engine, struct conn *c, unsigned end)
{
    struct timers *t = engine->timers;
    struct time_wait *tw = &c->closing->time_wait[end];
    struct lifeline_host_stack host;
    timer_stop(engine, c, end);
    if (t->free == NO_TIMER && !grow(t)) {
        c->incomplete = 1; /* it never expires */
        return;
    }
    record_stack(&engine->options, c, end, &host);
    uint32_t chosen = clock_for(t, host.network, tw->since_ns);
    struct clock *clock = &t->clocks[chosen];
    uint32_t number = t->free, after = clock->tail;
    struct timer *timer = at(t, number);
    t->free = timer->next;
    timer->due_ns = tw->since_ns + clock->duration_ns;
    for (unsigned i = 0; after != NO_TIMER && i < LONGEST_WALK; i++) {
        if (at(t, after)->due_ns <= timer->due_ns) {
            break;
        }
        after = at(t, after)->prev;
    }
    timer->owner = c->slot << 1 | end;
    timer->clock = chosen;
    timer->prev = after;
    timer->next = after != NO_TIMER ? at(t, after)->next : clock->head;
    *(after != NO_TIMER ? &at(t, after)->next : &clock->head) = number;
    *(timer->next != NO_TIMER ? &at(t, timer->next)->prev : &clock->tail) = number;
    clock->due_ns = at(t, clock->head)->due_ns;
    tw->timer = number + 1;
    timers_wake_by(engine, clock->due_ns);
}

bool timers_next(const struct timers *t, int64_t *due_ns, uint32_t *slot, unsigned *end)
{
    const struct clock *next = t->clocks;
    for (uint32_t i = 1; i < t->clock_count; i++) {
        if (t->clocks[i].due_ns < next->due_ns) {
            next = &t->clocks[i];
        }
    }
    *due_ns = next->due_ns;
    if (next->head == NO_TIMER) {
        return false;
    }
    uint32_t owner = at(t, next->head)->owner;
    *slot = owner >> 1;
    *end = owner & 1;
    return true;
}
