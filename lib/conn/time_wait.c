/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TIME-WAIT: who holds it, until when, and what ended it. And the timers of all connections.
 *
 * Model: entered by the state table (FIN-WAIT-2 or CLOSING to TIME-WAIT), it lasts the configured
 * 2MSL on capture time. A retransmitted FIN that is answered restarts it (RFC 9293 3.10.7.4); late
 * segments of the same incarnation are absorbed; it ends by expiry, by a new incarnation (RFC 9293
 * MAY-2, RFC 6191), or by an RST (RFC 1337). An RST from its holder says that it never was there.
 *
 * Every timer has the same delay, so the TIMED list is in order of its deadlines and its head is
 * the next to fire. An expiry is an event without a frame, stamped with its own time.
 */
#include "conn/engine.h"

#include <string.h>

#define LINGER_NS (120 * INT64_C(1000000000))

void time_wait_enter(struct pass *pass, unsigned end)
{
    struct closing *k = closing_of(pass);
    if (!k) {
        return;
    }
    k->time_wait[end] = (struct time_wait){
        .present = true,
        .outcome = LIFELINE_TIME_WAIT_RUNNING,
        .reuse_rule = LIFELINE_UNKNOWN,
        .entered_ns = pass->time_ns,
        .expires_ns = pass->time_ns + pass->engine->time_wait_ns,
        .ended_ns = LIFELINE_UNKNOWN_NS,
        .entered_frame = pass->mark,
    };
    pass->steps |= LIFELINE_STEP_TIME_WAIT;
}

bool time_wait_running(const struct conn *c, unsigned end)
{
    return c->closing && c->end[end].state == LIFELINE_TIME_WAIT &&
           c->closing->time_wait[end].outcome == LIFELINE_TIME_WAIT_RUNNING;
}

static void time_wait_end(struct conn *c, unsigned end, uint8_t outcome, int64_t time_ns,
                          uint32_t mark)
{
    struct time_wait *tw = &c->closing->time_wait[end];
    tw->outcome = outcome;
    tw->ended_ns = time_ns;
    tw->ended_frame = mark;
}

/* A segment from the peer of a TIME-WAIT's holder: late, unless it is the FIN again. */
void time_wait_late_segment(struct pass *pass)
{
    struct conn *c = pass->conn;
    if (!time_wait_running(c, pass->p) || pass->rst) {
        return;
    }
    struct time_wait *tw = &c->closing->time_wait[pass->p];
    if (tw->entered_frame == pass->mark || (pass->fin && pass->seq_end == pass->from->fin_end)) {
        return;
    }
    if (pass->segment->payload_bytes || pass->syn) {
        tw->absorbed++;
        pass->marks |= LIFELINE_MARK_OLD_DUPLICATE;
        pass->old_incarnation = c->incarnation;
        if (c->old_duplicates < UINT16_MAX) {
            c->old_duplicates++;
        }
    }
}

/* The holder answers with RST: there was no TIME-WAIT. Its history goes on from the state before.
 */
void time_wait_skipped(struct pass *pass)
{
    apply_withdrawal(pass, pass->e, 0);
}

/* A pass without a segment, for what happens behind the frames. */
static void begin_silent(struct pass *pass, struct lifeline_engine *engine, struct conn *c,
                         int64_t time_ns)
{
    memset(pass, 0, sizeof *pass);
    pass->engine = engine;
    pass->conn = c;
    pass->time_ns = time_ns;
    pass->reset_verdict = pass->reset_cause = LIFELINE_UNKNOWN;
    pass->steps = LIFELINE_STEP_TIME_WAIT;
}

static void end_silently(struct lifeline_engine *engine, struct conn *c, unsigned end,
                         enum stimulus stimulus, uint8_t outcome, int64_t time_ns, uint32_t mark)
{
    struct pass pass;
    begin_silent(&pass, engine, c, time_ns);
    pass.mark = mark;
    bool waited = time_wait_running(c, end);
    if (apply(&pass, end, stimulus)) {
        if (waited) {
            time_wait_end(c, end, outcome, time_ns, mark);
        }
        emit_event(&pass);
    }
}

/* old's TIME-WAIT gave way to by; proof is the segment that shows its holder's consent: the
 * SYN,ACK, or the SYN when the holder itself opens anew. */
void time_wait_reused(struct conn *old, const struct conn *by)
{
    /* Ends are told apart by address: who spoke first may differ between incarnations. */
    const struct end *opener = &by->end[by->client];
    const struct end *was = &old->end[old->swapped == by->swapped ? by->client : !by->client];

    for (unsigned end = 0; end < 2; end++) {
        if (!time_wait_running(old, end)) {
            continue;
        }
        struct time_wait *tw = &old->closing->time_wait[end];
        if (seq_geq(opener->isn, was->next)) {
            tw->reuse_rule = LIFELINE_REUSE_BY_SEQUENCE;
        } else if ((opener->flags & was->flags & END_TIMESTAMPS) &&
                   seq_gt(opener->first_tsval, was->last_tsval)) {
            tw->reuse_rule = LIFELINE_REUSE_BY_TIMESTAMP;
        } else {
            tw->reuse_rule = LIFELINE_REUSE_UNSAFE;
        }
        /* No transition: RFC 9293 reopens "directly from TIME-WAIT"; the record says how it ended.
         */
        time_wait_end(old, end, LIFELINE_TIME_WAIT_REUSED, by->start_ns,
                      frame_mark(old, by->first_frame));
    }
}

/* An RST of the old incarnation's numbers, seen while a new one already has the entry: it ends what
 * is left of the old one. */
void time_wait_killed_behind(struct pass *pass)
{
    struct conn *c = pass->conn;
    if (c->older == NO_SLOT) {
        return;
    }
    struct conn *old = table_at(&pass->engine->table, c->older);
    unsigned from = old->swapped == c->swapped ? pass->e : !pass->e;
    if (!end_closed(&old->end[!from]) && pass->segment->seq == old->end[!from].acked) {
        end_silently(pass->engine, old, !from, GETS_RST, LIFELINE_TIME_WAIT_ASSASSINATED,
                     pass->time_ns, frame_mark(old, pass->segment->frame));
        engine_relist(pass->engine, old);
    }
}

static void expire(struct lifeline_engine *engine, struct conn *c, int64_t now_ns)
{
    /* Both ends may hold one: the earlier deadline first. */
    for (unsigned turn = 0; turn < 2; turn++) {
        const struct time_wait *tw = c->closing ? c->closing->time_wait : NULL;
        unsigned end = !time_wait_running(c, 0) ||
                       (time_wait_running(c, 1) && tw[1].expires_ns < tw[0].expires_ns);
        if (time_wait_running(c, end) && tw[end].expires_ns <= now_ns) {
            end_silently(engine, c, end, TWO_MSL_PASSED, LIFELINE_TIME_WAIT_EXPIRED,
                         tw[end].expires_ns, 0);
        }
    }
}

static int64_t deadline_ns(const struct conn *c)
{
    int64_t due = INT64_MAX;
    for (unsigned end = 0; end < 2; end++) {
        if (time_wait_running(c, end) && c->closing->time_wait[end].expires_ns < due) {
            due = c->closing->time_wait[end].expires_ns;
        }
    }
    return due != INT64_MAX ? due : c->last_ns + LINGER_NS;
}

static void run_list(struct lifeline_engine *engine, enum conn_list list, int64_t now_ns)
{
    struct table *t = &engine->table;
    while (t->lists[list].head != NO_SLOT) {
        struct conn *c = table_at(t, t->lists[list].head);
        if (deadline_ns(c) > now_ns) {
            return;
        }
        expire(engine, c, now_ns);
        if (engine_ended(c) && deadline_ns(c) <= now_ns) {
            engine_finish_conn(engine, c, false);
        } else {
            engine_relist(engine, c);
        }
        if (!table_make_room(t)) {
            return;
        }
    }
}

void timers_run(struct lifeline_engine *engine, int64_t now_ns)
{
    run_list(engine, LIST_TIME_WAIT, now_ns);
    run_list(engine, LIST_CLOSED, now_ns);
}
