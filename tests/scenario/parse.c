/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenario parser, lines: the title, settings, actions with their "=>" lines, and the expectations
 * about records. One pass, no backtracking; every message names file and line.
 */
#include "scenario.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

bool parse_fail(const struct cursor *cursor, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s:%d: ", cursor->path, cursor->line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return false;
}

void skip_blanks(struct cursor *cursor)
{
    while (*cursor->at == ' ' || *cursor->at == '\t')
        cursor->at++;
}

bool at_end(struct cursor *cursor)
{
    skip_blanks(cursor);
    return *cursor->at == '\0';
}

bool take_word(struct cursor *cursor, const char *word)
{
    skip_blanks(cursor);
    size_t length = strlen(word);
    if (strncmp(cursor->at, word, length) != 0)
        return false;
    char next = cursor->at[length];
    if (isalnum((unsigned char)word[length - 1]) &&
        (isalnum((unsigned char)next) || next == '-' || next == '_' || next == '.'))
        return false;
    cursor->at += length;
    return true;
}

bool take_token(struct cursor *cursor, const char *stop, char *out, size_t size)
{
    skip_blanks(cursor);
    size_t length = 0;
    while (*cursor->at && !strchr(" \t", *cursor->at) && !strchr(stop, *cursor->at)) {
        if (length + 1 >= size)
            return parse_fail(cursor, "word too long");
        out[length++] = *cursor->at++;
    }
    out[length] = '\0';
    return length > 0;
}

bool take_number(struct cursor *cursor, uint64_t max, uint64_t *out)
{
    skip_blanks(cursor);
    if (!isdigit((unsigned char)*cursor->at))
        return parse_fail(cursor, "a number is expected at \"%s\"", cursor->at);
    char *end;
    errno = 0;
    *out = strtoull(cursor->at, &end, 10);
    if (errno || *out > max)
        return parse_fail(cursor, "number out of range: %.*s", (int)(end - cursor->at), cursor->at);
    cursor->at = end;
    return true;
}

bool take_seconds(struct cursor *cursor, int64_t *out_ns)
{
    uint64_t whole;
    if (!take_number(cursor, 1000000, &whole))
        return false;
    int64_t ns = 0, unit = 100000000;
    if (*cursor->at == '.')
        for (cursor->at++; isdigit((unsigned char)*cursor->at); cursor->at++, unit /= 10)
            ns += (*cursor->at - '0') * unit;
    *out_ns = (int64_t)whole * 1000000000 + ns;
    return true;
}

bool take_side(struct cursor *cursor, enum side *out)
{
    if (take_word(cursor, "client"))
        *out = CLIENT_SIDE;
    else if (take_word(cursor, "server"))
        *out = SERVER_SIDE;
    else
        return false;
    return true;
}

bool find_name(const struct lifeline_name *table, const char *name, uint32_t *out)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0) {
            *out = table->value;
            return true;
        }
    }
    return false;
}

static bool take_address(struct cursor *cursor, struct side_settings *side)
{
    char text[64];
    if (!take_token(cursor, "", text, sizeof text))
        return parse_fail(cursor, "an address is expected");
    struct lifeline_address address = {.family = strchr(text, ':') ? 6 : 4};
    if (inet_pton(address.family == 6 ? AF_INET6 : AF_INET, text, address.bytes) != 1)
        return parse_fail(cursor, "not an address: %s", text);
    if (address.family == 6)
        side->address6 = address;
    else
        side->address4 = address;
    return true;
}

static bool take_stack(struct cursor *cursor, uint8_t *stack)
{
    char name[32];
    uint32_t value;
    if (!take_token(cursor, "", name, sizeof name) ||
        !find_name(lifeline_stack_names, name, &value))
        return parse_fail(cursor, "no such stack");
    *stack = (uint8_t)value;
    return true;
}

static bool parse_side_setting(struct cursor *cursor, struct side_settings *side)
{
    uint64_t number;
    if (take_word(cursor, "isn")) {
        if (!take_number(cursor, UINT32_MAX, &number))
            return false;
        side->isn = (uint32_t)number;
    } else if (take_word(cursor, "port")) {
        if (!take_number(cursor, UINT16_MAX, &number))
            return false;
        side->port = (uint16_t)number;
    } else if (take_word(cursor, "window")) {
        if (!take_number(cursor, UINT16_MAX, &number))
            return false;
        side->window = (uint16_t)number;
    } else if (take_word(cursor, "ttl")) {
        if (!take_number(cursor, UINT8_MAX, &number))
            return false;
        side->ttl = (uint8_t)number;
    } else if (take_word(cursor, "address")) {
        if (!take_address(cursor, side))
            return false;
    } else if (take_word(cursor, "stack")) {
        if (!take_stack(cursor, &side->stack))
            return false;
    } else {
        return parse_fail(cursor, "a side has: isn, port, window, ttl, address, stack");
    }
    return at_end(cursor) || parse_fail(cursor, "left over: \"%s\"", cursor->at);
}

static bool parse_setting(struct cursor *cursor, struct scenario *scenario, bool *known)
{
    enum side side;
    uint64_t number;
    *known = true;
    if (take_side(cursor, &side))
        return parse_side_setting(cursor, &scenario->side[side]);
    if (take_word(cursor, "ip")) {
        if (!take_number(cursor, 6, &number) || (number != 4 && number != 6))
            return parse_fail(cursor, "ip 4 or ip 6");
        scenario->family = (uint8_t)number;
        return true;
    }
    if (take_word(cursor, "stack")) {
        scenario->stack_known = true;
        return take_stack(cursor, &scenario->stack);
    }
    if (take_word(cursor, "no-copies")) {
        scenario->no_copies = true;
        return true;
    }
    if (take_word(cursor, "fixed-numbers")) {
        scenario->fixed_numbers = true;
        return true;
    }
    if (take_word(cursor, "time-wait"))
        return take_seconds(cursor, &scenario->time_wait_ns);
    *known = false;
    return true;
}

/* "3  +0.010 C > S ...", "+0.5 clock", "60.5 timer ...", "-  1.0 C > S ... !not captured" */
static bool parse_action(struct cursor *cursor, struct scenario *scenario, uint64_t *frames,
                         int64_t *now_ns)
{
    if (scenario->action_count == MAX_ACTIONS)
        return parse_fail(cursor, "more than %d segments", MAX_ACTIONS);
    struct action *action = &scenario->actions[scenario->action_count];
    memset(action, 0, sizeof *action);
    action->line = cursor->line;

    uint64_t claimed = 0;
    bool has_claim = false;
    if (take_word(cursor, "- ")) {
        has_claim = true;
    } else if (isdigit((unsigned char)*cursor->at)) {
        size_t digits = strspn(cursor->at, "0123456789");
        if (cursor->at[digits] != '.') {
            has_claim = true;
            if (!take_number(cursor, UINT32_MAX, &claimed))
                return false;
        }
    }
    skip_blanks(cursor);
    bool relative = *cursor->at == '+';
    if (relative)
        cursor->at++;
    int64_t time_ns;
    if (!take_seconds(cursor, &time_ns))
        return false;
    action->time_ns = relative ? *now_ns + time_ns : time_ns;

    if (take_word(cursor, "timer")) {
        action->kind = ACTION_TIMER;
        if (!parse_timer(cursor, action))
            return false;
        action->frame = claimed; /* of another connection */
    } else if (take_word(cursor, "clock")) {
        action->kind = ACTION_CLOCK;
        if (!at_end(cursor))
            return parse_fail(cursor, "left over: \"%s\"", cursor->at);
    } else if (!parse_segment(cursor, scenario, action)) {
        return false;
    }

    if (action->kind != ACTION_TIMER && action->time_ns < *now_ns)
        return parse_fail(cursor, "time runs backwards");
    if (action->kind != ACTION_TIMER && !action->not_captured)
        action->frame = ++*frames;
    if (has_claim && claimed != action->frame)
        return parse_fail(cursor, "this is frame %" PRIu64 ", not %" PRIu64, action->frame,
                          claimed);
    if (action->kind != ACTION_TIMER)
        *now_ns = action->time_ns;
    scenario->action_count++;
    return true;
}

/* "client.states = CLOSED SYN-SENT", "findings has reset-abort" */
static bool parse_record_field(struct cursor *cursor, struct scenario *scenario,
                               enum lifeline_record_kind kind, uint64_t connection, uint64_t index)
{
    if (scenario->field_count == MAX_EXPECTED_FIELDS)
        return parse_fail(cursor, "too many expectations");
    struct expected_field *field = &scenario->fields[scenario->field_count];
    memset(field, 0, sizeof *field);
    field->line = cursor->line;
    field->kind = kind;
    field->connection = connection;
    field->index = index;
    if (!take_token(cursor, "=", field->path, sizeof field->path))
        return parse_fail(cursor, "a field path is expected");
    if (take_word(cursor, "="))
        field->relation = FIELD_EQUALS;
    else if (take_word(cursor, "has"))
        field->relation = FIELD_HAS;
    else if (take_word(cursor, "lacks"))
        field->relation = FIELD_LACKS;
    else
        return parse_fail(cursor, "PATH = VALUE, PATH has WORD, or PATH lacks WORD");
    skip_blanks(cursor);
    size_t length = strlen(cursor->at);
    if (length >= sizeof field->value)
        return parse_fail(cursor, "value too long");
    memcpy(field->value, cursor->at, length + 1);
    scenario->field_count++;
    return true;
}

/* Cuts a comment that is not inside a quoted payload, and the blanks at the end. */
static void strip(char *line)
{
    bool quoted = false;
    char *c = line;
    for (; *c && (quoted || *c != '#'); c++) {
        if (*c == '\\' && quoted && c[1])
            c++;
        else if (*c == '"')
            quoted = !quoted;
    }
    *c = '\0';
    while (c > line && isspace((unsigned char)c[-1]))
        *--c = '\0';
}

/* "again 6": the event of frame 6, given a second time for another connection. */
static bool parse_again(struct cursor *cursor, struct scenario *scenario)
{
    uint64_t frame;
    if (scenario->action_count == MAX_ACTIONS)
        return parse_fail(cursor, "more than %d segments", MAX_ACTIONS);
    if (!take_number(cursor, UINT32_MAX, &frame))
        return false;
    struct action *action = &scenario->actions[scenario->action_count];
    memset(action, 0, sizeof *action);
    for (unsigned i = 0; i < scenario->action_count; i++)
        if (scenario->actions[i].frame == frame)
            action->time_ns = scenario->actions[i].time_ns;
    action->kind = ACTION_AGAIN;
    action->line = cursor->line;
    action->frame = frame;
    scenario->action_count++;
    return at_end(cursor) || parse_fail(cursor, "left over: \"%s\"", cursor->at);
}

/* A segment, and what is said about it behind "=>" on the same line. */
static bool parse_action_line(struct cursor *cursor, char *line, struct scenario *scenario,
                              uint64_t *frames, int64_t *now_ns)
{
    bool quoted = false;
    char *c = line;
    for (; *c && (quoted || strncmp(c, "=>", 2) != 0); c++) {
        if (*c == '\\' && quoted && c[1])
            c++;
        else if (*c == '"')
            quoted = !quoted;
    }
    bool said = *c;
    *c = '\0';
    bool good = take_word(cursor, "again") ? parse_again(cursor, scenario)
                                           : parse_action(cursor, scenario, frames, now_ns);
    if (!good)
        return false;
    cursor->at = c + 2;
    return !said || parse_items(cursor, &scenario->actions[scenario->action_count - 1]);
}

/* What the "path = value" lines at the end of the file are about. */
struct subject {
    bool set;
    enum lifeline_record_kind kind;
    uint64_t connection, index;
};

static bool parse_subject(struct cursor *cursor, struct subject *subject)
{
    subject->set = true;
    subject->index = 0;
    subject->kind =
        take_word(cursor, "exchange") ? LIFELINE_RECORD_EXCHANGE : LIFELINE_RECORD_CONNECTION;
    if (subject->kind == LIFELINE_RECORD_CONNECTION && !take_word(cursor, "connection"))
        return parse_fail(cursor, "connection N or exchange N.I");
    if (!take_number(cursor, UINT32_MAX, &subject->connection))
        return false;
    if (subject->kind == LIFELINE_RECORD_EXCHANGE) {
        if (*cursor->at++ != '.')
            return parse_fail(cursor, "exchange CONNECTION.INDEX");
        return take_number(cursor, UINT32_MAX, &subject->index);
    }
    return true;
}

static bool parse_line(struct cursor *cursor, char *line, struct scenario *scenario,
                       uint64_t *frames, int64_t *now_ns, struct subject *subject)
{
    if (at_end(cursor))
        return true;
    if (take_word(cursor, "=>")) {
        if (scenario->action_count == 0)
            return parse_fail(cursor, "an expectation needs a segment before it");
        return parse_items(cursor, &scenario->actions[scenario->action_count - 1]);
    }
    if (isdigit((unsigned char)*cursor->at) || *cursor->at == '+' || *cursor->at == '-' ||
        strncmp(cursor->at, "again ", 6) == 0)
        return parse_action_line(cursor, line, scenario, frames, now_ns);
    if (strncmp(cursor->at, "connection ", 11) == 0 || strncmp(cursor->at, "exchange ", 9) == 0)
        return parse_subject(cursor, subject);
    if (subject->set)
        return parse_record_field(cursor, scenario, subject->kind, subject->connection,
                                  subject->index);
    bool known;
    if (!parse_setting(cursor, scenario, &known))
        return false;
    return known || parse_fail(cursor, "not understood: \"%s\"", cursor->at);
}

static void set_defaults(struct scenario *scenario, const char *path)
{
    memset(scenario, 0, sizeof *scenario);
    scenario->path = path;
    scenario->stack = LIFELINE_STACK_LINUX;
    struct side_settings *client = &scenario->side[CLIENT_SIDE];
    struct side_settings *server = &scenario->side[SERVER_SIDE];
    *client = (struct side_settings){.port = 40000, .window = 65535, .ttl = 64, .isn = 1000};
    *server = (struct side_settings){.port = 80, .window = 65535, .ttl = 64, .isn = 500000};
    client->stack = server->stack = LIFELINE_UNKNOWN;
    client->address4.family = server->address4.family = 4;
    client->address6.family = server->address6.family = 6;
    inet_pton(AF_INET, "192.0.2.1", client->address4.bytes);
    inet_pton(AF_INET, "198.51.100.2", server->address4.bytes);
    inet_pton(AF_INET6, "2001:db8::1", client->address6.bytes);
    inet_pton(AF_INET6, "2001:db8:ffff::2", server->address6.bytes);
}

bool scenario_read(struct scenario *scenario, const char *path)
{
    set_defaults(scenario, path);
    struct cursor cursor = {.path = path};
    FILE *file = fopen(path, "r");
    if (!file)
        return parse_fail(&cursor, "%s", strerror(errno));
    char line[4096];
    uint64_t frames = 0;
    int64_t now_ns = 0;
    struct subject subject = {0};
    bool good = true;
    while (good && fgets(line, sizeof line, file)) {
        cursor.line++;
        cursor.at = line;
        if (cursor.line == 1) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(scenario->title, sizeof scenario->title, "%.250s", line);
            good = strstr(line, "RFC ") || strstr(line, "model") ||
                   parse_fail(&cursor, "the title must cite an RFC or the model");
            continue;
        }
        strip(line);
        good = parse_line(&cursor, line, scenario, &frames, &now_ns, &subject);
    }
    fclose(file);
    if (good && frames == 0)
        good = parse_fail(&cursor, "no segments");
    if (good && scenario->field_count == 0)
        good = parse_fail(&cursor, "no expectations about a connection");
    return good;
}
