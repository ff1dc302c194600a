/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Templates, the table of findings, and the tallies of hosts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "findings/hosts.h"
#include "lifeline.h"

static unsigned failures;

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                 \
            failures++;                                                                            \
        }                                                                                          \
    } while (0)

static const struct lifeline_finding plain = {
    .subject = "10.0.0.1:80",
    .peer = "10.0.0.2",
    .duration_ns = LIFELINE_UNKNOWN_NS,
    .count = LIFELINE_UNKNOWN_COUNT,
};

static void renders(const struct lifeline_finding *finding, const char *text, const char *wanted)
{
    char out[128];
    size_t length = lifeline_finding_render(finding, text, out, sizeof out);
    if (strcmp(out, wanted) != 0 || length != strlen(wanted)) {
        printf("%s: expected \"%s\", got \"%s\"\n", text, wanted, out);
        failures++;
    }
}

static void test_templates(void)
{
    struct lifeline_finding f = plain;
    renders(&f, "{subject} and {peer}", "10.0.0.1:80 and 10.0.0.2");
    renders(&f, "no value: {request} {duration} {count}", "no value: ? ? ?");
    renders(&f, "open {brace", "open {brace");
    renders(&f, "", "");
    f.count = 1;
    renders(&f, "{count|time|times}", "1 time");
    f.count = 18446744073709551614U;
    renders(&f, "{count|time|times}, {count}", "18446744073709551614 times, 18446744073709551614");
}

static void test_durations(void)
{
    static const struct {
        int64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 us"},
        {999999, "999 us"},
        {1000000, "1 ms"},
        {999400000, "999 ms"},
        {999600000, "1 s"},
        {1250000000, "1.25 s"},
        {312000000000, "312 s"},
        {999400000000, "999 s"},
        {999700000000, "16 min"},
        {7500000000000, "2 h 5 min"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lifeline_finding f = plain;
        f.duration_ns = cases[i].ns;
        renders(&f, "{duration}", cases[i].text);
    }
}

/* Whatever the size, the text ends inside it, and between characters. */
static void test_cut(void)
{
    struct lifeline_finding f = plain;
    f.subject = "主机";
    for (size_t size = 1; size < 32; size++) {
        char out[32];
        memset(out, 'x', sizeof out);
        size_t length = lifeline_finding_render(&f, "{subject}不应答 {subject}", out, size);
        CHECK(length < size);
        CHECK(out[length] == '\0' && strlen(out) == length);
        CHECK(size == sizeof out || out[size] == 'x');
        CHECK(length == 0 || ((unsigned char)out[length] & 0xc0) != 0x80);
        size_t last = length;
        while (last && ((unsigned char)out[last - 1] & 0xc0) == 0x80) {
            last--;
        }
        /* A lead octet of three has its two others. */
        CHECK(last == 0 || (unsigned char)out[last - 1] < 0xe0 || length - last == 2);
    }
}

static void test_table(void)
{
    unsigned count = 0;
    for (const struct lifeline_finding_kind *kind; (kind = lifeline_finding_kind(count)); count++) {
        CHECK(kind->name && kind->title && kind->why && kind->advice);
        CHECK(kind->severity <= LIFELINE_ERROR);
        for (unsigned i = 0; i < count; i++) {
            CHECK(strcmp(kind->name, lifeline_finding_kind(i)->name) != 0);
        }
    }
    CHECK(count >= 29);
    CHECK(count <= 48);
    CHECK(!lifeline_finding_kind(UINT32_MAX));
}

#define SECOND ((int64_t)1000000000)

static uint32_t begin(struct hosts *hosts, const struct lifeline_address *client, uint64_t frame,
                      int64_t time_ns)
{
    struct time_wait_holder holder = {
        .ip = *client,
        .remote_ip = {{10, 0, 0, 1}, 4},
        .remote_port = 443,
        .is_client = true,
        .frame = frame,
        .time_ns = time_ns,
    };
    return hosts_time_wait_begins(hosts, &holder);
}

/* How many TIME-WAITs are held at once, whatever ended the others. */
static void test_peak(void)
{
    uint64_t dropped = 0;
    struct hosts *hosts = hosts_new(0, UINT64_MAX, &dropped);
    struct lifeline_address client = {{10, 0, 0, 2}, 4};
    uint32_t tally[600];
    /* One a second for ten minutes, each for a minute. */
    for (unsigned i = 0; i < 600; i++) {
        if (i >= 60) {
            hosts_time_wait_ends(hosts, tally[i - 60]);
        }
        tally[i] = begin(hosts, &client, i + 1, i * SECOND);
        CHECK(tally[i]);
    }
    const struct host_pair *pair = hosts_pair(hosts, 0);
    CHECK(pair && pair->held == 600);
    CHECK(pair && pair->peak == 60);
    CHECK(pair && pair->holds == 60);
    CHECK(!hosts_pair(hosts, 1));
    hosts_free(hosts);
}

/* The table is bounded; what it holds stays findable, and the rest is counted. */
static void test_bound(uint32_t max, unsigned expected)
{
    uint64_t dropped = 0;
    struct hosts *hosts = hosts_new(max, UINT64_MAX, &dropped);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 3 * expected; i++) {
            struct lifeline_address client = {
                {172, 16, (uint8_t)(i >> 8), (uint8_t)i, (uint8_t)(i >> 16)}, 6};
            begin(hosts, &client, 1, SECOND);
        }
    }
    unsigned rows = 0, twice = 0;
    for (const struct host_pair *pair; (pair = hosts_pair(hosts, rows)); rows++) {
        twice += pair->held == 2;
    }
    CHECK(rows == expected);
    CHECK(twice == expected);
    CHECK(dropped == 4 * expected);
    CHECK(hosts_memory_bytes(hosts) < expected * 1024);
    hosts_free(hosts);
}

int main(void)
{
    test_templates();
    test_durations();
    test_cut();
    test_table();
    test_peak();
    test_bound(0, HOSTS_DEFAULT);
    test_bound(100, 100);
    printf("%u failures\n", failures);
    return failures != 0;
}
