/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The scenario's expectations against the tape. Events are matched in order: one for each captured
 * segment, one for each timer; what is left over on either side is a failure. A segment without a
 * "=>" part must change nothing: no transition, and no step but data.
 */
#include "scenario.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void fail(const struct scenario *scenario, const struct variant *variant, int line,
          const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s:%d: ", scenario->path, line);
    if (variant)
        fprintf(stderr, "[%s] ", variant->name);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

static void transition_text(uint8_t endpoint, uint8_t from, uint8_t to, uint8_t evidence, char *out,
                            size_t size)
{
    const char *why = lifeline_name_of(lifeline_evidence_names, evidence);
    snprintf(out, size, "%s %s -> %s (%s)", role_name(endpoint), state_name(from), state_name(to),
             why ? why : "?");
}

static unsigned check_transitions(const struct scenario *scenario, const struct variant *variant,
                                  const struct action *action, const struct lifeline_event *event)
{
    unsigned failures = 0;
    bool used[LIFELINE_MAX_TRANSITIONS] = {false};
    char text[128];
    for (unsigned i = 0; i < action->item_count; i++) {
        const struct item *item = &action->items[i];
        if (item->kind != ITEM_TRANSITION)
            continue;
        /* The next one of this endpoint that isn't used yet: order counts for each endpoint. */
        const struct lifeline_transition *match = NULL;
        for (unsigned j = 0; j < event->transition_count && !match; j++) {
            if (used[j] || event->transitions[j].endpoint != item->endpoint)
                continue;
            used[j] = true;
            match = &event->transitions[j];
        }
        transition_text(item->endpoint, item->from, item->to, item->evidence, text, sizeof text);
        if (!match) {
            fail(scenario, variant, item->line, "missing: %s", text);
            failures++;
        } else if (match->from != item->from || match->to != item->to ||
                   match->evidence != item->evidence) {
            char other[128];
            transition_text(match->endpoint, match->from, match->to, match->evidence, other,
                            sizeof other);
            fail(scenario, variant, item->line, "expected %s, got %s", text, other);
            failures++;
        }
    }
    for (unsigned j = 0; j < event->transition_count; j++) {
        if (used[j])
            continue;
        const struct lifeline_transition *extra = &event->transitions[j];
        transition_text(extra->endpoint, extra->from, extra->to, extra->evidence, text,
                        sizeof text);
        fail(scenario, variant, action->line, "unexpected: %s", text);
        failures++;
    }
    return failures;
}

static unsigned check_steps(const struct scenario *scenario, const struct variant *variant,
                            int line, uint32_t expected, uint32_t actual)
{
    uint32_t compared = ~(uint32_t)0;
    if (!(expected & LIFELINE_STEP_DATA))
        compared &= ~(uint32_t)LIFELINE_STEP_DATA;
    if ((expected & compared) == (actual & compared))
        return 0;
    char want[160], got[160];
    lifeline_names_of_bits(lifeline_step_names, expected, "+", want, sizeof want);
    lifeline_names_of_bits(lifeline_step_names, actual, "+", got, sizeof got);
    fail(scenario, variant, line, "expected step %s, got %s", expected ? want : "nothing",
         actual ? got : "nothing");
    return 1;
}

static unsigned check_item(const struct scenario *scenario, const struct variant *variant,
                           const struct item *item, const struct lifeline_event *event)
{
    const char *mark;
    uint8_t state;
    char actual[256];
    switch (item->kind) {
    case ITEM_STEPS:
        return check_steps(scenario, variant, item->line, item->bits, event->steps);
    case ITEM_STATE:
        state = item->endpoint == LIFELINE_CLIENT ? event->client_state : event->server_state;
        if (state == item->state)
            return 0;
        fail(scenario, variant, item->line, "expected %s in %s, it is in %s",
             role_name(item->endpoint), state_name(item->state), state_name(state));
        return 1;
    case ITEM_MARK:
    case ITEM_NO_MARK:
        if (((event->marks & item->bits) != 0) == (item->kind == ITEM_MARK))
            return 0;
        mark = lifeline_name_of(lifeline_mark_names, item->bits);
        lifeline_names_of_bits(lifeline_mark_names, event->marks, " ", actual, sizeof actual);
        fail(scenario, variant, item->line, "mark %s is %s; marks are: %s", mark,
             item->kind == ITEM_MARK ? "missing" : "not wanted", actual);
        return 1;
    case ITEM_WITHDRAWS:
        if ((event->steps & LIFELINE_STEP_WITHDRAWAL) && event->withdrawn_frame == item->number)
            return 0;
        fail(scenario, variant, item->line,
             "expected the withdrawal of frame %" PRIu64 ", withdrawn is %" PRIu64, item->number,
             event->steps & LIFELINE_STEP_WITHDRAWAL ? event->withdrawn_frame : 0);
        return 1;
    case ITEM_FIELD:
        if (strcmp(item->path, "old_incarnation") == 0) {
            bool old = event->marks & LIFELINE_MARK_OLD_DUPLICATE;
            snprintf(actual, sizeof actual, old ? "%" PRIu32 : "null", event->old_incarnation);
        } else if (!value_text(LIFELINE_RECORD_EVENT, event, item->path, actual, sizeof actual)) {
            fail(scenario, variant, item->line, "an event has no field %s", item->path);
            return 1;
        }
        if (value_equals(item->value, actual))
            return 0;
        fail(scenario, variant, item->line, "%s: expected %s, got %s", item->path, item->value,
             actual);
        return 1;
    case ITEM_TRANSITION:
        return 0;
    }
    return 0;
}

static unsigned check_event(const struct scenario *scenario, const struct variant *variant,
                            const struct action *action, const struct lifeline_event *event)
{
    unsigned failures =
        action->told_elsewhere ? 0 : check_transitions(scenario, variant, action, event);
    if (!action->explained && action->kind == ACTION_SEGMENT)
        failures += check_steps(scenario, variant, action->line, 0, event->steps);
    for (unsigned i = 0; i < action->item_count; i++)
        failures += check_item(scenario, variant, &action->items[i], event);
    int64_t time_ns = scenario_epoch_ns() + action->time_ns;
    if (event->time_ns != time_ns) {
        fail(scenario, variant, action->line, "expected at %.9f s, it is at %.9f s",
             (double)action->time_ns / 1e9, (double)(event->time_ns - scenario_epoch_ns()) / 1e9);
        failures++;
    }
    return failures;
}

unsigned check_events(const struct scenario *scenario, const struct variant *variant,
                      const struct tape *tape)
{
    unsigned failures = 0, next = 0;
    for (unsigned i = 0; i < scenario->action_count; i++) {
        const struct action *action = &scenario->actions[i];
        if (action->kind == ACTION_CLOCK || action->not_captured)
            continue;
        if (next == tape->event_count) {
            fail(scenario, variant, action->line, "no event");
            return failures + 1;
        }
        const struct lifeline_event *event = &tape->events[next];
        if (action->frame != event->frame) {
            /* Say which of the two has no counterpart, and go on behind it. */
            failures++;
            if (event->frame == LIFELINE_NO_FRAME) {
                char text[128] = "nothing";
                if (event->transition_count)
                    transition_text(event->transitions[0].endpoint, event->transitions[0].from,
                                    event->transitions[0].to, event->transitions[0].evidence, text,
                                    sizeof text);
                fail(scenario, variant, action->line, "before this, an unexpected timer: %s", text);
                next++;
                i--;
            } else {
                fail(scenario, variant, action->line, "no event (the next is of frame %" PRIu64 ")",
                     event->frame);
            }
            continue;
        }
        failures += check_event(scenario, variant, action, event);
        next++;
    }
    for (; next < tape->event_count; next++) {
        fail(scenario, variant, scenario->actions[scenario->action_count - 1].line,
             "after this, an unexpected event of frame %" PRIu64, tape->events[next].frame);
        failures++;
    }
    return failures;
}

static const void *find_record(const struct tape *tape, const struct expected_field *field)
{
    if (field->kind == LIFELINE_RECORD_CONNECTION) {
        for (unsigned i = 0; i < tape->connection_count; i++)
            if (tape->connections[i].connection == field->connection)
                return &tape->connections[i];
        return NULL;
    }
    for (unsigned i = 0; i < tape->exchange_count; i++)
        if (tape->exchanges[i].connection == field->connection &&
            tape->exchanges[i].index == field->index)
            return &tape->exchanges[i];
    return NULL;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at++)
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    return false;
}

unsigned check_records(const struct scenario *scenario, const struct variant *variant,
                       const struct tape *tape)
{
    unsigned failures = 0;
    bool told[LIFELINE_RECORD_COUNT] = {false};
    for (unsigned i = 0; i < scenario->field_count; i++) {
        const struct expected_field *field = &scenario->fields[i];
        const void *record = find_record(tape, field);
        char actual[512];
        if (!record) {
            if (!told[field->kind])
                fail(scenario, variant, field->line, "there is no such record");
            told[field->kind] = true;
            failures++;
            continue;
        }
        bool known =
            field->kind == LIFELINE_RECORD_CONNECTION && strncmp(field->path, "findings.", 9) == 0
                ? finding_text(tape, field->connection, field->path + 9, actual, sizeof actual)
                : value_text(field->kind, record, field->path, actual, sizeof actual);
        if (!known) {
            fail(scenario, variant, field->line, "the record has no %s", field->path);
            failures++;
            continue;
        }
        bool good = field->relation == FIELD_EQUALS ? value_equals(field->value, actual)
                    : field->relation == FIELD_HAS  ? has_word(actual, field->value)
                                                    : !has_word(actual, field->value);
        if (!good) {
            fail(scenario, variant, field->line, "%s: expected %s%s, got %s", field->path,
                 field->relation == FIELD_LACKS ? "without " : "", field->value, actual);
            failures++;
        }
    }
    return failures;
}
