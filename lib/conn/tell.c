/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Telling: a connection that is over becomes a record and findings.
 *
 * Purpose: both need the connection alone, as it was at its end, and what doesn't change. So it may
 * be done later, by another thread: then the connection is copied to where the sink says (the sink
 * has untold), and lifeline_tell() goes on from there.
 *
 * Model: what depends on other connections is done before, in the engine's order: the tallies of
 * hosts, and the name of the context.
 */
#include "conn/tell.h"

#include <stddef.h>
#include <string.h>

#include "conn/record.h"

/* What is written for lifeline_tell(): facts of so many octets follow. */
struct untold {
    struct telling now;
    size_t facts_bytes;
    struct conn conn;
};

struct telling tell_now(const struct lifeline_engine *engine, const struct conn *c)
{
    return (struct telling){
        .options = &engine->options,
        .findings = engine->findings,
        .context_text = wire_context_text(engine->wire, record_context(c)),
        .time_ns = engine->now_ns,
        .capture_ended = engine->finishing,
        .only_controls = engine_lacks_acks(engine),
    };
}

static void tell(const struct telling *now, const struct conn *c, const struct lifeline_sink *sink)
{
    struct lifeline_connection record;
    const char *names[FINDINGS_MAX];
    record_fill(now, c, &record);
    record.finding_count = findings_connection(now->findings, sink, &record, c->facts, now->time_ns,
                                               now->capture_ended, names);
    record.findings = names;
    if (sink->connection) {
        sink->connection(sink->user, &record);
    }
}

/* A connection that was opened, and carried HTTP, counts for its hosts. */
static void count(struct lifeline_engine *engine, const struct conn *c)
{
    if (!c->exchanges || !c->had_syn) {
        return;
    }
    struct http_tally tally = {
        .exchanges = c->exchanges,
        .first_frame = c->first_frame,
        .rtt_ns = record_rtt_ns(c),
    };
    record_address(c, c->client, &tally.client, NULL);
    record_address(c, !c->client, &tally.server, &tally.server_port);
    findings_count(engine->findings, &tally);
}

/* False: the sink gives no room. */
static bool hand_over(const struct lifeline_sink *sink, const struct telling *now,
                      const struct conn *c)
{
    size_t facts_bytes = findings_facts_bytes(c->facts);
    struct untold *untold = sink->untold(sink->user, sizeof *untold + facts_bytes);
    if (!untold) {
        return false;
    }
    untold->now = *now;
    untold->facts_bytes = facts_bytes;
    memcpy(&untold->conn, c, c->closing ? sizeof *c : offsetof(struct conn, own_closing));
    if (facts_bytes) {
        memcpy(untold + 1, c->facts, facts_bytes);
    }
    return true;
}

/* Another shard's, for what the first one counts over all. */
static void tell_elsewhere(const struct lifeline_engine *engine, const struct conn *c)
{
    if (engine->options.shard != 1 || !engine->sink.elsewhere) {
        return;
    }
    const struct lifeline_sink sink = {.user = engine->sink.user,
                                       .connection = engine->sink.elsewhere};
    struct telling now = tell_now(engine, c);
    tell(&now, c, &sink);
}

void tell_connection(struct lifeline_engine *engine, const struct conn *c)
{
    if (!engine->findings) {
        return; /* without findings nobody asks for records either */
    }
    if (!c->muted || engine->counts_all) {
        count(engine, c);
    }
    if (c->muted) {
        tell_elsewhere(engine, c);
        return;
    }
    struct telling now = tell_now(engine, c);
    if (!engine->sink.untold || !hand_over(&engine->sink, &now, c)) {
        tell(&now, c, &engine->sink);
    }
}

void lifeline_tell(void *octets, const struct lifeline_sink *sink)
{
    struct untold *untold = octets;
    struct conn *c = &untold->conn;
    c->closing = c->closing ? &c->own_closing : NULL;
    c->facts = untold->facts_bytes ? (struct finding_facts *)(untold + 1) : NULL;
    tell(&untold->now, c, sink);
}
