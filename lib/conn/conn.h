/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection (one incarnation of a 4-tuple) and its two ends.
 *
 * Model: an end is known by its index, 0 for the sender of the connection's first segment; client
 * and server are roles given to the ends, because a capture that begins in mid-stream may learn
 * late who is who. Frames are kept as 32-bit distances from the first frame to keep an idle
 * connection small; the accessors below are the only code that knows.
 */
#ifndef LIFELINE_CONN_CONN_H
#define LIFELINE_CONN_CONN_H

#include "conn/state.h"
#include "lifeline.h"

#include <string.h>

#define NO_SLOT   UINT32_MAX
#define NS_PER_MS 1000000

struct app_flow;
struct finding_facts;
struct table_slot;

enum end_flag {
    END_ISN_KNOWN = 1 << 0,   /* isn is the SYN's; otherwise one below the first number seen */
    END_SEQ_KNOWN = 1 << 1,   /* isn and next are set */
    END_SENT = 1 << 2,        /* it sent a segment */
    END_ACKED_KNOWN = 1 << 3, /* acked is set: it sent an ACK */
    END_SYN_ACKED = 1 << 4,   /* an ACK of its SYN passed */
    END_FIN = 1 << 5,         /* it sent a FIN; fin_end is set */
    END_FIN_ACKED = 1 << 6,   /* an ACK of its FIN passed (and wasn't withdrawn) */
    END_SCALE_KNOWN = 1 << 7, /* its SYN's options were seen: window_scale is what it offered */
    END_CHALLENGED = 1 << 8,  /* a challenge ACK from it is expected */
    END_RESET = 1 << 9,       /* it sent an RST that stands */
    END_SACK = 1 << 10,
    END_TIMESTAMPS = 1 << 11,
    END_FAST_OPEN = 1 << 12,
    END_SCALE_OFFERED = 1 << 13,
    END_KEEP_ALIVE = 1 << 14,     /* its last segment was a keep-alive probe, unanswered so far */
    END_FIN_REPEATED = 1 << 15,   /* it repeated its FIN and no ACK followed yet */
    END_HAD_DATA_SINCE = 1 << 16, /* the peer's new data passed since its own last payload */
    END_WITHDRAWABLE = 1 << 17,   /* delivered_* describe the top of its history */
    END_FIN_DOUBTED = 1 << 18,    /* after the ACK of its FIN an older ACK passed */
    END_RESET_OLD = 1 << 19,      /* it answered, by RST, what was sent before its FIN arrived */
    END_ISN_REPLACED = 1 << 20,   /* its SYN,ACK came again with another number */
    END_MISSES = 1 << 21,         /* by its last ACK, something before didn't arrive */
    END_MENDED = 1 << 22,         /* what it missed passed again, and it hasn't answered that yet */
    END_TAIL_UNSEEN = 1 << 23,    /* its stream's last number isn't in the capture: maybe a FIN's */
    END_TAIL_ACKED = 1 << 24,     /* and is counted as missing, for the peer acknowledged it */
    END_DOUBTED = 1 << 25, /* the peer closed; whether this end had closed before is unknown */
    END_CUT = 1 << 26,     /* payload that it sent was cut by the snap length */
    /* A SYN,ACK acknowledged isn, whose SYN isn't in the capture: the stream goes on behind it. */
    END_BASE_KNOWN = 1 << 27,
    /* Its FIN, sent again, carries its last ACK, of what isn't captured. */
    END_FIN_CROSSED = 1 << 28,
    END_IS_PEER = 1 << 29, /* a socket that is connected to itself: both ends are one */
    END_MULTIPATH =
        1 << 30, /* it agreed to MPTCP, RFC 8684: others may carry parts of its stream */
};

/* The fields of end, time_wait, closing and conn are listed in cold.c, too. New ones stand before
 * the last, so that tests/unit/cold_test.c sees whether they are. */
struct end {
    uint64_t history; /* 16 states of 4 bits, first lowest */
    uint64_t payload_bytes, retransmitted_bytes, missing_bytes;
    int64_t control_ns; /* its last SYN or FIN transmission */
    int64_t delivered_ns;
    uint32_t flags;
    uint32_t isn;        /* initial sequence number, or one below the first number seen */
    uint32_t next;       /* one past the highest number sent */
    uint32_t contiguous; /* all below was captured, or acknowledged by the peer */
    uint32_t block_start, block_end; /* first captured block above contiguous; empty: equal */
    uint32_t loose_bytes;            /* captured above contiguous, besides that block */
    uint32_t loose_start;            /* if any: of them, where the last run up to next begins */
    uint32_t acked;   /* highest ACK it sent: it has all of the peer's numbers below */
    uint32_t edge;    /* right edge of the window it advertised */
    uint32_t fin_end; /* one past its FIN */
    uint32_t first_tsval, control_tsval, last_tsval;
    /* When its first and its newest TSval passed, since start_ns. */
    uint32_t first_ms, last_tsval_ms;
    uint32_t delivered_frame; /* segment that made its last delivered transition */
    uint32_t evidence;        /* 16 evidences of 2 bits */
    uint32_t segments, retransmitted_segments, out_of_order_segments, zero_windows;
    uint32_t fin_frame, fin_acked_frame, reset_frame;
    uint16_t wraps; /* of next around 2^32 */
    uint16_t first_ip_id, control_ip_id, newest_ip_id;
    uint16_t mss, window;
    uint8_t window_scale, ttl;
    uint8_t state, state_count;
    uint8_t reset_verdict, reset_cause;
    uint16_t older_acks[3]; /* below acked, newest first: their lower halves */
    uint16_t data_ack;      /* that of its last data */
    uint8_t ids_count;      /* its newest IP identification is little above the one before */
};

/* One TIME-WAIT. */
struct time_wait {
    int64_t entered_ns, ended_ns;
    int64_t since_ns; /* entered, or restarted last */
    uint32_t entered_frame, ended_frame;
    uint32_t restarts, absorbed;
    uint32_t timer; /* its number plus one, see timers.c; 0: none runs */
    uint32_t tally; /* of the findings: findings_time_wait_begins() */
    uint8_t outcome, reuse_rule;
    bool present;
};

/* What only a connection that closes needs: set with its first FIN or RST. */
struct closing {
    struct time_wait time_wait[2]; /* by end */
    int64_t step1_ns, step2_ns, step3_ns, step4_ns;
    int64_t reset_ns, reset_last_ns; /* of reset_frame, and of its sender's last RST */
    int64_t answered_ns;             /* see taken_frame */
    int64_t unseen_ns; /* when the sender of the first FIN last acknowledged what isn't captured */
    uint64_t half_close_bytes;
    uint32_t fin_frames[4]; /* steps 1 to 4; 0: not seen */
    uint32_t fin_retransmissions;
    uint32_t first_fin_ack; /* what the first FIN's segment acknowledged */
    uint32_t reset_frame;
    /* By end: the RST that closed it last, where that may not have arrived. It may be the answer of
     * one that believed a forged RST to the supposed sender, which goes on: at answered_ns. */
    uint32_t taken_frame[2];
    uint32_t reset_seq;
    uint32_t reset_peer_next; /* what its receiver had sent when it passed */
    uint32_t reset_acked;     /* what its sender had acknowledged */
    uint8_t first_fin;        /* end, or LIFELINE_UNKNOWN */
    bool simultaneous;
    uint8_t reset_by; /* end whose RST stands, or LIFELINE_UNKNOWN */
    bool reset_after_fin;
    bool reset_accepted;
    bool reset_closed[2]; /* which ends the RST closed */
};

/* A SYN that is neither a retry nor, before an answer, a new incarnation. */
struct candidate {
    struct lifeline_segment segment; /* without payload */
    struct lifeline_segment answer;  /* if answered: a SYN,ACK that waits for its ACK */
    struct lifeline_segment icmp;    /* if refused: the first ICMP error about it */
    bool answered, refused;
    bool absorbed;       /* by TIME-WAIT, as a late copy */
    uint64_t last_frame; /* of the connection before it */
    int64_t last_ns;
};

/* Is it its sender that sends this? */
static inline bool candidate_sends(const struct candidate *waiting,
                                   const struct lifeline_segment *segment)
{
    const struct lifeline_segment *syn = &waiting->segment;
    return segment->src_port == syn->src_port &&
           memcmp(segment->src.bytes, syn->src.bytes, sizeof syn->src.bytes) == 0;
}

/* The lists a connection is kept on: see table.h. */
enum conn_list { LIST_EMBRYONIC, LIST_OPEN, LIST_TIME_WAIT, LIST_CLOSED, LIST_COUNT };

struct conn {
    uint64_t number;
    /* key: the lower end first, whichever spoke first */
    uint64_t key[5];           /* addresses 2 + 2, ports, family and context */
    struct table_slot *place;  /* of slot */
    uint32_t tag;              /* its hash */
    uint32_t slot, pool_index; /* where the table has it */
    uint8_t recent;            /* used since the hot set's clock passed */
    uint8_t swapped;           /* end 0 is the key's higher end */
    uint8_t client;            /* end index */
    uint8_t role_evidence;
    uint64_t first_frame;
    int64_t start_ns, last_ns;
    int64_t first_data_ns, last_data_ns;
    int64_t syn_to_synack_ns, synack_to_ack_ns, ack_ns;
    int64_t again_ns; /* of the last segment that came again or late: to know it captured twice */
    struct end end[2];
    struct closing *closing; /* NULL before; then own_closing */
    struct candidate *candidate;
    struct app_flow *flow;
    struct finding_facts *facts; /* what findings need beside the rest; NULL: nothing yet */
    uint32_t other_context;      /* of its second end's segments, where the path is asymmetric */
    uint32_t incarnation;
    uint32_t older, newer; /* slots: an earlier incarnation whose TIME-WAIT still runs, and back */
    uint32_t last_frame, syn_frame, synack_frame, ack_frame; /* distances */
    uint32_t syn_retransmissions, synack_retransmissions;
    uint32_t stray_end, stray_ack;   /* last segment that fits nothing captured */
    uint32_t claim_start, claim_ack; /* numbers that only an ACK tells of */
    uint32_t previous_isn[2];        /* by end: where the earlier incarnation began */
    uint32_t previous_next[2];       /* and where it stopped */
    uint32_t again_end, again_tsval; /* one past its last number */
    uint32_t exchanges;              /* counted by lib/app */
    uint16_t withdrawals, old_duplicates, keep_alives;
    uint16_t again_ip_id;
    uint8_t muted;
    uint8_t aliased; /* the table finds it by its 4-tuple alone, too */
    uint8_t has_other_context;
    uint8_t had_syn;    /* the first SYN was captured */
    uint8_t superseded; /* a newer incarnation holds the table's entry */
    uint8_t incomplete;
    uint8_t mid_stream;
    uint8_t synack_by_server; /* a SYN,ACK was captured */
    uint8_t fast_open_data;   /* 1 data on the SYN, 2 the server acknowledged it */
    uint8_t previous_known;   /* 1 << end: its previous_next and previous_isn are set */
    /* ends that sent stray (a SYN,ACK: with STRAY_SYN) and claim, plus one; 0: none */
    uint8_t stray_from, claimed_from;
    uint8_t again_from; /* likewise */
    uint8_t doubled;    /* copies of its packets are in the capture */
    /* The ICMP errors that an end had reason to believe, and the last of them, which is the one
     * that closed it if one did. icmp_errors: 0 if there was none. */
    uint8_t icmp_to, icmp_error;
    uint16_t icmp_errors;
    uint32_t icmp_frame, icmp_mtu, icmp_seq;
    int64_t icmp_ns;
    uint64_t icmp_sender[2];
    struct closing own_closing;
};

/* Frames as distances, plus one so that 0 is "none"; saturates, then unknown. */
static inline uint32_t frame_mark(const struct conn *c, uint64_t frame)
{
    uint64_t distance = frame - c->first_frame + 1;
    return frame < c->first_frame || distance > UINT32_MAX ? 0 : (uint32_t)distance;
}
static inline uint64_t frame_of(const struct conn *c, uint32_t mark)
{
    return mark ? c->first_frame + mark - 1 : LIFELINE_NO_FRAME;
}

static inline uint8_t role_of(const struct conn *c, unsigned end)
{
    return end == c->client ? LIFELINE_CLIENT : LIFELINE_SERVER;
}

/* An RST ended it, and nothing refutes it so far? */
static inline bool conn_is_reset(const struct conn *c)
{
    if (!c->closing || c->closing->reset_by == LIFELINE_UNKNOWN) {
        return false;
    }
    const struct end *by = &c->end[c->closing->reset_by];
    return by->reset_verdict != LIFELINE_RESET_REFUTED &&
           by->reset_cause != LIFELINE_CAUSE_INJECTED;
}

/* Can its FIN be in the end of its stream that isn't in the capture? */
static inline bool end_may_have_closed(const struct end *e)
{
    return (e->flags & (END_TAIL_UNSEEN | END_FIN)) == END_TAIL_UNSEEN;
}

static inline bool end_closed(const struct end *e)
{
    return e->state == LIFELINE_CLOSED;
}

#endif
