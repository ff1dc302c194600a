/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two byte streams into lib/app (HTTP/1, HTTP/2 with HPACK), in pieces, with gaps, repeats,
 * overlaps and nonsense for ACK numbers, with tight limits. The input is a case of tests/http:
 * lines that begin with >>> and <<< say who sends what follows; what it says behind "===" is sent,
 * too. How it is cut and disturbed follows from the input.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "fuzz.h"

#define STREAM_LIMIT        4096
#define STREAMS_LIMIT       16384
#define TIGHT_STREAMS_LIMIT 700

struct player {
    struct app *app;
    struct app_link link;
    uint32_t next[2]; /* sequence numbers */
    uint64_t frame, given;
    uint32_t exchanges;
    uint32_t random;
    bool feeds;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static uint32_t below(struct player *p, uint32_t n)
{
    p->random ^= p->random << 13;
    p->random ^= p->random >> 17;
    p->random ^= p->random << 5;
    return p->random % n;
}

static void check_message(const struct lifeline_http_message *m, uint64_t frame)
{
    require(m->first_frame <= frame && m->last_frame <= frame);
    require(m->last_ns == LIFELINE_UNKNOWN_NS ? m->complete != 1 : m->first_ns <= m->last_ns);
    volatile uint8_t sum = 0; /* reads each octet, for the sanitizer */
    for (uint64_t i = 0; i < m->header_count; i++)
        require(m->headers[i].name[m->headers[i].name_bytes] == '\0' &&
                m->headers[i].value[m->headers[i].value_bytes] == '\0');
    for (uint64_t i = 0; i < m->body_kept_bytes; i++)
        sum = (uint8_t)(sum + m->body[i]);
}

static void on_exchange(void *user, const struct lifeline_exchange *x)
{
    struct player *p = user;
    const char *const texts[] = {x->method, x->uri,          x->host,     x->version,
                                 x->reason, x->content_type, x->flag_text};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        require(!texts[i] || strlen(texts[i]) < (1u << 20));
    require(lifeline_name_of(lifeline_exchange_names, x->outcome) != NULL);
    require(x->index < p->exchanges);
    check_message(&x->request, p->frame);
    check_message(&x->response, p->frame);
    p->given++;
}

static void on_message(void *user, const struct lifeline_message *m)
{
    const struct player *p = user;
    require(m->frame && m->frame <= p->frame && m->index < p->exchanges);
}

/* A segment of an end, at a distance from where its stream stands. */
static void send_segment(struct player *p, unsigned end, uint32_t seq, const uint8_t *bytes,
                         uint32_t length, uint32_t captured)
{
    uint8_t *copy = malloc(captured ? captured : 1);
    if (captured)
        memcpy(copy, bytes, captured);
    struct lifeline_segment segment = {
        .frame = ++p->frame,
        .time_ns = (int64_t)p->frame * 1000000,
        .seq = seq,
        .ack = p->next[!end],
        .flags = below(p, 16) ? LIFELINE_ACK : 0,
        .payload_bytes = length,
        .captured_bytes = captured,
        .payload = copy,
    };
    if (!below(p, 24))
        segment.ack += below(p, 2000) - 1000;
    if (p->feeds && !below(p, 24)) {
        app_feed_gap(p->app, &p->link, end, p->frame, segment.time_ns, 0);
    } else if (p->feeds) {
        app_feed(p->app, &p->link, end, p->frame, segment.time_ns, 0, copy, captured);
    } else {
        if (segment.flags & LIFELINE_ACK &&
            app_hears(*p->link.flow, !end, segment.ack, segment.seq))
            app_acked(&p->link, &segment);
        if (length)
            app_data(p->app, &p->link, end, &segment, seq, 0);
    }
    free(copy);
}

static void send_block(struct player *p, unsigned end, const uint8_t *bytes, uint32_t length)
{
    uint32_t start = p->next[end], at = 0;
    bool whole = below(p, 2);
    while (at < length) {
        uint32_t n = whole ? length - at : 1 + below(p, 100);
        if (n > length - at)
            n = length - at;
        switch (below(p, 24)) {
        case 0: /* lost to the capture */
            break;
        case 1: /* cut by the snap length */
            send_segment(p, end, start + at, bytes + at, n, below(p, n + 1));
            break;
        case 2: { /* an overlap, of other octets perhaps */
            uint32_t back = below(p, at + 1);
            send_segment(p, end, start + at - back, bytes + at - back / 2, n, n);
        } /* fall through */
        default:
            send_segment(p, end, start + at, bytes + at, n, n);
        }
        at += n;
        p->next[end] = start + at;
        if (!below(p, 16) && at < length) { /* out of order */
            uint32_t ahead = below(p, length - at);
            send_segment(p, end, start + at + ahead, bytes + at + ahead, length - at - ahead,
                         length - at - ahead);
        }
    }
}

static void close_end(struct player *p, unsigned end, bool reset)
{
    struct lifeline_segment segment = {
        .frame = ++p->frame,
        .time_ns = (int64_t)p->frame * 1000000,
        .seq = p->next[end],
        .ack = p->next[!end],
        .flags = LIFELINE_ACK | (reset ? LIFELINE_RST : LIFELINE_FIN),
    };
    if (reset) {
        app_reset(p->app, &p->link, end, &segment);
        p->link.is_reset = below(p, 2);
    } else {
        app_fin(p->app, &p->link, end, p->next[end], &segment);
        p->link.fin_seen[end] = true;
    }
}

/* Undoes the case language's \xNN and line ends. */
static uint32_t unescape(const uint8_t *from, size_t length, uint8_t *to)
{
    uint32_t n = 0;
    for (size_t i = 0; i < length; i++) {
        if (from[i] == '\\' && i + 3 < length && from[i + 1] == 'x' && isxdigit(from[i + 2]) &&
            isxdigit(from[i + 3])) {
            const char digits[] = {(char)from[i + 2], (char)from[i + 3], '\0'};
            to[n++] = (uint8_t)strtoul(digits, NULL, 16);
            i += 3;
        } else if (from[i] == '\\' && i + 1 < length && from[i + 1] == '\n') {
            i++;
        } else if (from[i] == '\n') {
            to[n++] = '\r';
            to[n++] = '\n';
        } else {
            to[n++] = from[i];
        }
    }
    return n;
}

static void play(struct player *p, const uint8_t *data, size_t bytes)
{
    uint8_t *block = malloc(2 * bytes + 1);
    size_t at = 0;
    unsigned end = 0;
    bool silent = true; /* before the first >>> or <<< */
    while (at < bytes) {
        const uint8_t *lf = memchr(data + at, '\n', bytes - at);
        size_t line = lf ? (size_t)(lf - data) + 1 - at : bytes - at;
        if (line >= 3 && (memcmp(data + at, ">>>", 3) == 0 || memcmp(data + at, "<<<", 3) == 0)) {
            end = data[at] == '<';
            silent = false;
            if (line > 7 && memcmp(data + at + 4, "fin", 3) == 0)
                close_end(p, end, false);
            if (line > 7 && memcmp(data + at + 4, "rst", 3) == 0)
                close_end(p, end, true);
            at += line;
            continue;
        }
        size_t stop = at;
        while (stop < bytes) {
            const uint8_t *next = memchr(data + stop, '\n', bytes - stop);
            stop = next ? (size_t)(next - data) + 1 : bytes;
            if (stop + 3 <= bytes &&
                (memcmp(data + stop, ">>>", 3) == 0 || memcmp(data + stop, "<<<", 3) == 0))
                break;
        }
        if (!silent)
            send_block(p, end, block, unescape(data + at, stop - at, block));
        at = stop;
    }
    free(block);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct player p = {.random = 2463534242u, .next = {UINT32_MAX - 100, UINT32_MAX - 300}};
    for (size_t i = 0; i < bytes; i++)
        p.random = (p.random ^ data[i]) * 16777619u;
    p.random |= 1;
    bool tight = (p.random >> 7) % 4 == 0; /* heads that come in pieces find no room */
    struct lifeline_options options = {
        .keep_headers = below(&p, 2),
        .keep_body_bytes = below(&p, 2) ? 100 : 0,
        .max_stream_bytes = STREAM_LIMIT,
        .max_streams_bytes = tight ? TIGHT_STREAMS_LIMIT : STREAMS_LIMIT,
        .max_header_bytes = 2000,
        .max_pipeline = 8,
    };
    struct lifeline_counters counters = {0};
    struct lifeline_sink sink = {.user = &p, .exchange = on_exchange, .message = on_message};
    struct app_flow *flow = NULL;
    bool known = below(&p, 8) != 0;
    p.app = app_new(&options, &counters, &sink);
    p.feeds = !below(&p, 8);
    p.link = (struct app_link){
        .flow = &flow,
        .exchanges = &p.exchanges,
        .role = {LIFELINE_CLIENT, LIFELINE_SERVER},
        .base_known = {known, known},
        .base_seen = {true, true},
        .base = {p.next[0], p.next[1]},
        .connect_ns = LIFELINE_UNKNOWN_NS,
    };
    uint64_t idle = app_memory_bytes(p.app);
    play(&p, data, bytes);
    /* Streams, heads, bodies: within their limit; flows and exchanges: few; HPACK: a table for each
     * end, full of empty entries. */
    require(app_memory_bytes(p.app) < idle + STREAMS_LIMIT + 64 * 1024 + 2 * 512 * 1024);
    app_end(p.app, &p.link, below(&p, 2));
    require(!flow && p.given == p.exchanges);
    app_free(p.app);
    return 0;
}
