/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Findings: named, explained judgements with the frames that prove them.
 *
 * Purpose: say in an expert's words what went wrong on a connection, at an exchange, between two
 * hosts; and say nothing about traffic that is well.
 *
 * Model: rules (rule.h) in small files by theme look at what the model already knows: the record of
 * a connection when it is complete, an exchange as it is given, a host's tally at the end. What the
 * records leave out (frames of repeated SYNs and FINs, of old duplicates) is noted from the rare
 * events that show it, in facts that only such a connection has. Nothing is kept per packet.
 *
 * Limits: the tallies of hosts (hosts.h) are a bounded table; pairs beyond it are not judged. Facts
 * take a sixteenth of the engine's memory at most; beyond that findings have fewer frames. In a
 * sharded run findings about hosts come from the first shard alone, which counts the connections of
 * all shards, so that all shards together find what one run finds.
 */
#ifndef LIFELINE_FINDINGS_H
#define LIFELINE_FINDINGS_H

#include "lifeline.h"

#define FINDINGS_MAX 48 /* names in a connection's record */

struct findings;      /* those of one engine */
struct finding_facts; /* of one connection, allocated when there is something to note */

/* options and sink are borrowed and must outlive it. NULL when memory is short. */
struct findings *findings_new(const struct lifeline_options *options,
                              struct lifeline_counters *counters, const struct lifeline_sink *sink);
void findings_free(struct findings *findings);
/* Bytes held, all facts included. */
uint64_t findings_memory_bytes(const struct findings *findings);

/* Up to this number of a stream, findings want to see what is sent again, and duplicate ACKs. */
#define FINDINGS_EARLY UINT16_MAX

/* Is an event one that findings_event() wants to see? Cheap enough for every segment. in_trouble:
 * its sender announced a window of zero before, or see FINDINGS_EARLY. */
static inline bool findings_want(uint32_t steps, uint32_t marks, bool is_control, bool in_trouble)
{
    const uint32_t rare = LIFELINE_STEP_RESET | LIFELINE_STEP_WITHDRAWAL;
    const uint32_t rare_marks = LIFELINE_MARK_OLD_DUPLICATE | LIFELINE_MARK_ACKED_UNSEEN |
                                LIFELINE_MARK_ZERO_WINDOW | LIFELINE_MARK_WINDOW_PROBE;
    return (steps & rare) || (marks & rare_marks) || in_trouble ||
           (is_control && (marks & LIFELINE_MARK_RETRANSMISSION));
}
/* Notes what an event shows; *facts belongs to the connection, to be given back with it.
 * turnaround_ns: how long the segment's sender takes to answer what passes. */
void findings_event(struct findings *findings, const struct lifeline_event *event,
                    struct finding_facts **facts, int64_t turnaround_ns);
/* The connection is over: frees its facts (or NULL). */
void findings_forget(struct findings *findings, struct finding_facts *facts);

/* Might an exchange be worth a finding? Then findings_exchange() with its connection's record as it
 * stands. */
bool findings_suspect(const struct findings *findings, const struct lifeline_exchange *exchange);
void findings_exchange(struct findings *findings, const struct lifeline_exchange *exchange,
                       const struct lifeline_connection *record, struct finding_facts **facts,
                       int64_t now_ns, bool capture_ended);

/* An endpoint in TIME-WAIT, for the tally of its host. */
struct time_wait_holder {
    struct lifeline_address ip, remote_ip;
    uint16_t remote_port;
    bool is_client;
    uint64_t frame;
    int64_t time_ns;
};
/* What findings_time_wait_ends() wants when it is over; 0: it isn't counted. */
uint32_t findings_time_wait_begins(struct findings *findings,
                                   const struct time_wait_holder *holder);
void findings_time_wait_ends(struct findings *findings, uint32_t tally);

/* A connection that carried HTTP, for the tally of its hosts. */
struct http_tally {
    struct lifeline_address client, server;
    uint16_t server_port;
    uint32_t exchanges;
    uint64_t first_frame;
    int64_t rtt_ns; /* of its handshake; LIFELINE_UNKNOWN_NS */
};
/* Counts a connection that is over, one of another shard too. */
void findings_count(struct findings *findings, const struct http_tally *connection);

/* Gives the findings of a connection whose record is complete but for them to sink; writes the
 * names of all that were given for it, exchanges included, to names and returns how many. facts:
 * NULL if none. May run in another thread than the rest: it reads what never changes. */
unsigned findings_connection(const struct findings *findings, const struct lifeline_sink *sink,
                             const struct lifeline_connection *record,
                             const struct finding_facts *facts, int64_t now_ns, bool capture_ended,
                             const char *names[FINDINGS_MAX]);
/* The octets of a connection's facts, to copy them; 0 for NULL. */
size_t findings_facts_bytes(const struct finding_facts *facts);

/* The capture is over: gives the findings about hosts, and the limits that were reached. */
void findings_finish(struct findings *findings, const struct lifeline_counters *counters,
                     int64_t now_ns);

#endif
