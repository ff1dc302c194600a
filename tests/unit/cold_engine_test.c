/* SPDX-License-Identifier: GPL-2.0-or-later */
/* More connections than are held hot at a time: each is what it was when it is asked for, goes on
 * where it was, and is peeked at without being disturbed. */
#include <stdlib.h>

#include "check.h"
#include "lifeline.h"

#define CONNECTIONS 20000
#define SECOND      INT64_C(1000000000)
#define START       (INT64_C(1700000000) * SECOND)

static struct {
    struct lifeline_engine *engine;
    uint64_t frame;
    uint32_t slot[CONNECTIONS];
    unsigned records, closed, exchanges, peeked;
    const char *request;
} all;

static void on_event(void *user, const struct lifeline_event *event)
{
    (void)user;
    all.slot[event->connection] = event->slot;
}

static void on_exchange(void *user, const struct lifeline_exchange *exchange)
{
    struct lifeline_connection record;
    (void)user;
    all.exchanges += exchange->status == 200 && exchange->reused == (exchange->index > 0);
    all.peeked += lifeline_peek(all.engine, all.slot[(exchange->connection * 7919) % CONNECTIONS],
                                (exchange->connection * 7919) % CONNECTIONS, &record);
}

static void on_record(void *user, const struct lifeline_connection *record)
{
    (void)user;
    CHECK_UINT(record->connection, all.records);
    all.records++;
    all.closed += record->teardown.kind == LIFELINE_TEARDOWN_FOUR_WAY && record->exchanges == 2 &&
                  record->client.payload_bytes == 2 * strlen(all.request);
}

static void push(unsigned i, bool client, uint32_t seq, uint32_t ack, uint16_t flags,
                 const char *payload)
{
    struct lifeline_segment s = {
        .frame = ++all.frame,
        .time_ns = START + (int64_t)all.frame * 1000,
        .ttl = 64,
        .src_port = client ? (uint16_t)(1024 + i) : 80,
        .dst_port = client ? 80 : (uint16_t)(1024 + i),
        .seq = seq + (client ? 7 * i : 13 * i),
        .ack = flags & LIFELINE_ACK ? ack + (client ? 13 * i : 7 * i) : 0,
        .flags = flags,
        .window = 65535,
        .payload_bytes = payload ? (uint32_t)strlen(payload) : 0,
        .captured_bytes = payload ? (uint32_t)strlen(payload) : 0,
        .payload = (const uint8_t *)payload,
    };
    struct lifeline_address a = {.bytes = {10, 0, 0, 2}, .family = 4};
    struct lifeline_address b = {.bytes = {10, 0, 0, 1}, .family = 4};
    s.src = client ? a : b;
    s.dst = client ? b : a;
    lifeline_push_segment(all.engine, &s);
}

static void exchange(unsigned i, unsigned round, const char *response)
{
    uint32_t asked = (uint32_t)strlen(all.request), told = (uint32_t)strlen(response);
    uint32_t seq = 1 + round * asked, ack = 1 + round * told;
    push(i, true, seq, ack, LIFELINE_PSH | LIFELINE_ACK, all.request);
    push(i, false, ack, seq + asked, LIFELINE_PSH | LIFELINE_ACK, response);
}

static void peek_all(uint64_t segments)
{
    struct lifeline_connection record;
    unsigned right = 0;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        right += lifeline_peek(all.engine, all.slot[i], i, &record) && record.connection == i &&
                 record.client.port == (uint16_t)(1024 + i) && record.client.segments == segments &&
                 record.client.state == LIFELINE_ESTABLISHED;
    }
    CHECK_UINT(right, CONNECTIONS);
}

static void all_go_on(void)
{
    const struct lifeline_sink sink = {
        .event = on_event, .exchange = on_exchange, .connection = on_record};
    const char *response = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    all.request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    uint32_t asked = 2 * (uint32_t)strlen(all.request), told = 2 * (uint32_t)strlen(response);

    const struct lifeline_options small = {.max_memory_bytes = 32 << 20};
    all.engine = lifeline_new(&small, &sink);
    if (!CHECK(all.engine != NULL)) {
        return;
    }
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        push(i, true, 0, 0, LIFELINE_SYN, NULL);
        push(i, false, 0, 1, LIFELINE_SYN | LIFELINE_ACK, NULL);
        push(i, true, 1, 1, LIFELINE_ACK, NULL);
    }
    peek_all(2);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < CONNECTIONS; i++) {
            exchange(i, round, response);
        }
        peek_all(3 + round);
    }
    CHECK_UINT(all.exchanges, 2 * CONNECTIONS);
    CHECK_UINT(all.peeked, 2 * CONNECTIONS);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        push(i, true, 1 + asked, 1 + told, LIFELINE_FIN | LIFELINE_ACK, NULL);
        push(i, false, 1 + told, 2 + asked, LIFELINE_ACK, NULL);
        push(i, false, 1 + told, 2 + asked, LIFELINE_FIN | LIFELINE_ACK, NULL);
        push(i, true, 2 + asked, 2 + told, LIFELINE_ACK, NULL);
    }
    lifeline_finish(all.engine);
    CHECK_UINT(all.records, CONNECTIONS);
    CHECK_UINT(all.closed, CONNECTIONS);
    lifeline_free(all.engine);
}

/* The leak sanitizer sees whether all is freed. */
static void freed_before_the_end(void)
{
    const struct lifeline_sink sink = {.exchange = on_exchange, .connection = on_record};
    all.exchanges = all.records = 0;
    all.request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    all.engine = lifeline_new(NULL, &sink);
    if (!CHECK(all.engine != NULL)) {
        return;
    }
    for (unsigned i = 0; i < 1000; i++) {
        push(i, true, 0, 0, LIFELINE_SYN, NULL);
        push(i, false, 0, 1, LIFELINE_SYN | LIFELINE_ACK, NULL);
        push(i, true, 1, 1, LIFELINE_PSH | LIFELINE_ACK, all.request);
    }
    lifeline_free(all.engine);
    CHECK_UINT(all.exchanges, 0);
    CHECK_UINT(all.records, 0);
}

int main(void)
{
    RUN(all_go_on);
    RUN(freed_before_the_end);
    return check_report();
}
