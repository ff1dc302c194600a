/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold whatever the scenario says: each transition starts in the state that the endpoint
 * is in and is a row of the state table; the states after an event follow from its transitions; a
 * withdrawal leads back to an earlier state of the history; and the history in the connection's
 * record is the sum of its events.
 */
#include "scenario.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_HISTORY = 64, MAX_CONNECTIONS = 32 };

struct history {
    unsigned count;
    uint8_t states[MAX_HISTORY];
};

struct story {
    bool seen;
    struct history of[2]; /* by role */
};

static void push(struct history *history, uint8_t state)
{
    if (history->count < MAX_HISTORY)
        history->states[history->count++] = state;
}

static uint8_t top(const struct history *history)
{
    return history->states[history->count - 1];
}

/* The state before the event's first transition of this endpoint. */
static uint8_t state_before(const struct lifeline_event *event, uint8_t endpoint)
{
    for (unsigned i = 0; i < event->transition_count; i++)
        if (event->transitions[i].endpoint == endpoint)
            return event->transitions[i].from;
    return endpoint == LIFELINE_CLIENT ? event->client_state : event->server_state;
}

/* An endpoint that hasn't shown itself yet was in LISTEN or CLOSED: which, its first segment tells.
 */
static void assume_start(struct history *history, uint8_t state)
{
    if (history->count == 1 && history->states[0] == LIFELINE_STATE_UNKNOWN &&
        (state == LIFELINE_LISTEN || state == LIFELINE_CLOSED))
        history->states[0] = state;
}

static unsigned apply(const struct scenario *scenario, const struct variant *variant,
                      const struct lifeline_event *event, struct story *story)
{
    unsigned failures = 0;
    bool withdraws = event->steps & LIFELINE_STEP_WITHDRAWAL;
    for (unsigned i = 0; i < event->transition_count; i++) {
        const struct lifeline_transition *transition = &event->transitions[i];
        struct history *history = &story->of[transition->endpoint];
        assume_start(history, transition->from);
        if (transition->from != top(history)) {
            fail(scenario, variant, 1, "frame %" PRIu64 ": %s is in %s, not in %s", event->frame,
                 role_name(transition->endpoint), state_name(top(history)),
                 state_name(transition->from));
            failures++;
        }
        const struct lifeline_row *row = lifeline_row(transition->row);
        if (row && row->from == transition->from && row->to == transition->to) {
            push(history, transition->to);
            continue;
        }
        /* What an end was in before it spoke is taken back altogether. */
        if (withdraws && history->count == 1 && transition->to == LIFELINE_STATE_UNKNOWN) {
            history->states[0] = LIFELINE_STATE_UNKNOWN;
            continue;
        }
        /* Only the way back has no row of its own. */
        unsigned back = history->count;
        while (back && history->states[back - 1] != transition->to)
            back--;
        if (!withdraws || !back) {
            fail(scenario, variant, 1, "frame %" PRIu64 ": %s %s -> %s isn't a row of the table",
                 event->frame, role_name(transition->endpoint), state_name(transition->from),
                 state_name(transition->to));
            failures++;
            push(history, transition->to);
        } else {
            history->count = back;
        }
    }
    return failures;
}

static unsigned check_event(const struct scenario *scenario, const struct variant *variant,
                            const struct lifeline_event *event, struct story *story)
{
    unsigned failures = 0;
    if (!story->seen) {
        story->seen = true;
        push(&story->of[LIFELINE_CLIENT], state_before(event, LIFELINE_CLIENT));
        push(&story->of[LIFELINE_SERVER], state_before(event, LIFELINE_SERVER));
    } else if (event->steps & LIFELINE_STEP_ROLE) {
        struct history other = story->of[0];
        story->of[0] = story->of[1];
        story->of[1] = other;
    }
    failures += apply(scenario, variant, event, story);
    const uint8_t after[2] = {event->client_state, event->server_state};
    for (uint8_t role = 0; role < 2; role++) {
        assume_start(&story->of[role], after[role]);
        if (after[role] == top(&story->of[role]))
            continue;
        fail(scenario, variant, 1, "frame %" PRIu64 ": %s is in %s, but its transitions led to %s",
             event->frame, role_name(role), state_name(after[role]),
             state_name(top(&story->of[role])));
        failures++;
    }
    return failures;
}

static unsigned check_history(const struct scenario *scenario, const struct variant *variant,
                              const struct lifeline_connection *connection, uint8_t role,
                              const struct history *history)
{
    const struct lifeline_endpoint *end =
        role == LIFELINE_CLIENT ? &connection->client : &connection->server;
    /* An endpoint of which nothing was known yet starts its history with the first proof. */
    unsigned skip = history->count && history->states[0] == LIFELINE_STATE_UNKNOWN &&
                            !(end->state_count && end->states[0] == LIFELINE_STATE_UNKNOWN)
                        ? 1
                        : 0;
    bool same = end->state_count == history->count - skip &&
                memcmp(end->states, history->states + skip, end->state_count) == 0;
    if (same)
        return 0;
    char told[512] = "", summed[512] = "";
    size_t used = 0;
    for (unsigned i = 0; i < end->state_count; i++)
        used +=
            (size_t)snprintf(told + used, sizeof told - used, " %s", state_name(end->states[i]));
    used = 0;
    for (unsigned i = skip; i < history->count && used < sizeof summed - 16; i++)
        used += (size_t)snprintf(summed + used, sizeof summed - used, " %s",
                                 state_name(history->states[i]));
    fail(scenario, variant, 1, "connection %" PRIu64 ": %s's record says%s, its events say%s",
         connection->connection, role_name(role), told, summed);
    return 1;
}

unsigned check_invariants(const struct scenario *scenario, const struct variant *variant,
                          const struct tape *tape)
{
    struct story stories[MAX_CONNECTIONS];
    memset(stories, 0, sizeof stories);
    unsigned failures = 0;
    for (unsigned i = 0; i < tape->event_count; i++)
        if (tape->events[i].connection < MAX_CONNECTIONS)
            failures += check_event(scenario, variant, &tape->events[i],
                                    &stories[tape->events[i].connection]);
    for (unsigned i = 0; i < tape->connection_count; i++) {
        const struct lifeline_connection *connection = &tape->connections[i];
        if (connection->connection >= MAX_CONNECTIONS)
            continue;
        struct story *story = &stories[connection->connection];
        for (uint8_t role = 0; role < 2 && story->seen; role++)
            failures += check_history(scenario, variant, connection, role, &story->of[role]);
    }
    return failures;
}

static bool same_states(const struct lifeline_endpoint *a, const struct lifeline_endpoint *b)
{
    return a->state == b->state && a->state_count == b->state_count &&
           memcmp(a->states, b->states, a->state_count) == 0;
}

unsigned check_same_story(const struct scenario *scenario, const struct tape *expected,
                          const struct tape *actual, const char *what)
{
    if (expected->connection_count != actual->connection_count) {
        fail(scenario, NULL, 1, "%s: %u connections, not %u", what, actual->connection_count,
             expected->connection_count);
        return 1;
    }
    unsigned failures = 0;
    for (unsigned i = 0; i < expected->connection_count; i++) {
        const struct lifeline_connection *a = &expected->connections[i];
        const struct lifeline_connection *b = &actual->connections[i];
        const char *different = NULL;
        if (!same_states(&a->client, &b->client))
            different = "the client's history";
        else if (!same_states(&a->server, &b->server))
            different = "the server's history";
        else if (a->handshake.kind != b->handshake.kind)
            different = "the handshake's kind";
        else if (a->teardown.kind != b->teardown.kind)
            different = "the teardown's kind";
        else if (a->teardown.active_closer != b->teardown.active_closer)
            different = "the active closer";
        else if (a->withdrawals != b->withdrawals)
            different = "the number of withdrawals";
        else if (a->client.payload_bytes != b->client.payload_bytes ||
                 a->server.payload_bytes != b->server.payload_bytes)
            different = "the payload";
        if (!different)
            continue;
        fail(scenario, NULL, 1, "%s: connection %" PRIu64 ": %s changes", what, a->connection,
             different);
        failures++;
    }
    return failures;
}
