/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A view of packet memory: the only code of the decoder that reads captured octets.
 *
 * A view knows two lengths: how many octets were captured (left) and how many the packet had on the
 * wire (wire >= left; the snap length cuts the tail only). Every read is checked against left and
 * gives 0 past it, so that a decoder that forgets to ask bytes_has() is wrong, but never unsafe.
 * Where a decoder asked first, the compiler drops the second check.
 */
#ifndef LIFELINE_WIRE_BYTES_H
#define LIFELINE_WIRE_BYTES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data;
    uint32_t left; /* captured octets from data on */
    uint32_t wire; /* octets on the wire from data on */
};

static inline bool bytes_has(struct bytes b, uint32_t count)
{
    return b.left >= count;
}

static inline uint8_t bytes_u8(struct bytes b, uint32_t at)
{
    return at < b.left ? b.data[at] : 0;
}

/* True when octets at .. at + count - 1 were captured. */
static inline bool bytes_within(struct bytes b, uint32_t at, uint32_t count)
{
    return b.left >= count && at <= b.left - count;
}

static inline uint16_t bytes_u16(struct bytes b, uint32_t at)
{
    if (!bytes_within(b, at, 2))
        return 0;
    return (uint16_t)(b.data[at] << 8 | b.data[at + 1]);
}

static inline uint32_t bytes_u32(struct bytes b, uint32_t at)
{
    if (!bytes_within(b, at, 4))
        return 0;
    return (uint32_t)b.data[at] << 24 | (uint32_t)b.data[at + 1] << 16 |
           (uint32_t)b.data[at + 2] << 8 | b.data[at + 3];
}

static inline uint16_t bytes_u16le(struct bytes b, uint32_t at)
{
    if (!bytes_within(b, at, 2))
        return 0;
    return (uint16_t)(b.data[at + 1] << 8 | b.data[at]);
}

static inline uint32_t bytes_u32le(struct bytes b, uint32_t at)
{
    if (!bytes_within(b, at, 4))
        return 0;
    return (uint32_t)b.data[at + 3] << 24 | (uint32_t)b.data[at + 2] << 16 |
           (uint32_t)b.data[at + 1] << 8 | b.data[at];
}

/* Copies count octets from at on; false, and nothing copied, when they weren't all captured. */
static inline bool bytes_copy(struct bytes b, uint32_t at, void *out, uint32_t count)
{
    if (!bytes_within(b, at, count))
        return false;
    memcpy(out, b.data + at, count);
    return true;
}

/* The view behind count octets; empty when there are no more. */
static inline struct bytes bytes_from(struct bytes b, uint32_t count)
{
    uint32_t captured = count < b.left ? count : b.left;
    uint32_t wire = count < b.wire ? count : b.wire;

    return (struct bytes){b.data + captured, b.left - captured, b.wire - wire};
}

/* The view of at most the first count octets: what follows is padding or another's. */
static inline struct bytes bytes_limit(struct bytes b, uint32_t count)
{
    if (b.wire > count)
        b.wire = count;
    if (b.left > count)
        b.left = count;
    return b;
}

/* The view of count octets on the wire, also when that is more than the carrier's. */
static inline struct bytes bytes_claim(struct bytes b, uint32_t count)
{
    b.wire = count;
    if (b.left > count)
        b.left = count;
    return b;
}

/* The Internet checksum's sum (RFC 1071) of big-endian 16-bit words, folded to 16 bits. An odd
 * last octet counts as the high one. Words of the host's own order are added, four octets at once:
 * the sum comes out in that order, too (RFC 1071 2 B). */
static inline uint32_t bytes_sum(struct bytes b)
{
    uint64_t sum = 0;
    uint32_t at = 0, word;
    uint16_t folded;
    uint8_t octets[2];

    for (; b.left - at >= 4; at += 4) {
        memcpy(&word, b.data + at, 4);
        sum += word;
    }
    word = 0;
    memcpy(&word, b.data + at, b.left - at);
    sum += word;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    folded = (uint16_t)sum;
    memcpy(octets, &folded, 2);
    return (uint32_t)octets[0] << 8 | octets[1];
}

#endif
