/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_RECORDS_H
#define LIFELINE_PLUGIN_RECORDS_H

#include "plugin.h"

/* One direction of a TCP connection as a series of TLS records, of which only the headers are
 * looked at. Zeroed: nothing is known of it. */
struct records {
    bool begun;  /* next is known */
    bool framed; /* what comes at next belongs to a record that began where one may begin */
    bool lost;   /* octets passed that no record is known of */
    uint8_t header_bytes, header[5];
    uint16_t left;     /* octets of the record under way that are still to come */
    uint32_t next;     /* sequence number behind the octets that were looked at */
    uint32_t acked;    /* their receiver had everything below it; valid when begun */
    uint32_t complete; /* records of application data that ended so far */
    GQueue ahead;      /* segments behind a hole, struct records_segment *, by sequence number */
    size_t ahead_bytes;
};

/* Can a TLS record begin with these octets? */
bool records_begin(const uint8_t *bytes, uint32_t length);

/* The direction's next segment: bytes octets of payload from seq on, the first so many captured. */
void records_segment(struct records *records, uint32_t seq, const uint8_t *payload,
                     uint32_t captured, uint32_t bytes);

/* The receiver acknowledges everything below ack. */
void records_acked(struct records *records, uint32_t ack);

/* Did octets arrive that the capture doesn't have, or that are no records? */
bool records_miss(const struct records *records);

/* Gives up waiting for them. */
void records_skip(struct records *records);

void records_free(struct records *records);

#endif
