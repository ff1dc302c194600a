/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What protocols and the flow share: the flow itself, its octets' origin, the protocol vtable.
 *
 * A protocol sees two byte streams in order, as runs of octets and gaps. It sees them in causal
 * order, too: octets of one end are handed over only after the other end's octets that they
 * acknowledge (order.c). So a response never comes before the request that it answers, even where
 * the capture reordered them.
 */
#ifndef LIFELINE_APP_FLOW_H
#define LIFELINE_APP_FLOW_H

#include "app/app.h"
#include "app/counted_memory.h"
#include "model/hash.h"
#include "stream/flight.h"
#include "stream/stream.h"

#define APP_MESSAGE_MAX_HEADER_BYTES (64u << 10)
#define APP_NO_OFFSET                INT64_MIN
#define APP_GAP_UNKNOWN              UINT64_MAX

struct exchange;

struct app {
    const struct lifeline_options *options;
    struct lifeline_counters *counters;
    const struct lifeline_sink *sink;
    struct stream_pool pool; /* spans, partial headers, long texts, kept headers and bodies */
    uint64_t held_bytes;     /* flows, exchanges and HPACK tables */
    uint64_t bodies_bytes;   /* of the pool's, taken by kept bodies */
    struct hash_key key;     /* of tables whose keys the peers choose */
    nghttp2_mem counted;     /* libnghttp2's memory, in held_bytes */
    uint32_t max_header_bytes, max_pipeline;
    struct app_flow *free_flows;
    struct exchange *free_exchanges;
    uint32_t free_flow_count, free_exchange_count;
};

/* Where the octets of one call came from. */
struct app_at {
    uint64_t frame;
    int64_t time_ns;
    int64_t offset;      /* of the first octet in its stream */
    int64_t peer_offset; /* the sender had received the peer's stream up to here; APP_NO_OFFSET */
    uint8_t layer;
    bool segment_start; /* the first octet is a segment's first */
    bool cut;           /* of a gap: the snap length made it, its octets were here */
    uint16_t repeats;   /* retransmissions of these octets so far */
    int64_t missed_ns;  /* since when they were missed, brought by a retransmission; else unknown */
};

/* When the octets of a head came that comes in pieces. All 0: no piece. */
struct app_pieces {
    int64_t latest_ns;
    uint64_t last_frame;             /* of the last in sequence */
    int64_t missed_ns, missed_to_ns; /* that retransmissions brought; to 0: none did */
    uint32_t repeats;
};

static inline void app_piece(struct app_pieces *pieces, const struct app_at *at)
{
    if (at->time_ns > pieces->latest_ns)
        pieces->latest_ns = at->time_ns;
    pieces->last_frame = at->frame;
    pieces->repeats += at->repeats;
    if (at->missed_ns == LIFELINE_UNKNOWN_NS)
        return;
    if (!pieces->missed_to_ns || at->missed_ns < pieces->missed_ns)
        pieces->missed_ns = at->missed_ns;
    pieces->missed_to_ns = at->time_ns;
}

/* A run of octets on its way through a state machine. */
struct app_run {
    const uint8_t *p;
    uint32_t left;
    struct app_at at; /* of *p */
};

static inline void app_run_advance(struct app_run *run, uint32_t n)
{
    run->p += n;
    run->left -= n;
    run->at.offset += n;
    if (n) {
        run->at.segment_start = false;
        run->at.repeats = 0;
        run->at.missed_ns = LIFELINE_UNKNOWN_NS;
    }
}

/* How a stream or a connection ended. */
enum app_close { APP_CLOSE_FIN, APP_CLOSE_RESET, APP_CLOSE_GONE, APP_CLOSE_CAPTURE_END };

enum app_verdict {
    APP_NO,        /* not this protocol */
    APP_MAYBE,     /* too few octets to tell */
    APP_IS_CLIENT, /* octets that the protocol's client sends */
    APP_IS_SERVER,
};

/* A protocol. One table holds them all: see protocols.c. */
struct app_protocol {
    const char *name;
    uint32_t state_bytes; /* <= APP_STATE_BYTES */

    /* Judges octets at a segment's start. from_start: the stream begins there; else the capture
     * began later, and only what proves itself counts. No state, no side effects. */
    enum app_verdict (*probe)(const uint8_t *bytes, size_t length, bool from_start);

    /* Starts on zeroed state; client is the end that speaks as one. False: no memory. */
    bool (*open)(struct app_flow *flow, unsigned client);

    /* The next octets of an end. Returns how many it took: all, unless it abandoned the flow or put
     * another protocol in its own place, which gets the rest. */
    uint32_t (*data)(struct app_flow *flow, unsigned end, const uint8_t *bytes, uint32_t length,
                     const struct app_at *at);

    /* bytes octets of an end are missing, next in order. at: the first missing octet; frame and
     * time are those of the segment that showed it. APP_GAP_UNKNOWN: nobody knows how many; they
     * count as one in offsets, and no framing goes on behind them. */
    void (*gap)(struct app_flow *flow, unsigned end, uint64_t bytes, const struct app_at *at);

    /* An end's stream is complete. */
    void (*fin)(struct app_flow *flow, unsigned end);

    /* Octets that were delivered before were sent again. since_ns: when they were sent first, if
     * their receiver hasn't acknowledged them; else unknown. */
    void (*repeat)(struct app_flow *flow, unsigned end, int64_t offset, uint32_t bytes,
                   int64_t since_ns);

    /* Is a message to end under way, or one that it received unanswered? May be NULL. */
    bool (*owes)(const struct app_flow *flow, unsigned end);

    /* Is nothing open that an end of the connection would cut? */
    bool (*is_idle)(const struct app_flow *flow);
    bool rests; /* while it's idle, state is all that there is, and nothing points to it */

    /* Both streams are over: gives what is open, frees what state owns. */
    void (*close)(struct app_flow *flow, enum app_close how);
};

#define APP_STATE_BYTES 400

/* The FIN of an end, or its RST. */
struct app_farewell {
    uint64_t frame;   /* LIFELINE_NO_FRAME: before the flow began */
    int64_t received; /* offset of the peer's stream that its sender had received; APP_NO_OFFSET */
    bool seen;
};

struct app_flow {
    struct app *app;
    const struct app_link *link;         /* the current call's; NULL between calls */
    const struct app_protocol *protocol; /* NULL: not decided yet, or abandoned */
    struct stream stream[2];
    struct flight flight[2];
    struct app_farewell fin[2], reset[2];
    uint32_t exchanges; /* begun on it */
    uint64_t now_frame; /* of the current call's segment */
    int64_t now_ns;
    int64_t stalled_ns;      /* since when octets are held for others that were received */
    uint16_t patience;       /* how many frames it waits for them */
    uint8_t layer;           /* of the current call's segment */
    bool is_new_frame;       /* the current call is its segment's first */
    uint32_t stalled_frames; /* how many it waited; 0: not stalled */
    bool opened[2];          /* stream[end] has its base */
    bool hunting[2];         /* its beginning isn't in the capture: a message may start anywhere */
    bool fin_given[2];
    bool had_request;    /* one was captured */
    bool fed;            /* octets come by app_feed() */
    bool abandoned;      /* opaque from here on */
    bool was_reset;      /* by an RST that may yet be refuted */
    bool is_foreign[2];  /* its first octets are no message of a protocol that we follow */
    int64_t tail_gap[2]; /* where a gap began behind which nothing was seen yet; APP_NO_OFFSET */
    struct app_flow *next_free;
    _Alignas(16) unsigned char state[APP_STATE_BYTES];
};

/* Memory for a flow, not initialised; NULL when there is none. */
struct app_flow *app_flow_take(struct app *app);

/* Puts a protocol on the flow. False: no memory. */
bool app_open_protocol(struct app_flow *flow, const struct app_protocol *protocol, unsigned client);

/* ---- for protocols ---- */

/* No more octets, please: the flow becomes opaque once the call returns. */
void app_flow_abandon(struct app_flow *flow);

/* protocols.c */
const struct app_protocol *app_protocol_probe(const uint8_t *bytes, size_t length, bool from_start,
                                              enum app_verdict *verdict);

/* A protocol's place in the table, and what stands there. */
unsigned app_protocol_number(const struct app_protocol *protocol);
const struct app_protocol *app_protocol_at(unsigned number);

extern const struct app_protocol app_http1, app_http2;

/* How many octets at a connection's start are a proxy's that tells whom it speaks for: the PROXY
 * protocol, version 1 or 2. More than length: there may be one, and it goes on. */
#define APP_MAX_PROXY_HEADER 1024
size_t app_proxy_header(const uint8_t *bytes, size_t length);

static inline uint8_t app_role(const struct app_flow *flow, unsigned end)
{
    return flow->link ? flow->link->role[end] : LIFELINE_NOBODY;
}

#endif
