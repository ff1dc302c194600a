/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP/2's streams as exchanges, shared by frames (http2.c) and header blocks (http2_stream.c).
 */
#ifndef LIFELINE_APP_HTTP2_STREAM_H
#define LIFELINE_APP_HTTP2_STREAM_H

#include <nghttp2/nghttp2.h>

#include "app/http2.h"

#define HTTP2_FRAME_HEADER_BYTES 9
#define HTTP2_BUCKETS            64
#define HTTP2_STREAM_BITS        0x7fffffffu /* of an identifier, RFC 9113 4.1 */

/* RFC 9113 6, 11.2 */
enum http2_type {
    HTTP2_DATA,
    HTTP2_HEADERS,
    HTTP2_PRIORITY,
    HTTP2_RST_STREAM,
    HTTP2_SETTINGS,
    HTTP2_PUSH_PROMISE,
    HTTP2_PING,
    HTTP2_GOAWAY,
    HTTP2_WINDOW_UPDATE,
    HTTP2_CONTINUATION,
};
enum http2_flag {
    HTTP2_END_STREAM = 0x1,
    HTTP2_END_HEADERS = 0x4,
    HTTP2_PADDED = 0x8,
    HTTP2_HAS_PRIORITY = 0x20,
};

/* A header block in the making: HEADERS or PUSH_PROMISE and what CONTINUATION adds. */
struct http2_block {
    uint8_t *bytes;
    uint32_t used, room;
    uint32_t wire_bytes; /* of its frames, headers and padding included */
    uint32_t stream;     /* that it opens or goes on with: for PUSH_PROMISE the promised one */
    bool open;           /* only CONTINUATION may follow */
    bool end_stream, is_promise;
    bool too_long;       /* beyond the limit: can't be decoded */
    struct app_at begin; /* its first octet */
    struct app_pieces pieces;
};

/* One direction. */
struct http2_side {
    uint8_t header[HTTP2_FRAME_HEADER_BYTES];
    uint8_t header_used;
    uint8_t type, flags;
    uint8_t fixed[8]; /* leading octets of a payload that matter: pad length, codes */
    uint8_t fixed_used, fixed_bytes;
    bool in_frame;
    bool spoke;           /* a frame began */
    bool lost;            /* framing: until a frame proves itself */
    uint8_t preface_left; /* octets of the client's preface to come */
    uint32_t stream;
    uint32_t left;       /* octets of the payload to come, padding included */
    uint32_t padding;    /* of them at the end */
    struct app_at begin; /* the frame's first octet */
    struct http2_block block;
    nghttp2_hd_inflater *inflater;
};

struct http2 {
    struct http2_side side[2]; /* by end */
    struct exchange *streams[HTTP2_BUCKETS];
    uint32_t open;                                   /* exchanges in streams */
    uint32_t last_client_stream, last_server_stream; /* highest identifiers seen */
    uint32_t last_processed; /* the client's streams beyond it never are: GOAWAY, RFC 9113 6.8 */
    int64_t last_end_ns;
    uint8_t client;
    bool likely;   /* frames are missing */
    bool unmarked; /* a stream may have been opened since the last that was missing */
};

static inline struct http2 *http2_of(struct app_flow *flow)
{
    return *(struct http2 **)flow->state;
}

/* A header block's first field, RFC 7541 6 and appendix A: who sends it? */
enum app_verdict http2_first_field(uint8_t octet);

/* The open exchange of a stream, or NULL. */
struct exchange *http2_find(const struct app *app, const struct http2 *h, uint32_t stream);

/* Puts an exchange that is open where http2_find() finds it. */
void http2_link(const struct app *app, struct http2 *h, struct exchange *x);

/* A header block is complete at `at`, its last octet's segment. */
void http2_block_ends(struct app_flow *flow, struct http2 *h, unsigned end,
                      const struct app_at *at);

/* An end has sent its last octet on x. */
void http2_side_ends(struct app_flow *flow, struct http2 *h, struct exchange *x, unsigned end);

/* RST_STREAM of an end. */
void http2_stream_reset(struct app_flow *flow, struct http2 *h, struct exchange *x, unsigned end,
                        uint32_t error_code);

void http2_give(struct app_flow *flow, struct http2 *h, struct exchange *x, enum app_close how,
                bool cancelled);

/* The HPACK table of an end isn't known any more. */
void http2_forget_table(struct http2_side *side);

#endif
