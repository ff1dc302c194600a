/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Header blocks of an HTTP/2 connection (RFC 7541) into lib/app. The input is a list of frames,
 * each of two bytes and a payload: direction, type, flags and stream in the first, the payload's
 * length in the second. Both prefaces are sent before, so that every byte of the input reaches the
 * decoder of frames, and most of them HPACK's. An odd first byte loses a frame to the capture.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "fuzz.h"

#define STREAMS_LIMIT (1 << 20)

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
static const uint8_t settings[9] = {0, 0, 0, 4, 0, 0, 0, 0, 0};

struct player {
    struct app *app;
    struct app_link link;
    uint32_t next[2];
    uint64_t frame, given;
    uint32_t exchanges;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void on_exchange(void *user, const struct lifeline_exchange *x)
{
    struct player *p = user;
    const struct lifeline_http_message *const messages[] = {&x->request, &x->response};
    p->given++;
    require(x->index < p->exchanges);
    for (unsigned k = 0; k < 2; k++) {
        for (uint64_t i = 0; i < messages[k]->header_count; i++) {
            const struct lifeline_http_header *header = &messages[k]->headers[i];
            require(header->name[header->name_bytes] == '\0');
            require(header->value[header->value_bytes] == '\0');
        }
    }
}

static void send_bytes(struct player *p, unsigned end, const void *bytes, uint32_t length,
                       bool lost)
{
    struct lifeline_segment segment = {
        .frame = ++p->frame,
        .time_ns = (int64_t)p->frame * 1000000,
        .seq = p->next[end],
        .ack = p->next[!end],
        .flags = LIFELINE_ACK,
        .payload_bytes = length,
        .captured_bytes = length,
        .payload = bytes,
    };
    p->next[end] += length;
    if (lost)
        return;
    if (app_hears(*p->link.flow, !end, segment.ack, segment.seq))
        app_acked(&p->link, &segment);
    app_data(p->app, &p->link, end, &segment, segment.seq, 0);
}

/* The frame at data; returns how many bytes of the input it took. */
static size_t send_frame(struct player *p, const uint8_t *data, size_t bytes, bool may_lose)
{
    static const uint8_t types[] = {1, 9, 1, 0, 1, 3, 4, 5}; /* mostly HEADERS, CONTINUATION */
    static const uint8_t flags[] = {4, 5, 0, 0x2c};          /* END_HEADERS, END_STREAM, ... */
    uint8_t head = data[0];
    uint32_t length = data[1] > bytes - 2 ? (uint32_t)(bytes - 2) : data[1];
    uint8_t *frame = malloc(9 + length); /* of just that size: one byte too far is seen */
    uint8_t start[9] = {0,
                        0,
                        (uint8_t)length,
                        types[head >> 1 & 7],
                        flags[head >> 4 & 3],
                        0,
                        0,
                        0,
                        (uint8_t)((head >> 6) * 2 + 1)};
    memcpy(frame, start, sizeof start);
    memcpy(frame + 9, data + 2, length);
    send_bytes(p, head & 1, frame, 9 + length, may_lose && head == 0xff);
    free(frame);
    return 2 + length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct player p = {.next = {1000, 5000}};
    struct lifeline_options options = {
        .keep_headers = true, .max_streams_bytes = STREAMS_LIMIT, .max_header_bytes = 4000};
    struct lifeline_counters counters = {0};
    struct lifeline_sink sink = {.user = &p, .exchange = on_exchange};
    struct app_flow *flow = NULL;
    p.app = app_new(&options, &counters, &sink);
    p.link = (struct app_link){
        .flow = &flow,
        .exchanges = &p.exchanges,
        .role = {LIFELINE_CLIENT, LIFELINE_SERVER},
        .base_known = {true, true},
        .base_seen = {true, true},
        .base = {p.next[0], p.next[1]},
        .connect_ns = LIFELINE_UNKNOWN_NS,
    };
    send_bytes(&p, 0, preface, sizeof preface - 1, false);
    send_bytes(&p, 0, settings, sizeof settings, false);
    send_bytes(&p, 1, settings, sizeof settings, false);
    bool may_lose = bytes && data[0] & 1;
    for (size_t at = 1; at + 2 <= bytes;)
        at += send_frame(&p, data + at, bytes - at, may_lose);
    require(app_memory_bytes(p.app) < 2 * STREAMS_LIMIT);
    app_end(p.app, &p.link, true);
    require(!flow && p.given == p.exchanges);
    app_free(p.app);
    return 0;
}
