/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What time does without a segment: TIME-WAITs expire, closed connections are forgotten.
 *
 * An expiry is an event without a frame, stamped with its own time; it becomes known with the next
 * segment, or lifeline_advance(). A closed connection is kept for two minutes after its last
 * segment, then its record is given.
 */
#include "conn/expiry.h"

#include "conn/ending.h"
#include "conn/time_wait.h"
#include "conn/timers.h"

void expiry_run(struct lifeline_engine *engine, int64_t now_ns)
{
    struct table *table = &engine->table;
    int64_t due_ns;
    uint32_t slot;
    unsigned end;
    engine->wake_ns = INT64_MIN;
    while (timers_next(engine->timers, &due_ns, &slot, &end) && due_ns <= now_ns) {
        struct conn *c = table_at(table, slot);
        time_wait_expire(engine, c, end, due_ns);
        if (ending_is_over(c) && c->last_ns + LINGER_NS <= now_ns) {
            ending_finish(engine, c, false);
        } else {
            ending_relist(engine, c);
        }
        if (!table_make_room(table)) {
            return;
        }
    }
    int64_t wake_ns = due_ns;
    while (table->lists[LIST_CLOSED].head != NO_SLOT) {
        struct conn *c = table_at(table, table->lists[LIST_CLOSED].head);
        if (!ending_is_over(c)) {
            ending_relist(engine, c);
        } else if (c->last_ns + LINGER_NS <= now_ns) {
            ending_finish(engine, c, false);
        } else {
            int64_t end_ns = c->last_ns + LINGER_NS;
            wake_ns = end_ns < wake_ns ? end_ns : wake_ns;
            break;
        }
        if (!table_make_room(table)) {
            return;
        }
    }
    engine->wake_ns = wake_ns;
}
