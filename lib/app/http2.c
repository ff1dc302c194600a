/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/2 in cleartext, RFC 9113: by prior knowledge (the client's preface), or behind a 101 to
 * "Upgrade: h2c" (RFC 7540 3.2). From octets to frames; streams are exchanges (http2_stream.c).
 *
 * Frames are read as they come; nothing but header blocks is buffered, and DATA is skipped by
 * length. What a record counts: header octets are those of the HEADERS and CONTINUATION frames,
 * frame headers included; body octets are those of DATA without padding, "on the wire" with it and
 * with the frame headers.
 *
 * Gaps: one that lies inside a frame other than HEADERS, PUSH_PROMISE and CONTINUATION is counted
 * as its payload. Else framing is lost: all open streams are marked, the HPACK table is forgotten,
 * and the next segment that is a row of whole plausible frames (RFC 9113 4.1, 6) is where it goes
 * on. A capture that begins in mid-stream is recognised by such a row with a HEADERS frame that
 * begins as a request or a response does (RFC 9113 8.3: pseudo-fields come first).
 */
#include "app/http2.h"

#include <stdlib.h>
#include <string.h>

#include "app/http2_stream.h"

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
#define PREFACE_BYTES   (sizeof preface - 1)
#define MAX_FRAME_BYTES (1u << 20) /* plausible, when framing was lost */

static uint32_t u24(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}
static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | u24(p + 1);
}

/* ---- plausible frames ---- */

/* Does a frame header keep the rules of RFC 9113 6? */
static bool is_plausible(const uint8_t *p, bool from_client)
{
    uint32_t length = u24(p), stream = u32(p + 5) & HTTP2_STREAM_BITS;
    uint8_t type = p[3];
    if (type > HTTP2_CONTINUATION || length > MAX_FRAME_BYTES)
        return false;
    switch (type) {
    case HTTP2_SETTINGS:
        return stream == 0 && length % 6 == 0 && (!(p[4] & 1) || length == 0);
    case HTTP2_PING:
        return stream == 0 && length == 8;
    case HTTP2_GOAWAY:
        return stream == 0 && length >= 8;
    case HTTP2_WINDOW_UPDATE:
        return length == 4;
    case HTTP2_RST_STREAM:
        return stream != 0 && length == 4;
    case HTTP2_PRIORITY:
        return stream != 0 && length == 5;
    case HTTP2_PUSH_PROMISE:
        return stream != 0 && !from_client && length >= 4;
    default:
        return stream != 0 && (stream % 2 == 1 || !from_client);
    }
}

/* A row of whole frames to the end of the run, or one that goes on behind it and isn't small. */
static bool resyncs(const struct app_run *run, bool from_client)
{
    const uint8_t *p = run->p;
    uint32_t left = run->left, frames = 0;
    if (!run->at.segment_start)
        return false;
    while (left >= HTTP2_FRAME_HEADER_BYTES) {
        if (!is_plausible(p, from_client) || (!frames && p[3] == HTTP2_CONTINUATION))
            return false;
        frames++;
        uint32_t whole = u24(p) + HTTP2_FRAME_HEADER_BYTES;
        if (whole >= left)
            return whole == left || frames > 1 || p[3] == HTTP2_DATA;
        p += whole;
        left -= whole;
    }
    return frames && !left;
}

/* Is a segment in mid-stream a row of frames, one of them whole HEADERS? */
static enum app_verdict prove_frames(const uint8_t *p, size_t length)
{
    enum app_verdict verdict = APP_NO;
    while (length >= HTTP2_FRAME_HEADER_BYTES && is_plausible(p, false)) {
        size_t whole = u24(p) + HTTP2_FRAME_HEADER_BYTES;
        uint8_t flags = p[4];
        if (p[3] == HTTP2_HEADERS && verdict == APP_NO) {
            size_t skip = HTTP2_FRAME_HEADER_BYTES + (flags & HTTP2_PADDED ? 1 : 0) +
                          (flags & HTTP2_HAS_PRIORITY ? 5 : 0);
            const uint8_t known =
                HTTP2_END_STREAM | HTTP2_END_HEADERS | HTTP2_PADDED | HTTP2_HAS_PRIORITY;
            if (flags & ~known || !(flags & HTTP2_END_HEADERS) || skip >= whole || whole > length)
                return APP_NO;
            verdict = http2_first_field(p[skip]);
            if (verdict == APP_NO)
                return APP_NO;
        }
        if (whole >= length)
            return whole == length || p[3] == HTTP2_DATA ? verdict : APP_NO;
        p += whole;
        length -= whole;
    }
    return APP_NO;
}

static enum app_verdict http2_probe(const uint8_t *bytes, size_t length, bool from_start)
{
    size_t n = length < PREFACE_BYTES ? length : PREFACE_BYTES;
    if (n && bytes[0] == preface[0] && memcmp(bytes, preface, n) == 0)
        return n == PREFACE_BYTES || n >= 16 ? APP_IS_CLIENT : APP_MAYBE;
    /* The server's SETTINGS may come first: RFC 9113 3.4. */
    if (!from_start)
        return prove_frames(bytes, length);
    if (!length || bytes[0] || (length > 1 && bytes[1]))
        return APP_NO;
    if (length < HTTP2_FRAME_HEADER_BYTES)
        return length < 4 || bytes[3] == HTTP2_SETTINGS ? APP_MAYBE : APP_NO;
    return bytes[3] == HTTP2_SETTINGS && bytes[4] == 0 && bytes[2] <= 60 &&
                   is_plausible(bytes, false)
               ? APP_IS_SERVER
               : APP_NO;
}

/* ---- frames ---- */

static bool keep_block(struct app *app, struct http2_block *block, const uint8_t *bytes,
                       uint32_t length)
{
    if (block->used + length > app->max_header_bytes)
        return false;
    if (block->used + length > block->room) {
        uint32_t room = block->room ? block->room : 512;
        while (room < block->used + length)
            room *= 2;
        if (app->pool.held_bytes + (room - block->room) > app->pool.max_held_bytes)
            return false;
        uint8_t *grown = realloc(block->bytes, room);
        if (!grown)
            return false;
        app->pool.held_bytes += room - block->room;
        block->bytes = grown;
        block->room = room;
    }
    memcpy(block->bytes + block->used, bytes, length);
    block->used += length;
    return true;
}

static bool carries_block(uint8_t type)
{
    return type == HTTP2_HEADERS || type == HTTP2_CONTINUATION || type == HTTP2_PUSH_PROMISE;
}

static bool is_padded(const struct http2_side *side)
{
    return side->flags & HTTP2_PADDED && (side->type == HTTP2_DATA || side->type == HTTP2_HEADERS ||
                                          side->type == HTTP2_PUSH_PROMISE);
}

static struct exchange *stream_of(const struct app_flow *flow, const struct http2 *h,
                                  const struct http2_side *side)
{
    return http2_find(flow->app, h, side->stream);
}

/* The end of a DATA frame is its message's, content or padding before it or nothing. */
static void touch_body(struct lifeline_http_message *m, const struct app_at *at)
{
    if (m->first_frame != LIFELINE_NO_FRAME) /* its head is known */
        exchange_touch(m, at);
}

/* captured: its last octet is in the capture. */
static void frame_ends(struct app_flow *flow, struct http2 *h, unsigned end,
                       const struct app_at *at, bool captured)
{
    struct http2_side *side = &h->side[end];
    side->in_frame = false;
    side->header_used = 0;
    struct exchange *x;
    switch (side->type) {
    case HTTP2_DATA:
        x = stream_of(flow, h, side);
        if (x && captured)
            touch_body(exchange_message(x, end == x->response_end_of), at);
        if (x && side->flags & HTTP2_END_STREAM)
            http2_side_ends(flow, h, x, end);
        break;
    case HTTP2_RST_STREAM:
        x = stream_of(flow, h, side);
        if (x && side->fixed_used == 4)
            http2_stream_reset(flow, h, x, end, u32(side->fixed));
        break;
    case HTTP2_GOAWAY:
        if (end != h->client && side->fixed_used == 4)
            h->last_processed = u32(side->fixed) & HTTP2_STREAM_BITS;
        break;
    case HTTP2_HEADERS:
    case HTTP2_PUSH_PROMISE:
    case HTTP2_CONTINUATION:
        if (side->flags & HTTP2_END_HEADERS && side->block.open)
            http2_block_ends(flow, h, end, at);
        break;
    }
}

/* Octets of an end that may have held frames of any open stream are missing (gap) or weren't
 * understood (NULL). */
static void mark_streams(struct http2 *h, unsigned end, const struct app_at *gap)
{
    for (unsigned i = 0; i < HTTP2_BUCKETS && h->open; i++)
        for (struct exchange *x = h->streams[i]; x; x = x->next) {
            bool is_response = end == x->response_end_of;
            x->missing = true;
            if (!gap || (is_response ? x->response_done : x->request_done))
                continue;
            struct lifeline_http_message *m = exchange_message(x, is_response);
            exchange_missing(x, is_response, gap);
            m->last_frame = LIFELINE_NO_FRAME;
            m->body_bytes = m->wire_body_bytes = LIFELINE_UNKNOWN_COUNT;
        }
    h->unmarked = false;
}

/* Framing is over: nothing that follows is understood until frames prove themselves. gap: octets
 * that are missing, or NULL. */
static void lose(struct http2 *h, unsigned end, const struct app_at *gap)
{
    struct http2_side *side = &h->side[end];
    side->lost = true;
    side->in_frame = false;
    side->header_used = 0;
    side->preface_left = 0;
    side->block.open = false;
    side->block.used = 0;
    h->likely = true;
    http2_forget_table(side);
    mark_streams(h, end, gap);
}

/* A frame header is complete. */
static void frame_begins(struct app_flow *flow, struct http2 *h, unsigned end)
{
    struct http2_side *side = &h->side[end];
    struct http2_block *block = &side->block;
    side->left = u24(side->header);
    side->type = side->header[3];
    side->flags = side->header[4];
    side->stream = u32(side->header + 5) & HTTP2_STREAM_BITS;
    side->in_frame = true;
    side->fixed_used = 0;
    side->padding = 0;
    if (end != h->client && !side->spoke && !h->likely &&
        side->type != HTTP2_SETTINGS) { /* RFC 9113 3.4: it speaks another protocol */
        flow->is_foreign[end] = true;
        lose(h, end, NULL);
        return;
    }
    side->spoke = true;
    bool goes_on = side->type == HTTP2_CONTINUATION;
    if (block->open != goes_on ||
        (side->type <= HTTP2_CONTINUATION && !is_plausible(side->header, end == h->client) &&
         side->left <= MAX_FRAME_BYTES)) {
        /* No HTTP/2, or no longer. */
        if (!flow->exchanges)
            app_flow_abandon(flow);
        lose(h, end, NULL);
        return;
    }
    unsigned fixed = is_padded(side);
    if (side->type == HTTP2_HEADERS && side->flags & HTTP2_HAS_PRIORITY)
        fixed += 5;
    if (side->type == HTTP2_PUSH_PROMISE || side->type == HTTP2_RST_STREAM ||
        side->type == HTTP2_GOAWAY)
        fixed += 4;
    side->fixed_bytes = (uint8_t)(fixed < side->left ? fixed : side->left);
    if (carries_block(side->type)) {
        if (!goes_on) {
            block->open = true;
            block->used = block->wire_bytes = 0;
            block->too_long = false;
            block->stream = side->stream;
            block->is_promise = side->type == HTTP2_PUSH_PROMISE;
            block->end_stream =
                side->type == HTTP2_HEADERS && (side->flags & HTTP2_END_STREAM) != 0;
            block->begin = side->begin;
            block->pieces = (struct app_pieces){0};
        }
        block->wire_bytes += side->left + HTTP2_FRAME_HEADER_BYTES;
    } else if (side->type == HTTP2_DATA) {
        struct exchange *x = stream_of(flow, h, side);
        struct lifeline_http_message *m = x ? exchange_message(x, end == x->response_end_of) : NULL;
        if (m && m->wire_body_bytes != LIFELINE_UNKNOWN_COUNT)
            m->wire_body_bytes += side->left + HTTP2_FRAME_HEADER_BYTES;
    }
}

/* The payload's leading octets are known. */
static void fixed_known(struct http2_side *side)
{
    const uint8_t *p = side->fixed;
    if (is_padded(side) && side->fixed_used)
        side->padding = *p++ < side->left ? side->fixed[0] : side->left;
    if (side->type == HTTP2_PUSH_PROMISE && side->fixed + side->fixed_used >= p + 4)
        side->block.stream = u32(p) & HTTP2_STREAM_BITS;
}

/* Octets of the payload behind the fixed ones, padding left out. */
static void payload(struct app_flow *flow, struct http2 *h, unsigned end, const struct app_run *run,
                    uint32_t length)
{
    struct http2_side *side = &h->side[end];
    if (carries_block(side->type)) {
        app_piece(&side->block.pieces, &run->at);
        if (!side->block.too_long && !keep_block(flow->app, &side->block, run->p, length)) {
            side->block.too_long = true; /* told now: CONTINUATION may go on without end */
            flow->app->counters->headers_dropped++;
        }
        return;
    }
    struct exchange *x = side->type == HTTP2_DATA ? stream_of(flow, h, side) : NULL;
    if (!x)
        return;
    struct lifeline_http_message *m = exchange_message(x, end == x->response_end_of);
    if (m->first_frame == LIFELINE_NO_FRAME)
        return; /* its head isn't known */
    if (m->body_bytes != LIFELINE_UNKNOWN_COUNT)
        m->body_bytes += length;
    x->record.retransmitted_segments += run->at.repeats;
    exchange_delayed(x, run->at.missed_ns, run->at.time_ns);
    exchange_touch(m, &run->at);
    if (flow->app->options->keep_body_bytes)
        exchange_keep_body(flow->app, m, run->p, length);
}

static void frame_step(struct app_flow *flow, struct http2 *h, unsigned end, struct app_run *run)
{
    struct http2_side *side = &h->side[end];
    struct app_at at = run->at;
    uint32_t n;
    if (!side->in_frame) {
        if (!side->header_used)
            side->begin = run->at;
        n = HTTP2_FRAME_HEADER_BYTES - side->header_used;
        n = n < run->left ? n : run->left;
        memcpy(side->header + side->header_used, run->p, n);
        side->header_used = (uint8_t)(side->header_used + n);
        app_run_advance(run, n);
        if (side->header_used < HTTP2_FRAME_HEADER_BYTES)
            return;
        frame_begins(flow, h, end);
    } else if (side->fixed_used < side->fixed_bytes) {
        /* A HEADERS frame's priority isn't needed, but for its length. */
        n = side->fixed_bytes - side->fixed_used;
        n = n < run->left ? n : run->left;
        for (uint32_t i = 0; i < n; i++)
            if (side->fixed_used + i < sizeof side->fixed)
                side->fixed[side->fixed_used + i] = run->p[i];
        side->fixed_used = (uint8_t)(side->fixed_used + n);
        side->left -= n;
        app_run_advance(run, n);
        if (side->fixed_used == side->fixed_bytes)
            fixed_known(side);
    } else {
        uint32_t content = side->left > side->padding ? side->left - side->padding : 0;
        n = content ? content : side->left;
        n = n < run->left ? n : run->left;
        if (content)
            payload(flow, h, end, run, n);
        side->left -= n;
        app_run_advance(run, n);
    }
    if (side->in_frame && !side->left && side->fixed_used >= side->fixed_bytes) {
        frame_ends(flow, h, end, &at, true);
    }
}

static void preface_step(struct app_flow *flow, struct http2 *h, unsigned end, struct app_run *run)
{
    struct http2_side *side = &h->side[end];
    uint32_t n = side->preface_left < run->left ? side->preface_left : run->left;
    if (memcmp(run->p, preface + PREFACE_BYTES - side->preface_left, n) != 0) {
        if (!flow->exchanges && !flow->hunting[end])
            app_flow_abandon(flow);
        lose(h, end, NULL);
        return;
    }
    side->preface_left = (uint8_t)(side->preface_left - n);
    app_run_advance(run, n);
}

/* ---- the protocol's row ---- */

static bool http2_open(struct app_flow *flow, unsigned client)
{
    struct http2 *h = calloc(1, sizeof *h);
    *(struct http2 **)flow->state = h;
    if (!h)
        return false;
    flow->app->held_bytes += sizeof *h;
    h->client = (uint8_t)client;
    h->last_end_ns = LIFELINE_UNKNOWN_NS;
    h->last_processed = HTTP2_STREAM_BITS;
    h->side[client].preface_left = PREFACE_BYTES;
    for (unsigned end = 0; end < 2; end++)
        if (flow->hunting[end] && end != client)
            lose(h, end, NULL);
    return true;
}

bool http2_take_over(struct app_flow *flow, unsigned client, struct exchange *x)
{
    if (!http2_open(flow, client)) {
        exchange_drop(flow->app, x);
        return false;
    }
    flow->protocol = &app_http2;
    x->record.stream = 1;
    x->record.version = "2";
    http2_of(flow)->last_client_stream = 1;
    http2_link(flow->app, http2_of(flow), x);
    return true;
}

static uint32_t http2_data(struct app_flow *flow, unsigned end, const uint8_t *bytes,
                           uint32_t length, const struct app_at *at)
{
    struct http2 *h = http2_of(flow);
    struct http2_side *side = &h->side[end];
    struct app_run run = {bytes, length, *at};
    while (run.left && !flow->abandoned) {
        if (side->lost && !resyncs(&run, end == h->client)) {
            if (h->unmarked) /* not for each segment: streams may be many */
                mark_streams(h, end, NULL);
            app_run_advance(&run, run.left);
        } else if (side->preface_left && !side->lost)
            preface_step(flow, h, end, &run);
        else {
            side->lost = false;
            frame_step(flow, h, end, &run);
        }
    }
    return length - run.left;
}

static void http2_gap(struct app_flow *flow, unsigned end, uint64_t bytes, const struct app_at *at)
{
    struct http2 *h = http2_of(flow);
    struct http2_side *side = &h->side[end];
    if (side->lost) { /* streams may have been opened since */
        mark_streams(h, end, at);
        return;
    }
    if (!side->in_frame || carries_block(side->type) || bytes > side->left ||
        side->fixed_used < side->fixed_bytes) {
        lose(h, end, at);
        return;
    }
    struct exchange *x = side->type == HTTP2_DATA ? stream_of(flow, h, side) : NULL;
    side->left -= (uint32_t)bytes;
    if (x) {
        struct lifeline_http_message *m = exchange_message(x, end == x->response_end_of);
        uint64_t padding = side->left < side->padding ? side->padding - side->left : 0;
        if (m->body_bytes != LIFELINE_UNKNOWN_COUNT && bytes > padding)
            m->body_bytes += bytes - padding;
        exchange_missing(x, end == x->response_end_of, at);
    }
    if (!side->left)
        frame_ends(flow, h, end, at, false);
}

static void http2_repeat(struct app_flow *flow, unsigned end, int64_t offset, uint32_t bytes,
                         int64_t since_ns)
{
    /* Frames of many streams share segments, and all wait for the one that is lost. It counts as
     * one of a stream's own when that is the only one. */
    struct http2 *h = http2_of(flow);
    for (unsigned i = 0; i < HTTP2_BUCKETS; i++) {
        for (struct exchange *x = h->streams[i]; x; x = x->next) {
            int64_t start = end == x->response_end_of ? x->response_start : x->request_start;
            if (start == APP_NO_OFFSET || offset + bytes <= start)
                continue;
            x->record.retransmitted_segments += h->open == 1;
            exchange_delayed(x, since_ns, flow->now_ns);
        }
    }
}

static int compare_streams(const void *a, const void *b)
{
    uint64_t x = (*(struct exchange *const *)a)->record.stream;
    uint64_t y = (*(struct exchange *const *)b)->record.stream;
    return x < y ? -1 : x > y;
}

/* All that is open, or whose request is complete, in the order of identifiers: that of buckets is
 * random. */
static void give_all(struct app_flow *flow, struct http2 *h, enum app_close how, bool requested)
{
    uint32_t count = 0;
    struct exchange *next, *one, **list = h->open > 1 ? malloc(h->open * sizeof *list) : &one;
    bool room = list != NULL;
    for (unsigned i = 0; i < HTTP2_BUCKETS; i++) {
        for (struct exchange *x = h->streams[i]; x; x = next) {
            next = x->next;
            if (requested && !x->request_done)
                continue;
            if (room)
                list[count++] = x;
            else /* no memory: in any order */
                http2_give(flow, h, x, how, false);
        }
    }
    if (count > 1)
        qsort(list, count, sizeof *list, compare_streams);
    for (uint32_t i = 0; i < count; i++)
        http2_give(flow, h, list[i], how, false);
    if (list != &one)
        free(list);
}

static void http2_fin(struct app_flow *flow, unsigned end)
{
    struct http2 *h = http2_of(flow);
    if (end != h->client) /* no more responses: those that wait for one with all they sent */
        give_all(flow, h, APP_CLOSE_FIN, true);
}

static void http2_close(struct app_flow *flow, enum app_close how)
{
    struct http2 *h = http2_of(flow);
    if (!h)
        return;
    give_all(flow, h, how, false);
    for (unsigned end = 0; end < 2; end++) {
        struct http2_side *side = &h->side[end];
        http2_forget_table(side);
        flow->app->pool.held_bytes -= side->block.room;
        free(side->block.bytes);
    }
    flow->app->held_bytes -= sizeof *h;
    free(h);
    *(struct http2 **)flow->state = NULL;
}

static bool http2_is_idle(const struct app_flow *flow)
{
    const struct http2 *h = *(struct http2 *const *)flow->state;
    return !h->open && !h->side[0].block.open && !h->side[1].block.open;
}

const struct app_protocol app_http2 = {
    .name = "HTTP/2",
    .state_bytes = sizeof(struct http2 *),
    .probe = http2_probe,
    .open = http2_open,
    .data = http2_data,
    .gap = http2_gap,
    .fin = http2_fin,
    .repeat = http2_repeat,
    .is_idle = http2_is_idle,
    .close = http2_close,
};
