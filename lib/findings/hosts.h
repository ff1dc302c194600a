/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tallies of hosts: what single connections don't show. One row for each client host and server
 * socket, a pair.
 *
 * Model: counted as things happen. How many TIME-WAITs a client holds towards a server at once is
 * taken from a ring of counts, each for a thirty-second part of 2MSL, so it is exact to 3 percent
 * and needs no list of expiries.
 * Limits: HOSTS_MAX rows, made as needed; later pairs are not counted. That the client reuses a
 * port before 2MSL are over is not subtracted.
 */
#ifndef LIFELINE_FINDINGS_HOSTS_H
#define LIFELINE_FINDINGS_HOSTS_H

#include "lifeline.h"

#define HOSTS_MAX    4096
#define HOSTS_FRAMES 8
#define HOSTS_RING   32

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
    uint64_t peak;      /* at once */
    int64_t ring_slice; /* number of the slice that the ring is at */
    uint64_t ring_sum;
    uint32_t ring[HOSTS_RING];
};

/* What is the same for all pairs. */
struct host_facts {
    int64_t time_wait_ns;
    uint32_t ports; /* in the ephemeral range */
};

struct hosts;

struct hosts *hosts_new(int64_t time_wait_ns);
void hosts_free(struct hosts *hosts);
uint64_t hosts_memory_bytes(const struct hosts *hosts);

/* The client enters TIME-WAIT. */
void hosts_time_wait(struct hosts *hosts, const struct lifeline_address *client,
                     const struct lifeline_address *server, uint16_t port, uint64_t frame,
                     int64_t time_ns);
void hosts_connection(struct hosts *hosts, const struct lifeline_connection *record);

/* The rows, in the order in which they were made: NULL past the last. */
const struct host_pair *hosts_pair(const struct hosts *hosts, unsigned index);

#endif
