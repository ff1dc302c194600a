/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's parts, and one segment's pass through it: what all files of lib/conn share. */
#ifndef LIFELINE_CONN_INSIDE_H
#define LIFELINE_CONN_INSIDE_H

#include "app/app.h"
#include "conn/conn.h"
#include "conn/seq.h"
#include "conn/table.h"
#include "findings/findings.h"
#include "wire/wire.h"

#define INCARNATION_MEMORY  65536     /* forgotten 4-tuples whose incarnation count is kept */
#define COPY_WINDOW_NS      5000000   /* no retransmission timer is that short */
#define SHORTEST_TIMEOUT_NS 200000000 /* no common one is shorter */
#define LINGER_NS           (120 * INT64_C(1000000000)) /* a closed connection is kept: one MSL */

struct incarnation_memory {
    uint64_t hash;
    uint32_t incarnation;
};

/* What the decoder counts, which may run in another thread: in cache lines of its own, or each
 * count here would make each segment there wait. */
struct decoder_counters {
    char before[CACHE_LINE_BYTES];
    struct lifeline_counters counters;
    char behind[CACHE_LINE_BYTES];
};

struct lifeline_engine {
    struct wire_decoder *wire; /* here, behind nothing that is written for each segment */
    struct decoder_counters *decoded;
    struct lifeline_options options; /* its networks are the engine's copy */
    struct lifeline_sink sink;
    struct lifeline_counters counters; /* without the decoder's */
    struct table table;
    uint64_t limit_bytes;     /* of all that it holds */
    uint64_t next_look_bytes; /* of HTTP: when so much is held, all is looked at before its turn */
    struct app *app;
    struct findings *findings;     /* NULL when nobody asks for them */
    struct lifeline_sink app_sink; /* the sink, by way of the findings */
    uint64_t next_number;
    int64_t now_ns;
    struct timers *timers;
    int64_t wake_ns;                   /* expiry_run() has nothing to do before */
    struct incarnation_memory *memory; /* direct-mapped, INCARNATION_MEMORY entries */
    bool finished, finishing;
    bool acks_seen, fins_seen; /* segments other than SYN, FIN and RST; FINs */
    bool counts_all; /* HTTP of other shards' connections is followed too, for findings about hosts
                      */
};

/* Is the capture filtered down to SYN, FIN and RST, as far as can be seen? There are FINs, but not
 * one of the ACKs that go before any. */
static inline bool engine_lacks_acks(const struct lifeline_engine *engine)
{
    return engine->fins_seen && !engine->acks_seen;
}

/* What a record and findings are made of besides the connection; nothing of it changes later. */
struct telling {
    const struct lifeline_options *options;
    const struct findings *findings;
    const char *context_text;
    int64_t time_ns;
    bool capture_ended, only_controls;
};

/* One segment on its way through the stages: what it is, and what it did. */
struct pass {
    struct lifeline_engine *engine;
    struct conn *conn;
    const struct lifeline_segment *segment; /* NULL when time alone passes, or with the next two: */
    const struct lifeline_segment *icmp;    /* an ICMP error in place of a segment */
    const struct lifeline_segment *foreign; /* one of another incarnation tells of this one */
    int64_t time_ns;
    int64_t sent_ns;  /* at most time_ns: by its sender's clock, where that is known */
    int64_t quiet_ns; /* since the connection's last segment; 0 for its first */
    unsigned e, p;    /* ends: sender and its peer */
    struct end *from, *to;
    uint32_t mark;        /* frame_mark() of the segment */
    uint32_t payload_seq; /* of its first payload octet */
    uint32_t seq_end;     /* one past its last, SYN and FIN included */
    uint32_t new_bytes;   /* of payload, not seen before */
    bool syn, ack, fin, rst;
    bool first;         /* of its connection */
    bool fits;          /* its sequence number belongs to this incarnation */
    bool repeated;      /* carries sequence space, all of it seen before */
    bool twice;         /* the last segment again, captured twice and not sent again */
    bool ack_fits;      /* ack is plausible: at most what the peer sent */
    bool stale;         /* its timestamp is older than its sender's last: late on its way */
    bool same_tick;     /* its timestamp is its sender's last: both were sent at about one time */
    bool hears;         /* acknowledges more than its sender did before */
    bool early_loss;    /* sent again, or says what is missing, near the begin of a stream */
    bool reset_crossed; /* sent before the RST that passed earlier reached its sender */
    uint32_t steps, marks;
    uint64_t withdrawn_frame;
    uint32_t old_incarnation;
    uint8_t reset_verdict, reset_cause;
    uint8_t transition_count;
    struct lifeline_transition transitions[LIFELINE_MAX_TRANSITIONS]; /* so many are set */
};

#endif
