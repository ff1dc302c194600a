/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario_run: plays scenarios and checks what lifeline says about them. See README.md.
 *
 *   scenario_run FILE...               each in all variants: as segments and as packets, over IPv4
 *                                      and IPv6, with the hosts' addresses swapped, and with the
 *                                      sequence numbers moved so that they wrap elsewhere
 *   scenario_run --duplicate FILE...   a duplicate of any segment changes no history
 *   scenario_run --cut FILE...         any part of it keeps the invariants; no event depends on
 *                                      what comes later
 *   scenario_run --rows FILE...        every row of the state table is exercised by one of them
 *   scenario_run --pcap OUT FILE       writes the scenario as a capture
 *   scenario_run --events FILE         the library's events as JSON Lines, for agree.py
 *   scenario_run --options FILE        its settings as options of the program, for agree.py
 *   scenario_run --list FILE           what lifeline says, in the scenario language, for authors
 */
#include "scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct variant plain = {.name = "segments"};

static bool play_plain(const struct scenario *scenario, struct tape *tape)
{
    const struct cut whole = whole_scenario();
    return play(scenario, &plain, &whole, tape);
}

static const struct variant variants[] = {
    {.name = "segments"},
    {.name = "packets", .as_frames = true},
    {.name = "packets, IPv6", .as_frames = true, .family = 6},
    {.name = "hosts swapped", .swap_hosts = true},
    {.name = "IPv6, hosts swapped", .swap_hosts = true, .family = 6},
    /* Default ISNs are 1000 and 500000: these shifts make zero fall on or behind the SYN, into the
     * first bytes, and half-way around the circle. */
    {.name = "client ISN 2^32-1", .isn_shift = UINT32_C(0xffffffff) - 1000},
    {.name = "client ISN 2^32-30", .isn_shift = UINT32_C(0xffffffff) - 1029},
    {.name = "server ISN 2^32-1", .isn_shift = UINT32_C(0xffffffff) - 500000},
    {.name = "server ISN 2^32-30", .isn_shift = UINT32_C(0xffffffff) - 500029},
    {.name = "ISNs around 2^31", .isn_shift = UINT32_C(0x7fffff00), .as_frames = true},
};
enum { VARIANT_COUNT = sizeof variants / sizeof variants[0] };

static unsigned run_variants(const struct scenario *scenario)
{
    const struct cut whole = whole_scenario();
    unsigned failures = 0;
    for (unsigned i = 0; i < VARIANT_COUNT && !failures; i++) {
        struct tape tape;
        if (scenario->fixed_numbers && variants[i].isn_shift)
            continue;
        if (!play(scenario, &variants[i], &whole, &tape))
            failures++;
        failures += check_events(scenario, &variants[i], &tape);
        failures += check_records(scenario, &variants[i], &tape);
        failures += check_invariants(scenario, &variants[i], &tape);
        tape_free(&tape);
    }
    return failures;
}

static unsigned count_rows(const struct scenario *scenario, bool exercised[256])
{
    struct tape tape;
    if (!play_plain(scenario, &tape))
        return 1;
    for (unsigned i = 0; i < tape.event_count; i++) {
        const struct lifeline_event *event = &tape.events[i];
        for (unsigned j = 0; j < event->transition_count; j++) {
            const struct lifeline_transition *transition = &event->transitions[j];
            const struct lifeline_row *row = lifeline_row(transition->row);
            if (row && row->from == transition->from && row->to == transition->to)
                exercised[transition->row] = true;
        }
    }
    tape_free(&tape);
    return 0;
}

static unsigned report_rows(const bool exercised[256])
{
    unsigned missing = 0, row = 0;
    for (; lifeline_row(row); row++) {
        if (exercised[row])
            continue;
        const struct lifeline_row *facts = lifeline_row(row);
        fprintf(stderr, "no scenario for row %u: %s, %s -> %s (%s)\n", row, state_name(facts->from),
                facts->stimulus, state_name(facts->to), facts->section);
        missing++;
    }
    printf("%u of %u rows of the state table are exercised\n", row - missing, row);
    return missing;
}

/* One line for each event that has a frame or a transition. */
static void print_event(const struct lifeline_event *event)
{
    char steps[160], marks[256];
    lifeline_names_of_bits(lifeline_step_names, event->steps, "+", steps, sizeof steps);
    lifeline_names_of_bits(lifeline_mark_names, event->marks, " ", marks, sizeof marks);
    printf("{\"connection\":%" PRIu64 ",\"incarnation\":%" PRIu32 ",\"frame\":%" PRIu64
           ",\"step\":\"%s\",\"marks\":\"%s\",\"is_own\":%s,\"client_state\":\"%s\","
           "\"server_state\":\"%s\",\"transitions\":[",
           event->connection, event->incarnation, event->frame, steps, marks,
           event->from != LIFELINE_NOBODY || event->icmp.error != LIFELINE_UNKNOWN ? "true"
                                                                                   : "false",
           state_name(event->client_state), state_name(event->server_state));
    for (unsigned i = 0; i < event->transition_count; i++) {
        const struct lifeline_transition *transition = &event->transitions[i];
        printf("%s\"%s %s %s %s\"", i ? "," : "", role_name(transition->endpoint),
               state_name(transition->from), state_name(transition->to),
               lifeline_name_of(lifeline_evidence_names, transition->evidence));
    }
    printf("]}\n");
}

static unsigned print_events(const struct scenario *scenario)
{
    struct tape tape;
    if (!play_plain(scenario, &tape))
        return 1;
    for (unsigned i = 0; i < tape.event_count; i++)
        print_event(&tape.events[i]);
    tape_free(&tape);
    return 0;
}

/* The scenario's settings as options of the program, one a line. */
static unsigned print_options(const struct scenario *scenario)
{
    if (scenario->stack_known)
        printf("--stack=%s\n", lifeline_name_of(lifeline_stack_names, scenario->stack));
    for (unsigned side = 0; side < SIDE_COUNT; side++) {
        struct lifeline_address address = address_of(scenario, &plain, (enum side)side);
        char text[48];
        lifeline_address_text(&address, text, sizeof text);
        if (scenario->side[side].stack != LIFELINE_UNKNOWN)
            printf("--stack-for=%s=%s\n", text,
                   lifeline_name_of(lifeline_stack_names, scenario->side[side].stack));
    }
    if (scenario->time_wait_ns)
        printf("--time-wait=%g\n", (double)scenario->time_wait_ns / 1e9);
    return 0;
}

static void list_event(const struct lifeline_event *event)
{
    char steps[160], marks[256];
    lifeline_names_of_bits(lifeline_step_names, event->steps, "+", steps, sizeof steps);
    lifeline_names_of_bits(lifeline_mark_names, event->marks, ", ", marks, sizeof marks);
    printf("%3" PRIu64 "  connection %" PRIu64 "  => %s", event->frame, event->connection,
           event->steps ? steps : "nothing");
    for (unsigned i = 0; i < event->transition_count; i++) {
        const struct lifeline_transition *transition = &event->transitions[i];
        printf("; %s %s -> %s (%s)", role_name(transition->endpoint), state_name(transition->from),
               state_name(transition->to),
               lifeline_name_of(lifeline_evidence_names, transition->evidence));
    }
    if (event->marks)
        printf("; marks %s", marks);
    if (event->steps & LIFELINE_STEP_WITHDRAWAL)
        printf("; withdraws %" PRIu64, event->withdrawn_frame);
    if (event->steps & LIFELINE_STEP_RESET) {
        const char *verdict = lifeline_name_of(lifeline_reset_verdict_names, event->reset_verdict);
        const char *cause = lifeline_name_of(lifeline_reset_cause_names, event->reset_cause);
        printf("; reset_verdict = %s; reset_cause = %s", verdict ? verdict : "null",
               cause ? cause : "null");
    }
    printf("; client %s, server %s\n", state_name(event->client_state),
           state_name(event->server_state));
}

static unsigned list(const struct scenario *scenario)
{
    struct tape tape;
    if (!play_plain(scenario, &tape))
        return 1;
    for (unsigned i = 0; i < tape.event_count; i++)
        list_event(&tape.events[i]);
    for (unsigned i = 0; i < tape.connection_count; i++) {
        const struct lifeline_connection *connection = &tape.connections[i];
        printf("connection %" PRIu64 "\n", connection->connection);
        static const char *const paths[] = {"incarnation",
                                            "role_evidence",
                                            "handshake.kind",
                                            "handshake.complete",
                                            "handshake.frames",
                                            "client.states",
                                            "server.states",
                                            "teardown.kind",
                                            "teardown.complete",
                                            "teardown.active_closer",
                                            "teardown.frames",
                                            "teardown.reset_by",
                                            "teardown.reset_cause",
                                            "time_wait",
                                            "withdrawals",
                                            "old_duplicates",
                                            "findings"};
        for (unsigned j = 0; j < sizeof paths / sizeof paths[0]; j++) {
            char text[512];
            if (value_text(LIFELINE_RECORD_CONNECTION, connection, paths[j], text, sizeof text))
                printf("  %s = %s\n", paths[j], text);
        }
        for (unsigned j = 0; j < connection->time_wait_count; j++) {
            char text[64];
            value_text(LIFELINE_RECORD_TIME_WAIT, &connection->time_wait[j], "outcome", text,
                       sizeof text);
            printf("  time_wait.%s.outcome = %s\n", role_name(connection->time_wait[j].endpoint),
                   text);
        }
    }
    tape_free(&tape);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: scenario_run [--duplicate | --cut | --rows | --events | --options | "
                    "--list] FILE...\n"
                    "       scenario_run --pcap OUT FILE\n");
    return 2;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
    int first = *mode ? 2 : 1;
    const char *out = NULL;
    if (strcmp(mode, "--pcap") == 0)
        out = argc > first ? argv[first++] : NULL;
    if (argc <= first || (out && argc != first + 1))
        return usage();

    struct scenario *scenario = malloc(sizeof *scenario);
    if (!scenario)
        return 1;
    bool exercised[256] = {false};
    unsigned failed = 0;
    for (int i = first; i < argc; i++) {
        unsigned failures = 0;
        if (!scenario_read(scenario, argv[i]))
            failures = 1;
        else if (!*mode)
            failures = run_variants(scenario);
        else if (strcmp(mode, "--duplicate") == 0)
            failures = check_duplicates(scenario);
        else if (strcmp(mode, "--cut") == 0)
            failures = check_cuts(scenario);
        else if (strcmp(mode, "--rows") == 0)
            failures = count_rows(scenario, exercised);
        else if (strcmp(mode, "--events") == 0)
            failures = print_events(scenario);
        else if (strcmp(mode, "--options") == 0)
            failures = print_options(scenario);
        else if (strcmp(mode, "--list") == 0)
            failures = list(scenario);
        else if (out)
            failures = !pcap_write(scenario, &plain, out);
        else
            return free(scenario), usage();
        failed += failures != 0;
    }
    free(scenario);
    if (failed && argc - first > 1)
        fprintf(stderr, "%u of %d scenarios failed\n", failed, argc - first);
    if (strcmp(mode, "--rows") == 0)
        failed += report_rows(exercised) != 0;
    return failed ? 1 : 0;
}
