/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lib/stream: one direction of a connection, segments -> octets in sequence order.
 *
 * Model
 *   An octet's place is its offset: its distance from the stream's base, in 64 bits, so that
 * streams longer than 2^32 octets stay ordered. "next" is the offset of the octet to be delivered
 * next. The owner (lib/app) delivers; a stream only keeps what can't be delivered yet, as spans
 * sorted by offset that never overlap each other nor reach below next.
 *
 * Zero copy
 *   A segment that begins at or below next and ends below the first span is delivered by its owner
 *   straight from the packet: stream_fits() says so. Only other segments are copied, into spans.
 *
 * Overlaps
 *   The first octet seen at an offset wins; later ones are ignored. That is what a receiver does
 *   that queues segments as they arrive and hands out what is in order at once. Real stacks differ
 *   where unequal octets overlap in a hole (BSD prefers a segment that begins earlier); unequal
 *   overlaps are not sent by honest hosts.
 *
 * Gaps
 *   Octets that the capture lacks are said to be missing, with their exact number, never skipped in
 *   silence: those that the snap length cut at once, holes when their owner gives up on them.
 *
 * Origin
 *   With each run of octets goes the segment in which they were first seen: a retransmission that
 *   brings nothing new leaves no trace here but its count.
 *
 * Limits
 *   Bytes and spans per stream, bytes of all streams of a pool. A segment that would break them is
 *   refused; the owner then makes room by giving up on the hole that holds the spans back.
 */
#ifndef LIFELINE_STREAM_H
#define LIFELINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conn/seq.h"

#define STREAM_NO_END    INT64_MAX
#define STREAM_MAX_SPANS 4096 /* bounds the search for a segment's place, too */

/* The segment that carried octets. */
struct stream_origin {
    uint64_t frame;
    int64_t time_ns;
    int64_t missed_ns; /* since when they were missed, that a retransmission brings; else unknown */
    uint32_t ack;      /* its ACK number; meaningful with has_ack */
    uint16_t repeats;  /* retransmissions of the same octets seen before delivery */
    uint8_t has_ack;
    uint8_t layer;
};

/* A run of octets that waits for its turn. */
struct stream_span {
    struct stream_span *next;
    int64_t offset;
    uint32_t bytes;    /* in sequence space */
    uint32_t captured; /* leading ones that are held in data; the rest is known to be missing */
    struct stream_origin origin;
    uint8_t data[];
};

/* Memory that streams share. */
struct stream_pool {
    uint64_t held_bytes, max_held_bytes;
    uint32_t max_stream_bytes;
};

struct stream {
    int64_t next;  /* offset of the octet to be delivered next */
    int64_t acked; /* all below was received, as its receiver's ACKs prove */
    int64_t sent;  /* all below was sent, as the numbers of its sender's ACKs and RSTs show */
    int64_t end;   /* offset of the FIN; STREAM_NO_END while none was seen */
    uint32_t base; /* sequence number of offset 0 */
    uint32_t held_bytes, span_count;
    struct stream_span *spans, *last;
};

/* Starts at sequence number base, offset 0. */
static inline void stream_open(struct stream *s, uint32_t base)
{
    *s = (struct stream){.base = base, .end = STREAM_NO_END};
}

/* The offset of a sequence number, which must lie within 2^31 of next. Negative: before the base.
 */
static inline int64_t stream_offset(const struct stream *s, uint32_t seq)
{
    return s->next + seq_diff(seq, s->base + (uint32_t)s->next);
}

/* Can a segment's octets that aren't delivered yet be delivered without a detour by the spans? */
static inline bool stream_fits(const struct stream *s, int64_t offset, uint32_t bytes)
{
    return offset <= s->next && (!s->spans || offset + bytes <= s->spans->offset);
}

/* Is there a hole before the first span? */
static inline bool stream_has_hole(const struct stream *s)
{
    return s->spans && s->spans->offset > s->next;
}

/* Copies those octets of a segment that are new into spans; counts a repeat where none is.
 * captured <= bytes. False: a limit, or want of memory, kept it from holding all of them. */
bool stream_hold(struct stream *s, struct stream_pool *pool, int64_t offset, uint32_t bytes,
                 uint32_t captured, const uint8_t *data, const struct stream_origin *origin);

/* Takes the first span off, when it begins at next; NULL otherwise. The caller delivers it (next is
 * his to move on) and ends with stream_release(). */
struct stream_span *stream_take(struct stream *s);
void stream_release(struct stream *s, struct stream_pool *pool, struct stream_span *span);

/* Frees all spans. */
void stream_clear(struct stream *s, struct stream_pool *pool);

#endif
