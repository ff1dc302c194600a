/* SPDX-License-Identifier: GPL-2.0-or-later */
/* See fragment.h for the theory of operation. */
#include "fragment.h"

#include <stdlib.h>
#include <string.h>

#include "model/hash.h"

#define BUCKETS        256 /* a power of two */
#define MAX_BYTES      65535
#define UNIT_BYTES     8
#define UNITS          ((MAX_BYTES + UNIT_BYTES - 1) / UNIT_BYTES)
#define UNKNOWN_LENGTH UINT32_MAX

struct wire_datagram {
    struct wire_datagram *same_bucket;
    struct wire_datagram *older, *newer;
    struct wire_fragment first; /* the first to arrive: the key, and the time */
    uint64_t fragments;
    uint8_t *data;
    uint32_t room;
    uint32_t total_bytes, highest_end;
    uint32_t cut_at; /* octets from here on weren't all captured */
    uint32_t units_there;
    uint8_t protocol, ttl; /* of the fragment at offset 0 */
    bool spoilt;
    uint64_t there[(UNITS + 63) / 64];
};

struct wire_fragments {
    struct lifeline_counters *counters;
    struct hash_key key;
    uint32_t max_datagrams, count;
    uint64_t bytes, max_bytes;
    struct wire_datagram *oldest, *newest;
    struct wire_datagram *buckets[BUCKETS];
};

struct wire_fragments *wire_fragments_new(uint32_t max_datagrams, uint64_t max_bytes,
                                          struct lifeline_counters *counters)
{
    struct wire_fragments *fragments = calloc(1, sizeof(*fragments));

    if (fragments == NULL)
        return NULL;
    fragments->key = hash_random_key();
    fragments->max_datagrams = max_datagrams;
    fragments->max_bytes = max_bytes;
    fragments->counters = counters;
    return fragments;
}

static uint32_t bucket_of(const struct wire_fragments *fragments,
                          const struct wire_fragment *fragment)
{
    uint64_t words[5] = {0, 0, 0, 0, (uint64_t)fragment->context << 32 | fragment->id};

    memcpy(words, fragment->src.bytes, sizeof(fragment->src.bytes));
    memcpy(words + 2, fragment->dst.bytes, sizeof(fragment->dst.bytes));
    return (uint32_t)hash_words(&fragments->key, words, 5) & (BUCKETS - 1);
}

static bool same_datagram(const struct wire_fragment *a, const struct wire_fragment *b)
{
    return a->id == b->id && a->context == b->context && a->src.family == b->src.family &&
           (a->src.family == 6 || a->protocol == b->protocol) &&
           memcmp(a->src.bytes, b->src.bytes, sizeof(a->src.bytes)) == 0 &&
           memcmp(a->dst.bytes, b->dst.bytes, sizeof(a->dst.bytes)) == 0;
}

void wire_datagram_free(struct wire_fragments *fragments, struct wire_datagram *datagram)
{
    fragments->bytes -= sizeof(*datagram) + datagram->room;
    free(datagram->data);
    free(datagram);
}

static void take_out(struct wire_fragments *fragments, struct wire_datagram *datagram)
{
    struct wire_datagram **link = &fragments->buckets[bucket_of(fragments, &datagram->first)];

    while (*link != datagram)
        link = &(*link)->same_bucket;
    *link = datagram->same_bucket;
    *(datagram->older ? &datagram->older->newer : &fragments->oldest) = datagram->newer;
    *(datagram->newer ? &datagram->newer->older : &fragments->newest) = datagram->older;
    fragments->count--;
}

static void drop_oldest(struct wire_fragments *fragments)
{
    struct wire_datagram *datagram = fragments->oldest;

    fragments->counters->fragments_dropped += datagram->fragments;
    take_out(fragments, datagram);
    wire_datagram_free(fragments, datagram);
}

void wire_fragments_free(struct wire_fragments *fragments)
{
    if (fragments == NULL)
        return;
    while (fragments->oldest != NULL)
        drop_oldest(fragments);
    free(fragments);
}

static struct wire_datagram *find(struct wire_fragments *fragments,
                                  const struct wire_fragment *fragment)
{
    struct wire_datagram *datagram = fragments->buckets[bucket_of(fragments, fragment)];

    while (datagram != NULL && !same_datagram(&datagram->first, fragment))
        datagram = datagram->same_bucket;
    return datagram;
}

static struct wire_datagram *insert(struct wire_fragments *fragments,
                                    const struct wire_fragment *fragment)
{
    struct wire_datagram **bucket = &fragments->buckets[bucket_of(fragments, fragment)];
    struct wire_datagram *datagram;

    while (fragments->oldest != NULL &&
           (fragments->count >= fragments->max_datagrams ||
            fragments->bytes + sizeof(*datagram) > fragments->max_bytes))
        drop_oldest(fragments);
    datagram = calloc(1, sizeof(*datagram));
    if (datagram == NULL)
        return NULL;
    datagram->first = *fragment;
    datagram->total_bytes = UNKNOWN_LENGTH;
    datagram->cut_at = UINT32_MAX;
    datagram->same_bucket = *bucket;
    *bucket = datagram;
    datagram->older = fragments->newest;
    *(fragments->newest ? &fragments->newest->newer : &fragments->oldest) = datagram;
    fragments->newest = datagram;
    fragments->count++;
    fragments->bytes += sizeof(*datagram);
    return datagram;
}

static void spoil(struct wire_fragments *fragments, struct wire_datagram *datagram)
{
    datagram->spoilt = true;
    free(datagram->data);
    datagram->data = NULL;
    fragments->bytes -= datagram->room;
    datagram->room = 0;
}

/* Room for the octets below end; doubled, so that a datagram is moved seldom. */
static bool make_room(struct wire_fragments *fragments, struct wire_datagram *datagram,
                      uint32_t end)
{
    uint32_t room = datagram->room ? datagram->room : 2048;
    uint8_t *data;

    if (end <= datagram->room)
        return true;
    while (room < end)
        room *= 2;
    while (fragments->oldest != datagram &&
           fragments->bytes + room - datagram->room > fragments->max_bytes)
        drop_oldest(fragments);
    data = realloc(datagram->data, room);
    if (data == NULL)
        return false;
    memset(data + datagram->room, 0, room - datagram->room);
    fragments->bytes += room - datagram->room;
    datagram->data = data;
    datagram->room = room;
    return true;
}

static bool is_there(const struct wire_datagram *datagram, uint32_t unit)
{
    return datagram->there[unit / 64] >> unit % 64 & 1;
}

/* Puts the octets at offset; false when they contradict what is there. */
static bool put(struct wire_datagram *datagram, uint32_t offset, struct bytes b)
{
    for (uint32_t at = 0; at < b.wire; at += UNIT_BYTES) {
        uint32_t unit = (offset + at) / UNIT_BYTES;
        struct bytes piece = bytes_limit(bytes_from(b, at), UNIT_BYTES);
        uint8_t *place = datagram->data + offset + at;

        if (!is_there(datagram, unit)) {
            bytes_copy(piece, 0, place, piece.left);
            datagram->there[unit / 64] |= UINT64_C(1) << unit % 64;
            datagram->units_there++;
        } else if (offset + at + piece.left <= datagram->cut_at) {
            uint8_t copy[UNIT_BYTES];

            bytes_copy(piece, 0, copy, piece.left);
            if (memcmp(copy, place, piece.left) != 0)
                return false;
        }
    }
    if (b.left < b.wire && offset + b.left < datagram->cut_at)
        datagram->cut_at = offset + b.left;
    return true;
}

/* Checks the fragment's place against what is known, and puts it there. */
static bool accept(struct wire_fragments *fragments, struct wire_datagram *datagram,
                   const struct wire_fragment *fragment, struct bytes b)
{
    uint32_t end = fragment->offset + b.wire;

    if (b.wire > MAX_BYTES || end > MAX_BYTES)
        return false;
    if (!fragment->more) {
        if (datagram->total_bytes != UNKNOWN_LENGTH && datagram->total_bytes != end)
            return false;
        if (datagram->highest_end > end)
            return false;
        datagram->total_bytes = end;
    } else if (end > datagram->total_bytes) {
        return false;
    }
    if (datagram->highest_end < end)
        datagram->highest_end = end;
    if (fragment->offset == 0 && !is_there(datagram, 0)) {
        datagram->protocol = fragment->protocol;
        datagram->ttl = fragment->ttl;
    }
    return make_room(fragments, datagram, end) && put(datagram, fragment->offset, b);
}

/* A datagram's time is over at time_ns. Times are the capture's: any number may come. */
static bool is_over(const struct wire_fragment *first, int64_t time_ns)
{
    return time_ns > first->time_ns &&
           (uint64_t)time_ns - (uint64_t)first->time_ns > WIRE_FRAGMENT_TIMEOUT_NS;
}

bool wire_fragments_add(struct wire_fragments *fragments, const struct wire_fragment *fragment,
                        struct bytes b, struct wire_whole *whole)
{
    struct wire_datagram *datagram;
    uint32_t captured;

    while (fragments->oldest != NULL && is_over(&fragments->oldest->first, fragment->time_ns))
        drop_oldest(fragments);
    /* All but the last end on a unit, RFC 791 3.2; receivers leave off what is over. */
    if (fragment->more)
        b = bytes_limit(b, b.wire - b.wire % UNIT_BYTES);
    if (b.wire == 0) {
        fragments->counters->fragments_dropped++;
        return false;
    }
    datagram = find(fragments, fragment);
    if (datagram == NULL)
        datagram = insert(fragments, fragment);
    if (datagram == NULL) {
        fragments->counters->fragments_dropped++;
        return false;
    }
    datagram->fragments++;
    if (datagram->spoilt)
        return false;
    if (!accept(fragments, datagram, fragment, b)) {
        spoil(fragments, datagram);
        return false;
    }
    if (datagram->total_bytes == UNKNOWN_LENGTH ||
        datagram->units_there * UNIT_BYTES < datagram->total_bytes)
        return false;
    take_out(fragments, datagram);
    captured = datagram->cut_at < datagram->total_bytes ? datagram->cut_at : datagram->total_bytes;
    *whole = (struct wire_whole){
        .owner = datagram,
        .payload = {datagram->data, captured, datagram->total_bytes},
        .protocol = datagram->protocol,
        .ttl = datagram->ttl,
    };
    return true;
}

uint64_t wire_fragments_bytes(const struct wire_fragments *fragments)
{
    return sizeof(*fragments) + fragments->bytes;
}
