/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A field of a record by its schema path, as text. The schema gives types and offsets; the lists
 * (CUSTOM in the schema) have code here. Times are seconds since the scenario's zero.
 */
#include "scenario.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct text {
    char *out;
    size_t size, used;
};

static void add(struct text *text, const char *word)
{
    int length = snprintf(text->out + text->used, text->size - text->used, "%s%s",
                          text->used ? " " : "", word ? word : "null");
    if (length > 0)
        text->used += (size_t)length;
    if (text->used >= text->size)
        text->used = text->size - 1;
}

static void add_number(struct text *text, uint64_t number)
{
    char word[24];
    snprintf(word, sizeof word, "%" PRIu64, number);
    add(text, word);
}

static void add_frame(struct text *text, uint64_t frame)
{
    if (frame == LIFELINE_NO_FRAME)
        add(text, NULL);
    else
        add_number(text, frame);
}

static void add_seconds(struct text *text, int64_t ns)
{
    char word[32];
    uint64_t size_ns = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    snprintf(word, sizeof word, "%s%" PRIu64 ".%09" PRIu64, ns < 0 ? "-" : "", size_ns / 1000000000,
             size_ns % 1000000000);
    size_t length = strlen(word);
    while (word[length - 1] == '0')
        word[--length] = '\0';
    if (word[length - 1] == '.')
        word[length - 1] = '\0';
    add(text, word);
}

static void add_by_type(struct text *text, const struct lifeline_field *field, const void *record)
{
    const uint8_t *place = (const uint8_t *)record + field->offset;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
    int64_t i64;
    double real;
    const char *string;
    char word[256];
    switch ((enum lifeline_field_type)field->type) {
    case LIFELINE_FIELD_U8:
        add_number(text, *place);
        break;
    case LIFELINE_FIELD_U16:
        memcpy(&u16, place, sizeof u16);
        add_number(text, u16);
        break;
    case LIFELINE_FIELD_U32:
        memcpy(&u32, place, sizeof u32);
        add_number(text, u32);
        break;
    case LIFELINE_FIELD_U64:
        memcpy(&u64, place, sizeof u64);
        if (u64 == LIFELINE_UNKNOWN_COUNT)
            add(text, NULL);
        else
            add_number(text, u64);
        break;
    case LIFELINE_FIELD_FRAME:
        memcpy(&u64, place, sizeof u64);
        add_frame(text, u64);
        break;
    case LIFELINE_FIELD_BOOL:
        add(text, *place == 0 ? "false" : *place == 1 ? "true" : NULL);
        break;
    case LIFELINE_FIELD_TTL:
        add_frame(text, *place);
        break;
    case LIFELINE_FIELD_ENUM:
        add(text, lifeline_name_of(field->names, *place));
        break;
    case LIFELINE_FIELD_TIME:
        memcpy(&i64, place, sizeof i64);
        if (i64 == LIFELINE_UNKNOWN_NS)
            add(text, NULL);
        else
            add_seconds(text, i64 - scenario_epoch_ns());
        break;
    case LIFELINE_FIELD_DURATION:
        memcpy(&i64, place, sizeof i64);
        if (i64 == LIFELINE_UNKNOWN_NS)
            add(text, NULL);
        else
            add_seconds(text, i64);
        break;
    case LIFELINE_FIELD_DOUBLE:
        memcpy(&real, place, sizeof real);
        snprintf(word, sizeof word, "%.9g", real);
        add(text, word);
        break;
    case LIFELINE_FIELD_STRING:
        memcpy(&string, place, sizeof string);
        add(text, string);
        break;
    case LIFELINE_FIELD_ADDRESS:
        lifeline_address_text((const struct lifeline_address *)(const void *)place, word,
                              sizeof word);
        add(text, word);
        break;
    case LIFELINE_FIELD_BITS:
    case LIFELINE_FIELD_BIT_LIST:
        memcpy(&u32, place, sizeof u32);
        lifeline_names_of_bits(field->names, u32, field->type == LIFELINE_FIELD_BITS ? "+" : " ",
                               word, sizeof word);
        add(text, u32 ? word : NULL);
        break;
    case LIFELINE_FIELD_CUSTOM:
        break;
    }
}

static void add_states(struct text *text, const struct lifeline_endpoint *endpoint)
{
    for (unsigned i = 0; i < endpoint->state_count; i++)
        add(text, lifeline_name_of(lifeline_state_names, endpoint->states[i]));
}

static bool add_connection_list(struct text *text, const struct lifeline_connection *connection,
                                const char *path)
{
    const struct lifeline_handshake *handshake = &connection->handshake;
    const struct lifeline_teardown *teardown = &connection->teardown;
    if (strcmp(path, "client.states") == 0) {
        add_states(text, &connection->client);
    } else if (strcmp(path, "server.states") == 0) {
        add_states(text, &connection->server);
    } else if (strcmp(path, "handshake.frames") == 0) {
        add_frame(text, handshake->syn_frame);
        add_frame(text, handshake->synack_frame);
        add_frame(text, handshake->ack_frame);
    } else if (strcmp(path, "teardown.frames") == 0) {
        add_frame(text, teardown->fin1_frame);
        add_frame(text, teardown->ack1_frame);
        add_frame(text, teardown->fin2_frame);
        add_frame(text, teardown->ack2_frame);
    } else if (strcmp(path, "findings") == 0) {
        for (uint64_t i = 0; i < connection->finding_count; i++)
            add(text, connection->findings[i]);
    } else if (strcmp(path, "time_wait") == 0) {
        for (unsigned i = 0; i < connection->time_wait_count; i++)
            add(text, role_name(connection->time_wait[i].endpoint));
    } else {
        return false;
    }
    return true;
}

/* "time_wait.client.outcome": of the client's TIME-WAIT. */
static bool add_time_wait(struct text *text, const struct lifeline_connection *connection,
                          const char *path)
{
    for (unsigned i = 0; i < connection->time_wait_count; i++) {
        const struct lifeline_time_wait *time_wait = &connection->time_wait[i];
        const char *holder = role_name(time_wait->endpoint);
        size_t length = strlen(holder);
        if (strncmp(path, holder, length) == 0 && path[length] == '.')
            return value_text(LIFELINE_RECORD_TIME_WAIT, time_wait, path + length + 1, text->out,
                              text->size);
    }
    return false;
}

bool value_text(enum lifeline_record_kind kind, const void *record, const char *path, char *out,
                size_t size)
{
    struct text text = {.out = out, .size = size};
    out[0] = '\0';
    if (kind == LIFELINE_RECORD_CONNECTION) {
        if (strncmp(path, "time_wait.", 10) == 0)
            return add_time_wait(&text, record, path + 10);
        if (add_connection_list(&text, record, path))
            return true;
    }
    for (const struct lifeline_field *field = lifeline_fields(kind); field->path; field++) {
        if (strcmp(field->path, path) != 0)
            continue;
        if (field->type == LIFELINE_FIELD_CUSTOM)
            return false;
        add_by_type(&text, field, record);
        return true;
    }
    return false;
}

bool finding_text(const struct tape *tape, uint64_t connection, const char *path, char *out,
                  size_t size)
{
    struct text text = {.out = out, .size = size};
    out[0] = '\0';
    for (unsigned i = 0; i < tape->finding_count; i++) {
        const struct lifeline_finding *finding = &tape->findings[i];
        size_t length = strlen(finding->name);
        if (finding->connection != connection || strncmp(path, finding->name, length) != 0 ||
            path[length] != '.')
            continue;
        if (strcmp(path + length + 1, "frames") != 0)
            return value_text(LIFELINE_RECORD_FINDING, finding, path + length + 1, out, size);
        for (unsigned j = 0; j < finding->frame_count; j++)
            add_frame(&text, finding->frames[j]);
        return true;
    }
    return false;
}

bool value_equals(const char *expected, const char *actual)
{
    if (strcmp(expected, actual) == 0)
        return true;
    char *expected_end, *actual_end;
    double a = strtod(expected, &expected_end), b = strtod(actual, &actual_end);
    return *expected && *actual && !*expected_end && !*actual_end && fabs(a - b) < 1e-9;
}

const char *state_name(uint8_t state)
{
    const char *name = lifeline_name_of(lifeline_state_names, state);
    return name ? name : "unknown";
}

const char *role_name(uint8_t role)
{
    const char *name = lifeline_name_of(lifeline_role_names, role);
    return name ? name : "nobody";
}
