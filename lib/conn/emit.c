/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the model to the sink: events and records. Roles are put in place of ends here. */
#include "conn/emit.h"

#include "conn/clock.h"
#include "conn/record.h"
#include "conn/tell.h"

/* Distance of a sequence number from its end's ISN, beyond 2^32 too. */
static uint64_t relative(const struct end *x, uint32_t seq)
{
    if (!(x->flags & END_SEQ_KNOWN)) {
        return LIFELINE_UNKNOWN_COUNT;
    }
    int64_t next = (int64_t)((uint64_t)x->wraps << 32 | (uint32_t)(x->next - x->isn));
    int64_t at = next + seq_diff(seq, x->next);
    return at < 0 ? LIFELINE_UNKNOWN_COUNT : (uint64_t)at;
}

static uint64_t window_bytes(const struct pass *pass)
{
    const struct end *from = pass->from, *to = pass->to;
    if (pass->segment->options & LIFELINE_OPT_WINDOW_CUT) {
        return LIFELINE_UNKNOWN_COUNT;
    }
    if (pass->syn) {
        return pass->segment->window;
    }
    if (!(from->flags & END_SCALE_KNOWN) || !(to->flags & END_SCALE_KNOWN)) {
        return LIFELINE_UNKNOWN_COUNT;
    }
    bool scaled = from->flags & to->flags & END_SCALE_OFFERED;
    return (uint64_t)pass->segment->window << (scaled ? from->window_scale : 0);
}

static uint8_t holder_of_time_wait(const struct conn *c)
{
    bool client = c->end[c->client].state == LIFELINE_TIME_WAIT;
    bool server = c->end[!c->client].state == LIFELINE_TIME_WAIT;
    return client && server ? LIFELINE_BOTH
           : client         ? LIFELINE_CLIENT
           : server         ? LIFELINE_SERVER
                            : LIFELINE_NOBODY;
}

void emit_wanted_event(struct pass *pass, bool noted)
{
    const struct lifeline_sink *sink = &pass->engine->sink;
    const struct conn *c = pass->conn;
    struct lifeline_event event = {
        .connection = c->number,
        .incarnation = c->incarnation,
        .time_ns = pass->time_ns,
        .segment = pass->segment,
        .from = LIFELINE_NOBODY,
        .seq = LIFELINE_UNKNOWN_COUNT,
        .ack = LIFELINE_UNKNOWN_COUNT,
        .window_bytes = LIFELINE_UNKNOWN_COUNT,
        .steps = pass->steps,
        .marks = pass->marks,
        .transition_count = pass->transition_count,
        .client_state = c->end[c->client].state,
        .server_state = c->end[!c->client].state,
        .reset_verdict = pass->reset_verdict,
        .reset_cause = pass->reset_cause,
        .time_wait_holder = holder_of_time_wait(c),
        .withdrawn_frame = pass->withdrawn_frame,
        .old_incarnation = pass->old_incarnation,
        .icmp = LIFELINE_NO_ICMP,
        .slot = c->slot,
        .first = pass->first,
    };
    if (pass->segment) {
        event.frame = pass->segment->frame;
        event.layer = pass->segment->layer;
        event.from = role_of(c, pass->e);
        event.seq = relative(pass->from, pass->segment->seq);
        if (pass->ack) {
            event.ack = relative(pass->to, pass->segment->ack);
        }
        event.window_bytes = window_bytes(pass);
    } else if (pass->icmp) {
        event.frame = pass->icmp->frame;
        event.layer = pass->icmp->layer;
        lifeline_icmp_of(pass->icmp, &event.icmp);
        event.icmp.to = role_of(c, pass->p);
        event.icmp.quoted_seq = relative(pass->to, (uint32_t)event.icmp.quoted_seq);
    } else if (pass->foreign) {
        event.frame = pass->foreign->frame;
        event.layer = pass->foreign->layer;
    }
    for (unsigned i = 0; i < pass->transition_count; i++) {
        event.transitions[i] = pass->transitions[i];
        event.transitions[i].endpoint = role_of(c, pass->transitions[i].endpoint);
    }
    if (noted) {
        findings_event(pass->engine->findings, &event, &pass->conn->facts,
                       clock_turnaround_ns(c, pass->e));
    }
    if (sink->event && !c->muted) {
        sink->event(sink->user, &event);
    }
}

void emit_message(void *user, const struct lifeline_message *message)
{
    struct lifeline_engine *engine = user;
    if (!table_at(&engine->table, message->slot)->muted) {
        engine->sink.message(engine->sink.user, message);
    }
}

/* An exchange goes to the sink, then what it shows. */
void emit_exchange(void *user, const struct lifeline_exchange *exchange)
{
    struct lifeline_engine *engine = user;
    const struct lifeline_sink *sink = &engine->sink;
    if (table_at(&engine->table, exchange->slot)->muted) {
        return; /* another shard's, and followed only to be counted */
    }
    if (sink->exchange) {
        sink->exchange(sink->user, exchange);
    }
    if (!engine->findings || !findings_suspect(engine->findings, exchange)) {
        return;
    }
    struct conn *c = table_at(&engine->table, exchange->slot);
    struct telling now = tell_now(engine, c);
    struct lifeline_connection record;
    record_fill(&now, c, &record);
    findings_exchange(engine->findings, exchange, &record, &c->facts, engine->now_ns,
                      engine->finishing);
}
