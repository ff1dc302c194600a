/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fields that the schema calls CUSTOM, as JSON: lists, and what isn't a plain member. */
#include "json_plan.h"

static char *put_names(char *p, const struct quoted *names, const uint8_t *values, unsigned count)
{
    *p++ = '[';
    for (unsigned i = 0; i < count && i < MAX_LIST; i++) {
        if (i)
            *p++ = ',';
        p = put_name(p, names, values[i]);
    }
    *p++ = ']';
    return p;
}

static char *put_frames(char *p, const uint64_t *frames, unsigned count)
{
    *p++ = '[';
    for (unsigned i = 0; i < count && i < MAX_LIST; i++) {
        if (i)
            *p++ = ',';
        p = put_frame(p, frames[i]);
    }
    *p++ = ']';
    return p;
}

static char *client_states(struct json *json, char *p, const void *record)
{
    const struct lifeline_endpoint *end = &((const struct lifeline_connection *)record)->client;

    return put_names(p, json->states, end->states, end->state_count);
}

static char *client_evidence(struct json *json, char *p, const void *record)
{
    const struct lifeline_endpoint *end = &((const struct lifeline_connection *)record)->client;

    return put_names(p, json->evidence, end->states_evidence, end->state_count);
}

static char *server_states(struct json *json, char *p, const void *record)
{
    const struct lifeline_endpoint *end = &((const struct lifeline_connection *)record)->server;

    return put_names(p, json->states, end->states, end->state_count);
}

static char *server_evidence(struct json *json, char *p, const void *record)
{
    const struct lifeline_endpoint *end = &((const struct lifeline_connection *)record)->server;

    return put_names(p, json->evidence, end->states_evidence, end->state_count);
}

static char *handshake_frames(struct json *json, char *p, const void *record)
{
    const struct lifeline_handshake *h = &((const struct lifeline_connection *)record)->handshake;

    (void)json;
    return put_frames(p, (uint64_t[]){h->syn_frame, h->synack_frame, h->ack_frame}, 3);
}

static char *teardown_frames(struct json *json, char *p, const void *record)
{
    const struct lifeline_teardown *t = &((const struct lifeline_connection *)record)->teardown;

    (void)json;
    return put_frames(p, (uint64_t[]){t->fin1_frame, t->ack1_frame, t->fin2_frame, t->ack2_frame},
                      4);
}

static char *time_wait(struct json *json, char *p, const void *record)
{
    const struct lifeline_connection *c = record;

    out_commit(json->out, p);
    out_char(json->out, '[');
    for (unsigned i = 0; i < c->time_wait_count; i++) {
        if (i)
            out_char(json->out, ',');
        json_put_plan(json, &json->time_wait, &c->time_wait[i]);
        out_char(json->out, '}');
    }
    out_char(json->out, ']');
    return out_reserve(json->out, OUT_MAX_RESERVE);
}

static char *findings(struct json *json, char *p, const void *record)
{
    const struct lifeline_connection *c = record;

    out_commit(json->out, p);
    out_char(json->out, '[');
    for (uint64_t i = 0; i < c->finding_count; i++) {
        if (i)
            out_char(json->out, ',');
        json_text(json->out, c->findings[i]);
    }
    out_char(json->out, ']');
    return out_reserve(json->out, OUT_MAX_RESERVE);
}

static char *segment(struct json *json, char *p, const void *record)
{
    const struct lifeline_event *event = record;

    (void)json;
    if (!event->segment)
        return put_null(p);
    *p++ = '"';
    p += lifeline_flags_text(event->segment->flags, p, 60);
    *p++ = '"';
    return p;
}

static char *length(struct json *json, char *p, const void *record)
{
    const struct lifeline_event *event = record;

    (void)json;
    return event->segment ? put_u64(p, event->segment->payload_bytes) : put_null(p);
}

static char *transitions(struct json *json, char *p, const void *record)
{
    const struct lifeline_event *event = record;

    *p++ = '[';
    for (unsigned i = 0; i < event->transition_count; i++) {
        const struct lifeline_transition *t = &event->transitions[i];

        if (i)
            *p++ = ',';
        p = mempcpy(p, "{\"endpoint\":", 12);
        p = put_name(p, json->roles, t->endpoint);
        p = mempcpy(p, ",\"from\":", 8);
        p = put_name(p, json->states, t->from);
        p = mempcpy(p, ",\"to\":", 6);
        p = put_name(p, json->states, t->to);
        p = mempcpy(p, ",\"evidence\":", 12);
        p = put_name(p, json->evidence, t->evidence);
        *p++ = '}';
    }
    *p++ = ']';
    return p;
}

static char *old_incarnation(struct json *json, char *p, const void *record)
{
    const struct lifeline_event *event = record;

    (void)json;
    return event->marks & LIFELINE_MARK_OLD_DUPLICATE ? put_u64(p, event->old_incarnation)
                                                      : put_null(p);
}

static char *interim(struct json *json, char *p, const void *record)
{
    const struct lifeline_exchange *x = record;

    (void)json;
    *p++ = '[';
    for (unsigned i = 0; i < x->interim_count; i++) {
        if (i)
            *p++ = ',';
        p = put_u64(p, x->interim[i]);
    }
    *p++ = ']';
    return p;
}

static char *put_headers(struct json *json, char *p, const struct lifeline_http_message *message)
{
    if (!message->headers)
        return put_null(p);
    out_commit(json->out, p);
    json_headers(json->out, message);
    return out_reserve(json->out, OUT_MAX_RESERVE);
}

static char *request_headers(struct json *json, char *p, const void *record)
{
    return put_headers(json, p, &((const struct lifeline_exchange *)record)->request);
}

static char *response_headers(struct json *json, char *p, const void *record)
{
    return put_headers(json, p, &((const struct lifeline_exchange *)record)->response);
}

static char *finding_frames(struct json *json, char *p, const void *record)
{
    const struct lifeline_finding *finding = record;

    (void)json;
    return put_frames(p, finding->frames, finding->frame_count);
}

static const struct custom customs[] = {
    {LIFELINE_RECORD_CONNECTION, false, "client.states", client_states},
    {LIFELINE_RECORD_CONNECTION, false, "client.states_evidence", client_evidence},
    {LIFELINE_RECORD_CONNECTION, false, "server.states", server_states},
    {LIFELINE_RECORD_CONNECTION, false, "server.states_evidence", server_evidence},
    {LIFELINE_RECORD_CONNECTION, false, "handshake.frames", handshake_frames},
    {LIFELINE_RECORD_CONNECTION, false, "teardown.frames", teardown_frames},
    {LIFELINE_RECORD_CONNECTION, false, "time_wait", time_wait},
    {LIFELINE_RECORD_CONNECTION, false, "findings", findings},
    {LIFELINE_RECORD_EVENT, false, "segment", segment},
    {LIFELINE_RECORD_EVENT, false, "length", length},
    {LIFELINE_RECORD_EVENT, false, "transitions", transitions},
    {LIFELINE_RECORD_EVENT, false, "old_incarnation", old_incarnation},
    {LIFELINE_RECORD_EXCHANGE, false, "interim", interim},
    {LIFELINE_RECORD_EXCHANGE, true, "request_headers", request_headers},
    {LIFELINE_RECORD_EXCHANGE, true, "response_headers", response_headers},
    {LIFELINE_RECORD_FINDING, false, "frames", finding_frames},
};

const struct custom *json_find_custom(unsigned kind, const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(customs); i++) {
        if (customs[i].kind == kind && strcmp(customs[i].path, path) == 0)
            return &customs[i];
    }
    return NULL;
}
