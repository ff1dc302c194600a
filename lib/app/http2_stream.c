/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/2's streams as exchanges, and the header blocks that open them.
 *
 * Header blocks are decoded by libnghttp2's HPACK decoder, RFC 7541. Its dynamic table is counted
 * from the newest entry, so where blocks were missed a fresh, empty table is never wrong: it knows
 * the entries that came after, and refuses references to those before. Then the fields up to the
 * refused one are told, the rest of that block is unknown, and the table starts afresh, for what
 * the refused block inserted isn't known.
 */
#include "app/http2_stream.h"

#include <stdlib.h>
#include <string.h>

#include "app/http_head.h"
#include "model/hash.h"

/* The limit that a decoder enforces on the table's size; the sizes in use are told in the blocks.
 * Large enough for what browsers announce (65536). */
#define TABLE_BYTES          65536
#define HTTP2_NO_ERROR       0
#define HTTP2_REFUSED_STREAM 7
#define HTTP2_1_1_REQUIRED   13
#define HTTP2_MAX_BLOCK_TEXT (256u << 10) /* of a decoded block: an indexed field is one octet */
#define KEEP_BLOCK_BYTES     1024         /* room kept for the next block */

enum app_verdict http2_first_field(uint8_t octet)
{
    uint8_t name = octet & 0x80 ? octet & 0x7f : octet & 0x40 ? octet & 0x3f : octet & 0x0f;
    if (name >= 1 && name <= 7) /* :authority, :method, :path, :scheme */
        return APP_IS_CLIENT;
    return name >= 8 && name <= 14 ? APP_IS_SERVER : APP_NO; /* :status */
}

/* Keyed: the sender chooses the numbers. */
static unsigned bucket_of(const struct app *app, uint64_t stream)
{
    return hash_words(&app->key, &stream, 1) % HTTP2_BUCKETS;
}

struct exchange *http2_find(const struct app *app, const struct http2 *h, uint32_t stream)
{
    struct exchange *x = h->streams[bucket_of(app, stream)];
    while (x && x->record.stream != stream)
        x = x->next;
    return x;
}

void http2_link(const struct app *app, struct http2 *h, struct exchange *x)
{
    struct exchange **bucket = &h->streams[bucket_of(app, x->record.stream)];
    x->next = *bucket;
    *bucket = x;
    h->open++;
    h->unmarked = true;
}

static void unlink_stream(const struct app *app, struct http2 *h, struct exchange *x)
{
    struct exchange **link = &h->streams[bucket_of(app, x->record.stream)];
    while (*link && *link != x)
        link = &(*link)->next;
    if (!*link)
        return;
    *link = x->next;
    h->open--;
}

/* Is an exchange open for certain? What is missing may hold its end. */
static bool is_busy(const struct http2 *h)
{
    for (unsigned i = 0; i < HTTP2_BUCKETS && !h->side[!h->client].lost; i++)
        for (const struct exchange *x = h->streams[i]; x; x = x->next)
            if (!x->missing)
                return true;
    return false;
}

/* Opens the exchange of a stream; NULL: a limit or no memory. */
static struct exchange *open_stream(struct app_flow *flow, struct http2 *h, uint32_t stream,
                                    bool has_request)
{
    if (h->open >= flow->app->max_pipeline) {
        flow->app->counters->pipeline_dropped++;
        return NULL;
    }
    struct exchange *x = exchange_new(flow);
    if (!x)
        return NULL;
    x->record.stream = stream;
    x->record.version = "2";
    if (has_request)
        exchange_has_request(flow, x);
    x->request_end_of = h->client;
    x->response_end_of = !h->client;
    x->record.confidence = h->likely ? LIFELINE_LIKELY : LIFELINE_PROVEN;
    if (is_busy(h))
        x->record.idle_ns = 0;
    http2_link(flow->app, h, x);
    return x;
}

void http2_give(struct app_flow *flow, struct http2 *h, struct exchange *x, enum app_close how,
                bool cancelled)
{
    struct lifeline_exchange *r = &x->record;
    enum lifeline_exchange_outcome outcome;
    if (!x->has_request)
        outcome = LIFELINE_EXCHANGE_NO_REQUEST;
    else if (!x->has_response && flow->is_foreign[!h->client])
        outcome = LIFELINE_EXCHANGE_NOT_HTTP; /* nothing is paired */
    else if (x->upgraded)
        outcome = LIFELINE_EXCHANGE_UPGRADED;
    else if (x->missing)
        outcome = LIFELINE_EXCHANGE_GAP;
    else if (cancelled ||
             (!x->has_response && x->request_end_of == h->client && r->stream > h->last_processed))
        outcome = LIFELINE_EXCHANGE_CANCELLED;
    else if (x->request_done && x->response_done && !x->cut)
        outcome = LIFELINE_EXCHANGE_COMPLETE;
    else if (!x->has_response && x->request_done)
        outcome = h->side[x->response_end_of].lost ? LIFELINE_EXCHANGE_GAP
                                                   : LIFELINE_EXCHANGE_NO_RESPONSE;
    else
        outcome = how == APP_CLOSE_RESET ? LIFELINE_EXCHANGE_RESET : LIFELINE_EXCHANGE_TRUNCATED;
    r->broken_off &= outcome == LIFELINE_EXCHANGE_CANCELLED;
    r->request.complete = x->request_done && !x->request_cut && !x->request_gap;
    r->response.complete = x->response_done && !x->cut && !x->response_gap;
    exchange_race(flow, x);
    bool ended = (!x->missing || x->response_done) && r->request.last_frame != LIFELINE_NO_FRAME &&
                 (!x->has_response || r->response.last_frame != LIFELINE_NO_FRAME);
    h->last_end_ns = ended ? exchange_latest_ns(r) : LIFELINE_UNKNOWN_NS;
    unlink_stream(flow->app, h, x);
    exchange_give(flow, x, outcome);
}

/* Its DATA don't add up to its Content-Length, RFC 9113 8.1.1. To HEAD and with 304 there are none.
 */
static bool is_short(const struct exchange *x)
{
    const struct lifeline_exchange *r = &x->record;
    return x->has_request && !x->response_gap && x->announced_bytes != LIFELINE_UNKNOWN_COUNT &&
           r->response.body_bytes < x->announced_bytes && r->status != 304 && r->method &&
           strcmp(r->method, "HEAD") != 0;
}

void http2_side_ends(struct app_flow *flow, struct http2 *h, struct exchange *x, unsigned end)
{
    bool is_response = end == x->response_end_of;
    bool begun = is_response ? x->has_response : x->has_request;
    bool *done = is_response ? &x->response_done : &x->request_done;
    if (*done || !begun)
        return;
    *done = true;
    if (is_response && is_short(x)) {
        x->cut = true;
        x->record.ended_short = 1;
    } else {
        exchange_announce(flow, x, is_response, true);
    }
    if (x->response_done && (x->request_done || !x->has_request))
        http2_give(flow, h, x, APP_CLOSE_GONE, false);
}

void http2_stream_reset(struct app_flow *flow, struct http2 *h, struct exchange *x, unsigned end,
                        uint32_t error_code)
{
    /* A server may stop a request body that it needn't read, RFC 9113 8.1. */
    bool cancelled = !x->response_done || error_code != HTTP2_NO_ERROR;
    if (!cancelled)
        x->request_done = x->request_cut = true;
    /* With these the client may ask again, RFC 9113 8.7, 9.2. */
    bool again = error_code == HTTP2_REFUSED_STREAM || error_code == HTTP2_1_1_REQUIRED;
    bool asked = x->request_end_of == h->client; /* else it was pushed */
    x->record.broken_off =
        cancelled && asked && end == x->response_end_of && (x->has_response || !again);
    http2_give(flow, h, x, APP_CLOSE_GONE, cancelled);
}

/* ---- header blocks ---- */

void http2_forget_table(struct http2_side *side)
{
    if (!side->inflater)
        return;
    nghttp2_hd_inflate_del(side->inflater);
    side->inflater = NULL;
}

static bool have_table(struct app *app, struct http2_side *side)
{
    if (side->inflater)
        return true;
    if (nghttp2_hd_inflate_new2(&side->inflater, &app->counted) != 0)
        return false;
    nghttp2_hd_inflate_change_table_size(side->inflater, TABLE_BYTES);
    return true;
}

/* What a block says. Texts live in the exchange that it belongs to. */
struct fields {
    struct app *app;
    struct exchange *x; /* NULL: nobody keeps it */
    struct lifeline_http_message *message;
    uint16_t status;
    bool is_trailer;
};

static void take_field(struct fields *f, struct http_text name, struct http_text value)
{
    struct exchange *x = f->x;
    if (http_text_is(name, ":status") && value.bytes == 3)
        f->status =
            (uint16_t)((value.at[0] - '0') * 100 + (value.at[1] - '0') * 10 + (value.at[2] - '0'));
    if (!x)
        return;
    struct lifeline_exchange *r = &x->record;
    if (f->message == &r->response && f->status >= 100 && f->status < 200)
        return; /* an interim response is known by its status only */
    if (f->app->options->keep_headers)
        exchange_keep_header(f->app, x, f->message, name.at, name.bytes, value.at, value.bytes);
    if (f->is_trailer)
        return;
    if (f->message == &r->response) {
        if (http_text_is(name, "content-type") && !r->content_type)
            r->content_type = exchange_copy(f->app, x, value.at, value.bytes);
        else if (http_text_is(name, "content-length"))
            x->announced_bytes = http_length(value);
        return;
    }
    if (http_text_is(name, ":method") && !r->method) {
        const char *known = value.bytes ? http_known_method(value) : NULL;
        r->method = known ? known : exchange_copy(f->app, x, value.at, value.bytes);
        x->is_connect = http_text_is(value, "connect");
    } else if (http_text_is(name, ":path") && !r->uri) {
        r->uri = exchange_copy(f->app, x, value.at, value.bytes);
    } else if ((http_text_is(name, ":authority") || http_text_is(name, "host")) && !r->host) {
        r->host = exchange_copy(f->app, x, value.at, value.bytes);
    }
}

/* Decodes a block into f. False: it, or a part of it, couldn't be. */
static bool inflate(struct app *app, struct http2_side *side, struct fields *f)
{
    static const uint8_t nothing;
    const uint8_t *p = side->block.used ? side->block.bytes : &nothing;
    size_t left = side->block.used, text = 0;
    if (side->block.too_long || !have_table(app, side))
        return false;
    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ssize_t n = nghttp2_hd_inflate_hd2(side->inflater, &nv, &flags, p, left, 1);
        if (n < 0)
            return false;
        p += n;
        left -= (size_t)n;
        if (flags & NGHTTP2_HD_INFLATE_EMIT) {
            text += nv.namelen + nv.valuelen;
            if (text <= HTTP2_MAX_BLOCK_TEXT)
                take_field(f, (struct http_text){(const char *)nv.name, (uint32_t)nv.namelen},
                           (struct http_text){(const char *)nv.value, (uint32_t)nv.valuelen});
        }
        if (flags & NGHTTP2_HD_INFLATE_FINAL)
            break;
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && !left)
            break;
    }
    app->counters->headers_dropped += text > HTTP2_MAX_BLOCK_TEXT;
    return nghttp2_hd_inflate_end_headers(side->inflater) == 0;
}

static void decode(struct app_flow *flow, struct http2_side *side, struct fields *f)
{
    if (inflate(flow->app, side, f))
        return;
    http2_forget_table(side);
}

/* A message's head is over at `at`. */
static void measure(struct exchange *x, bool is_response, const struct http2_block *block,
                    const struct app_at *at)
{
    struct lifeline_http_message *m = exchange_message(x, is_response);
    exchange_begin(m, &block->begin);
    x->record.retransmitted_segments += block->begin.repeats;
    exchange_delayed(x, block->begin.missed_ns, block->begin.time_ns);
    exchange_pieces(x, is_response, &block->pieces);
    exchange_touch(m, at);
    m->header_bytes = block->wire_bytes;
    m->body_bytes = m->wire_body_bytes = 0;
}

static void request_block(struct app_flow *flow, struct http2 *h, unsigned end,
                          const struct app_at *at)
{
    struct http2_side *side = &h->side[end];
    struct http2_block *block = &side->block;
    struct exchange *x = http2_find(flow->app, h, block->stream);
    struct fields f = {.app = flow->app, .is_trailer = x != NULL};
    uint32_t *last = block->is_promise ? &h->last_server_stream : &h->last_client_stream;
    /* What was lost before may hold later streams' beginnings; trailers of one that is over may
     * follow, too. */
    bool begins = block->stream > *last ||
                  (h->likely && block->used && http2_first_field(*block->bytes) == APP_IS_CLIENT);
    if (!x && begins) {
        bool quiet = !h->open;
        x = open_stream(flow, h, block->stream, true);
        if (x) {
            x->request_end_of = (uint8_t)end;
            x->response_end_of = !h->client;
            x->request_start = block->begin.offset;
            measure(x, false, block, at);
            if (quiet && x->record.index && !h->likely && h->last_end_ns != LIFELINE_UNKNOWN_NS)
                x->record.idle_ns = block->begin.time_ns > h->last_end_ns
                                        ? block->begin.time_ns - h->last_end_ns
                                        : 0;
        }
    }
    if (block->stream > *last)
        *last = block->stream;
    f.x = x;
    f.message = x ? &x->record.request : NULL;
    decode(flow, side, &f);
    if (!x)
        return;
    exchange_touch(&x->record.request, at);
    const struct lifeline_exchange *r = &x->record;
    if (!f.is_trailer && h->likely && !r->method && !r->uri && !r->host) {
        /* Trailers, and the head was missed. */
        x->missing = x->request_gap = true;
        exchange_unknown(&x->record.request);
        x->record.idle_ns = LIFELINE_UNKNOWN_NS;
    } else if (!f.is_trailer) {
        if (!x->record.uri && x->is_connect)
            x->record.uri = x->record.host; /* RFC 9113 8.5 */
        exchange_announce(flow, x, false, false);
    }
    if (block->is_promise) { /* it has no body, and both belong to the server */
        x->request_done = true;
        exchange_announce(flow, x, false, true);
    } else if (block->end_stream) {
        http2_side_ends(flow, h, x, end);
    }
}

static void response_block(struct app_flow *flow, struct http2 *h, unsigned end,
                           const struct app_at *at)
{
    struct http2_side *side = &h->side[end];
    struct http2_block *block = &side->block;
    struct exchange *x = http2_find(flow->app, h, block->stream);
    if (!x && block->stream % 2 && block->stream > h->last_client_stream) {
        h->last_client_stream = block->stream; /* its request isn't in the capture */
        x = open_stream(flow, h, block->stream, false);
    }
    struct fields f = {.app = flow->app, .x = x, .is_trailer = x && x->has_response};
    f.message = x ? &x->record.response : NULL;
    decode(flow, side, &f);
    if (!x)
        return;
    struct lifeline_exchange *r = &x->record;
    if (!f.is_trailer && f.status >= 100 && f.status < 200 && !block->end_stream) {
        exchange_interim(x, f.status);
        return;
    }
    /* A head has a status: else these are trailers, too, and the head was missed; or this is
     * interim for all that can be told. */
    bool is_head =
        !f.is_trailer &&
        (f.status || (x->has_request && !x->missing && (block->end_stream || !h->likely)));
    if (!is_head) {
        x->missing |= !f.is_trailer;
        x->response_gap |= !f.is_trailer;
        x->has_response = true;
        exchange_touch(&r->response, at);
    } else {
        exchange_delayed(x, block->begin.missed_ns, block->begin.time_ns); /* a part of the wait */
        x->has_response = true;
        x->response_start = block->begin.offset;
        measure(x, true, block, at);
        r->response_version = "2";
        if (f.status)
            r->status = f.status;
        if (h->likely)
            r->confidence = LIFELINE_LIKELY;
        exchange_announce(flow, x, true, false);
        if (x->is_connect && f.status >= 200 && f.status < 300 && !block->end_stream) {
            x->upgraded = true; /* a tunnel, RFC 9113 8.5, or another protocol, RFC 8441 */
            http2_give(flow, h, x, APP_CLOSE_GONE, false);
            return;
        }
    }
    if (block->end_stream)
        http2_side_ends(flow, h, x, end);
}

void http2_block_ends(struct app_flow *flow, struct http2 *h, unsigned end, const struct app_at *at)
{
    struct http2_block *block = &h->side[end].block;
    block->open = false;
    if (end == h->client || block->is_promise)
        request_block(flow, h, end, at);
    else
        response_block(flow, h, end, at);
    block->used = 0;
    /* An idle connection is kept small, and so is one that waits for its responses. */
    if (block->room && (!h->open || block->room > KEEP_BLOCK_BYTES)) {
        flow->app->pool.held_bytes -= block->room;
        free(block->bytes);
        block->bytes = NULL;
        block->room = 0;
    }
}
