/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An engine begins and ends.
 *
 * What options leave out gets its default; what the engine needs whatever comes is allocated here,
 * so that later only connections and what they carry can want for memory.
 */
#include "conn/inside.h"

#include <stdlib.h>
#include <string.h>

#include "conn/emit.h"
#include "conn/ending.h"
#include "conn/limit.h"
#include "conn/timers.h"

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
    limit_set(engine);
    return engine;
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
            ending_drop(engine, table_at(t, slot));
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
