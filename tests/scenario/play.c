/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays a scenario to an engine through the public API and keeps a copy of all that it says: what a
 * callback receives is valid only during the call. The bystander's connections are left out.
 */
#include "scenario.h"

#include <stdlib.h>
#include <string.h>

struct recorder {
    struct tape *tape;
    bool out_of_memory;
};

/* Room for one more; NULL when memory is short. */
static void *grow(void **array, unsigned *count, unsigned *room, size_t size)
{
    if (*count == *room) {
        unsigned wanted = *room ? *room * 2 : 16;
        void *bigger = realloc(*array, wanted * size);
        if (!bigger)
            return NULL;
        *array = bigger;
        *room = wanted;
    }
    return (char *)*array + size * (*count)++;
}

static void *keep(struct recorder *recorder, const void *bytes, size_t size)
{
    struct tape *tape = recorder->tape;
    void *copy = malloc(size);
    void **slot = NULL;
    if (copy)
        slot = grow((void **)&tape->strings, &tape->string_count, &tape->string_room, sizeof copy);
    if (!slot) {
        free(copy);
        recorder->out_of_memory = true;
        return NULL;
    }
    memcpy(copy, bytes, size);
    *slot = copy;
    return copy;
}

/* Replaces each string field of the record, by the schema, with a copy of its own. */
static void keep_strings(struct recorder *recorder, enum lifeline_record_kind kind, void *record)
{
    for (const struct lifeline_field *field = lifeline_fields(kind); field->path; field++) {
        if (field->type != LIFELINE_FIELD_STRING)
            continue;
        const char *text;
        char *place = (char *)record + field->offset;
        memcpy(&text, place, sizeof text);
        if (text)
            text = keep(recorder, text, strlen(text) + 1);
        memcpy(place, &text, sizeof text);
    }
}

static void on_event(void *user, const struct lifeline_event *event)
{
    struct recorder *recorder = user;
    struct tape *tape = recorder->tape;
    if (event->segment && is_bystander(&event->segment->src))
        return;
    struct lifeline_event *copy =
        grow((void **)&tape->events, &tape->event_count, &tape->event_room, sizeof *copy);
    if (!copy) {
        recorder->out_of_memory = true;
        return;
    }
    *copy = *event;
    copy->segment = NULL;
}

static void on_connection(void *user, const struct lifeline_connection *connection)
{
    struct recorder *recorder = user;
    struct tape *tape = recorder->tape;
    if (is_bystander(&connection->client.ip))
        return;
    struct lifeline_connection *copy = grow((void **)&tape->connections, &tape->connection_count,
                                            &tape->connection_room, sizeof *copy);
    if (!copy) {
        recorder->out_of_memory = true;
        return;
    }
    *copy = *connection;
    keep_strings(recorder, LIFELINE_RECORD_CONNECTION, copy);
    if (copy->finding_count) {
        const char **names =
            keep(recorder, connection->findings, connection->finding_count * sizeof *names);
        for (uint64_t i = 0; names && i < connection->finding_count; i++)
            names[i] = keep(recorder, names[i], strlen(names[i]) + 1);
        copy->findings = names;
    }
}

static void on_exchange(void *user, const struct lifeline_exchange *exchange)
{
    struct recorder *recorder = user;
    struct tape *tape = recorder->tape;
    struct lifeline_exchange *copy =
        grow((void **)&tape->exchanges, &tape->exchange_count, &tape->exchange_room, sizeof *copy);
    if (!copy) {
        recorder->out_of_memory = true;
        return;
    }
    *copy = *exchange;
    keep_strings(recorder, LIFELINE_RECORD_EXCHANGE, copy);
}

static void on_finding(void *user, const struct lifeline_finding *finding)
{
    struct recorder *recorder = user;
    struct tape *tape = recorder->tape;
    struct lifeline_finding *copy =
        grow((void **)&tape->findings, &tape->finding_count, &tape->finding_room, sizeof *copy);
    if (!copy) {
        recorder->out_of_memory = true;
        return;
    }
    *copy = *finding;
    copy->text = copy->subject = copy->peer = copy->request = NULL;
}

static void push(struct lifeline_engine *engine, const struct variant *variant,
                 const struct lifeline_segment *segment)
{
    if (!variant->as_frames) {
        lifeline_push_segment(engine, segment);
        return;
    }
    uint8_t bytes[MAX_FRAME_BYTES];
    size_t captured_bytes;
    size_t wire_bytes = build_frame(segment, bytes, &captured_bytes);
    struct lifeline_frame frame = {.number = segment->frame,
                                   .time_ns = segment->time_ns,
                                   .captured_bytes = (uint32_t)captured_bytes,
                                   .wire_bytes = (uint32_t)wire_bytes,
                                   .link_type = 1,
                                   .data = bytes};
    lifeline_push_frame(engine, &frame);
}

struct cut whole_scenario(void)
{
    return (struct cut){
        .to = MAX_ACTIONS, .missing = NONE, .twice = NONE, .late = NONE, .after = NONE};
}

static bool is_fed(const struct scenario *scenario, const struct cut *cut, unsigned i)
{
    const struct action *action = &scenario->actions[i];
    return i >= cut->from && i < cut->to && (int)i != cut->missing && action->frame &&
           (action->kind == ACTION_SEGMENT || action->kind == ACTION_CLOCK);
}

static void feed(struct lifeline_engine *engine, const struct scenario *scenario,
                 const struct variant *variant, const struct cut *cut)
{
    uint64_t frame = 0;
    for (unsigned i = 0; i < scenario->action_count; i++) {
        const struct action *action = &scenario->actions[i];
        if (!is_fed(scenario, cut, i))
            continue;
        struct lifeline_segment segment;
        build_segment(scenario, variant, action, &segment);
        segment.frame = ++frame;
        push(engine, variant, &segment);
        if ((cut->twice == ALL || cut->twice == (int)i) && action->kind == ACTION_SEGMENT) {
            segment.frame = ++frame;
            push(engine, variant, &segment);
        }
        if (cut->after == (int)i) {
            int64_t now_ns = segment.time_ns;
            build_segment(scenario, variant, &scenario->actions[cut->late], &segment);
            segment.frame = ++frame;
            segment.time_ns = now_ns;
            push(engine, variant, &segment);
        }
    }
}

bool play(const struct scenario *scenario, const struct variant *variant, const struct cut *cut,
          struct tape *out)
{
    memset(out, 0, sizeof *out);
    struct recorder recorder = {.tape = out};
    struct lifeline_network networks[SIDE_COUNT];
    uint32_t network_count = 0;
    for (unsigned side = 0; side < SIDE_COUNT; side++) {
        struct lifeline_address address = address_of(scenario, variant, (enum side)side);
        if (scenario->side[side].stack != LIFELINE_UNKNOWN)
            networks[network_count++] = (struct lifeline_network){
                .address = address,
                .prefix_bits = address.family == 6 ? 128 : 32,
                .stack = scenario->side[side].stack,
            };
    }
    struct lifeline_options options = {.stack = scenario->stack,
                                       .stack_known = scenario->stack_known,
                                       .networks = networks,
                                       .network_count = network_count,
                                       .time_wait_ns = scenario->time_wait_ns,
                                       .verify_checksums = variant->as_frames};
    struct lifeline_sink sink = {.user = &recorder,
                                 .event = on_event,
                                 .exchange = on_exchange,
                                 .connection = on_connection,
                                 .finding = on_finding};
    struct lifeline_engine *engine = lifeline_new(&options, &sink);
    if (!engine)
        return false;
    feed(engine, scenario, variant, cut);
    lifeline_finish(engine);
    lifeline_free(engine);
    if (recorder.out_of_memory)
        fprintf(stderr, "%s: out of memory\n", scenario->path);
    return !recorder.out_of_memory;
}

void tape_free(struct tape *tape)
{
    for (unsigned i = 0; i < tape->string_count; i++)
        free(tape->strings[i]);
    free(tape->strings);
    free(tape->events);
    free(tape->connections);
    free(tape->exchanges);
    free(tape->findings);
    memset(tape, 0, sizeof *tape);
}
