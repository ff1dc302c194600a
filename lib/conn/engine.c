/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The engine: one segment at a time through the stages.
 *
 * Order within a pass: which connection (incarnation.c); what the segment is (facts.c); then what
 * it does, in the order in which TCP processes it (RFC 9293 3.10.7.4): RST, SYN, ACK, text, FIN;
 * both in one step for most segments (plain.c); the event; then the byte streams; then the lists.
 * Time runs on the capture's timestamps: timers that are due fire before the segment that shows the
 * time.
 */
#include "conn/engine.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conn/app_link.h"
#include "conn/copy.h"
#include "conn/emit.h"
#include "conn/ending.h"
#include "conn/expiry.h"
#include "conn/facts.h"
#include "conn/handshake.h"
#include "conn/icmp.h"
#include "conn/incarnation.h"
#include "conn/limit.h"
#include "conn/plain.h"
#include "conn/reset.h"
#include "conn/reset_after.h"
#include "conn/roles.h"
#include "conn/teardown.h"
#include "conn/time_wait.h"
#include "conn/time_wait_hold.h"

/* The streams, after the event: payload, then what closes them. */
static void feed_app(struct pass *pass)
{
    struct conn *c = pass->conn;
    struct app *app = pass->engine->app;
    const struct lifeline_segment *s = pass->segment;
    bool idle = app_is_idle(c->flow);

    if (pass->engine->options.no_http || (c->muted && !pass->engine->counts_all) ||
        c->flow == APP_OPAQUE || (idle && !s->payload_bytes)) {
        return;
    }
    struct app_link link;
    if (pass->rst) {
        if (!idle && pass->reset_verdict == LIFELINE_RESET_ACCEPTABLE) {
            app_link_of(c, &link);
            app_reset(app, &link, pass->e, s);
        }
        return;
    }
    if (!pass->fits || (pass->marks & (LIFELINE_MARK_OLD_DUPLICATE | LIFELINE_MARK_KEEP_ALIVE))) {
        return;
    }
    if (c->fast_open_data && pass->ack && pass->ack_fits) {
        app_link_of(c, &link);
        app_begins(&link, pass->p, s);
    }
    bool waits = pass->ack && pass->ack_fits && !conn_is_reset(c) &&
                 app_hears(c->flow, pass->p, s->ack, s->seq);
    bool over = c->end[0].flags & c->end[1].flags & END_FIN_ACKED;
    if (!waits && !s->payload_bytes && !pass->fin && !over) {
        return;
    }
    app_link_of(c, &link);
    if (waits) {
        app_acked(&link, s);
    }
    if (s->payload_bytes && !pass->twice) {
        app_data(app, &link, pass->e, s, pass->payload_seq, pass->marks);
    }
    if ((pass->from->flags & END_FIN) && pass->fin) {
        app_fin(app, &link, pass->e, pass->from->fin_end - 1, s);
    }
    if (over && !app_is_idle(c->flow)) {
        /* Both streams were received to their ends: the flow's memory isn't kept for TIME-WAIT. */
        app_end(app, &link, false);
        c->flow = APP_OPAQUE;
    }
}

static void challenge(struct pass *pass)
{
    if ((pass->from->flags & END_CHALLENGED) && pass->ack && !pass->syn && !pass->fin &&
        !pass->segment->payload_bytes) {
        pass->marks |= LIFELINE_MARK_CHALLENGE_ACK;
        pass->marks &= ~(uint32_t)LIFELINE_MARK_DUPLICATE_ACK;
    }
    pass->from->flags &= ~(uint32_t)END_CHALLENGED;
}

/* A segment of the incarnation before: noted, without effect on this one. */
static void old_duplicate(struct pass *pass)
{
    struct conn *c = pass->conn;
    pass->marks |= LIFELINE_MARK_OLD_DUPLICATE;
    pass->old_incarnation = c->incarnation - 1;
    pass->from->segments++;
    if (!copy_captured_again(pass) && c->old_duplicates < UINT16_MAX) {
        c->old_duplicates++;
    }
    if (pass->rst) {
        pass->steps |= LIFELINE_STEP_RESET;
        pass->reset_verdict = LIFELINE_RESET_OUT_OF_WINDOW;
        /* With ACK it is no answer: the old one's abort, late on its way. */
        pass->reset_cause = pass->ack ? LIFELINE_UNKNOWN : LIFELINE_CAUSE_TIME_WAIT_ACK;
        time_wait_killed_behind(pass);
    } else if (pass->ack && !pass->segment->payload_bytes && !pass->fin && !pass->syn) {
        pass->marks |= LIFELINE_MARK_CHALLENGE_ACK;
        time_wait_answers_behind(pass);
    }
}

static void live_segment(struct pass *pass)
{
    if (pass->first && !pass->syn) {
        pass->steps |= LIFELINE_STEP_OPEN;
        pass->from->flags |= pass->segment->options & LIFELINE_OPT_MULTIPATH ? END_MULTIPATH : 0U;
    }
    roles_by_content(pass);
    handshake_refute(pass);
    facts_read(pass);
    pass->engine->fins_seen |= pass->fin && pass->fits;
    pass->engine->acks_seen |= !pass->syn && !pass->fin && !pass->rst;
    if (pass->rst) {
        reset_segment(pass);
        return;
    }
    if (!pass->fits) {
        if (pass->syn && !pass->ack) {
            pass->marks |= LIFELINE_MARK_UNEXPECTED_SYN;
            pass->to->flags |= END_CHALLENGED;
        }
        return;
    }
    reset_reconsider(pass);
    icmp_reconsider(pass);
    teardown_reconsider(pass);
    teardown_fin_not_taken(pass);
    time_wait_reconsider(pass);
    challenge(pass);
    if (pass->syn && !pass->ack) {
        handshake_syn(pass);
    } else if (pass->syn) {
        handshake_syn_ack(pass);
    } else {
        handshake_other(pass);
    }
    teardown_ack(pass);
    teardown_fin(pass);
    reset_overtaken(pass);
    time_wait_late_segment(pass);
    if (pass->new_bytes && (pass->from->flags & END_WITHDRAWABLE) &&
        pass->from->state == LIFELINE_ESTABLISHED) {
        pass->from->flags &=
            ~(uint32_t)END_WITHDRAWABLE; /* it sends as open: the ACK had arrived */
    }
}

/* A socket that is connected to itself, as when a client's own port is the one it connects to (a
 * simultaneous open, RFC 9293 3.5): what it sends comes from its peer, too. */
static void hears_itself(struct pass *pass)
{
    struct pass heard = *pass;
    heard.e = pass->p;
    heard.p = pass->e;
    heard.from = pass->to;
    heard.to = pass->from;
    heard.first = heard.fits = heard.repeated = heard.twice = heard.ack_fits = heard.hears = false;
    heard.new_bytes = 0;
    heard.steps = heard.marks = 0;
    live_segment(&heard);
    pass->steps |= heard.steps;
    pass->transition_count = heard.transition_count;
    memcpy(pass->transitions, heard.transitions, sizeof pass->transitions);
}

#ifdef LIFELINE_CHECK_PLAIN
/* plain_segment(), and aborts where the stages say something else. */
static bool take_plain(struct pass *pass)
{
    struct conn *c = pass->conn, before = *c;
    struct pass staged = *pass;
    if (!plain_segment(pass)) {
        return false;
    }
    struct conn plain = *c;
    *c = before;
    live_segment(&staged);
    if (memcmp(&plain, c, offsetof(struct conn, own_closing)) != 0 || !staged.fits ||
        !staged.ack_fits || staged.new_bytes != pass->new_bytes || staged.steps != pass->steps ||
        staged.marks != pass->marks || staged.repeated || staged.transition_count) {
        abort();
    }
    return true;
}
#else
#define take_plain plain_segment
#endif

/* The new incarnation's SYN was accepted by the holder of the old one's TIME-WAIT. */
static void settle_older(struct pass *pass)
{
    struct conn *c = pass->conn;
    if (c->older == NO_SLOT) {
        return;
    }
    struct lifeline_engine *engine = pass->engine;
    struct conn *old = table_at(&engine->table, c->older);
    unsigned opener = old->swapped == c->swapped ? c->client : !c->client;
    bool opener_holds = time_wait_running(old, opener);
    bool answered = c->synack_by_server && c->end[!c->client].state != LIFELINE_STATE_UNKNOWN;
    bool other_holds = time_wait_running(old, !opener);
    if ((opener_holds && !other_holds) || answered) {
        time_wait_reused(engine, old, c);
    }
    bool doubted = !answered && (time_wait_killed(old, 0) || time_wait_killed(old, 1));
    if (!doubted && !time_wait_running(old, 0) && !time_wait_running(old, 1)) {
        ending_finish(engine, old, false);
    }
}

/* Half of what the type holds: sums and differences of two times can't overflow. */
#define LAST_TIME_NS (INT64_MAX / 2 - 1)
static int64_t held_time(int64_t time_ns)
{
    return time_ns < 0 ? 0 : time_ns > LAST_TIME_NS ? LAST_TIME_NS : time_ns;
}

void engine_push(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                 const struct lookup *lookup)
{
    struct lifeline_segment held;
    if ((uint64_t)segment->time_ns > LAST_TIME_NS) {
        held = *segment;
        held.time_ns = held_time(segment->time_ns);
        segment = &held;
        engine->counters.times_replaced++;
    }
    engine->now_ns = segment->time_ns;
    engine->table.now_ns = engine->now_ns;
    limit_keep(engine);
    if (segment->time_ns >= engine->wake_ns) {
        expiry_run(engine, segment->time_ns);
    }
    if (segment->flags & LIFELINE_ICMP) {
        icmp_push(engine, segment, lookup);
        return;
    }
    engine->counters.segments++;

    struct pass pass;
    memset(&pass, 0, offsetof(struct pass, transitions));
    pass.conn = incarnation_for(engine, segment, lookup, &pass.e, &pass.first);
    struct conn *c = pass.conn;
    if (!c) {
        engine->counters.events_dropped++;
        return;
    }
    pass.engine = engine;
    pass.segment = segment;
    pass.time_ns = segment->time_ns;
    pass.p = !pass.e;
    pass.from = &c->end[pass.e];
    pass.to = &c->end[pass.p];
    pass.mark = frame_mark(c, segment->frame);
    pass.rst = segment->flags & LIFELINE_RST;
    pass.syn = (segment->flags & LIFELINE_SYN) && !pass.rst;
    pass.ack = segment->flags & LIFELINE_ACK;
    pass.fin = (segment->flags & LIFELINE_FIN) && !pass.rst && !pass.syn;
    pass.payload_seq = segment->seq + pass.syn;
    pass.seq_end = pass.payload_seq + (pass.rst ? 0 : segment->payload_bytes) + pass.fin;
    pass.reset_verdict = pass.reset_cause = LIFELINE_UNKNOWN;

    if (pass.first) {
        roles_guess(&pass);
        c->mid_stream = !pass.syn && !pass.rst;
    }
    c->place->touched = 1;
    pass.quiet_ns = segment->time_ns - c->last_ns;
    c->last_frame = pass.mark;
    c->last_ns = segment->time_ns;

    if (!pass.first && facts_of_earlier_incarnation(&pass)) {
        old_duplicate(&pass);
        emit_event(&pass);
    } else {
        if (pass.first || !take_plain(&pass)) {
            live_segment(&pass);
            if (pass.from->flags & END_IS_PEER) {
                hears_itself(&pass);
            }
        }
        emit_event(&pass);
        feed_app(&pass);
    }
    settle_older(&pass);
    if (pass.transition_count || table_list_of(c) == LIST_CLOSED || (pass.first && c->mid_stream)) {
        ending_relist(engine, c);
    }
}

void lifeline_push_segment(struct lifeline_engine *engine, const struct lifeline_segment *segment)
{
    struct lookup lookup;
    table_key(&engine->table, segment, &lookup);
    engine_push(engine, segment, &lookup);
}

void lifeline_push_frame(struct lifeline_engine *engine, const struct lifeline_frame *frame)
{
    lifeline_decode(engine, frame, (lifeline_segment_fn)lifeline_push_segment, engine);
}

void lifeline_decode(struct lifeline_engine *engine, const struct lifeline_frame *frame,
                     lifeline_segment_fn call, void *user)
{
    wire_decode(engine->wire, frame, call, user);
}

const char *lifeline_context_text(const struct lifeline_engine *engine, uint32_t context)
{
    return wire_context_text(engine->wire, context);
}

void lifeline_advance(struct lifeline_engine *engine, int64_t time_ns)
{
    time_ns = held_time(time_ns);
    if (time_ns > engine->now_ns) { /* a clock that lags behind the segments says nothing new */
        engine->now_ns = time_ns;
        expiry_run(engine, engine->now_ns);
    }
}
