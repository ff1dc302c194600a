/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1.0 and 1.1 from octets to messages: framing, RFC 9112.
 *
 * Each direction is a small state machine (enum http1_place). Heads are parsed where they lie in
 * the packet; only one that comes in pieces is copied together, up to options.max_header_bytes.
 * Bodies are skipped by length: their octets aren't looked at, and a segment wholly inside one
 * costs the same whatever its size.
 *
 * Framing of a body follows RFC 9112 6.3, whatever the message says besides:
 *   1  none: 1xx, 204, 304, responses to HEAD; a 2xx to CONNECT and 101 end HTTP on the connection
 *   2  chunked, when it is the last transfer coding, even with a Content-Length
 *   3  a valid Content-Length, or several equal ones
 *   4  a request without them has none; a response without them, or with invalid ones, lasts until
 *      the stream's end
 *   A request with invalid ones can't be framed: it is lost until the next message that proves
 *   itself.
 *
 * Gaps: inside a body of known length (or of a chunk) the gap is counted as body and framing goes
 * on. Elsewhere the stream is lost until, at a segment's start, a whole start line proves a
 * message: HTTP senders begin messages at the start of segments, and bodies hardly ever look like
 * one.
 */
#include "app/http1.h"

#include <stdlib.h>
#include <string.h>

#include "app/http2.h"

_Static_assert(sizeof(struct http1) <= APP_STATE_BYTES, "a flow has room for it");

static void http1_close(struct app_flow *flow, enum app_close how);

/* A run of octets on its way through the state machine. */
struct run {
    const uint8_t *p;
    uint32_t left;
    struct app_at at;
};

static void advance(struct run *run, uint32_t n)
{
    run->p += n;
    run->left -= n;
    run->at.offset += n;
    if (n) {
        run->at.segment_start = false;
        run->at.repeats = 0;
    }
}

static struct lifeline_http_message *message_of(struct http1_side *side, bool is_request)
{
    return is_request ? &side->x->record.request : &side->x->record.response;
}

static void touch(struct http1_side *side, bool is_request, const struct app_at *at)
{
    if (!side->x)
        return;
    exchange_touch(message_of(side, is_request), at);
    side->x->record.retransmitted_segments += at->repeats;
}

/* ---- proving a message ---- */

/* Skips the empty lines that RFC 9112 2.2 wants ignored before a start line. */
static uint32_t empty_lines(const uint8_t *bytes, size_t length)
{
    uint32_t n = 0;
    while (n < length && (bytes[n] == '\r' || bytes[n] == '\n'))
        n++;
    return n;
}

/* "/...", "*", "http://..."; an authority only CONNECT has. */
static bool is_target(const uint8_t *p, size_t length)
{
    return length &&
           (*p == '/' || (*p == '*' && (length == 1 || p[1] == ' ')) ||
            (length >= 7 && (memcmp(p, "http://", 7) == 0 || memcmp(p, "https:/", 7) == 0)));
}

/* Is this a request, beyond doubt? A whole line that ends in HTTP/x.y, or as much of one with a
 * registered method and a target as there is. */
static enum app_verdict prove_request(const uint8_t *bytes, size_t length, bool strict)
{
    struct http_head head = {0};
    size_t line;
    if (!length)
        return APP_MAYBE;
    switch (http_parse_request_line(bytes, length, &head, &line)) {
    case HTTP_LINE_OK:
        return head.version.at || !strict ? APP_IS_CLIENT : APP_NO;
    case HTTP_LINE_BAD:
        return APP_NO;
    case HTTP_LINE_INCOMPLETE:
        break;
    }
    const uint8_t *target = bytes + head.method.bytes;
    while (target < bytes + length && *target == ' ')
        target++;
    size_t target_bytes = (size_t)(bytes + length - target);
    if (head.method.bytes < length && http_known_method(head.method) &&
        (is_target(target, target_bytes) || (target_bytes && http_text_is(head.method, "connect"))))
        return APP_IS_CLIENT;
    return APP_MAYBE;
}

static enum app_verdict prove_response(const uint8_t *bytes, size_t length)
{
    struct http_head head = {0};
    size_t line;
    switch (http_parse_status_line(bytes, length, &head, &line)) {
    case HTTP_LINE_OK:
        return APP_IS_SERVER;
    case HTTP_LINE_BAD:
        return APP_NO;
    case HTTP_LINE_INCOMPLETE:
        break;
    }
    return length >= 13 ? APP_IS_SERVER : APP_MAYBE; /* "HTTP/1.1 200 " */
}

static enum app_verdict http1_probe(const uint8_t *bytes, size_t length, bool from_start)
{
    uint32_t skip = empty_lines(bytes, length);
    if (skip > 4 || (skip && !from_start))
        return APP_NO;
    bytes += skip;
    length -= skip;
    enum app_verdict verdict = prove_response(bytes, length);
    if (verdict != APP_IS_SERVER) {
        enum app_verdict request = prove_request(bytes, length, !from_start);
        verdict = request == APP_NO ? verdict : request;
    }
    return verdict;
}

/* Does a message of this end begin here, in a stream that was lost? */
static bool resyncs(const struct http1 *h, unsigned end, const struct run *run)
{
    if (!run->at.segment_start)
        return false;
    return end == h->client ? prove_request(run->p, run->left, true) == APP_IS_CLIENT
                            : prove_response(run->p, run->left) == APP_IS_SERVER;
}

/* ---- heads ---- */

static const char *copy(struct app_flow *flow, struct exchange *x, struct http_text text)
{
    return text.at ? exchange_copy(flow->app, x, text.at, text.bytes) : NULL;
}

static const char *version_text(struct app_flow *flow, struct exchange *x, struct http_text version)
{
    if (!version.at)
        return "0.9";
    if (version.bytes == 3 && memcmp(version.at, "1.1", 3) == 0)
        return "1.1";
    if (version.bytes == 3 && memcmp(version.at, "1.0", 3) == 0)
        return "1.0";
    return copy(flow, x, version);
}

struct keeper {
    struct app *app;
    struct exchange *x;
    struct lifeline_http_message *message;
};

static void keep_field(void *user, struct http_text name, struct http_text value)
{
    const struct keeper *k = user;
    exchange_keep_header(k->app, k->x, k->message, name.at, name.bytes, value.at, value.bytes);
}

/* A head as it lay in the stream. */
struct head_octets {
    const uint8_t *fields; /* behind the start line */
    size_t fields_bytes;
    size_t bytes; /* start line included */
    bool whole;   /* up to the empty line */
};

static void keep_fields(struct app_flow *flow, struct exchange *x, bool is_request,
                        const struct head_octets *octets)
{
    if (!flow->app->options->keep_headers)
        return;
    struct keeper k = {flow->app, x, is_request ? &x->record.request : &x->record.response};
    http_each_field(octets->fields, octets->fields_bytes, keep_field, &k);
}

static void flag(struct http1_side *side, const char *text)
{
    if (!side->x || !text || side->x->record.flagged)
        return;
    side->x->record.flagged = 1;
    side->x->record.flag_text = text;
}

/* Makes the exchange of a request whose line is known. */
static void begin_request(struct app_flow *flow, struct http1 *h, const struct http_head *head)
{
    struct http1_side *side = &h->side[h->client];
    http1_request_begins(flow, h);
    struct exchange *x = side->x;
    if (!x)
        return;
    const char *known = http_known_method(head->method);
    x->record.method = known ? known : copy(flow, x, head->method);
    x->record.uri = copy(flow, x, head->target);
    if (head->target.at)
        x->record.version = version_text(flow, x, head->version);
    x->is_head = known && strcmp(known, "HEAD") == 0;
    x->is_connect = known && strcmp(known, "CONNECT") == 0;
}

static void body_starts(struct http1_side *side, bool is_request, uint64_t length)
{
    side->left = length;
    if (side->x) {
        struct lifeline_http_message *m = message_of(side, is_request);
        m->body_bytes = m->wire_body_bytes = 0;
    }
}

static void chunks_start(struct http1_side *side)
{
    side->place = HTTP1_CHUNK_SIZE;
    side->left = 0;
    side->digits = false;
}

static void end_message(struct app_flow *flow, struct http1 *h, unsigned end)
{
    h->side[end].place = HTTP1_START;
    h->side[end].resynced = false;
    if (end == h->client)
        http1_request_ends(flow, h);
    else
        http1_response_ends(flow, h, false);
}

/* The head of a request is over at `at`, its last octet's segment. */
static void request_head(struct app_flow *flow, struct http1 *h, const struct http_head *head,
                         const struct head_octets *octets, const struct app_at *at)
{
    struct http1_side *side = &h->side[h->client];
    bool early = side->x != NULL; /* a response came before the head was complete */
    if (!early)
        begin_request(flow, h, head);
    struct exchange *x = side->x;
    if (x) {
        x->record.host = copy(flow, x, head->host);
        x->expects_continue = head->expects_continue;
        x->wants_h2c = head->upgrade_h2c;
        keep_fields(flow, x, true, octets);
        flag(side, head->flag_text);
        exchange_touch(&x->record.request, at);
        if (octets->whole)
            x->record.request.header_bytes = octets->bytes;
        if (!early)
            exchange_announce(flow, x, false, false);
    }
    if (!octets->whole)
        return;
    if (!head->version.at) { /* HTTP/0.9 knows one request only */
        body_starts(side, true, 0);
        end_message(flow, h, h->client);
        side->place = HTTP1_OVER;
        return;
    }
    if (head->framing == HTTP_FRAMED_UNKNOWN) {
        side->place = HTTP1_LOST;
        http1_messages_lost(flow, h, h->client, APP_NO_OFFSET);
        return;
    }
    body_starts(side, true, head->content_length);
    if (head->framing == HTTP_FRAMED_CHUNKED)
        chunks_start(side);
    else if (head->framing == HTTP_FRAMED_LENGTH && head->content_length)
        side->place = HTTP1_LENGTH;
    else
        end_message(flow, h, h->client);
}

/* The connection isn't HTTP/1 from here on. */
static void upgrade(struct app_flow *flow, struct http1 *h)
{
    struct exchange *x = h->side[!h->client].x;
    if (x) {
        x->upgraded = true;
        http1_response_ends(flow, h, false);
    }
    app_flow_abandon(flow);
}

/* 101 to "Upgrade: h2c", RFC 7540 3.2: that exchange is over, and its request is HTTP/2's stream 1,
 * on which the response follows. */
static void upgrade_to_http2(struct app_flow *flow, struct http1 *h)
{
    struct exchange *x = h->side[!h->client].x;
    struct exchange *stream1 = exchange_repeat_request(flow, x);
    unsigned client = h->client;
    x->upgraded = true;
    http1_response_ends(flow, h, false);
    http1_close(flow, APP_CLOSE_GONE);
    if (!stream1 || !http2_take_over(flow, client, stream1))
        app_flow_abandon(flow);
}

/* A final response while no request waits: it may answer one whose head isn't complete yet. */
static void answer_early(struct app_flow *flow, struct http1 *h)
{
    struct http1_side *side = &h->side[h->client];
    struct http_head head = {0};
    size_t line;
    if (side->place != HTTP1_HEAD || side->x || !side->head_bytes ||
        http_parse_request_line(side->head, side->head_bytes, &head, &line) != HTTP_LINE_OK)
        return;
    begin_request(flow, h, &head);
    if (side->x)
        exchange_announce(flow, side->x, false, false);
}

static void response_head(struct app_flow *flow, struct http1 *h, const struct http_head *head,
                          const struct head_octets *octets, const struct app_at *at)
{
    struct http1_side *side = &h->side[!h->client];
    if (head->status < 200 && head->status != 101) {
        http1_interim(h, head->status);
        side->place = HTTP1_START;
        return;
    }
    if (!http1_next_answered(h))
        answer_early(flow, h);
    http1_response_begins(flow, h);
    struct exchange *x = side->x;
    if (x) {
        struct lifeline_exchange *r = &x->record;
        r->status = head->status;
        r->reason = copy(flow, x, head->reason);
        r->content_type = copy(flow, x, head->content_type);
        if (!x->has_request)
            r->version = version_text(flow, x, head->version);
        keep_fields(flow, x, false, octets);
        flag(side, head->flag_text);
        exchange_touch(&r->response, at);
        if (octets->whole)
            r->response.header_bytes = octets->bytes;
        exchange_announce(flow, x, true, false);
    }
    if (head->status == 101 || (x && x->is_connect && head->status < 300)) {
        if (octets->whole && head->status == 101 && head->upgrade_h2c && x && x->wants_h2c &&
            x->request_done)
            upgrade_to_http2(flow, h);
        else
            upgrade(flow, h);
        return;
    }
    if (!octets->whole)
        return;
    body_starts(side, false, head->content_length);
    if ((x && x->is_head) || head->status == 204 || head->status == 304 ||
        (head->framing == HTTP_FRAMED_LENGTH && !head->content_length))
        end_message(flow, h, !h->client);
    else if (head->framing == HTTP_FRAMED_LENGTH)
        side->place = HTTP1_LENGTH;
    else if (head->framing == HTTP_FRAMED_CHUNKED)
        chunks_start(side);
    else
        side->place = HTTP1_UNTIL_CLOSE;
}

/* ---- octets of heads ---- */

static enum http_line parse_line(bool is_request, const uint8_t *bytes, size_t length,
                                 struct http_head *head, size_t *line_bytes)
{
    return is_request ? http_parse_request_line(bytes, length, head, line_bytes)
                      : http_parse_status_line(bytes, length, head, line_bytes);
}

static void head_over(struct app_flow *flow, struct http1 *h, bool is_request,
                      const struct http_head *head, const struct head_octets *octets,
                      const struct app_at *at)
{
    if (is_request)
        request_head(flow, h, head, octets, at);
    else
        response_head(flow, h, head, octets, at);
}

static void forget_head(struct app_flow *flow, struct http1_side *side)
{
    flow->app->pool.held_bytes -= side->head_room;
    free(side->head);
    side->head = NULL;
    side->head_bytes = side->head_room = 0;
    side->head_scanned = 0;
}

/* Adds octets to a head that comes in pieces. False: a limit, or no memory. */
static bool keep_head(struct app_flow *flow, struct http1_side *side, const uint8_t *bytes,
                      uint32_t length)
{
    struct app *app = flow->app;
    uint32_t need = side->head_bytes + length;
    if (need > side->head_room) {
        uint32_t room = side->head_room ? side->head_room : 512;
        while (room < need)
            room *= 2;
        if (app->pool.held_bytes + (room - side->head_room) > app->pool.max_held_bytes)
            return false;
        uint8_t *grown = realloc(side->head, room);
        if (!grown)
            return false;
        app->pool.held_bytes += room - side->head_room;
        side->head = grown;
        side->head_room = room;
    }
    memcpy(side->head + side->head_bytes, bytes, length);
    side->head_bytes = need;
    return true;
}

/* A message broke off in its head: what its start line says is told. missing: by a gap. */
static void cut_head(struct app_flow *flow, struct http1 *h, unsigned end, bool missing,
                     const struct app_at *at)
{
    struct http1_side *side = &h->side[end];
    bool is_request = end == h->client;
    struct http_head head = {0};
    struct head_octets octets = {.bytes = side->head_bytes};
    size_t line = 0;
    side->place = HTTP1_LOST;
    if (!side->head_bytes)
        return;
    enum http_line known = parse_line(is_request, side->head, side->head_bytes, &head, &line);
    if (known == HTTP_LINE_OK) {
        octets.fields = side->head + line;
        octets.fields_bytes = side->head_bytes - line;
        http_parse_fields(octets.fields, octets.fields_bytes, &head);
    } else if (is_request
                   ? !missing || prove_request(side->head, side->head_bytes, true) != APP_IS_CLIENT
                   : !head.status) {
        forget_head(flow, side);
        return;
    } /* else: the line is cut; the method or the status is all that is known */
    head_over(flow, h, is_request, &head, &octets, at);
    forget_head(flow, side);
    struct exchange *x = side->x;
    if (!x || flow->protocol != &app_http1)
        return;
    x->missing |= missing;
    if (is_request)
        x->request_cut = true;
    else
        x->cut = true;
}

static bool is_version_0_9(const struct exchange *x)
{
    return x->record.version && strcmp(x->record.version, "0.9") == 0;
}

/* What is here isn't a message. */
static void not_a_message(struct app_flow *flow, struct http1 *h, unsigned end, struct run *run)
{
    struct http1_side *side = &h->side[end];
    struct exchange *x = http1_next_answered(h);
    if (end != h->client && x && !h->answered && (!h->likely || is_version_0_9(x))) {
        /* HTTP/0.9: the answer is all that comes. */
        http1_response_begins(flow, h);
        if (side->x) {
            x->record.response.header_bytes = 0;
            exchange_announce(flow, x, true, false);
        }
        body_starts(side, false, 0);
        side->place = HTTP1_UNTIL_CLOSE;
        return;
    }
    if (!flow->exchanges && h->side[!end].place >= HTTP1_LOST) { /* neither end speaks HTTP */
        app_flow_abandon(flow);
        return;
    }
    side->place = HTTP1_LOST;
    http1_messages_lost(flow, h, end, APP_NO_OFFSET);
    advance(run, run->left);
}

/* A head in one piece, parsed where it lies. False: more octets are needed. */
static bool head_in_place(struct app_flow *flow, struct http1 *h, unsigned end, struct run *run)
{
    bool is_request = end == h->client;
    struct http_head head = {0};
    struct head_octets octets = {.whole = true};
    size_t line, left = run->left, limit = flow->app->max_header_bytes;
    if (left > limit)
        left = limit;
    switch (parse_line(is_request, run->p, left, &head, &line)) {
    case HTTP_LINE_BAD:
        not_a_message(flow, h, end, run);
        return true;
    case HTTP_LINE_INCOMPLETE:
        return false;
    case HTTP_LINE_OK:
        break;
    }
    octets.fields = run->p + line;
    if (head.version.at) {
        octets.fields_bytes = http_parse_fields(octets.fields, left - line, &head);
        if (!octets.fields_bytes)
            return false;
    }
    octets.bytes = line + octets.fields_bytes;
    struct app_at at = run->at;
    advance(run, (uint32_t)octets.bytes);
    head_over(flow, h, is_request, &head, &octets, &at);
    return true;
}

/* A head in pieces. */
static void head_step(struct app_flow *flow, struct http1 *h, unsigned end, struct run *run)
{
    struct http1_side *side = &h->side[end];
    bool is_request = end == h->client;
    uint32_t before = side->head_bytes, limit = flow->app->max_header_bytes;
    if (!before && head_in_place(flow, h, end, run))
        return;
    uint32_t n = run->left < limit - before ? run->left : limit - before;
    if (!n || !keep_head(flow, side, run->p, n)) {
        flow->app->counters->headers_dropped++;
        cut_head(flow, h, end, true, &run->at);
        forget_head(flow, side);
        http1_messages_lost(flow, h, end, run->at.offset + run->left);
        return;
    }
    struct http_head head = {0};
    struct head_octets octets = {.whole = true};
    size_t line = 0;
    if (!side->head_scanned || !before) {
        enum http_line known = parse_line(is_request, side->head, side->head_bytes, &head, &line);
        if (known == HTTP_LINE_BAD) {
            forget_head(flow, side);
            not_a_message(flow, h, end, run);
            return;
        }
        if (known == HTTP_LINE_OK && !head.version.at)
            octets.bytes = line; /* HTTP/0.9 */
    }
    if (!octets.bytes)
        octets.bytes = http_find_head_end(side->head, side->head_bytes, &side->head_scanned);
    struct app_at at = run->at;
    if (!octets.bytes) {
        touch(side, is_request, &at);
        advance(run, n);
        return;
    }
    advance(run, (uint32_t)octets.bytes - before);
    head = (struct http_head){0};
    if (parse_line(is_request, side->head, octets.bytes, &head, &line) != HTTP_LINE_OK) {
        forget_head(flow, side);
        not_a_message(flow, h, end, run);
        return;
    }
    octets.fields = side->head + line;
    octets.fields_bytes = octets.bytes - line;
    if (octets.fields_bytes)
        http_parse_fields(octets.fields, octets.fields_bytes, &head);
    /* The message's state is set anew by what follows: the octets are let go of after it. */
    struct http1_side old = *side;
    side->head = NULL;
    side->head_bytes = side->head_room = 0;
    side->head_scanned = 0;
    head_over(flow, h, is_request, &head, &octets, &at);
    flow->app->pool.held_bytes -= old.head_room;
    free(old.head);
}

/* ---- octets of bodies ---- */

/* A body was announced and doesn't come: the client that expected 100 (Continue) got a final
 * response instead, or a response without a request answered HEAD. What comes is the next message.
 */
static bool body_is_absent(const struct http1 *h, unsigned end, const struct run *run)
{
    const struct exchange *x = h->side[end].x;
    if (!x || !run->at.segment_start)
        return false;
    if (end == h->client ? !x->expects_continue || !x->has_response || x->record.request.body_bytes
                         : x->has_request || x->record.response.body_bytes)
        return false;
    return resyncs(h, end, run);
}

static void count_body(struct app_flow *flow, struct http1 *h, unsigned end, const struct run *run,
                       uint32_t wire, uint32_t data)
{
    struct http1_side *side = &h->side[end];
    if (!side->x)
        return;
    struct lifeline_http_message *m = message_of(side, end == h->client);
    touch(side, end == h->client, &run->at);
    m->wire_body_bytes += wire;
    m->body_bytes += data;
    if (data && flow->app->options->keep_body_bytes)
        exchange_keep_body(flow->app, side->x, m, run->p, data);
}

static void chunk_step(struct app_flow *flow, struct http1 *h, unsigned end, struct run *run)
{
    struct http1_side *side = &h->side[end];
    uint32_t data, n = http1_chunk(side, run->p, run->left, &data);
    count_body(flow, h, end, run, n, data);
    advance(run, n);
    if (side->place == HTTP1_START) {
        end_message(flow, h, end);
    } else if (side->place == HTTP1_LOST) {
        flag(side, "invalid chunk");
        if (side->x && end == h->client)
            side->x->request_cut = true;
        http1_messages_lost(flow, h, end, APP_NO_OFFSET);
    }
}

static void lost_step(struct app_flow *flow, struct http1 *h, unsigned end, struct run *run)
{
    struct http1_side *side = &h->side[end];
    if (!resyncs(h, end, run)) {
        touch(side, end == h->client, &run->at);
        advance(run, run->left);
        return;
    }
    if (end == h->client)
        http1_request_ends(flow, h);
    else
        http1_response_ends(flow, h, true);
    side->place = HTTP1_START;
    side->resynced = true;
}

static void step(struct app_flow *flow, struct http1 *h, unsigned end, struct run *run)
{
    struct http1_side *side = &h->side[end];
    uint32_t n;
    switch (side->place) {
    case HTTP1_START:
        advance(run, empty_lines(run->p, run->left));
        if (!run->left)
            return;
        side->place = HTTP1_HEAD;
        side->begin = run->at;
        if (end == h->client)
            http1_settle(flow, h, &side->begin);
        side->quiet = http1_is_quiet(h);
        /* fall through */
    case HTTP1_HEAD:
        head_step(flow, h, end, run);
        return;
    case HTTP1_LENGTH:
        if (body_is_absent(h, end, run)) {
            end_message(flow, h, end);
            return;
        }
        n = side->left < run->left ? (uint32_t)side->left : run->left;
        count_body(flow, h, end, run, n, n);
        advance(run, n);
        side->left -= n;
        if (!side->left)
            end_message(flow, h, end);
        return;
    case HTTP1_UNTIL_CLOSE:
        count_body(flow, h, end, run, run->left, run->left);
        advance(run, run->left);
        return;
    case HTTP1_LOST:
        lost_step(flow, h, end, run);
        return;
    case HTTP1_OVER:
        advance(run, run->left);
        return;
    default:
        chunk_step(flow, h, end, run);
    }
}

/* ---- the protocol's row ---- */

static bool http1_open(struct app_flow *flow, unsigned client)
{
    struct http1 *h = http1_of(flow);
    h->client = (uint8_t)client;
    h->server_gap_end = APP_NO_OFFSET;
    h->last_end_ns = LIFELINE_UNKNOWN_NS;
    for (unsigned end = 0; end < 2; end++) {
        if (!flow->hunting[end] && flow->opened[end])
            continue;
        h->side[end].place = HTTP1_LOST;
        h->likely = true;
    }
    return true;
}

static uint32_t http1_data(struct app_flow *flow, unsigned end, const uint8_t *bytes,
                           uint32_t length, const struct app_at *at)
{
    struct run run = {bytes, length, *at};
    while (run.left && !flow->abandoned && flow->protocol == &app_http1)
        step(flow, http1_of(flow), end, &run);
    return length - run.left;
}

/* Octets that lie wholly in a body: framing goes on behind them. */
static bool gap_in_body(struct http1_side *side, uint64_t bytes, bool is_request)
{
    if (side->place == HTTP1_UNTIL_CLOSE)
        side->left = bytes;
    else if ((side->place != HTTP1_LENGTH && side->place != HTTP1_CHUNK_DATA) || bytes > side->left)
        return false;
    side->left -= bytes;
    if (side->x) {
        struct lifeline_http_message *m = message_of(side, is_request);
        m->body_bytes += bytes;
        m->wire_body_bytes += bytes;
        side->x->missing = true;
    }
    return true;
}

static void http1_gap(struct app_flow *flow, unsigned end, uint64_t bytes, const struct app_at *at)
{
    struct http1 *h = http1_of(flow);
    struct http1_side *side = &h->side[end];
    bool is_request = end == h->client;
    uint64_t left = side->left;
    if (side->place == HTTP1_OVER)
        return;
    if (gap_in_body(side, bytes, is_request)) {
        if (!side->left && side->place == HTTP1_LENGTH)
            end_message(flow, h, end);
        else if (!side->left && side->place == HTTP1_CHUNK_DATA)
            side->place = HTTP1_CHUNK_END;
        return;
    }
    if (side->place == HTTP1_LENGTH) { /* it ends inside the gap, known by its length */
        gap_in_body(side, left, is_request);
        end_message(flow, h, end);
    } else if (side->place == HTTP1_HEAD) {
        cut_head(flow, h, end, true, at);
    } else if (side->x) {
        side->x->missing = true;
        if (is_request)
            side->x->request_cut = true;
        else
            side->x->cut = true;
    }
    if (flow->abandoned || flow->protocol != &app_http1)
        return;
    side->place = HTTP1_LOST;
    http1_messages_lost(flow, h, end, at->offset + (int64_t)bytes);
}

static void http1_fin(struct app_flow *flow, unsigned end)
{
    struct http1 *h = http1_of(flow);
    struct http1_side *side = &h->side[end];
    struct app_at at = side->begin;
    if (side->place == HTTP1_HEAD)
        cut_head(flow, h, end, false, &at);
    if (flow->abandoned || flow->protocol != &app_http1)
        return;
    uint8_t place = side->place;
    side->place = HTTP1_OVER;
    if (end == h->client) {
        if (side->x && place != HTTP1_LOST)
            side->x->request_cut = true;
        http1_request_ends(flow, h);
    } else {
        http1_response_ends(flow, h, place != HTTP1_UNTIL_CLOSE);
        http1_no_more_responses(flow, h);
    }
}

static void http1_repeat(struct app_flow *flow, unsigned end, int64_t offset, uint32_t bytes)
{
    struct http1 *h = http1_of(flow);
    if (end != h->client) {
        struct exchange *x = h->side[end].x;
        if (x && offset + bytes > x->response_start)
            x->record.retransmitted_segments++;
        return;
    }
    for (struct exchange *x = h->first; x; x = x->next) {
        if (offset + bytes > x->request_start && (!x->next || offset < x->next->request_start)) {
            x->record.retransmitted_segments++;
            return;
        }
    }
}

static void http1_close(struct app_flow *flow, enum app_close how)
{
    struct http1 *h = http1_of(flow);
    for (unsigned i = 0; i < 2; i++) {
        unsigned end = i ? !h->client : h->client;
        struct http1_side *side = &h->side[end];
        struct app_at at = side->begin;
        if (side->place == HTTP1_HEAD && !flow->abandoned)
            cut_head(flow, h, end, false, &at);
        if (flow->protocol != &app_http1)
            return; /* cannot happen before the close is over; see upgrade_to_http2() */
        forget_head(flow, side);
    }
    struct http1_side *client = &h->side[h->client];
    if (client->place == HTTP1_LOST && client->x && !client->x->request_cut)
        http1_request_ends(flow, h);
    http1_give_all(flow, h, how);
}

static bool http1_owes(const struct app_flow *flow, unsigned end)
{
    const struct http1 *h = (const struct http1 *)flow->state;
    uint8_t place = h->side[!end].place;
    bool under_way = place != HTTP1_START && place != HTTP1_OVER;
    return under_way || (end != h->client && http1_next_answered(h));
}

const struct app_protocol app_http1 = {
    .name = "HTTP/1",
    .state_bytes = sizeof(struct http1),
    .probe = http1_probe,
    .open = http1_open,
    .data = http1_data,
    .gap = http1_gap,
    .fin = http1_fin,
    .repeat = http1_repeat,
    .owes = http1_owes,
    .close = http1_close,
};
