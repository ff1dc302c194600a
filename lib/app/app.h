/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/app: byte streams -> messages and exchanges. What lib/conn calls for each connection.
 *
 * For each segment the caller calls, in this order, those that apply:
 *     app_hears(the peer's stream), and if that says so app_acked();
 *     app_data(); app_fin() or app_reset()
 * and app_end() once, when the connection is over. Records are given through the sink during these
 * calls. An end is 0 or 1: 0 is the sender of the connection's first segment.
 */
#ifndef LIFELINE_APP_H
#define LIFELINE_APP_H

#include "lifeline.h"

struct app;      /* all flows of one engine */
struct app_flow; /* both byte streams of one connection and the protocol on them */

/* Flow pointers that point to nothing, as NULL does. APP_OPAQUE: no protocol that we follow is on
 * this connection. APP_DOUBTFUL(end): that end's first octets belong to none; the other's may yet.
 * APP_RESET: an RST ended it; it begins anew if that is refuted. All calls accept them. */
#define APP_OPAQUE        ((struct app_flow *)1)
#define APP_RESET         ((struct app_flow *)2)
#define APP_DOUBTFUL(end) ((struct app_flow *)(uintptr_t)(3 + (end)))

/* Nothing to tell app about acknowledgements, FINs and RSTs: they may be left out. */
static inline bool app_is_idle(const struct app_flow *flow)
{
    return (uintptr_t)flow <= (uintptr_t)APP_DOUBTFUL(1);
}

/* What the connection layer knows when it calls; built anew for each call. */
struct app_link {
    struct app_flow **flow; /* in the connection's object; starts NULL, owned by app */
    uint32_t *exchanges;    /* in the connection's object, too: app counts those given or open */
    uint64_t connection;
    uint32_t incarnation;
    uint32_t slot;
    uint8_t role[2];    /* enum lifeline_role of each end, as known now: it may change */
    bool base_known[2]; /* the SYN, or the SYN,ACK that answers it, was seen: base is its ISN + 1 */
    bool base_seen[2];  /* base is set: known, or the first sequence number seen from that end */
    uint32_t base[2];
    bool unheard[2];    /* no segment of that end was captured */
    bool fin_seen[2];   /* a FIN of that end was captured */
    bool multipath;     /* other connections may carry parts of its streams (MPTCP) */
    bool is_reset;      /* an RST ended the connection, and nothing refutes it so far */
    int64_t rtt_ns;     /* of the handshake; LIFELINE_UNKNOWN_NS */
    int64_t connect_ns; /* first SYN to third segment; LIFELINE_UNKNOWN_NS */
};

/* options, counters and sink are borrowed and must outlive it. NULL when memory is short. */
struct app *app_new(const struct lifeline_options *options, struct lifeline_counters *counters,
                    const struct lifeline_sink *sink);
void app_free(struct app *app);

enum app_probe_result { APP_NOTHING, APP_REQUEST, APP_RESPONSE };
/* Do these bytes begin a message that only a client (or only a server) sends? For roles. */
enum app_probe_result app_probe(const uint8_t *bytes, size_t length);

/* A segment with payload, which the connection layer found to belong to this connection (in window,
 * not an old duplicate). Retransmissions and overlaps included: reassembly is here. seq is the
 * sequence number of the first payload octet (one past the SYN when it carries one); payload_bytes
 * of the segment count from there. Payload beyond captured_bytes is a gap of known length. The
 * segment's own ACK number tells what its sender had received; without the ACK flag: nothing. */
void app_data(struct app *app, const struct app_link *link, unsigned end,
              const struct lifeline_segment *segment, uint32_t seq, uint32_t marks);

/* The receiver of end's stream has acknowledged everything below ack, and had sent all below seq
 * itself. True: something waits for that; then app_acked() must follow. For each ACK, hence without
 * a link. */
bool app_hears(struct app_flow *flow, unsigned end, uint32_t ack, uint32_t seq);

/* Before that, where the other end's octets came with its SYN, and so told nothing of end's stream:
 * segment acknowledges something of it. */
void app_begins(const struct app_link *link, unsigned end, const struct lifeline_segment *segment);
/* What is still missing below an acknowledgement was received but not captured, and is a gap. */
void app_acked(const struct app_link *link, const struct lifeline_segment *segment);

/* end's stream ends before sequence number seq (its FIN's). */
void app_fin(struct app *app, const struct app_link *link, unsigned end, uint32_t seq,
             const struct lifeline_segment *segment);

/* An RST from end that looks acceptable: both streams are over, and data that still comes is
 * ignored, unless a later call's link says that it was refuted. */
void app_reset(struct app *app, const struct app_link *link, unsigned end,
               const struct lifeline_segment *segment);

/* Bytes of end that are in order already, such as a decrypted stream: they follow the last ones
 * given, without sequence numbers. frame, time_ns and layer are those of the segment that completed
 * them. The first such call makes the flow deaf to app_data() and app_acked(), whose octets are the
 * ciphertext; FIN, RST and end apply as ever. */
void app_feed(struct app *app, const struct app_link *link, unsigned end, uint64_t frame,
              int64_t time_ns, uint8_t layer, const uint8_t *bytes, size_t length);

/* Octets are missing behind the last ones given to app_feed(), nobody knows how many. */
void app_feed_gap(struct app *app, const struct app_link *link, unsigned end, uint64_t frame,
                  int64_t time_ns, uint8_t layer);

/* No more will come (capture_ended: the input ended; else the connection is over or evicted):
 * open exchanges are given with their outcome, the flow is freed, *link->flow is NULL. */
void app_end(struct app *app, const struct app_link *link, bool capture_ended);

/* Does end owe the other something: is a message to it under way, or one that it received
 * unanswered? 0, 1; LIFELINE_UNKNOWN when the protocol isn't followed. */
uint8_t app_owes(const struct app_flow *flow, unsigned end);

/* A flow that rests between two exchanges, packed: rest.c. app_rest() writes it to out and returns
 * its length; app_put_away() then frees it; app_wake() makes it again (APP_OPAQUE: no memory). */
#define APP_REST_BYTES 1280
bool app_can_rest(const struct app_flow *flow);
size_t app_rest(const struct app_flow *flow, unsigned char *out);
void app_put_away(struct app_flow *flow);
struct app_flow *app_wake(const unsigned char *in);

/* Bytes held by all flows. */
uint64_t app_memory_bytes(const struct app *app);

#endif
