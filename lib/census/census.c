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
 * The counts over time are a series (series.h): exact to about a fiftieth of 2MSL whatever the
 * capture's length, and sampled ever more coarsely, by their highest, the longer it gets. So memory
 * doesn't grow with time.
 *
 * Forecast: n ports at r new connections per second, each blocked for T: they last for ever when
 * r * T <= n (Little's law), else until n / r seconds have passed since the first one was taken,
 * because before the first expires nothing is given back. T and n are those of the host's system,
 * said or assumed (lib/model/stacks.c).
 *
 * Limits: max_pairs; more are dropped and counted. A TIME-WAIT that runs when the capture ends has
 * no end here; one whose connection was given up while it ran ends when it would expire.
 */
#include "census/series.h"
#include "lifeline.h"
#include "model/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_MAX_PAIRS 4096
#define LEAST_SPAN_NS     INT64_C(1000000000) /* a burst shorter than this says nothing of a rate */
#define LINGER_NS         (240 * INT64_C(1000000000)) /* records come within twice 2MSL and this */

struct pair {
    struct lifeline_census_pair given;
    uint32_t next; /* in its hash chain, plus one */
    struct series series;
    uint32_t counts[SERIES_SLICES];
};

struct lifeline_census_book {
    struct pair **pairs;
    uint32_t count, max_pairs, capacity;
    uint32_t *buckets; /* of the hash, plus one */
    uint32_t bucket_mask;
    struct hash_key key;
    struct series_grid grid;
    int64_t latest_ns;
    struct lifeline_options options; /* its networks are the book's copy */
    uint64_t dropped;
};

static int64_t longest_time_wait_ns(const struct lifeline_options *o)
{
    struct lifeline_host_stack host;
    struct lifeline_address nobody = {.family = 0};
    lifeline_host_stack(o, &nobody, 0, &host);
    int64_t longest_ns = host.time_wait_ns;
    for (uint32_t i = 0; i < o->network_count; i++) {
        const struct lifeline_network *n = &o->networks[i];
        int64_t ns =
            n->time_wait_ns > 0 ? n->time_wait_ns : lifeline_stack_facts(n->stack)->time_wait_ns;
        longest_ns = ns > longest_ns ? ns : longest_ns;
    }
    return longest_ns;
}

static uint32_t most_pairs(const struct lifeline_options *o, uint32_t wanted)
{
    uint64_t room = lifeline_max_memory_bytes(o) / 8 / sizeof(struct pair),
             most = wanted ? wanted : DEFAULT_MAX_PAIRS;
    return (uint32_t)(room < most ? room : most);
}

struct lifeline_census_book *lifeline_census_new(const struct lifeline_options *options,
                                                 uint32_t max_pairs)
{
    struct lifeline_census_book *book = calloc(1, sizeof *book);
    if (!book) {
        return NULL;
    }
    if (options) {
        book->options = *options;
        book->options.networks = NULL;
    }
    if (options && options->network_count) {
        struct lifeline_network *networks = calloc(options->network_count, sizeof *networks);
        if (!networks) {
            free(book);
            return NULL;
        }
        memcpy(networks, options->networks, options->network_count * sizeof *networks);
        book->options.networks = networks;
    }
    book->max_pairs = most_pairs(&book->options, max_pairs);
    book->bucket_mask = 1;
    while (book->bucket_mask < book->max_pairs) {
        book->bucket_mask = book->bucket_mask * 2 + 1;
    }
    book->buckets = calloc(book->bucket_mask + 1, sizeof *book->buckets);
    if (!book->buckets) {
        lifeline_census_free(book);
        return NULL;
    }
    book->key = hash_random_key();
    series_grid_init(&book->grid, 2 * longest_time_wait_ns(&book->options) + LINGER_NS);
    book->latest_ns = INT64_MIN;
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
    free((void *)book->options.networks); /* the book's copy */
    free(book);
}

uint64_t lifeline_census_dropped(const struct lifeline_census_book *book)
{
    return book->dropped;
}

static uint32_t hash_of(const struct lifeline_census_book *book,
                        const struct lifeline_census_pair *key)
{
    uint64_t words[5] = {0, 0, 0, 0, key->remote_port << 8 | key->holder};
    memcpy(words, key->ip.bytes, sizeof key->ip.bytes);
    memcpy(words + 2, key->remote_ip.bytes, sizeof key->remote_ip.bytes);
    return (uint32_t)hash_words(&book->key, words, 5);
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
    uint32_t *bucket = &book->buckets[hash_of(book, key) & book->bucket_mask];
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

static void each_series(void *user, series_do call, void *what)
{
    struct lifeline_census_book *book = user;
    for (uint32_t i = 0; i < book->count; i++) {
        call(&book->pairs[i]->series, what);
    }
}

/* ended_ns is unknown when it runs beyond the capture. False: there are too many pairs. */
static bool add_interval(struct lifeline_census_book *book, const struct lifeline_census_pair *key,
                         int64_t entered_ns, int64_t ended_ns)
{
    struct pair *pair = pair_of(book, key);
    if (!pair) {
        return false;
    }
    series_add(&book->grid, &pair->series, entered_ns, ended_ns != LIFELINE_UNKNOWN_NS, ended_ns);
    pair->given.entered++;
    if (entered_ns < pair->given.first_ns) {
        pair->given.first_ns = entered_ns;
    }
    if (entered_ns > pair->given.last_ns) {
        pair->given.last_ns = entered_ns;
    }
    return true;
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

        int64_t ended_ns = tw->ended_ns;
        if (tw->outcome == LIFELINE_TIME_WAIT_RUNNING && connection->incomplete) {
            ended_ns = tw->expires_ns; /* perhaps given up to save memory */
        }
        series_hold(&book->grid, tw->entered_ns, each_series, book);
        if (ended_ns != LIFELINE_UNKNOWN_NS) {
            series_hold(&book->grid, ended_ns, each_series, book);
        }
        memset(&key, 0, sizeof key);
        key.ip = own->ip;
        key.remote_ip = remote->ip;
        key.remote_port = client ? remote->port : LIFELINE_UNKNOWN_COUNT;
        key.holder = tw->endpoint;
        bool counted = add_interval(book, &key, tw->entered_ns, ended_ns);
        memset(&key.remote_ip, 0, sizeof key.remote_ip);
        key.remote_port = LIFELINE_UNKNOWN_COUNT;
        key.holder = LIFELINE_BOTH;
        counted &= add_interval(book, &key, tw->entered_ns, ended_ns);
        book->dropped += !counted;
    }
}

static void sum_up(const struct lifeline_census_book *book, struct pair *pair, int64_t end_ns)
{
    struct lifeline_census_pair *p = &pair->given;
    struct lifeline_host_stack host;
    struct series_sum sum;

    lifeline_host_stack(&book->options, &p->ip, 0, &host);
    series_sum(&book->grid, &pair->series, p->first_ns, end_ns, pair->counts, &sum);
    p->ports = host.ports;
    p->ports_assumed = !book->options.ports && !host.known;
    p->peak = sum.peak;
    p->peak_ns = sum.peak_ns;
    p->at_end = sum.at_end;
    p->counts = pair->counts;
    p->sample_count = sum.count;
    p->start_ns = sum.start_ns;
    p->step_ns = sum.step_ns;
    p->end_ns = end_ns;
    double seconds = (double)(p->last_ns - p->first_ns) / 1e9;
    p->rate = p->entered > 1 && p->last_ns - p->first_ns >= LEAST_SPAN_NS
                  ? (double)(p->entered - 1) / seconds
                  : 0;
    /* Ports run out towards one remote socket, at a client. */
    bool blocks_ports = p->holder == LIFELINE_CLIENT;
    p->peak_share = blocks_ports ? (double)p->peak / p->ports : NAN;
    p->end_share = blocks_ports ? (double)p->at_end / p->ports : NAN;
    p->sustainable_rate = p->ports / ((double)host.time_wait_ns / 1e9);
    p->seconds_left = -1;
    double free_ports = p->ports - (double)p->at_end;
    if (blocks_ports && free_ports <= 0) {
        p->seconds_left = 0;
    } else if (blocks_ports && p->rate > p->sustainable_rate) {
        p->seconds_left = free_ports / p->rate;
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
