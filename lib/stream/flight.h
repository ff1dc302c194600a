/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the octets in flight were sent first: what a retransmission is timed from.
 *
 * Model
 *   A list of marks, oldest first: "below this offset all was sent by then". What is acknowledged
 * needs none. A mark takes in what follows the mark before it within a grain of time; when there
 * are too many, those closest to each other become one with the later time, so that a time found is
 * never before the true one: a delay that is computed from it is at least that long.
 *
 * Limits: FLIGHT_MARKS marks; offsets of octets in flight lie within 2^31 of each other.
 */
#ifndef LIFELINE_STREAM_FLIGHT_H
#define LIFELINE_STREAM_FLIGHT_H

#include <stdbool.h>
#include <stdint.h>

#define FLIGHT_MARKS 6

struct flight {
    int64_t time_ns[FLIGHT_MARKS];
    uint32_t end[FLIGHT_MARKS]; /* low bits of the offset behind the octets */
    uint8_t count;
    uint8_t grain; /* as a power of two, times 1 ms */
};

/* All below offset end was sent by time_ns; all below acked was received. */
void flight_sent(struct flight *f, int64_t end, int64_t time_ns, int64_t acked);

/* When was the octet at offset sent first? False: that isn't known. */
bool flight_time(const struct flight *f, int64_t offset, int64_t *time_ns);

#endif
