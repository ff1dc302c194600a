/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who is in TIME-WAIT, and since when: its note in the connection, its timer, and its count among
 * its host's, which the findings keep.
 */
#include "conn/time_wait_hold.h"

#include "conn/closing.h"
#include "conn/history.h"
#include "conn/record.h"
#include "conn/timers.h"

/* Whoever implied a TIME-WAIT saw neither its holder's ports nor its time. */
static void tell_findings(struct lifeline_engine *engine, const struct conn *c, unsigned end)
{
    struct time_wait *tw = &c->closing->time_wait[end];
    if (!engine->findings || history_evidence(&c->end[end]) == LIFELINE_IMPLIED) {
        return;
    }
    struct time_wait_holder holder = {
        .is_client = end == c->client,
        .frame = frame_of(c, tw->entered_frame),
        .time_ns = tw->entered_ns,
    };
    record_address(c, end, &holder.ip, NULL);
    record_address(c, !end, &holder.remote_ip, &holder.remote_port);
    tw->tally = findings_time_wait_begins(engine->findings, &holder);
}

void time_wait_start(struct lifeline_engine *engine, struct conn *c, unsigned end)
{
    timer_start(engine, c, end);
    tell_findings(engine, c, end);
}

/* Its clock stops, it counts no more. */
static void stop(struct lifeline_engine *engine, struct conn *c, unsigned end)
{
    struct time_wait *tw = &c->closing->time_wait[end];
    timer_stop(engine, c, end);
    if (tw->tally) {
        findings_time_wait_ends(engine->findings, tw->tally);
        tw->tally = 0;
    }
}

void time_wait_enter(struct pass *pass, unsigned end)
{
    struct closing *k = closing_of(pass);
    stop(pass->engine, pass->conn, end);
    k->time_wait[end] = (struct time_wait){
        .present = true,
        .outcome = LIFELINE_TIME_WAIT_RUNNING,
        .reuse_rule = LIFELINE_UNKNOWN,
        .entered_ns = pass->time_ns,
        .since_ns = pass->time_ns,
        .ended_ns = LIFELINE_UNKNOWN_NS,
        .entered_frame = pass->mark,
    };
    time_wait_start(pass->engine, pass->conn, end);
    pass->steps |= LIFELINE_STEP_TIME_WAIT;
}

void time_wait_withdraw(struct lifeline_engine *engine, struct conn *c, unsigned end)
{
    if (c->closing) {
        stop(engine, c, end);
        c->closing->time_wait[end].present = false;
    }
}

void time_wait_forget(struct lifeline_engine *engine, struct conn *c)
{
    for (unsigned end = 0; c->closing && end < 2; end++) {
        stop(engine, c, end);
    }
}

bool time_wait_running(const struct conn *c, unsigned end)
{
    return c->closing && c->end[end].state == LIFELINE_TIME_WAIT &&
           c->closing->time_wait[end].outcome == LIFELINE_TIME_WAIT_RUNNING;
}

/* By an RST; the holder may show yet that it had ignored that. */
bool time_wait_killed(const struct conn *c, unsigned end)
{
    return c->closing && c->closing->time_wait[end].present && end_closed(&c->end[end]) &&
           c->closing->time_wait[end].outcome == LIFELINE_TIME_WAIT_ASSASSINATED;
}

void time_wait_end(struct lifeline_engine *engine, struct conn *c, unsigned end, uint8_t outcome,
                   int64_t time_ns, uint32_t mark)
{
    stop(engine, c, end);
    struct time_wait *tw = &c->closing->time_wait[end];
    tw->outcome = outcome;
    tw->ended_ns = time_ns;
    tw->ended_frame = mark;
}
