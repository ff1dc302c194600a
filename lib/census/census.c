/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TIME-WAIT census: how many endpoints of a host are in TIME-WAIT, when, and what follows for
 * its ports.
 *
 * Model: each TIME-WAIT of a connection's record is an interval. A pair is (holder's address,
 * remote address, remote port): towards one remote socket a client can hold at most one TIME-WAIT
 * for each of its ephemeral ports. Where the server holds, the remote port is the client's
 * ephemeral one, so pairs leave it out. A host's total is a pair without a remote side.
 *
 * Records come in the order in which connections end, not in the order of time, so the counts are
 * kept as entries and ends per slice of time. All pairs share one width, a power of two of
 * nanoseconds, which doubles whenever the capture outgrows the slices: memory doesn't grow with
 * time. The sampled counts are exact at the slices' ends.
 *
 * Forecast: n ports at r new connections per second, each blocked for T: they last for ever when
 * r * T <= n (Little's law), else until n / r seconds have passed since the first one was taken,
 * because before the first expires nothing is given back.
 *
 * Limits: max_pairs; more are dropped and counted. A TIME-WAIT that runs when the
 * capture ends has no end here.
 */
#include "lifeline.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLICES            512
#define FIRST_WIDTH_BITS  20 /* about a millisecond */
#define DEFAULT_MAX_PAIRS 4096

struct pair {
    struct lifeline_census_pair given;
    uint32_t next; /* in its hash chain, plus one */
    uint32_t entries[SLICES], ends[SLICES], counts[SLICES];
};

struct lifeline_census_book {
    struct pair **pairs;
    uint32_t count, max_pairs, capacity;
    uint32_t *buckets; /* of the hash, plus one */
    uint32_t bucket_mask;
    unsigned width_bits;
    int64_t base;            /* number of the first slice: time >> width_bits */
    int64_t low_ns, high_ns; /* what the slices must hold */
    int64_t latest_ns;
    double ports;
    double time_wait_seconds;
    uint64_t dropped;
};

struct lifeline_census_book *lifeline_census_new(enum lifeline_stack stack, int64_t time_wait_ns,
                                                 uint32_t ports, uint32_t max_pairs)
{
    struct lifeline_census_book *book = calloc(1, sizeof *book);
    const struct lifeline_stack_facts *facts = lifeline_stack_facts(stack);
    if (!book || !facts) {
        free(book);
        return NULL;
    }
    book->max_pairs = max_pairs ? max_pairs : DEFAULT_MAX_PAIRS;
    book->bucket_mask = 1;
    while (book->bucket_mask < book->max_pairs) {
        book->bucket_mask = book->bucket_mask * 2 + 1;
    }
    book->buckets = calloc(book->bucket_mask + 1, sizeof *book->buckets);
    if (!book->buckets) {
        free(book);
        return NULL;
    }
    book->width_bits = FIRST_WIDTH_BITS;
    book->low_ns = INT64_MAX;
    book->high_ns = book->latest_ns = INT64_MIN;
    book->ports = ports ? ports : facts->last_port - facts->first_port + 1U;
    book->time_wait_seconds = (double)(time_wait_ns > 0 ? time_wait_ns : facts->time_wait_ns) / 1e9;
    return book;
}

void lifeline_census_free(struct lifeline_census_book *book)
{
    if (!book) {
        return;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        free(book->pairs[i]);
    }
    free(book->pairs);
    free(book->buckets);
    free(book);
}

uint64_t lifeline_census_dropped(const struct lifeline_census_book *book)
{
    return book->dropped;
}

static uint32_t hash_of(const struct lifeline_census_pair *key)
{
    uint32_t h = 2166136261U;
    for (unsigned i = 0; i < 16; i++) {
        h = (h ^ key->ip.bytes[i]) * 16777619U;
        h = (h ^ key->remote_ip.bytes[i]) * 16777619U;
    }
    return (h ^ (uint32_t)key->remote_port ^ (uint32_t)key->holder << 24) * 16777619U;
}

static bool same(const struct lifeline_census_pair *a, const struct lifeline_census_pair *b)
{
    return !memcmp(&a->ip, &b->ip, sizeof a->ip) &&
           !memcmp(&a->remote_ip, &b->remote_ip, sizeof a->remote_ip) &&
           a->remote_port == b->remote_port && a->holder == b->holder;
}

static struct pair *pair_of(struct lifeline_census_book *book,
                            const struct lifeline_census_pair *key)
{
    uint32_t *bucket = &book->buckets[hash_of(key) & book->bucket_mask];
    for (uint32_t i = *bucket; i; i = book->pairs[i - 1]->next) {
        if (same(&book->pairs[i - 1]->given, key)) {
            return book->pairs[i - 1];
        }
    }
    if (book->count == book->max_pairs) {
        return NULL;
    }
    if (book->count == book->capacity) {
        uint32_t capacity = book->capacity ? book->capacity * 2 : 16;
        struct pair **pairs = realloc(book->pairs, capacity * sizeof *pairs);
        if (!pairs) {
            return NULL;
        }
        book->pairs = pairs;
        book->capacity = capacity;
    }
    struct pair *pair = calloc(1, sizeof *pair);
    if (!pair) {
        return NULL;
    }
    pair->given = *key;
    pair->given.first_ns = INT64_MAX;
    pair->given.last_ns = INT64_MIN;
    pair->next = *bucket;
    book->pairs[book->count++] = pair;
    *bucket = book->count;
    return pair;
}

static void move(uint32_t slices[SLICES], unsigned doublings, int64_t old_base, int64_t base)
{
    uint32_t moved[SLICES] = {0};
    for (int i = 0; i < SLICES; i++) {
        int64_t to = ((old_base + i) >> doublings) - base;
        if (slices[i] && to >= 0 && to < SLICES) {
            moved[to] += slices[i];
        }
    }
    memcpy(slices, moved, sizeof moved);
}

/* Makes the slices hold time_ns. */
static void hold(struct lifeline_census_book *book, int64_t time_ns)
{
    bool first = book->low_ns > book->high_ns;
    if (time_ns < book->low_ns) {
        book->low_ns = time_ns;
    }
    if (time_ns > book->high_ns) {
        book->high_ns = time_ns;
    }
    int64_t at = (time_ns >> book->width_bits) - book->base;
    if (!first && at >= 0 && at < SLICES) {
        return;
    }
    unsigned bits = book->width_bits;
    while ((book->high_ns >> bits) - (book->low_ns >> bits) >= SLICES * 3 / 4) {
        bits++;
    }
    /* Room on both sides: the next record may be earlier or later. */
    int64_t base = (book->low_ns >> bits) - SLICES / 8;
    for (uint32_t i = 0; i < book->count; i++) {
        move(book->pairs[i]->entries, bits - book->width_bits, book->base, base);
        move(book->pairs[i]->ends, bits - book->width_bits, book->base, base);
    }
    book->width_bits = bits;
    book->base = base;
}

/* ended_ns is unknown when it runs beyond the capture. */
static void add_interval(struct lifeline_census_book *book, const struct lifeline_census_pair *key,
                         int64_t entered_ns, int64_t ended_ns)
{
    struct pair *pair = pair_of(book, key);
    if (!pair) {
        book->dropped++;
        return;
    }
    pair->entries[(entered_ns >> book->width_bits) - book->base]++;
    if (ended_ns != LIFELINE_UNKNOWN_NS) {
        pair->ends[(ended_ns >> book->width_bits) - book->base]++;
    }
    pair->given.entered++;
    if (entered_ns < pair->given.first_ns) {
        pair->given.first_ns = entered_ns;
    }
    if (entered_ns > pair->given.last_ns) {
        pair->given.last_ns = entered_ns;
    }
}

void lifeline_census_add(struct lifeline_census_book *book,
                         const struct lifeline_connection *connection)
{
    if (connection->end_ns > book->latest_ns) {
        book->latest_ns = connection->end_ns;
    }
    for (unsigned i = 0; i < connection->time_wait_count; i++) {
        const struct lifeline_time_wait *tw = &connection->time_wait[i];
        bool client = tw->endpoint == LIFELINE_CLIENT;
        const struct lifeline_endpoint *own = client ? &connection->client : &connection->server;
        const struct lifeline_endpoint *remote = client ? &connection->server : &connection->client;
        struct lifeline_census_pair key;

        hold(book, tw->entered_ns);
        if (tw->ended_ns != LIFELINE_UNKNOWN_NS) {
            hold(book, tw->ended_ns);
        }
        memset(&key, 0, sizeof key);
        key.ip = own->ip;
        key.remote_ip = remote->ip;
        key.remote_port = client ? remote->port : LIFELINE_UNKNOWN_COUNT;
        key.holder = tw->endpoint;
        add_interval(book, &key, tw->entered_ns, tw->ended_ns);
        memset(&key.remote_ip, 0, sizeof key.remote_ip);
        key.remote_port = LIFELINE_UNKNOWN_COUNT;
        key.holder = LIFELINE_BOTH;
        add_interval(book, &key, tw->entered_ns, tw->ended_ns);
    }
}

static void sum_up(const struct lifeline_census_book *book, struct pair *pair, int64_t end_ns)
{
    struct lifeline_census_pair *p = &pair->given;
    int64_t first = (p->first_ns >> book->width_bits) - book->base;
    int64_t last = (end_ns >> book->width_bits) - book->base;
    uint32_t count = 0;

    if (last >= SLICES) {
        last = SLICES - 1;
    }
    p->peak = 0;
    p->sample_count = 0;
    for (int64_t i = first; i <= last; i++) {
        count += pair->entries[i] - pair->ends[i];
        pair->counts[p->sample_count++] = count;
        if (count > p->peak) {
            p->peak = count;
            p->peak_ns = (book->base + i + 1) << book->width_bits;
        }
    }
    p->at_end = count;
    p->counts = pair->counts;
    p->start_ns = (book->base + first) << book->width_bits;
    p->step_ns = (int64_t)1 << book->width_bits;
    double seconds = (double)(p->last_ns - p->first_ns) / 1e9;
    p->rate = p->entered > 1 && seconds > 0 ? (double)(p->entered - 1) / seconds : 0;
    /* Ports run out towards one remote socket, at a client. */
    bool blocks_ports = p->holder == LIFELINE_CLIENT;
    p->peak_share = blocks_ports ? (double)p->peak / book->ports : NAN;
    p->end_share = blocks_ports ? (double)p->at_end / book->ports : NAN;
    p->sustainable_rate = book->ports / book->time_wait_seconds;
    p->seconds_left = -1;
    if (blocks_ports && p->rate > p->sustainable_rate) {
        double free_ports = book->ports - (double)p->at_end;
        p->seconds_left = free_ports > 0 ? free_ports / p->rate : 0;
    }
}

static int by_peak(const void *a, const void *b)
{
    const struct lifeline_census_pair *x = *(const struct lifeline_census_pair *const *)a;
    const struct lifeline_census_pair *y = *(const struct lifeline_census_pair *const *)b;
    if (x->peak != y->peak) {
        return x->peak > y->peak ? -1 : 1;
    }
    return x->first_ns < y->first_ns ? -1 : x->first_ns > y->first_ns;
}

void lifeline_census_each(struct lifeline_census_book *book, int64_t end_ns,
                          void (*call)(void *user, const struct lifeline_census_pair *pair),
                          void *user)
{
    const struct lifeline_census_pair **sorted = malloc((book->count + 1) * sizeof *sorted);
    if (end_ns == LIFELINE_UNKNOWN_NS) {
        end_ns = book->latest_ns;
    }
    for (uint32_t i = 0; i < book->count; i++) {
        sum_up(book, book->pairs[i], end_ns);
        if (sorted) {
            sorted[i] = &book->pairs[i]->given;
        }
    }
    if (!sorted) {
        return;
    }
    qsort(sorted, book->count, sizeof *sorted, by_peak);
    for (uint32_t i = 0; i < book->count; i++) {
        call(user, sorted[i]);
    }
    free(sorted);
}
