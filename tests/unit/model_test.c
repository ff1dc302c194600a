/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names, addresses, Community ID and the schema: what all outputs are made from. */
#include "check.h"
#include "lifeline.h"
#include "model/community_id.h"
#include "model/sha1_block.h"

static struct lifeline_address ipv4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
    return (struct lifeline_address){.bytes = {a, b, c, d}, .family = 4};
}

static struct lifeline_address ipv6(const uint16_t groups[8])
{
    struct lifeline_address address = {.family = 6};

    for (unsigned i = 0; i < 8; i++) {
        address.bytes[2 * i] = (uint8_t)(groups[i] >> 8);
        address.bytes[2 * i + 1] = (uint8_t)groups[i];
    }
    return address;
}

/* The values in the specification's baseline (community-id-spec, TCP, seed 0). */
static void community_ids(void)
{
    const struct lifeline_address a = ipv4(128, 232, 110, 120), b = ipv4(66, 35, 250, 204);
    char id[COMMUNITY_ID_SIZE];

    community_id_text(&a, 34855, &b, 80, id);
    CHECK_TEXT(id, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
    community_id_text(&b, 80, &a, 34855, id);
    CHECK_TEXT(id, "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
}

/* FIPS 180-4's example "abc". */
static void sha1(void)
{
    uint8_t block[64] = {'a', 'b', 'c', 0x80, [63] = 24}, digest[20];
    char text[41];

    sha1_block(block, digest);
    for (unsigned i = 0; i < 20; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    CHECK_TEXT(text, "a9993e364706816aba3e25717850c26c9cd0d89d");
}

static void addresses(void)
{
    static const struct {
        uint16_t groups[8];
        const char *text;
    } cases[] = {
        {{0, 0, 0, 0, 0, 0, 0, 0}, "::"},
        {{0, 0, 0, 0, 0, 0, 0, 1}, "::1"},
        {{0x2001, 0xdb8, 0, 0, 0, 0, 0, 1}, "2001:db8::1"},
        {{0x2001, 0xdb8, 0, 0, 1, 0, 0, 1}, "2001:db8::1:0:0:1"},    /* the first of equals */
        {{0x2001, 0xdb8, 0, 1, 1, 1, 1, 1}, "2001:db8:0:1:1:1:1:1"}, /* one zero stays */
        {{0x2001, 0, 0, 1, 0, 0, 0, 1}, "2001:0:0:1::1"},            /* the longest */
        {{1, 0, 0, 0, 0, 0, 0, 0}, "1::"},                           /* at the end */
        {{0, 0, 0, 0, 0, 0xffff, 0x0102, 0x0304}, "::ffff:1.2.3.4"}, /* section 5 */
        {{0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff},
         "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    struct lifeline_address address = ipv4(255, 0, 10, 109);
    char text[46];

    CHECK_UINT(lifeline_address_text(&address, text, sizeof(text)), 12);
    CHECK_TEXT(text, "255.0.10.109");
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        address = ipv6(cases[i].groups);
        CHECK_UINT(lifeline_address_text(&address, text, sizeof(text)), strlen(cases[i].text));
        CHECK_TEXT(text, cases[i].text);
    }
    CHECK_UINT(lifeline_address_text(&address, text, 5), 4); /* cut, and ended */
    CHECK_TEXT(text, "ffff");
}

static void names(void)
{
    char text[64];

    CHECK_TEXT(lifeline_name_of(lifeline_state_names, LIFELINE_TIME_WAIT), "TIME-WAIT");
    CHECK(lifeline_name_of(lifeline_state_names, LIFELINE_STATE_UNKNOWN) == NULL);
    CHECK(lifeline_name_of(lifeline_role_names, LIFELINE_NOBODY) == NULL);
    CHECK_UINT(lifeline_flags_text(LIFELINE_ACK | LIFELINE_FIN | LIFELINE_PSH, text, 64), 11);
    CHECK_TEXT(text, "FIN,PSH,ACK");
    lifeline_names_of_bits(lifeline_step_names, LIFELINE_STEP_TEARDOWN_3 | LIFELINE_STEP_TEARDOWN_2,
                           "+", text, 64);
    CHECK_TEXT(text, "teardown-2+teardown-3");
    CHECK_UINT(lifeline_names_of_bits(lifeline_step_names, LIFELINE_STEP_DATA, "+", text, 3), 2);
    CHECK_TEXT(text, "da");
}

static const size_t record_sizes[LIFELINE_RECORD_COUNT] = {
    [LIFELINE_RECORD_CONNECTION] = sizeof(struct lifeline_connection),
    [LIFELINE_RECORD_EVENT] = sizeof(struct lifeline_event),
    [LIFELINE_RECORD_EXCHANGE] = sizeof(struct lifeline_exchange),
    [LIFELINE_RECORD_FINDING] = sizeof(struct lifeline_finding),
    [LIFELINE_RECORD_TIME_WAIT] = sizeof(struct lifeline_time_wait),
    [LIFELINE_RECORD_CENSUS] = sizeof(struct lifeline_census),
    [LIFELINE_RECORD_HOLDER] = sizeof(struct lifeline_holder),
};

/* The object that a path is in: "client" of "client.state"; 0 octets for the record itself. */
static size_t object_length(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? (size_t)(dot - path) : 0;
}

/* What the writers rely on. */
static void schema(void)
{
    for (unsigned kind = 0; kind < LIFELINE_RECORD_COUNT; kind++) {
        const struct lifeline_field *fields = lifeline_fields(kind);

        if (!CHECK(fields != NULL))
            continue;
        for (const struct lifeline_field *f = fields; f->path; f++) {
            bool named = f->type == LIFELINE_FIELD_ENUM || f->type == LIFELINE_FIELD_BITS ||
                         f->type == LIFELINE_FIELD_BIT_LIST;
            size_t object = object_length(f->path);
            bool inside = true;

            check_about(f->path);
            CHECK(f->offset < record_sizes[kind]);
            CHECK(f->title && *f->title && f->help && *f->help);
            CHECK(!named || f->names);
            for (const struct lifeline_field *before = f; before-- != fields;) {
                bool same = object_length(before->path) == object &&
                            strncmp(before->path, f->path, object) == 0;

                CHECK(strcmp(before->path, f->path) != 0);
                CHECK(!object || inside || !same); /* an object's fields stand together */
                inside &= same;
            }
        }
        check_about("");
    }
    CHECK(lifeline_fields(LIFELINE_RECORD_COUNT) == NULL);
}

static void stacks(void)
{
    for (unsigned stack = 0; stack < LIFELINE_STACK_COUNT; stack++) {
        const struct lifeline_stack_facts *facts = lifeline_stack_facts(stack);

        if (!CHECK(facts != NULL))
            return;
        CHECK_TEXT(facts->name, lifeline_name_of(lifeline_stack_names, stack));
        CHECK(facts->time_wait_ns > 0 && facts->first_port < facts->last_port);
    }
    CHECK(lifeline_stack_facts(LIFELINE_STACK_COUNT) == NULL);
}

#define SECOND INT64_C(1000000000)

static struct lifeline_host_stack stack_of(const struct lifeline_options *options, uint8_t a,
                                           uint8_t b, uint8_t c, uint8_t ttl)
{
    struct lifeline_address host = {.bytes = {a, b, c, 1}, .family = 4};
    struct lifeline_host_stack out;
    lifeline_host_stack(options, &host, ttl, &out);
    return out;
}

static void nothing_said_of_hosts(void)
{
    struct lifeline_host_stack host = stack_of(NULL, 10, 0, 0, 0);
    CHECK(!host.known && host.stack == LIFELINE_STACK_LINUX && host.time_wait_ns == 60 * SECOND);
    CHECK(host.shortest_ns == 30 * SECOND && host.longest_ns == 240 * SECOND);
    CHECK_UINT(host.ports, 28232);
    /* 64 and less comes from no Windows, 65 and more may be anything that isn't said. */
    host = stack_of(NULL, 10, 0, 0, 64);
    CHECK(host.shortest_ns == 30 * SECOND && host.longest_ns == 60 * SECOND);
    host = stack_of(NULL, 10, 0, 0, 1);
    CHECK(host.shortest_ns == 30 * SECOND && host.longest_ns == 60 * SECOND);
    host = stack_of(NULL, 10, 0, 0, 65);
    CHECK(host.shortest_ns == 30 * SECOND && host.longest_ns == 240 * SECOND);
}

static void hosts_are_what_is_said(void)
{
    struct lifeline_options options = {.stack = LIFELINE_STACK_WINDOWS, .stack_known = true};
    struct lifeline_host_stack host = stack_of(&options, 10, 0, 0, 64);
    CHECK(host.known && host.shortest_ns == 120 * SECOND && host.longest_ns == 120 * SECOND);
    options = (struct lifeline_options){.time_wait_ns = 7 * SECOND};
    host = stack_of(&options, 10, 0, 0, 0);
    CHECK(!host.known && host.shortest_ns == 7 * SECOND && host.longest_ns == 7 * SECOND);
}

static void longest_prefix_wins(void)
{
    const struct lifeline_network networks[] = {
        {{{10, 20}, 4}, 16, LIFELINE_STACK_MACOS, 0},
        {{{10}, 4}, 8, LIFELINE_STACK_WINDOWS, 0},
        {{{10, 20, 30, 1}, 4}, 32, LIFELINE_STACK_FREEBSD, 0},
        {{{10, 20, 28}, 4}, 22, LIFELINE_STACK_LINUX, 5 * SECOND},
        {{{10}, 6}, 8, LIFELINE_STACK_RFC, 0},
    };
    struct lifeline_options options = {.networks = networks, .network_count = 5};
    CHECK(stack_of(&options, 10, 1, 0, 0).time_wait_ns == 120 * SECOND);
    CHECK(stack_of(&options, 10, 20, 0, 0).time_wait_ns == 30 * SECOND);
    CHECK(stack_of(&options, 10, 20, 30, 0).stack == LIFELINE_STACK_FREEBSD);
    CHECK(stack_of(&options, 10, 20, 31, 0).time_wait_ns == 5 * SECOND);
    CHECK(stack_of(&options, 10, 20, 32, 0).time_wait_ns == 30 * SECOND);
    struct lifeline_host_stack host = stack_of(&options, 10, 20, 31, 0);
    CHECK(!host.known && host.shortest_ns == 5 * SECOND && host.longest_ns == 5 * SECOND);
    host = stack_of(&options, 11, 20, 31, 0);
    CHECK(!host.known && host.network == 5 && host.time_wait_ns == 60 * SECOND);
    struct lifeline_address v6 = {.bytes = {10, 1}, .family = 6};
    lifeline_host_stack(&options, &v6, 0, &host);
    CHECK(host.known && host.time_wait_ns == 240 * SECOND);
}

int main(void)
{
    RUN(community_ids);
    RUN(sha1);
    RUN(addresses);
    RUN(names);
    RUN(schema);
    RUN(stacks);
    RUN(nothing_said_of_hosts);
    RUN(hosts_are_what_is_said);
    RUN(longest_prefix_wins);
    return check_report();
}
