/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a case into lib/app: see play.h. */
#include "play.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"

/* Near the end of the number space, so that every case wraps around. */
static const uint32_t bases[2] = {UINT32_MAX - 20, UINT32_MAX - 7};
#define STEP_NS 1000000

struct player {
    const struct http_case *c;
    struct notes *records, *positions;
    uint64_t frame;
    bool fed, broken;
    uint64_t given;
};

void note(struct notes *n, const char *format, ...)
{
    char line[4096];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof line)
        length = sizeof line - 1;
    n->text = realloc(n->text, n->length + (size_t)length + 1);
    memcpy(n->text + n->length, line, (size_t)length + 1);
    n->length += (size_t)length;
}

static void note_string(struct notes *n, const char *key, const char *value)
{
    if (value)
        note(n, " %s=\"%s\"", key, value);
}

static void note_number(struct notes *n, const char *key, uint64_t value)
{
    if (value == LIFELINE_UNKNOWN_COUNT)
        note(n, " %s=?", key);
    else
        note(n, " %s=%llu", key, (unsigned long long)value);
}

static void note_message(struct notes *n, const char *side, const struct lifeline_http_message *m)
{
    char key[32];
    snprintf(key, sizeof key, "%s-head", side);
    note_number(n, key, m->header_bytes);
    snprintf(key, sizeof key, "%s-body", side);
    note_number(n, key, m->body_bytes);
    snprintf(key, sizeof key, "%s-wire", side);
    note_number(n, key, m->wire_body_bytes);
    note(n, " %s-complete=%u", side, m->complete);
    for (uint64_t i = 0; i < m->header_count; i++)
        note(n, " %s-field=\"%s: %s\"", side, m->headers[i].name, m->headers[i].value);
    if (m->body)
        note(n, " %s-kept=\"%.*s\"", side, (int)m->body_kept_bytes, (const char *)m->body);
}

static void rule(struct player *p, bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    p->broken = true;
}

static void check_message(struct player *p, const struct lifeline_http_message *m)
{
    rule(p, (m->first_frame == 0) == (m->first_ns == LIFELINE_UNKNOWN_NS),
         "a frame and its time are known together");
    rule(p, m->first_frame <= p->frame && m->last_frame <= p->frame, "no frame of the future");
    rule(p, (m->last_frame == 0) == (m->last_ns == LIFELINE_UNKNOWN_NS),
         "so are the last frame and its time");
    rule(p, m->last_ns == LIFELINE_UNKNOWN_NS ? m->complete != 1 : m->first_ns <= m->last_ns,
         "a message ends when or after it begins, and one that is complete has an end");
    rule(p, m->body_bytes == LIFELINE_UNKNOWN_COUNT || m->wire_body_bytes >= m->body_bytes,
         "a body isn't longer than its framing");
}

static void on_exchange(void *user, const struct lifeline_exchange *x)
{
    struct player *p = user;
    struct notes *n = p->records;
    note(n, "%s", x->method ? x->method : "-");
    note(n, " %s", x->uri ? x->uri : "-");
    if (x->status == LIFELINE_UNKNOWN_COUNT)
        note(n, " -");
    else
        note(n, " %llu", (unsigned long long)x->status);
    note(n, " %s", lifeline_name_of(lifeline_exchange_names, x->outcome));
    note_number(n, "index", x->index);
    if (x->stream != LIFELINE_UNKNOWN_COUNT)
        note_number(n, "stream", x->stream);
    note_string(n, "host", x->host);
    note_string(n, "version", x->version);
    note_string(n, "answer", x->response_version);
    note_string(n, "reason", x->reason);
    note_string(n, "type", x->content_type);
    for (unsigned i = 0; i < x->interim_count; i++)
        note(n, " interim=%u", x->interim[i]);
    note(n, " %s", x->confidence == LIFELINE_PROVEN ? "proven" : "likely");
    note(n, " pipelined=%u reused=%u raced=%u answered-before=%u", x->pipelined, x->reused,
         x->raced_close, x->answered_before);
    if (x->flagged)
        note_string(n, "flag", x->flag_text);
    note_message(n, "request", &x->request);
    note_message(n, "response", &x->response);
    note(n, "\n");
    note(p->positions, "frames=%llu-%llu/%llu-%llu repeats=%llu\n",
         (unsigned long long)x->request.first_frame, (unsigned long long)x->request.last_frame,
         (unsigned long long)x->response.first_frame, (unsigned long long)x->response.last_frame,
         (unsigned long long)x->retransmitted_segments);
    check_message(p, &x->request);
    check_message(p, &x->response);
    rule(p, (x->outcome == LIFELINE_EXCHANGE_NO_REQUEST) == (x->request.first_frame == 0),
         "no-request is what has none");
    rule(p, x->connect_ns == LIFELINE_UNKNOWN_NS || !x->reused, "connect is the first one's");
    const int64_t times[] = {x->send_ns, x->wait_ns, x->receive_ns, x->idle_ns};
    for (int i = 0; i < 4; i++)
        rule(p, times[i] == LIFELINE_UNKNOWN_NS || times[i] >= 0, "no time is negative");
    rule(p, x->retransmission_ns >= 0, "no time is negative");
    rule(p, x->retransmission_share >= 0 && x->retransmission_share <= 1,
         "a part is no more than all");
    rule(p, (x->retransmission_ns > 0) == (x->retransmission_share > 0), "both tell of a delay");
    p->given++;
}

static void on_message(void *user, const struct lifeline_message *m)
{
    struct player *p = user;
    rule(p, m->frame && m->frame <= p->frame, "a message is at a frame that was seen");
    rule(p, !m->is_response || m->from == LIFELINE_SERVER, "servers answer");
}

static void send_piece(struct player *p, struct app *app, struct app_link *link,
                       const struct piece *piece)
{
    const struct block *b = piece->block;
    unsigned end = b->end;
    uint32_t seq = bases[end] + (uint32_t)(b->offset + (int64_t)piece->from);
    size_t captured = b->captured > piece->from ? b->captured - piece->from : 0;
    if (captured > piece->to - piece->from)
        captured = piece->to - piece->from;
    struct lifeline_segment segment = {
        .frame = ++p->frame,
        .time_ns = (int64_t)p->frame * STEP_NS,
        .seq = seq,
        .ack = bases[!end] + (uint32_t)b->ack,
        .flags = LIFELINE_ACK,
        .payload_bytes = (uint32_t)(piece->to - piece->from),
        .captured_bytes = (uint32_t)captured,
        /* An allocation of its own, so that a sanitizer sees reads past its end. */
        .payload = NULL,
    };
    uint8_t *payload = malloc(captured ? captured : 1);
    if (captured)
        memcpy(payload, b->bytes + piece->from, captured);
    segment.payload = payload;
    for (unsigned e = 0; e < 2; e++) {
        if (link->base_seen[e] || !p->c->mid_stream)
            continue;
        link->base_seen[e] = e == end;
        link->base[e] = seq;
    }
    if (p->fed && b->kind == BLOCK_DATA) {
        app_feed(app, link, end, segment.frame, segment.time_ns, 0, payload, captured);
        free(payload);
        return;
    }
    if (app_hears(*link->flow, !end, segment.ack, segment.seq))
        app_acked(link, &segment);
    switch (b->kind) {
    case BLOCK_DATA:
        app_data(app, link, end, &segment, seq, 0);
        break;
    case BLOCK_FIN:
        segment.flags |= LIFELINE_FIN;
        app_fin(app, link, end, seq, &segment);
        link->fin_seen[end] = true;
        break;
    case BLOCK_RST:
        segment.flags |= LIFELINE_RST;
        app_reset(app, link, end, &segment);
        link->is_reset = true;
        break;
    }
    free(payload);
}

bool play(const struct http_case *c, const struct piece *pieces, size_t count, bool fed,
          struct notes *records, struct notes *positions)
{
    struct player p = {.c = c, .fed = fed, .records = records, .positions = positions};
    struct lifeline_options options = {
        .keep_headers = c->keep,
        .keep_body_bytes = c->keep ? 64 : 0,
        .max_pipeline = c->max_pipeline,
        .max_header_bytes = c->max_header_bytes,
    };
    struct lifeline_counters counters = {0};
    struct lifeline_sink sink = {.user = &p, .exchange = on_exchange, .message = on_message};
    struct app *app = app_new(&options, &counters, &sink);
    struct app_flow *flow = NULL;
    uint32_t exchanges = 0;
    struct app_link link = {
        .flow = &flow,
        .exchanges = &exchanges,
        .role = {LIFELINE_CLIENT, LIFELINE_SERVER},
        .base_known = {!c->mid_stream, !c->mid_stream},
        .base_seen = {!c->mid_stream, !c->mid_stream},
        .base = {bases[0], bases[1]},
        .connect_ns = c->mid_stream ? LIFELINE_UNKNOWN_NS : STEP_NS,
    };
    for (size_t i = 0; i < count; i++)
        send_piece(&p, app, &link, &pieces[i]);
    app_end(app, &link, c->end_capture);
    rule(&p, exchanges == p.given, "each exchange is given once");
    rule(&p, !flow, "an ended flow is gone");
    app_free(app);
    return !p.broken;
}
