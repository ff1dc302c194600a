/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tallies of hosts: what single connections don't show. One row for each client host and server
 * socket, a pair.
 *
 * Model: counted as things happen: how many TIME-WAITs a client holds towards a server is exact at
 * any time, whatever ended them. lib/census has the same counts over time, for the records that a
 * user selected; here is one number, for all that the engine saw.
 * Limits: max rows, made as needed; what later pairs would count is counted as dropped.
 */
#ifndef LIFELINE_FINDINGS_HOSTS_H
#define LIFELINE_FINDINGS_HOSTS_H

#include "findings/findings.h"

#define HOSTS_DEFAULT 4096
#define HOSTS_MAX     65535 /* an index has 16 bits */
#define HOSTS_FRAMES  8

struct host_pair {
    struct lifeline_address client, server;
    uint16_t port;
    uint64_t connections; /* that carried HTTP */
    uint64_t exchanges;
    uint64_t single; /* connections with one exchange */
    uint64_t single_frames[HOSTS_FRAMES];
    int64_t handshakes_ns; /* what the handshakes of the single ones took together */
    uint64_t held;         /* TIME-WAITs that the client entered */
    uint64_t held_frames[HOSTS_FRAMES];
    int64_t first_held_ns, last_held_ns;
    uint64_t holds, peak; /* TIME-WAITs now, and at most at once */
};

struct hosts;

/* max: rows, fewer where those would take more than max_bytes; 0: HOSTS_DEFAULT. dropped counts
 * what found no row. */
struct hosts *hosts_new(uint32_t max, uint64_t max_bytes, uint64_t *dropped);
void hosts_free(struct hosts *hosts);
uint64_t hosts_memory_bytes(const struct hosts *hosts);

/* A client enters TIME-WAIT; returns what hosts_time_wait_ends() wants, or 0 when it isn't counted.
 */
uint32_t hosts_time_wait_begins(struct hosts *hosts, const struct time_wait_holder *holder);
void hosts_time_wait_ends(struct hosts *hosts, uint32_t tally);
void hosts_connection(struct hosts *hosts, const struct http_tally *connection);

/* The rows, in the order in which they were made: NULL past the last. */
const struct host_pair *hosts_pair(const struct hosts *hosts, unsigned index);

#endif
