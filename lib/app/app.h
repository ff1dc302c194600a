/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/app: byte streams -> messages and exchanges. What lib/conn calls for each connection. */
#ifndef LIFELINE_APP_H
#define LIFELINE_APP_H

#include "lifeline.h"

struct app;      /* all flows of one engine */
struct app_flow; /* both byte streams of one connection and the protocol on them */

/* What the connection layer knows when it calls; built anew for each call. "end" is the index of an
 * endpoint (0: sender of the connection's first segment); role[end] is its role as known now. */
struct app_link {
    struct app_flow **flow; /* in the connection's object; starts NULL, owned by app */
    uint64_t connection;
    uint32_t incarnation;
    uint32_t slot;
    uint8_t role[2];
    bool base_known[2];  /* the SYN was seen: base is its ISN + 1 */
    uint32_t base[2];    /* else: the first sequence number seen from that end */
    int64_t connect_ns;  /* handshake duration; LIFELINE_UNKNOWN_NS */
};

struct app *app_new(const struct lifeline_options *options, struct lifeline_counters *counters,
                    const struct lifeline_sink *sink);
void app_free(struct app *app);

enum app_probe_result { APP_NOTHING, APP_REQUEST, APP_RESPONSE };
/* Do these bytes begin a message that only a client (or only a server) sends? For roles. */
enum app_probe_result app_probe(const uint8_t *bytes, size_t length);

/* A segment with payload, which the connection layer found to belong to this connection (in window,
 * not an old duplicate). Retransmissions and overlaps included: reassembly is here. seq is the
 * sequence number of the first payload octet (one past the SYN when it carries one).
 * Payload beyond captured_bytes is a gap of known length. */
void app_data(struct app *app, const struct app_link *link, unsigned end,
              const struct lifeline_segment *segment, uint32_t seq, uint32_t marks);

/* The receiver of end's stream has acknowledged everything below ack: what is still missing there
 * was received but not captured, and is a gap. */
void app_acked(struct app *app, const struct app_link *link, unsigned end, uint32_t ack,
               const struct lifeline_segment *segment);

/* end's stream ends before sequence number seq (its FIN's). */
void app_fin(struct app *app, const struct app_link *link, unsigned end, uint32_t seq,
             const struct lifeline_segment *segment);

/* An RST from end that stands: both streams are over. */
void app_reset(struct app *app, const struct app_link *link, unsigned end,
               const struct lifeline_segment *segment);

/* Roles changed (link says the new ones): client and server were taken for each other. */
void app_roles(struct app *app, const struct app_link *link);

/* No more will come (capture_ended: the input ended; else the connection is over or evicted):
 * open exchanges are given with their outcome, the flow is freed. */
void app_end(struct app *app, const struct app_link *link, bool capture_ended);

/* Exchanges given or open so far on this connection. */
uint64_t app_exchange_count(const struct app_flow *flow);
uint64_t app_memory_bytes(const struct app *app);

#endif
