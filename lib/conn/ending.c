/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Connections end: closed and forgotten, given up, or still there at the capture's end.
 *
 * A connection is in the list of what becomes of it next; at its end its streams end, its record
 * and findings are told (tell.c), and its memory goes.
 */
#include "conn/ending.h"

#include <stdlib.h>

#include "conn/app_link.h"
#include "conn/forgotten.h"
#include "conn/pool.h"
#include "conn/tell.h"
#include "conn/time_wait_hold.h"
#include "conn/timers.h"

static void end_flow(struct lifeline_engine *engine, struct conn *c, bool capture_ended)
{
    if (!app_is_idle(c->flow)) {
        struct app_link link;
        app_link_of(c, &link);
        app_end(engine->app, &link, capture_ended);
    }
}

static void conn_free_parts(struct lifeline_engine *engine, struct conn *c)
{
    if (c->closing) {
        time_wait_forget(engine, c);
    }
    if (c->facts) {
        findings_forget(engine->findings, c->facts);
    }
    pool_forget_candidate(&engine->table, c);
    c->facts = NULL;
    c->closing = NULL;
}

void ending_drop(struct lifeline_engine *engine, struct conn *c)
{
    end_flow(engine, c, true);
    conn_free_parts(engine, c);
    table_release(&engine->table, c);
}

bool ending_is_over(const struct conn *c)
{
    bool over = true, any = false;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t state = c->end[i].state;
        over &= state == LIFELINE_CLOSED || state == LIFELINE_STATE_UNKNOWN;
        any |= state == LIFELINE_CLOSED;
    }
    return over && any;
}

void ending_relist(struct lifeline_engine *engine, struct conn *c)
{
    bool waits = time_wait_running(c, 0) || time_wait_running(c, 1);
    bool open = c->end[0].state >= LIFELINE_ESTABLISHED && c->end[1].state >= LIFELINE_ESTABLISHED;
    enum conn_list list = waits               ? LIST_TIME_WAIT
                          : ending_is_over(c) ? LIST_CLOSED
                          : open              ? LIST_OPEN
                                              : LIST_EMBRYONIC;
    /* In the order in which they are given up, or forgotten: what was new last comes last. */
    if (table_list_of(c) != list || list == LIST_TIME_WAIT || list == LIST_CLOSED) {
        table_list_remove(&engine->table, c);
        table_list_append(&engine->table, c, list);
    }
    if (list == LIST_CLOSED) {
        timers_wake_by(engine, c->last_ns + LINGER_NS);
    }
}

void ending_finish(struct lifeline_engine *engine, struct conn *c, bool capture_ended)
{
    end_flow(engine, c, capture_ended);
    tell_connection(engine, c);
    /* At the capture's end nobody looks for it, nor for its neighbours, which may be gone. */
    if (c->older != NO_SLOT && !engine->finishing) {
        table_at(&engine->table, c->older)->newer = NO_SLOT;
    }
    if (c->newer != NO_SLOT && !engine->finishing) {
        table_at(&engine->table, c->newer)->older = NO_SLOT;
    }
    if (!c->superseded && !engine->finishing) {
        forgotten_keep(engine, c);
        table_leave(&engine->table, c);
    }
    table_list_remove(&engine->table, c);
    conn_free_parts(engine, c);
    table_release(&engine->table, c);
}

void ending_evict(struct lifeline_engine *engine, struct conn *victim)
{
    if (!ending_is_over(victim)) {
        victim->incomplete = 1;
        engine->counters.connections_evicted++;
    }
    ending_finish(engine, victim, false);
}

struct live {
    uint64_t number;
    uint32_t slot;
};

static int by_number(const void *a, const void *b)
{
    const struct live *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* The record of one that is packed, at the capture's end: nobody will look for it again, so it is
 * neither unpacked into the table nor taken out of lists. False: it has more to say. */
static bool finish_packed(struct lifeline_engine *engine, uint32_t slot)
{
    struct conn c;
    if (!table_rests(&engine->table, slot)) {
        return false;
    }
    table_unpack(&engine->table, slot, &c);
    tell_connection(engine, &c);
    time_wait_forget(engine, &c);
    if (c.facts) {
        findings_forget(engine->findings, c.facts);
    }
    table_drop_packed(&engine->table, slot);
    return true;
}

void lifeline_finish(struct lifeline_engine *engine)
{
    struct table *t = &engine->table;
    if (engine->finished) {
        return;
    }
    engine->finished = engine->finishing = true;
    struct lifeline_counters counters;
    lifeline_get_counters(engine, &counters);
    engine->counters.memory_peak_bytes = counters.memory_peak_bytes;
    struct live *live = malloc((t->live + 1) * sizeof *live);
    uint32_t count = 0;
    for (uint32_t slot = 0; slot < table_slots(t); slot++) {
        if (!table_slot_at(t, slot)->at.hot) {
            continue;
        }
        if (!engine->findings && table_rests(t, slot)) {
            continue; /* nobody asks for its record */
        }
        if (live) {
            live[count++] = (struct live){table_number_at(t, slot), slot};
        } else { /* no memory to sort: in the order of slots */
            ending_finish(engine, table_at(t, slot), true);
        }
    }
    if (live) {
        qsort(live, count, sizeof *live, by_number);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!finish_packed(engine, live[i].slot)) {
            ending_finish(engine, table_at(t, live[i].slot), true);
        }
    }
    free(live);
    if (engine->findings) {
        lifeline_get_counters(engine, &counters);
        findings_finish(engine->findings, &counters, engine->now_ns);
    }
}
