/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/1 on one flow: what its files share. Octets come to http1.c, which finds messages with
 * http1_prove.c, their heads with http1_head.c and http1_message.c, and the end of chunked bodies
 * with http1_chunk.c; http1_pair.c says which exchange a message belongs to.
 */
#ifndef LIFELINE_APP_HTTP1_H
#define LIFELINE_APP_HTTP1_H

#include "app/exchange.h"
#include "app/flow.h"
#include "app/http_head.h"

/* What the next octet of a stream belongs to. */
enum http1_place {
    HTTP1_START,      /* between messages */
    HTTP1_HEAD,       /* start line and fields */
    HTTP1_LENGTH,     /* body of known length */
    HTTP1_CHUNK_SIZE, /* its digits */
    HTTP1_CHUNK_EXT,  /* the rest of that line */
    HTTP1_CHUNK_DATA,
    HTTP1_CHUNK_END, /* the CRLF behind the data */
    HTTP1_TRAILER,
    HTTP1_UNTIL_CLOSE, /* body that the stream's end ends */
    HTTP1_LOST,        /* unknown, until a message proves itself at a segment's start */
    HTTP1_OVER,        /* behind the stream's end */
};

/* One direction. */
struct http1_side {
    uint8_t place;  /* enum http1_place */
    bool digits;    /* of a chunk size were seen */
    bool line_used; /* the trailer line isn't empty */
    bool resynced;  /* its message began behind octets that weren't understood */
    bool quiet;     /* no exchange was open as its message began */
    uint32_t head_bytes, head_room;
    size_t head_scanned;
    uint8_t *head;            /* a head that came in pieces */
    struct app_pieces pieces; /* those behind the first */
    uint64_t left;            /* octets of the body or of the chunk */
    struct exchange *x;  /* whose message is in progress; NULL: none, or one that isn't recorded */
    struct app_at begin; /* the message's first octet */
};

struct http1 {
    struct http1_side side[2];     /* by end */
    struct exchange *first, *last; /* requests that wait, oldest first */
    uint32_t waiting;
    uint64_t skipped;          /* requests beyond the pipeline limit, not recorded, after last */
    int64_t server_gap_end;    /* the server's octets below it may hold lost responses */
    int64_t server_unread_end; /* ... or some that weren't recognised */
    int64_t
        client_gap_begin; /* the client's octets from here on, behind its last request, are lost */
    int64_t client_gap_end;
    int64_t client_gap_answered; /* and the server's above it their answers */
    int64_t server_ns;           /* of its latest octets */
    int64_t last_end_ns;         /* of the exchange given last; LIFELINE_UNKNOWN_NS */
    uint16_t interim[8];         /* of a response that answers nothing so far */
    uint8_t interim_count;
    uint8_t client; /* end */
    bool answered;  /* a final response began */
    bool unasked;   /* the last one that ended answered nothing */
    bool likely;    /* octets that may have held messages are missing */
    bool ambiguous; /* who answers whom can't be told until all is quiet again */
    bool pipelines; /* ... because several requests waited as answers were lost */
    bool gap_holds; /* a response, at least: it began where one does */
    bool unseen;    /* requests may be among them that responses without one answer */
    bool judged;    /* what waited as a request began was judged to be over */
    bool pipelined; /* the client does */
    bool closing;   /* a response told that nothing behind it is processed, RFC 9112 9.6 */
    uint32_t owed;  /* responses to lost requests that may still come, at most */
};

static inline struct http1 *http1_of(struct app_flow *flow)
{
    return (struct http1 *)flow->state;
}

/* ---- http1_pair.c: exchanges and who answers whom ---- */

/* Judges, as a request begins at `at`, what gaps in the server's stream held. */
void http1_settle(struct app_flow *flow, struct http1 *h, const struct app_at *at);

/* A request began at side->begin; side->x becomes its exchange (NULL: not recorded). */
void http1_request_begins(struct app_flow *flow, struct http1 *h);
/* Its last octet passed. */
void http1_request_ends(struct app_flow *flow, struct http1 *h);

/* A final response begins: side->x becomes the exchange that it answers, or a new one without a
 * request (NULL: not recorded). */
void http1_response_begins(struct app_flow *flow, struct http1 *h);
/* It is over; cut: not at its true end. */
void http1_response_ends(struct app_flow *flow, struct http1 *h, bool cut);

/* An interim response, RFC 9110 15.2. */
void http1_interim(struct http1 *h, uint16_t status);

/* The exchange whose response comes next, or NULL. */
struct exchange *http1_next_answered(const struct http1 *h);

/* No request waits, and no response is under way. */
bool http1_is_quiet(const struct http1 *h);

/* Octets between messages of an end are missing, or (APP_NO_OFFSET) weren't understood: who answers
 * whom becomes a matter of proof. */
void http1_messages_lost(struct app_flow *flow, struct http1 *h, unsigned end, int64_t gap_begin,
                         int64_t gap_end);

/* The server's stream is over: those that wait get no response. */
void http1_no_more_responses(struct app_flow *flow, struct http1 *h);

/* Gives all that is open. */
void http1_give_all(struct app_flow *flow, struct http1 *h, enum app_close how);

/* ---- http1_chunk.c ---- */

/* Consumes octets of a chunked body, RFC 9112 7.1; returns how many (at least one). Moves
 * side->place on, to HTTP1_START when the body is over, to HTTP1_LOST when it isn't one.
 * *data_bytes of them are data: all, or none. */
uint32_t http1_chunk(struct http1_side *side, const uint8_t *bytes, uint32_t length,
                     uint32_t *data_bytes);

/* ---- http1_prove.c ---- */

enum app_verdict http1_probe(const uint8_t *bytes, size_t length, bool from_start);

/* Is this a request, beyond doubt? A whole line that ends in HTTP/x.y, or as much of one with a
 * registered method and a target as there is. strict: no HTTP/0.9. */
enum app_verdict http1_prove_request(const uint8_t *bytes, size_t length, bool strict);

/* Can these be the first octets of an HTTP/0.9 answer? It may be anything: APP_IS_SERVER unless
 * they are another protocol's greeting (APP_NO), or may become one (APP_MAYBE). */
enum app_verdict http1_prove_answer_0_9(const uint8_t *bytes, size_t length);

/* Does a message of this end begin here, in a stream that was lost? */
bool http1_resyncs(const struct http1 *h, unsigned end, const struct app_run *run);

/* How many octets are the empty lines that RFC 9112 2.2 wants ignored before a start line? */
uint32_t http1_empty_lines(const uint8_t *bytes, size_t length);

/* ---- http1_message.c ---- */

/* A head as it lay in the stream. */
struct http1_octets {
    const uint8_t *fields; /* behind the start line */
    size_t fields_bytes;
    size_t bytes; /* start line included */
    bool whole;   /* up to the empty line */
    struct app_pieces pieces;
};

/* A head is over at `at`, its last octet's segment: sets side->place to what follows. */
void http1_head_over(struct app_flow *flow, struct http1 *h, bool is_request,
                     const struct http_head *head, const struct http1_octets *octets,
                     const struct app_at *at);

/* The head is over: counting of the body begins, of which length octets come if that is known. */
void http1_body_starts(struct http1_side *side, bool is_request, uint64_t length);

/* The message of an end is over, at its true end. */
void http1_end_message(struct app_flow *flow, struct http1 *h, unsigned end);

/* Notes what is wrong with a message's framing, when nothing was before. text: static or NULL. */
void http1_flag(struct http1_side *side, const char *text);

/* ---- http1_head.c ---- */

/* Octets of a head. */
void http1_head_step(struct app_flow *flow, struct http1 *h, unsigned end, struct app_run *run);

/* A message broke off in its head: what its start line says is told. missing: by a gap. */
void http1_cut_head(struct app_flow *flow, struct http1 *h, unsigned end, bool missing,
                    const struct app_at *at);

/* Frees the octets of a head that came in pieces. */
void http1_forget_head(struct app_flow *flow, struct http1_side *side);

static inline struct lifeline_http_message *http1_message_of(struct http1_side *side,
                                                             bool is_request)
{
    return exchange_message(side->x, !is_request);
}

/* The octets at `at` belong to the message under way. */
static inline void http1_touch(struct http1_side *side, bool is_request, const struct app_at *at)
{
    if (!side->x)
        return;
    exchange_touch(http1_message_of(side, is_request), at);
    side->x->record.retransmitted_segments += at->repeats;
    exchange_delayed(side->x, at->missed_ns, at->time_ns);
}

#endif
