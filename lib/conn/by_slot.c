/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection by its slot, as events name it: to look at while it lives, or to be given a stream
 * that another program has taken out of it (TLS that Wireshark decrypted).
 */
#include "conn/inside.h"

#include "conn/app_link.h"
#include "conn/record.h"
#include "conn/tell.h"

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
