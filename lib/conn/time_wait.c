/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TIME-WAIT: what segments and time do to it. Who holds it is in time_wait_hold.c.
 *
 * Model: entered by the state table (FIN-WAIT-2 or CLOSING to TIME-WAIT), it lasts the 2MSL of its
 * holder's system (lib/model/stacks.c) on capture time, see timers.c. A retransmitted FIN that is
 * answered restarts it (RFC 9293 3.10.7.4); late segments of the same incarnation are absorbed; it
 * ends by expiry, by a new incarnation (RFC 9293 MAY-2, RFC 6191), or by an RST (RFC 1337). An RST
 * from its holder says that it never was there. The findings are told of each, to count a host's.
 */
#include "conn/time_wait.h"

#include <string.h>

#include "conn/apply.h"
#include "conn/clock.h"
#include "conn/copy.h"
#include "conn/emit.h"
#include "conn/ending.h"
#include "conn/record.h"
#include "conn/time_wait_hold.h"
#include "conn/timers.h"

void time_wait_restart(struct pass *pass, unsigned end)
{
    pass->conn->closing->time_wait[end].restarts++;
    pass->conn->closing->time_wait[end].since_ns = pass->time_ns;
    timer_start(pass->engine, pass->conn, end);
    pass->steps |= LIFELINE_STEP_TIME_WAIT;
    ending_relist(pass->engine, pass->conn);
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
        pass->marks |= LIFELINE_MARK_OLD_DUPLICATE;
        pass->old_incarnation = c->incarnation;
        if (pass->twice || (pass->syn && copy_captured_again(pass))) {
            return;
        }
        tw->absorbed++;
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

/* A pass without a segment, for what happens behind the frames, or what one of another incarnation
 * tells. */
static void begin_silent(struct pass *pass, struct lifeline_engine *engine, struct conn *c,
                         int64_t time_ns, const struct lifeline_segment *foreign)
{
    memset(pass, 0, sizeof *pass);
    pass->engine = engine;
    pass->conn = c;
    pass->time_ns = time_ns;
    pass->foreign = foreign;
    pass->mark = foreign ? frame_mark(c, foreign->frame) : 0;
    pass->reset_verdict = pass->reset_cause = LIFELINE_UNKNOWN;
    pass->steps = LIFELINE_STEP_TIME_WAIT;
}

static void end_silently(struct lifeline_engine *engine, struct conn *c, unsigned end,
                         enum stimulus stimulus, uint8_t outcome, int64_t time_ns,
                         const struct lifeline_segment *foreign)
{
    struct pass pass;
    begin_silent(&pass, engine, c, time_ns, foreign);
    bool waited = time_wait_running(c, end);
    if (apply(&pass, end, stimulus)) {
        if (waited) {
            time_wait_end(engine, c, end, outcome, time_ns, pass.mark);
        }
        emit_event(&pass);
    }
}

/* old's TIME-WAIT gave way to by; proof is the segment that shows its holder's consent: the
 * SYN,ACK, or the SYN when the holder itself opens anew. */
void time_wait_reused(struct lifeline_engine *engine, struct conn *old, const struct conn *by)
{
    /* Ends are told apart by address: who spoke first may differ between incarnations. */
    const struct end *opener = &by->end[by->client];
    const struct end *was = &old->end[old->swapped == by->swapped ? by->client : !by->client];

    for (unsigned end = 0; end < 2; end++) {
        if (!time_wait_running(old, end)) {
            continue;
        }
        struct time_wait *tw = &old->closing->time_wait[end];
        /* Options that the snap length cut off, or a SYN that isn't in the capture. */
        uint32_t stamped = END_SCALE_KNOWN | END_TIMESTAMPS;
        bool untold = ((opener->flags & stamped) == 0 || (opener->flags & END_TIMESTAMPS)) &&
                      ((was->flags & stamped) == 0 || (was->flags & END_TIMESTAMPS)) &&
                      !(opener->flags & was->flags & END_TIMESTAMPS);
        if (seq_geq(opener->isn, was->next)) {
            tw->reuse_rule = LIFELINE_REUSE_BY_SEQUENCE;
        } else if ((opener->flags & was->flags & END_TIMESTAMPS) &&
                   seq_gt(opener->first_tsval, was->last_tsval)) {
            tw->reuse_rule = LIFELINE_REUSE_BY_TIMESTAMP;
        } else {
            tw->reuse_rule = untold ? (uint8_t)LIFELINE_UNKNOWN : (uint8_t)LIFELINE_REUSE_UNSAFE;
        }
        /* No transition: RFC 9293 reopens "directly from TIME-WAIT"; the record says how it ended.
         */
        time_wait_end(engine, old, end, LIFELINE_TIME_WAIT_REUSED, by->start_ns,
                      frame_mark(old, by->first_frame));
    }
}

void time_wait_assassinated(struct pass *pass, unsigned end)
{
    time_wait_end(pass->engine, pass->conn, end, LIFELINE_TIME_WAIT_ASSASSINATED, pass->time_ns,
                  pass->mark);
    pass->steps |= LIFELINE_STEP_TIME_WAIT;
}

/* It lives, whatever was thought to have ended it. */
static void revive(struct pass *pass, unsigned end)
{
    struct time_wait *tw = &pass->conn->closing->time_wait[end];
    uint32_t lost = tw->ended_frame;
    tw->outcome = LIFELINE_TIME_WAIT_RUNNING;
    tw->ended_ns = LIFELINE_UNKNOWN_NS;
    tw->ended_frame = 0;
    apply_withdrawal(pass, end, lost);
    time_wait_start(pass->engine, pass->conn, end);
    pass->steps |= LIFELINE_STEP_TIME_WAIT;
}

/* A host that follows RFC 1337 ignores the RST (Linux: tcp_rfc1337=1), one that it didn't reach
 * knows of none, and one may wait longer than was thought: each shows it when it acknowledges the
 * FIN once more, which only TIME-WAIT does; a closed port answers with RST. What it had sent before
 * says nothing. */
void time_wait_reconsider(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct time_wait *tw = c->closing ? &c->closing->time_wait[pass->e] : NULL;
    bool ended = time_wait_killed(c, pass->e) ||
                 (tw && tw->present && tw->outcome == LIFELINE_TIME_WAIT_EXPIRED);
    if (!ended || !end_closed(pass->from) || pass->syn || pass->rst || pass->stale ||
        !(pass->to->flags & END_FIN_REPEATED) || pass->segment->ack != pass->to->fin_end ||
        pass->sent_ns - tw->ended_ns <= clock_turnaround_ns(c, pass->e)) {
        return;
    }
    tw->since_ns = pass->time_ns; /* what it answers restarts it */
    revive(pass, pass->e);
}

/* The incarnation before, which may still be in TIME-WAIT, and which of its ends sends; or NULL. */
static struct conn *older_of(const struct pass *pass, unsigned *from)
{
    const struct conn *c = pass->conn;
    if (c->older == NO_SLOT) {
        return NULL;
    }
    struct conn *old = table_at(&pass->engine->table, c->older);
    *from = old->swapped == c->swapped ? pass->e : !pass->e;
    return old;
}

/* An RST of the old incarnation's numbers, seen while a new one already has the entry: it ends what
 * is left of the old one. */
void time_wait_killed_behind(struct pass *pass)
{
    unsigned from;
    struct conn *old = older_of(pass, &from);
    if (old && !end_closed(&old->end[!from]) && pass->segment->seq == old->end[!from].acked) {
        end_silently(pass->engine, old, !from, GETS_RST, LIFELINE_TIME_WAIT_ASSASSINATED,
                     pass->time_ns, pass->segment);
        ending_relist(pass->engine, old);
    }
}

/* The old incarnation's last ACK again, in answer to the new one's SYN: its TIME-WAIT had not ended
 * by the RST that came before (RFC 1337 3, fix F1). */
void time_wait_answers_behind(struct pass *pass)
{
    unsigned end;
    struct conn *old = older_of(pass, &end);
    if (!old) {
        return;
    }
    const struct end *holder = &old->end[end], *peer = &old->end[!end];
    if (!time_wait_killed(old, end) || !(peer->flags & END_FIN) ||
        pass->segment->seq != holder->next || pass->segment->ack != peer->fin_end ||
        pass->time_ns - old->closing->time_wait[end].ended_ns <= clock_turnaround_ns(old, end)) {
        return;
    }
    struct pass silent;
    begin_silent(&silent, pass->engine, old, pass->time_ns, pass->segment);
    revive(&silent, end);
    emit_event(&silent);
    ending_relist(pass->engine, old);
}

void time_wait_expire(struct lifeline_engine *engine, struct conn *c, unsigned end, int64_t time_ns)
{
    timer_stop(engine, c, end);
    end_silently(engine, c, end, TWO_MSL_PASSED, LIFELINE_TIME_WAIT_EXPIRED, time_ns, NULL);
}

/* Its holder answers with RST. That tells that there was no TIME-WAIT, unless it had shown itself
 * by an ACK of the FIN that came again, or lasted as long as the shortest of its system. */
void time_wait_was_over(struct pass *pass)
{
    struct conn *c = pass->conn;
    if (!time_wait_running(c, pass->e) || pass->segment->seq != pass->from->fin_end) {
        return;
    }
    const struct time_wait *tw = &c->closing->time_wait[pass->e];
    struct lifeline_host_stack host;
    record_stack(&pass->engine->options, c, pass->e, &host);
    if (tw->restarts || pass->time_ns - tw->since_ns >= host.shortest_ns) {
        time_wait_expire(pass->engine, c, pass->e, pass->time_ns);
    }
}
