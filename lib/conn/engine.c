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
#include "conn/pool.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_ROOM_BYTES  ((uint64_t)1 << 20) /* however little is allowed */
#define SEGMENTS_PER_LOOK 16                  /* at how much is held */

/* Without the decoder's own, a seventh of what is allowed at most: it may run in another thread,
 * some segments ahead, and what is given up mustn't depend on that. */
static uint64_t held_bytes(const struct lifeline_engine *engine)
{
    return engine->table.memory_bytes + wire_text_bytes(engine->wire) +
           app_memory_bytes(engine->app) + findings_memory_bytes(engine->findings) +
           INCARNATION_MEMORY * sizeof *engine->memory + timers_memory_bytes(engine->timers);
}

struct lifeline_engine *lifeline_new(const struct lifeline_options *options,
                                     const struct lifeline_sink *sink)
{
    struct lifeline_engine *engine = calloc(1, sizeof *engine);
    if (!engine) {
        return NULL;
    }
    if (options) {
        engine->options = *options;
    }
    if (sink) {
        engine->sink = *sink;
    }
    struct lifeline_options *o = &engine->options;
    o->max_memory_bytes = lifeline_max_memory_bytes(o);
    if (!o->max_streams_bytes) {
        o->max_streams_bytes = o->max_memory_bytes / 8;
    }
    struct lifeline_network *networks =
        o->network_count ? calloc(o->network_count, sizeof *networks) : NULL;
    if (o->network_count && !networks) {
        free(engine);
        return NULL;
    }
    if (networks) {
        memcpy(networks, o->networks, o->network_count * sizeof *networks);
    }
    o->networks = networks;
    /* At most half for the table, a quarter for what allocator and program add. */
    uint64_t table_bytes = o->max_memory_bytes / 2;
    uint32_t max_live = o->max_connections > UINT32_MAX ? 0 : (uint32_t)o->max_connections;
    engine->timers = timers_new(o);
    engine->memory = calloc(INCARNATION_MEMORY, sizeof *engine->memory);
    engine->decoded = calloc(1, sizeof *engine->decoded);
    if (engine->decoded) {
        engine->wire = wire_new(o, &engine->decoded->counters);
    }
    bool judges = engine->sink.finding || engine->sink.connection;
    if (judges) {
        engine->findings = findings_new(o, &engine->counters, &engine->sink);
    }
    engine->app_sink = (struct lifeline_sink){
        .user = engine,
        .message = engine->sink.message ? emit_message : NULL,
        .exchange = engine->sink.exchange || judges ? emit_exchange : NULL,
    };
    engine->app = app_new(o, &engine->counters, &engine->app_sink);
    engine->counts_all = o->shard_count > 1 && o->shard == 1 && engine->sink.finding;
    if ((judges && !engine->findings) || !engine->memory || !engine->wire || !engine->app ||
        !engine->timers || !table_init(&engine->table, table_bytes, max_live, o->max_unpacked)) {
        lifeline_free(engine);
        return NULL;
    }
    uint64_t least = held_bytes(engine) + LEAST_ROOM_BYTES;
    engine->limit_bytes = o->max_memory_bytes - o->max_memory_bytes / 4;
    engine->limit_bytes = engine->limit_bytes < least ? least : engine->limit_bytes;
    return engine;
}

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

void lifeline_free(struct lifeline_engine *engine)
{
    if (!engine) {
        return;
    }
    struct table *t = &engine->table;
    memset(&engine->app_sink, 0, sizeof engine->app_sink); /* how exchanges end, nobody hears */
    for (uint32_t slot = 0; slot < table_slots(t); slot++) {
        if (table_slot_at(t, slot)->at.hot) {
            struct conn *c = table_at(t, slot);
            end_flow(engine, c, true);
            conn_free_parts(engine, c);
            table_release(t, c);
        }
    }
    table_fini(t);
    app_free(engine->app);
    findings_free(engine->findings);
    wire_free(engine->wire);
    free(engine->decoded);
    free(engine->memory);
    timers_free(engine->timers);
    free((void *)engine->options.networks); /* the engine's copy */
    free(engine);
}

bool engine_ended(const struct conn *c)
{
    bool over = true, any = false;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t state = c->end[i].state;
        over &= state == LIFELINE_CLOSED || state == LIFELINE_STATE_UNKNOWN;
        any |= state == LIFELINE_CLOSED;
    }
    return over && any;
}

void engine_relist(struct lifeline_engine *engine, struct conn *c)
{
    bool waits = time_wait_running(c, 0) || time_wait_running(c, 1);
    bool open = c->end[0].state >= LIFELINE_ESTABLISHED && c->end[1].state >= LIFELINE_ESTABLISHED;
    enum conn_list list = waits             ? LIST_TIME_WAIT
                          : engine_ended(c) ? LIST_CLOSED
                          : open            ? LIST_OPEN
                                            : LIST_EMBRYONIC;
    /* In the order in which they are given up, or forgotten: what was new last comes last. */
    if (table_list_of(c) != list || list == LIST_TIME_WAIT || list == LIST_CLOSED) {
        table_list_remove(&engine->table, c);
        table_list_append(&engine->table, c, list);
    }
    if (list == LIST_CLOSED) {
        timers_wake_by(engine, c->last_ns);
    }
}

void engine_finish_conn(struct lifeline_engine *engine, struct conn *c, bool capture_ended)
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
        incarnation_remember(engine, c);
        table_leave(&engine->table, c);
    }
    table_list_remove(&engine->table, c);
    conn_free_parts(engine, c);
    table_release(&engine->table, c);
}

void engine_evict(struct lifeline_engine *engine, struct conn *victim)
{
    if (!engine_ended(victim)) {
        victim->incomplete = 1;
        engine->counters.connections_evicted++;
    }
    engine_finish_conn(engine, victim, false);
}

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
    bool waits =
        pass->ack && pass->ack_fits && !conn_is_reset(c) && app_hears(c->flow, pass->p, s->ack);
    bool over = c->end[0].flags & c->end[1].flags & END_FIN_ACKED;
    if (!waits && !s->payload_bytes && !pass->fin && !over) {
        return;
    }
    app_link_of(c, &link);
    if (waits) {
        app_acked(&link, s);
    }
    if (s->payload_bytes) {
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
    if (c->old_duplicates < UINT16_MAX) {
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
    }
}

static void live_segment(struct pass *pass)
{
    if (pass->first && !pass->syn) {
        pass->steps |= LIFELINE_STEP_OPEN;
    }
    roles_by_content(pass);
    handshake_refute(pass);
    facts_read(pass);
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
    teardown_reconsider(pass);
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
    if (!time_wait_running(old, 0) && !time_wait_running(old, 1)) {
        engine_finish_conn(engine, old, false);
    }
}

/* Half of what the type holds: sums and differences of two times can't overflow. */
#define LAST_TIME_NS (INT64_MAX / 2 - 1)
static int64_t held_time(int64_t time_ns)
{
    return time_ns < 0 ? 0 : time_ns > LAST_TIME_NS ? LAST_TIME_NS : time_ns;
}

/* Asked for one segment of a few, or when one brought much: a segment of HTTP/2 may begin as many
 * exchanges as are allowed. */
static bool holds_too_much(struct lifeline_engine *engine)
{
    uint64_t http_bytes = app_memory_bytes(engine->app);
    if (engine->counters.segments % SEGMENTS_PER_LOOK && http_bytes < engine->next_look_bytes) {
        return false;
    }
    engine->next_look_bytes = http_bytes + LEAST_ROOM_BYTES;
    uint64_t bytes = held_bytes(engine);
    if (bytes > engine->counters.memory_peak_bytes) {
        engine->counters.memory_peak_bytes = bytes;
    }
    return bytes > engine->limit_bytes;
}

static bool must_evict(struct lifeline_engine *engine)
{
    struct table *t = &engine->table;
    return (!table_has_room(t) && !table_make_room(t)) || holds_too_much(engine);
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
    engine->counters.segments++;
    engine->now_ns = segment->time_ns;
    engine->table.now_ns = engine->now_ns;
    while (must_evict(engine) && engine->table.live) {
        engine_evict(engine, table_victim(&engine->table));
    }
    if (segment->time_ns >= engine->wake_ns) {
        timers_run(engine, segment->time_ns);
    }

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
    c->last_frame = pass.mark;
    c->last_ns = segment->time_ns;

    if (!pass.first && facts_of_earlier_incarnation(&pass)) {
        old_duplicate(&pass);
        emit_event(&pass);
    } else {
        if (pass.first || !take_plain(&pass)) {
            live_segment(&pass);
        }
        emit_event(&pass);
        feed_app(&pass);
    }
    settle_older(&pass);
    if (pass.transition_count || table_list_of(c) == LIST_CLOSED || (pass.first && c->mid_stream)) {
        engine_relist(engine, c);
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
        timers_run(engine, engine->now_ns);
    }
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
            engine_finish_conn(engine, table_at(t, slot), true);
        }
    }
    if (live) {
        qsort(live, count, sizeof *live, by_number);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!finish_packed(engine, live[i].slot)) {
            engine_finish_conn(engine, table_at(t, live[i].slot), true);
        }
    }
    free(live);
    if (engine->findings) {
        lifeline_get_counters(engine, &counters);
        findings_finish(engine->findings, &counters, engine->now_ns);
    }
}

/* Links the connection whose stream comes from another layer. False: nobody follows it. */
static bool link_fed(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                     uint8_t from, struct app_link *link, unsigned *end)
{
    if (engine->options.no_http || !table_holds(&engine->table, slot, connection)) {
        return false;
    }
    table_make_room(&engine->table);
    struct conn *c = table_at(&engine->table, slot);
    app_link_of(c, link);
    *end = from == LIFELINE_CLIENT ? c->client : !c->client;
    return true;
}

void lifeline_push_stream(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                          uint8_t from, uint64_t frame, int64_t time_ns, uint8_t layer,
                          const uint8_t *bytes, size_t length)
{
    struct app_link link;
    unsigned end;
    if (link_fed(engine, slot, connection, from, &link, &end)) {
        app_feed(engine->app, &link, end, frame, time_ns, layer, bytes, length);
    }
}

void lifeline_push_stream_gap(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                              uint8_t from, uint64_t frame, int64_t time_ns, uint8_t layer)
{
    struct app_link link;
    unsigned end;
    if (link_fed(engine, slot, connection, from, &link, &end)) {
        app_feed_gap(engine->app, &link, end, frame, time_ns, layer);
    }
}

/* A connection to look at: where it is, or unpacked into c. It stays cold, since this may be called
 * from a callback, when nothing else may be packed for it. NULL when slot no longer holds it. */
static const struct conn *view(const struct lifeline_engine *engine, uint32_t slot,
                               uint64_t connection, struct conn *c)
{
    if (!table_holds(&engine->table, slot, connection)) {
        return NULL;
    }
    const struct table_slot *s = table_slot_at(&engine->table, slot);
    if (!s->is_cold) {
        return s->at.hot;
    }
    table_unpack(&engine->table, slot, c);
    return c;
}

bool lifeline_peek(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                   struct lifeline_connection *out)
{
    struct conn unpacked;
    const struct conn *c = view(engine, slot, connection, &unpacked);
    if (c) {
        struct telling now = tell_now(engine, c);
        record_fill(&now, c, out);
    }
    return c != NULL;
}

unsigned lifeline_peek_time_waits(const struct lifeline_engine *engine, uint32_t slot,
                                  uint64_t connection, struct lifeline_time_wait *out)
{
    struct conn unpacked;
    const struct conn *c = view(engine, slot, connection, &unpacked);
    if (!c) {
        return 0;
    }
    struct telling now = tell_now(engine, c);
    return record_time_waits(&now, c, out);
}

void lifeline_get_counters(const struct lifeline_engine *engine, struct lifeline_counters *out)
{
    uint64_t memory =
        held_bytes(engine) + wire_memory_bytes(engine->wire) - wire_text_bytes(engine->wire);
    struct lifeline_counters counters = engine->counters;
    const struct lifeline_counters *decoded = &engine->decoded->counters;
    counters.frames = decoded->frames;
    counters.frames_without_tcp = decoded->frames_without_tcp;
    counters.frames_malformed = decoded->frames_malformed;
    counters.frames_unknown_link = decoded->frames_unknown_link;
    counters.icmp_quoted = decoded->icmp_quoted;
    counters.fragments = decoded->fragments;
    counters.fragments_dropped = decoded->fragments_dropped;
    counters.tunnels_too_deep = decoded->tunnels_too_deep;
    counters.bad_checksums = decoded->bad_checksums;
    counters.contexts_unnamed = decoded->contexts_unnamed;
    counters.open_connections = engine->table.live;
    counters.memory_bytes = memory;
    if (memory > counters.memory_peak_bytes) {
        counters.memory_peak_bytes = memory;
    }
    *out = counters;
}
