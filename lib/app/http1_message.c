/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the heads of HTTP/1's messages say: records, framing of the body, changes of protocol.
 *
 * Framing of a body follows RFC 9112 6.3, whatever the message says besides:
 *   1  none: 1xx, 204, 304, responses to HEAD; a 2xx to CONNECT and 101 end HTTP on the connection
 *   2  chunked, when it is the last transfer coding, even with a Content-Length
 *   3  a valid Content-Length, or several equal ones
 *   4  a request without them has none; a response without them, or with invalid ones, lasts until
 *      the stream's end
 *   A request with invalid ones can't be framed: it is lost until the next message that proves
 *   itself.
 */
#include <string.h>

#include "app/http1.h"
#include "app/http2.h"

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

static void keep_fields(struct app_flow *flow, struct exchange *x, bool is_request,
                        const struct http1_octets *octets)
{
    if (!flow->app->options->keep_headers || !octets->fields)
        return;
    struct keeper k = {flow->app, x, is_request ? &x->record.request : &x->record.response};
    http_each_field(octets->fields, octets->fields_bytes, keep_field, &k);
}

void http1_flag(struct http1_side *side, const char *text)
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

void http1_body_starts(struct http1_side *side, bool is_request, uint64_t length)
{
    side->left = length;
    if (side->x) {
        struct lifeline_http_message *m = http1_message_of(side, is_request);
        m->body_bytes = m->wire_body_bytes = 0;
    }
}

static void chunks_start(struct http1_side *side)
{
    side->place = HTTP1_CHUNK_SIZE;
    side->left = 0;
    side->digits = false;
}

void http1_end_message(struct app_flow *flow, struct http1 *h, unsigned end)
{
    struct http1_side *side = &h->side[end];
    side->place = HTTP1_START;
    side->resynced = false;
    if (end == h->client)
        http1_request_ends(flow, h);
    else
        http1_response_ends(flow, h, false);
    side->begin = (struct app_at){0}; /* over: one word less to pack in a flow that rests */
}

/* The head of a request is over at `at`, its last octet's segment. */
static void request_head(struct app_flow *flow, struct http1 *h, const struct http_head *head,
                         const struct http1_octets *octets, const struct app_at *at)
{
    struct http1_side *side = &h->side[h->client];
    bool early = side->x != NULL; /* a response came before the head was complete */
    if (!early)
        begin_request(flow, h, head);
    struct exchange *x = side->x;
    if (x) {
        if (early && !x->record.uri) { /* or before its line was */
            x->record.uri = copy(flow, x, head->target);
            if (head->target.at)
                x->record.version = version_text(flow, x, head->version);
        }
        x->record.host = copy(flow, x, head->host);
        x->expects_continue = head->expects_continue;
        x->wants_h2c = head->upgrade_h2c;
        keep_fields(flow, x, true, octets);
        http1_flag(side, head->flag_text);
        exchange_pieces(x, false, &octets->pieces);
        exchange_touch(&x->record.request, at);
        exchange_delayed(x, at->missed_ns, at->time_ns);
        if (octets->whole)
            x->record.request.header_bytes = octets->bytes;
        if (!early)
            exchange_announce(flow, x, false, false);
    }
    if (!octets->whole)
        return;
    if (!head->version.at) { /* HTTP/0.9 knows one request only */
        http1_body_starts(side, true, 0);
        http1_end_message(flow, h, h->client);
        side->place = HTTP1_OVER;
        return;
    }
    if (head->framing == HTTP_FRAMED_UNKNOWN) {
        side->place = HTTP1_LOST;
        http1_messages_lost(flow, h, h->client, APP_NO_OFFSET, APP_NO_OFFSET);
        return;
    }
    http1_body_starts(side, true, head->content_length);
    if (head->framing == HTTP_FRAMED_CHUNKED)
        chunks_start(side);
    else if (head->framing == HTTP_FRAMED_LENGTH && head->content_length)
        side->place = HTTP1_LENGTH;
    else
        http1_end_message(flow, h, h->client);
}

/* The connection isn't HTTP/1 from here on. */
static void upgrade(struct app_flow *flow, struct http1 *h)
{
    struct exchange *x = h->side[!h->client].x;
    if (x) {
        x->upgraded = true;
        /* What looked like requests behind it were octets of the other protocol. */
        for (struct exchange *inside = x->next; inside; inside = inside->next)
            inside->upgraded = true;
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
    flow->protocol->close(flow, APP_CLOSE_GONE);
    if (!stream1 || !http2_take_over(flow, client, stream1))
        app_flow_abandon(flow);
}

/* A final response while no request waits: it may answer one whose head isn't complete yet. */
static void http1_answer_early(struct app_flow *flow, struct http1 *h)
{
    struct http1_side *side = &h->side[h->client];
    struct http_head head = {0};
    size_t line;
    if (side->place != HTTP1_HEAD || side->x || !side->head_bytes)
        return;
    if (http_parse_request_line(side->head, side->head_bytes, &head, &line) != HTTP_LINE_OK &&
        http1_prove_request(side->head, side->head_bytes, true) != APP_IS_CLIENT)
        return;
    begin_request(flow, h, &head);
    if (side->x)
        exchange_announce(flow, side->x, false, false);
}

/* A response to a request that isn't in the capture: CONNECT, perhaps? What follows is no body
 * then. */
static bool may_open_tunnel(const struct http1 *h, const struct exchange *x,
                            const struct http_head *head)
{
    return h->likely && !x->has_request && head->status < 300 && head->status != 204 &&
           head->framing == HTTP_FRAMED_NOT && !head->content_type.at;
}

/* RFC 9112 9.3 */
static bool closes_behind(const struct http_head *head)
{
    bool is_1_0 = head->version.bytes == 3 && memcmp(head->version.at, "1.0", 3) == 0;
    return head->closes || (is_1_0 && !head->keeps_alive);
}

static void response_head(struct app_flow *flow, struct http1 *h, const struct http_head *head,
                          const struct http1_octets *octets, const struct app_at *at)
{
    struct http1_side *side = &h->side[!h->client];
    if (head->status < 200 && head->status != 101) {
        http1_interim(h, head->status);
        side->place = HTTP1_START;
        return;
    }
    if (!http1_next_answered(h))
        http1_answer_early(flow, h);
    http1_response_begins(flow, h);
    struct exchange *x = side->x;
    if (x) {
        struct lifeline_exchange *r = &x->record;
        r->status = head->status;
        r->reason = copy(flow, x, head->reason);
        r->content_type = copy(flow, x, head->content_type);
        r->response_version = version_text(flow, x, head->version);
        if (!x->has_request)
            r->version = r->response_version;
        x->closes = closes_behind(head);
        keep_fields(flow, x, false, octets);
        http1_flag(side, head->flag_text);
        exchange_pieces(x, true, &octets->pieces);
        exchange_touch(&r->response, at);
        exchange_delayed(x, at->missed_ns, at->time_ns);
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
    if (x && may_open_tunnel(h, x, head)) {
        x->record.response.last_frame = LIFELINE_NO_FRAME;
        side->place = HTTP1_LOST;
        http1_response_ends(flow, h, true);
        return;
    }
    http1_body_starts(side, false, head->content_length);
    if ((x && x->is_head) || head->status == 204 || head->status == 304 ||
        (head->framing == HTTP_FRAMED_LENGTH && !head->content_length))
        http1_end_message(flow, h, !h->client);
    else if (head->framing == HTTP_FRAMED_LENGTH)
        side->place = HTTP1_LENGTH;
    else if (head->framing == HTTP_FRAMED_CHUNKED)
        chunks_start(side);
    else
        side->place = HTTP1_UNTIL_CLOSE;
}

void http1_head_over(struct app_flow *flow, struct http1 *h, bool is_request,
                     const struct http_head *head, const struct http1_octets *octets,
                     const struct app_at *at)
{
    if (is_request)
        request_head(flow, h, head, octets, at);
    else
        response_head(flow, h, head, octets, at);
}
