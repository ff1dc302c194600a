/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An exchange in the making: the record that goes out, and what its protocol must remember until
 * then. Strings live in a small arena inside; longer ones and kept headers and bodies on the heap.
 */
#ifndef LIFELINE_APP_EXCHANGE_H
#define LIFELINE_APP_EXCHANGE_H

#include "app/flow.h"

#define EXCHANGE_TEXT_BYTES 232

struct exchange_text; /* an overflow string */

struct exchange {
    struct lifeline_exchange record; /* outcome is filled in by exchange_give() */
    struct exchange *next;
    struct exchange_text *texts;

    int64_t request_start, request_end; /* offsets in the client's stream; APP_NO_OFFSET */
    int64_t response_start;             /* offset in the server's stream */
    uint64_t announced_bytes; /* HTTP/2: the response's Content-Length; LIFELINE_UNKNOWN_COUNT */
    int64_t delayed_ns;       /* the end of the delay counted last */
    int64_t sent_ack; /* how much of the server's stream the client had at its first octet */

    bool has_request, request_done;
    bool is_first;                    /* the first request of its connection */
    bool has_response, response_done; /* the final response */
    bool missing;                     /* octets inside it aren't in the capture */
    bool request_gap, response_gap;   /* ... of that message */
    bool cut, request_cut;            /* the response, the request broke off: its end is unknown */
    bool upgraded;                    /* what follows isn't HTTP */
    bool closes;                      /* the response says that its server closes behind it */
    bool barrier;      /* requests before it may be missing, and their responses may follow it */
    bool text_dropped; /* not all that it says was kept */
    bool is_head, is_connect, expects_continue, wants_upgrade, wants_h2c;
    uint8_t request_end_of, response_end_of; /* ends that send them */

    uint16_t text_used;
    char text[EXCHANGE_TEXT_BYTES];
};

/* Zeroed, with unknowns said; NULL when memory is short. Takes the next index of the flow. */
struct exchange *exchange_new(struct app_flow *flow);

/* x begins with a request. */
void exchange_has_request(struct app_flow *flow, struct exchange *x);

/* An exchange for the same request, whose response is yet to come. */
struct exchange *exchange_repeat_request(struct app_flow *flow, const struct exchange *x);

/* A NUL-terminated copy that lives as long as the exchange; NULL when memory is short, or what
 * streams may hold is used up. Cut at an embedded NUL, as all C strings are. */
const char *exchange_copy(struct app *app, struct exchange *x, const char *text, size_t bytes);

/* Keeps a header when options ask for it; folds obs-fold into spaces. */
void exchange_keep_header(struct app *app, struct exchange *x, struct lifeline_http_message *m,
                          const char *name, size_t name_bytes, const char *value,
                          size_t value_bytes);

/* Keeps body octets, which m->body_bytes counts already, as far as options ask for it: what is kept
 * is the body's beginning without a hole. All kept bodies may take half of the streams' memory. */
void exchange_keep_body(struct app *app, struct lifeline_http_message *m, const uint8_t *bytes,
                        size_t length);

static inline struct lifeline_http_message *exchange_message(struct exchange *x, bool is_response)
{
    return is_response ? &x->record.response : &x->record.request;
}

/* The octets at `at` are part of message m, which began before. */
static inline void exchange_touch(struct lifeline_http_message *m, const struct app_at *at)
{
    m->last_frame = at->frame;
    if (m->last_ns < at->time_ns)
        m->last_ns = at->time_ns;
}
/* Nothing is known of a message, or not any more. */
static inline void exchange_unknown(struct lifeline_http_message *m)
{
    m->first_frame = m->last_frame = LIFELINE_NO_FRAME;
    m->first_ns = m->last_ns = LIFELINE_UNKNOWN_NS;
    m->header_bytes = m->body_bytes = m->wire_body_bytes = LIFELINE_UNKNOWN_COUNT;
}
static inline void exchange_begin(struct lifeline_http_message *m, const struct app_at *at)
{
    m->first_frame = m->last_frame = at->frame;
    m->first_ns = m->last_ns = at->time_ns;
}

/* When the latest octet of an exchange passed that is in the capture, or LIFELINE_UNKNOWN_NS. */
static inline int64_t exchange_latest_ns(const struct lifeline_exchange *r)
{
    return r->response.last_ns > r->request.last_ns ? r->response.last_ns : r->request.last_ns;
}

/* An interim response, RFC 9110 15.2. */
static inline void exchange_interim(struct exchange *x, uint16_t status)
{
    if (x->record.interim_count < LIFELINE_MAX_INTERIM)
        x->record.interim[x->record.interim_count++] = status;
}

/* Octets of a message are missing at a gap. Unless the snap length cut them, when it ended isn't
 * known; exchange_touch() says otherwise. */
void exchange_missing(struct exchange *x, bool is_response, const struct app_at *at);

/* Octets of the exchange that were sent, or missed, at from_ns came again at to_ns: what of that
 * time lies in the exchange and isn't counted yet is added. Nothing when from_ns is unknown. */
void exchange_delayed(struct exchange *x, int64_t from_ns, int64_t to_ns);

/* The head of a message came in pieces. */
void exchange_pieces(struct exchange *x, bool is_response, const struct app_pieces *pieces);

/* Tells the sink that a message begins or ends; not of an end that isn't in the capture. */
void exchange_announce(struct app_flow *flow, struct exchange *x, bool is_response, bool is_end);

/* Did it race with the close of the end that owed the response? What is missing may hold that FIN.
 */
void exchange_race(const struct app_flow *flow, struct exchange *x);

/* Computes the times, gives the record to the sink, frees the exchange. */
void exchange_give(struct app_flow *flow, struct exchange *x,
                   enum lifeline_exchange_outcome outcome);

/* Frees the exchange, nothing given. */
void exchange_drop(struct app *app, struct exchange *x);

/* Frees what exchange_drop() kept for reuse. */
void exchange_free_list(struct app *app);

#endif
