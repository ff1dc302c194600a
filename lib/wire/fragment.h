/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP reassembly (RFC 791 3.2, RFC 815, RFC 8200 4.5), bounded.
 *
 * Model: a datagram in reassembly has a buffer and one bit per unit of 8 octets. It is whole when
 * the last fragment told the length and all bits below it are set. Order doesn't matter.
 *
 * Overlaps: octets that were there already must be the same; a fragment that contradicts them
 * spoils its datagram, because receivers differ about which to believe, and today's (Linux
 * since 4.19, IPv6 by RFC 5722) drop it. So does one that ends past 65,535 or past the known end. A
 * spoilt datagram stays known until its time is over, so that its later fragments don't start it
 * anew.
 *
 * Time: 60 s of capture time from the first fragment to arrive (RFC 1122 3.3.2, RFC 8200 4.5).
 *
 * Snap length: a fragment that was cut still covers its wire length. The datagram is whole when all
 * is covered; its captured part ends where the first cut is.
 *
 * Limits: max_fragments datagrams (default 1024) of 64 KiB each, in an eighth of the memory; the
 * oldest is dropped for a new one. A datagram of which the capture lacks a fragment is never
 * decoded, its TCP header neither: nothing shows that it arrived. A capture filter by port keeps
 * first fragments only, and so hides such segments.
 */
#ifndef LIFELINE_WIRE_FRAGMENT_H
#define LIFELINE_WIRE_FRAGMENT_H

#include "bytes.h"
#include "lifeline.h"

#define WIRE_FRAGMENT_TIMEOUT_NS UINT64_C(60000000000)
#define WIRE_DEFAULT_DATAGRAMS   1024

struct wire_fragments;

/* One fragment, and the key that it shares with the others of its datagram. */
struct wire_fragment {
    uint32_t context;
    uint32_t id;
    uint8_t protocol; /* IPv4's is part of the key; IPv6's is that of the first fragment */
    bool more;
    uint32_t offset; /* octets */
    int64_t time_ns;
    struct lifeline_address src, dst;
    uint8_t ttl;
};

/* A whole datagram; data belongs to it until wire_datagram_free(). */
struct wire_datagram;
struct wire_whole {
    struct wire_datagram *owner;
    struct bytes payload;
    uint8_t protocol, ttl;
};

struct wire_fragments *wire_fragments_new(uint32_t max_datagrams, uint64_t max_bytes,
                                          struct lifeline_counters *counters);
void wire_fragments_free(struct wire_fragments *fragments);

/* Takes a copy of the fragment's octets. True when the datagram is whole now: then *whole is set
 * and the caller frees its owner after use. */
bool wire_fragments_add(struct wire_fragments *fragments, const struct wire_fragment *fragment,
                        struct bytes b, struct wire_whole *whole);
void wire_datagram_free(struct wire_fragments *fragments, struct wire_datagram *datagram);
uint64_t wire_fragments_bytes(const struct wire_fragments *fragments);

#endif
