/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The octets of HTTP/1's heads: parsed where they lie, or copied together when they come in pieces.
 */
#include <stdlib.h>
#include <string.h>

#include "app/http1.h"

static enum http_line parse_line(bool is_request, const uint8_t *bytes, size_t length,
                                 struct http_head *head, size_t *line_bytes)
{
    return is_request ? http_parse_request_line(bytes, length, head, line_bytes)
                      : http_parse_status_line(bytes, length, head, line_bytes);
}

void http1_forget_head(struct app_flow *flow, struct http1_side *side)
{
    flow->app->pool.held_bytes -= side->head_room;
    free(side->head);
    side->head = NULL;
    side->head_bytes = side->head_room = 0;
    side->head_scanned = 0;
    side->pieces = (struct app_pieces){0};
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
void http1_cut_head(struct app_flow *flow, struct http1 *h, unsigned end, bool missing,
                    const struct app_at *at)
{
    struct http1_side *side = &h->side[end];
    bool is_request = end == h->client;
    struct http_head head = {0};
    struct http1_octets octets = {.bytes = side->head_bytes, .pieces = side->pieces};
    size_t line = 0;
    side->place = HTTP1_LOST;
    if (!side->head_bytes)
        return;
    enum http_line known = parse_line(is_request, side->head, side->head_bytes, &head, &line);
    if (known == HTTP_LINE_OK) {
        octets.fields = side->head + line;
        octets.fields_bytes = side->head_bytes - line;
        http_parse_fields(octets.fields, octets.fields_bytes, &head);
    } else if (is_request ? http1_prove_request(side->head, side->head_bytes, true) != APP_IS_CLIENT
                          : !head.status) {
        http1_forget_head(flow, side);
        if (side->x && is_request)
            side->x->request_cut = true;
        return;
    } /* else: the line is cut; the method or the status is all that is known */
    /* A gap's segment is none of the message's, unless it is the one that the snap length cut. */
    struct app_at last = missing && !at->cut ? side->begin : *at;
    if (!at->cut && side->pieces.last_frame)
        last.frame = side->pieces.last_frame;
    http1_head_over(flow, h, is_request, &head, &octets, &last);
    http1_forget_head(flow, side);
    struct exchange *x = side->x;
    if (!x || flow->protocol != &app_http1)
        return;
    if (missing)
        exchange_missing(x, !is_request, at);
    if (is_request)
        x->request_cut = true;
    else
        x->cut = true;
}

static bool is_version_0_9(const struct exchange *x)
{
    return x->record.version && strcmp(x->record.version, "0.9") == 0;
}

/* May what isn't a message be the answer of HTTP/0.9 to x? Not what was sent before x arrived, nor
 * the greeting of another protocol. */
static enum app_verdict is_answer_0_9(const struct http1 *h, unsigned end, const struct exchange *x,
                                      const uint8_t *bytes, size_t length)
{
    const struct app_at *begin = &h->side[end].begin;
    bool sent_before =
        begin->peer_offset != APP_NO_OFFSET && begin->peer_offset <= x->request_start;
    return sent_before ? APP_NO : http1_prove_answer_0_9(bytes, length);
}

/* HTTP/0.9: the answer is all that comes, what is kept of a head included. */
static void answer_0_9_begins(struct app_flow *flow, struct http1 *h, uint32_t kept)
{
    struct http1_side *side = &h->side[!h->client];
    http1_response_begins(flow, h);
    http1_body_starts(side, false, 0);
    struct exchange *x = side->x; /* the one that it answers after all, or none */
    if (x) {
        struct lifeline_http_message *m = &x->record.response;
        m->header_bytes = 0;
        x->record.response_version = "0.9";
        exchange_announce(flow, x, true, false);
        m->body_bytes = m->wire_body_bytes = kept;
        if (kept && flow->app->options->keep_body_bytes)
            exchange_keep_body(flow->app, m, side->head, kept);
    }
    side->place = HTTP1_UNTIL_CLOSE;
}

/* What is here isn't a message: kept octets of side->head, which is ahead of the run if it has
 * more, and the run's. False: it takes more of them to know what it is. */
static bool not_a_message(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run,
                          uint32_t kept)
{
    struct http1_side *side = &h->side[end];
    struct exchange *x = http1_next_answered(h);
    if (end != h->client && x && !h->answered && (!h->likely || is_version_0_9(x))) {
        const uint8_t *bytes = side->head_bytes ? side->head : run->p;
        switch (is_answer_0_9(h, end, x, bytes, side->head_bytes ? side->head_bytes : run->left)) {
        case APP_MAYBE:
            return false;
        case APP_NO:
            flow->is_foreign[end] = true;
            break;
        default:
            answer_0_9_begins(flow, h, kept);
            return true;
        }
    }
    if (!flow->exchanges && h->side[!end].place >= HTTP1_LOST) { /* neither end speaks HTTP */
        app_flow_abandon(flow);
        return true;
    }
    side->place = HTTP1_LOST;
    http1_messages_lost(flow, h, end, APP_NO_OFFSET, APP_NO_OFFSET);
    app_run_advance(run, run->left);
    if (end != h->client)
        h->server_unread_end = run->at.offset;
    return true;
}

/* A head in one piece, parsed where it lies. False: more octets are needed. */
static bool head_in_place(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run)
{
    bool is_request = end == h->client;
    struct http_head head = {0};
    struct http1_octets octets = {.whole = true};
    size_t line, left = run->left, limit = flow->app->max_header_bytes;
    if (left > limit)
        left = limit;
    switch (parse_line(is_request, run->p, left, &head, &line)) {
    case HTTP_LINE_BAD:
        return not_a_message(flow, h, end, run, 0);
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
    app_run_advance(run, (uint32_t)octets.bytes);
    http1_head_over(flow, h, is_request, &head, &octets, &at);
    return true;
}

/* A head in pieces. */
void http1_head_step(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run)
{
    struct http1_side *side = &h->side[end];
    bool is_request = end == h->client;
    uint32_t before = side->head_bytes, limit = flow->app->max_header_bytes;
    if (!before && head_in_place(flow, h, end, run))
        return;
    uint32_t n = run->left < limit - before ? run->left : limit - before;
    if (!n || !keep_head(flow, side, run->p, n)) {
        flow->app->counters->headers_dropped++;
        http1_cut_head(flow, h, end, true, &run->at);
        http1_forget_head(flow, side);
        http1_messages_lost(flow, h, end, run->at.offset, run->at.offset + run->left);
        app_run_advance(run, run->left); /* here it would begin again, for ever */
        return;
    }
    if (before && !side->x)
        app_piece(&side->pieces, &run->at);
    struct http_head head = {0};
    struct http1_octets octets = {.whole = true};
    size_t line = 0;
    if (!side->head_scanned || !before) {
        enum http_line known = parse_line(is_request, side->head, side->head_bytes, &head, &line);
        if (known == HTTP_LINE_BAD) {
            if (!not_a_message(flow, h, end, run, before)) {
                http1_touch(side, is_request, &run->at);
                app_run_advance(run, n);
                return;
            }
            http1_forget_head(flow, side);
            return;
        }
        if (known == HTTP_LINE_OK && !head.version.at)
            octets.bytes = line; /* HTTP/0.9 */
    }
    if (!octets.bytes)
        octets.bytes = http_find_head_end(side->head, side->head_bytes, &side->head_scanned);
    struct app_at at = run->at;
    if (!octets.bytes) {
        http1_touch(side, is_request, &at);
        app_run_advance(run, n);
        return;
    }
    app_run_advance(run, (uint32_t)octets.bytes - before);
    head = (struct http_head){0};
    if (parse_line(is_request, side->head, octets.bytes, &head, &line) != HTTP_LINE_OK) {
        not_a_message(flow, h, end, run, (uint32_t)octets.bytes);
        http1_forget_head(flow, side);
        return;
    }
    octets.fields = side->head + line;
    octets.fields_bytes = octets.bytes - line;
    if (octets.fields_bytes)
        http_parse_fields(octets.fields, octets.fields_bytes, &head);
    /* The message's state is set anew by what follows: the octets are let go of after it. */
    struct http1_side old = *side;
    octets.pieces = old.pieces;
    side->head = NULL;
    side->head_bytes = side->head_room = 0;
    side->head_scanned = 0;
    side->pieces = (struct app_pieces){0};
    http1_head_over(flow, h, is_request, &head, &octets, &at);
    flow->app->pool.held_bytes -= old.head_room;
    free(old.head);
}
