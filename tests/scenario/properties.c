/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Properties: what must hold when a scenario is changed in ways that its author didn't foresee.
 *
 * Duplicates: a packet that the network or the capture duplicates changes no history, at once or
 * some segments later.
 * Cuts: captures begin late, end early and miss packets. Whatever part of a scenario is fed, the
 * invariants hold; and what was said of the first segments doesn't depend on those that follow.
 */
#include "scenario.h"

#include <inttypes.h>
#include <string.h>

#define COPY_LIFE_NS INT64_C(30000000000)

static const struct variant plain = {.name = "segments"};

static bool is_captured_segment(const struct action *action)
{
    return action->kind == ACTION_SEGMENT && action->frame;
}

static unsigned compare(const struct scenario *scenario, const struct tape *original,
                        const struct cut *cut, const char *what)
{
    struct tape tape;
    unsigned failures = !play(scenario, &plain, cut, &tape);
    failures += check_same_story(scenario, original, &tape, what);
    failures += check_invariants(scenario, &plain, &tape);
    tape_free(&tape);
    return failures;
}

/* Can a copy of action i behind action j be told from a retransmission? Not when the network kept
 * it longer than segments live, nor when its sender repeated it meanwhile: two of three are alike.
 * Of earlier incarnations only the last is remembered. */
static bool is_plain_copy(const struct scenario *scenario, unsigned i, unsigned j)
{
    const struct action *original = &scenario->actions[i];
    if (scenario->actions[j].time_ns - original->time_ns > COPY_LIFE_NS)
        return false;
    if (original->lost)
        return false; /* the copy would get through: another story */
    unsigned lives = 0;
    for (unsigned k = i + 1; k <= j; k++) {
        const struct action *other = &scenario->actions[k];
        if (other->kind != ACTION_SEGMENT)
            continue;
        lives += other->flags == LIFELINE_SYN && other->from == original->from;
        if (other->from == original->from && other->seq == original->seq &&
            other->flags == original->flags && other->payload_bytes == original->payload_bytes)
            return false;
    }
    return lives < 2;
}

unsigned check_duplicates(const struct scenario *scenario)
{
    struct cut cut = whole_scenario();
    struct tape original;
    unsigned failures = !play(scenario, &plain, &cut, &original);

    cut.twice = ALL;
    failures += compare(scenario, &original, &cut, "each frame twice");
    for (unsigned i = 0; i < scenario->action_count; i++) {
        if (!is_captured_segment(&scenario->actions[i]))
            continue;
        char what[64];
        snprintf(what, sizeof what, "frame %" PRIu64 " twice", scenario->actions[i].frame);
        cut = whole_scenario();
        cut.twice = (int)i;
        failures += compare(scenario, &original, &cut, what);
        cut = whole_scenario();
        cut.late = (int)i;
        for (unsigned j = i + 1; j < scenario->action_count && !scenario->no_copies; j++) {
            if (!is_captured_segment(&scenario->actions[j]) || !is_plain_copy(scenario, i, j))
                continue;
            snprintf(what, sizeof what, "a copy of frame %" PRIu64 " behind frame %" PRIu64,
                     scenario->actions[i].frame, scenario->actions[j].frame);
            cut.after = (int)j;
            failures += compare(scenario, &original, &cut, what);
        }
    }
    tape_free(&original);
    return failures;
}

static bool same_event(const struct lifeline_event *a, const struct lifeline_event *b)
{
    bool same = a->connection == b->connection && a->frame == b->frame && a->steps == b->steps &&
                a->marks == b->marks && a->transition_count == b->transition_count &&
                a->client_state == b->client_state && a->server_state == b->server_state &&
                a->from == b->from;
    for (unsigned i = 0; same && i < a->transition_count; i++)
        same = memcmp(&a->transitions[i], &b->transitions[i], sizeof a->transitions[i]) == 0;
    return same;
}

/* The first events of the whole are all events of its beginning. */
static unsigned check_causal(const struct scenario *scenario, const struct tape *whole,
                             const struct tape *beginning)
{
    for (unsigned i = 0; i < beginning->event_count; i++) {
        if (i < whole->event_count && same_event(&beginning->events[i], &whole->events[i]))
            continue;
        fail(scenario, NULL, 1, "the event of frame %" PRIu64 " depends on what comes later",
             beginning->events[i].frame);
        return 1;
    }
    return 0;
}

unsigned check_cuts(const struct scenario *scenario)
{
    struct cut cut = whole_scenario();
    struct tape whole, tape;
    unsigned failures = !play(scenario, &plain, &cut, &whole);
    for (unsigned i = 0; i < scenario->action_count; i++) {
        if (!is_captured_segment(&scenario->actions[i]))
            continue;
        cut = whole_scenario();
        cut.to = i;
        failures += !play(scenario, &plain, &cut, &tape);
        failures += check_causal(scenario, &whole, &tape);
        failures += check_invariants(scenario, &plain, &tape);
        tape_free(&tape);
        cut = whole_scenario();
        cut.from = i;
        failures += !play(scenario, &plain, &cut, &tape);
        failures += check_invariants(scenario, &plain, &tape);
        tape_free(&tape);
        cut = whole_scenario();
        cut.missing = (int)i;
        failures += !play(scenario, &plain, &cut, &tape);
        failures += check_invariants(scenario, &plain, &tape);
        tape_free(&tape);
    }
    tape_free(&whole);
    return failures;
}
