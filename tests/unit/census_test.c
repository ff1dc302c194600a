/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TIME-WAIT census: counts over time and the forecast, whatever the order of the records. */
#include "check.h"
#include "lifeline.h"

#define SECOND INT64_C(1000000000)
#define START  (INT64_C(1700000000) * SECOND)

static struct lifeline_connection held(uint8_t role, unsigned port, int64_t entered_ns,
                                       int64_t ended_ns)
{
    struct lifeline_connection c;
    memset(&c, 0, sizeof c);
    c.client.ip = (struct lifeline_address){.bytes = {10, 0, 0, 2}, .family = 4};
    c.server.ip = (struct lifeline_address){.bytes = {10, 0, 0, 1}, .family = 4};
    c.client.port = (uint16_t)port;
    c.server.port = 80;
    c.end_ns = entered_ns;
    c.time_wait_count = 1;
    c.time_wait[0].endpoint = role;
    c.time_wait[0].entered_ns = entered_ns;
    c.time_wait[0].expires_ns = entered_ns + 60 * SECOND;
    c.time_wait[0].ended_ns = ended_ns;
    return c;
}

struct seen {
    struct lifeline_census_pair pair, total;
    unsigned count;
};

static void see(void *user, const struct lifeline_census_pair *pair)
{
    struct seen *seen = user;
    *(pair->holder == LIFELINE_BOTH ? &seen->total : &seen->pair) = *pair;
    seen->count++;
}

/* count connections, rate per second; forwards or backwards in time. */
static struct seen steady(unsigned count, unsigned rate, bool backwards, unsigned ports)
{
    struct lifeline_options options = {.ports = ports};
    struct lifeline_census_book *book = lifeline_census_new(&options, 0);
    static struct seen seen;
    memset(&seen, 0, sizeof seen);
    int64_t end_ns = START + (int64_t)count * SECOND / rate;
    for (unsigned i = 0; i < count; i++) {
        unsigned k = backwards ? count - 1 - i : i;
        int64_t entered = START + (int64_t)k * SECOND / rate;
        int64_t expires = entered + 60 * SECOND;
        struct lifeline_connection c = held(LIFELINE_CLIENT, 1024 + k, entered,
                                            expires <= end_ns ? expires : LIFELINE_UNKNOWN_NS);
        lifeline_census_add(book, &c);
    }
    lifeline_census_each(book, end_ns, see, &seen);
    CHECK_UINT(lifeline_census_dropped(book), 0);
    lifeline_census_free(book); /* the samples go; the numbers stay */
    return seen;
}

static void counts_a_steady_load(void)
{
    for (unsigned backwards = 0; backwards < 2; backwards++) {
        struct seen seen = steady(12000, 100, backwards, 0);
        CHECK_UINT(seen.count, 2);
        CHECK_UINT(seen.pair.entered, 12000);
        /* 100 per second for 60 s each: 6000 at once (Little's law), give or take a sample. */
        CHECK(seen.pair.peak >= 5950 && seen.pair.peak <= 6050);
        CHECK(seen.pair.at_end >= 5950 && seen.pair.at_end <= 6050);
        CHECK(seen.pair.rate > 99.9 && seen.pair.rate < 100.1);
        CHECK(seen.pair.seconds_left < 0); /* 28232 ports carry 470.5 per second for ever */
        CHECK(seen.pair.sustainable_rate > 470 && seen.pair.sustainable_rate < 471);
        CHECK_UINT(seen.total.entered, 12000);
        CHECK_UINT(seen.total.peak, seen.pair.peak);
    }
}

static void foretells_the_end_of_the_ports(void)
{
    /* 1000 per second for 10 s: 10,000 of 28,232 ports are gone, the rest lasts 18 s. */
    struct seen seen = steady(10000, 1000, false, 0);
    CHECK_UINT(seen.pair.at_end, 10000);
    CHECK(seen.pair.seconds_left > 18.1 && seen.pair.seconds_left < 18.4);
    CHECK(seen.pair.peak_share > 0.354 && seen.pair.peak_share < 0.355);
    CHECK(seen.pair.ports_assumed);
    seen = steady(500, 100, false, 500);
    CHECK(seen.pair.seconds_left == 0); /* nothing is left */
    CHECK(!seen.pair.ports_assumed);
}

static void bursts_have_no_rate(void)
{
    struct seen seen = steady(6, 100000, false, 0);
    CHECK_UINT(seen.pair.at_end, 6);
    CHECK(seen.pair.rate == 0);
    CHECK(seen.pair.seconds_left < 0);
    seen = steady(60, 1000, false, 50); /* but whether ports are left needs none */
    CHECK(seen.pair.seconds_left == 0);
}

static void servers_block_no_ports(void)
{
    struct lifeline_census_book *book = lifeline_census_new(NULL, 0);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    for (unsigned i = 0; i < 3; i++) {
        struct lifeline_connection c =
            held(LIFELINE_SERVER, 40000 + i, START + i * SECOND, LIFELINE_UNKNOWN_NS);
        lifeline_census_add(book, &c);
    }
    lifeline_census_each(book, LIFELINE_UNKNOWN_NS, see, &seen);
    CHECK_UINT(seen.count, 2); /* one pair: the clients' ports don't tell pairs apart */
    CHECK_UINT(seen.pair.peak, 3);
    CHECK(seen.pair.remote_port == LIFELINE_UNKNOWN_COUNT);
    CHECK(!(seen.pair.peak_share >= 0));
    lifeline_census_free(book);
}

static void memory_is_bounded(void)
{
    struct lifeline_census_book *book = lifeline_census_new(NULL, 4);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    for (unsigned i = 0; i < 10; i++) {
        struct lifeline_connection c =
            held(LIFELINE_CLIENT, 40000, START - i * 86400 * SECOND, LIFELINE_UNKNOWN_NS);
        c.server.ip.bytes[3] = (uint8_t)i;
        lifeline_census_add(book, &c);
    }
    lifeline_census_each(book, LIFELINE_UNKNOWN_NS, see, &seen);
    CHECK_UINT(seen.count, 4);
    CHECK_UINT(lifeline_census_dropped(book), 7); /* three pairs and the host's total fit */
    lifeline_census_free(book);
}

/* A day: one connection a second, and at noon a burst of ten thousand within ten seconds. The peak
 * is found, whatever the width of the curve's steps; records come late, as the engine gives them.
 */
static void finds_a_burst_within_a_day(void)
{
    struct lifeline_census_book *book = lifeline_census_new(NULL, 0);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    const int64_t noon = START + 43200 * SECOND;
    for (int64_t i = 0; i < 86400; i++) {
        int64_t entered = START + i * SECOND;
        struct lifeline_connection c = held(LIFELINE_CLIENT, 1024, entered, entered + 60 * SECOND);
        lifeline_census_add(book, &c);
        for (unsigned k = 0; entered >= noon && entered < noon + 10 * SECOND && k < 1000; k++) {
            c = held(LIFELINE_CLIENT, 1024, entered, entered + 60 * SECOND);
            lifeline_census_add(book, &c);
        }
        /* One that was restarted for an hour becomes known when it is over. */
        if (i == 20000) {
            c = held(LIFELINE_CLIENT, 1024, entered - 3600 * SECOND, entered);
            lifeline_census_add(book, &c);
        }
    }
    lifeline_census_each(book, LIFELINE_UNKNOWN_NS, see, &seen);
    CHECK_UINT(seen.pair.entered, 96401);
    CHECK(seen.pair.peak >= 10050 && seen.pair.peak <= 10062);
    CHECK(seen.pair.peak_ns >= noon && seen.pair.peak_ns <= noon + 62 * SECOND);
    CHECK(seen.pair.at_end >= 59 && seen.pair.at_end <= 61);
    CHECK(seen.pair.sample_count <= 512);
    unsigned high = 0, low = 0;
    for (unsigned i = 1; i + 1 < seen.pair.sample_count; i++) {
        high += seen.pair.counts[i] > 1000;
        low += seen.pair.counts[i] < 59 || (seen.pair.counts[i] > 63 && seen.pair.counts[i] < 1000);
    }
    CHECK(high >= 1 && high <= 2); /* steps of some minutes: the burst is in one, or across two */
    CHECK_UINT(low, 0);
    int64_t end_ns = seen.pair.start_ns + (int64_t)seen.pair.sample_count * seen.pair.step_ns;
    CHECK(end_ns >= START + 86400 * SECOND);
    lifeline_census_free(book);
}

/* Silence of a week between two short loads: the first is over when the second comes. */
static void rests(void)
{
    struct lifeline_census_book *book = lifeline_census_new(NULL, 0);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    for (unsigned i = 0; i < 200; i++) {
        int64_t entered = START + i * SECOND / 10 + (i >= 100 ? 7 * 86400 * SECOND : 0);
        struct lifeline_connection c = held(LIFELINE_CLIENT, 1024, entered, entered + 60 * SECOND);
        lifeline_census_add(book, &c);
    }
    lifeline_census_each(book, LIFELINE_UNKNOWN_NS, see, &seen);
    CHECK_UINT(seen.pair.peak, 100);
    unsigned raised = 0;
    for (unsigned i = 0; i < seen.pair.sample_count; i++) {
        raised += seen.pair.counts[i] > 0;
    }
    CHECK(raised >= 2 && raised <= 4);
    lifeline_census_free(book);
}

/* Each host has the ports and the time of its own system. */
static void hosts_differ(void)
{
    const struct lifeline_network windows = {{{10, 0, 0, 2}, 4}, 32, LIFELINE_STACK_WINDOWS, 0};
    struct lifeline_options options = {.networks = &windows, .network_count = 1};
    struct lifeline_census_book *book = lifeline_census_new(&options, 0);
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    for (unsigned i = 0; i < 2000; i++) {
        struct lifeline_connection c =
            held(LIFELINE_CLIENT, 40000, START + i * SECOND / 200, LIFELINE_UNKNOWN_NS);
        lifeline_census_add(book, &c);
    }
    lifeline_census_each(book, LIFELINE_UNKNOWN_NS, see, &seen);
    CHECK_UINT(seen.pair.ports, 16384);
    CHECK(seen.pair.sustainable_rate > 136.5 && seen.pair.sustainable_rate < 136.6);
    CHECK(seen.pair.seconds_left > 0); /* at 200 per second; Linux would have no limit there */
    lifeline_census_free(book);
}

int main(void)
{
    RUN(counts_a_steady_load);
    RUN(foretells_the_end_of_the_ports);
    RUN(bursts_have_no_rate);
    RUN(servers_block_no_ports);
    RUN(memory_is_bounded);
    RUN(finds_a_burst_within_a_day);
    RUN(rests);
    RUN(hosts_differ);
    return check_report();
}
