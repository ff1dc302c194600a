/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenario parser, the "=>" parts: items separated by ';'
 *
 *   => handshake-3+data; server SYN-RECEIVED -> ESTABLISHED (delivered); client ESTABLISHED
 *   => withdraws 3; marks retransmission, out-of-order; unmarked keep-alive
 *   => reset_verdict = challenged
 *   => ...
 */
#include "scenario.h"

#include <string.h>

static bool take_state(struct cursor *cursor, uint8_t *out)
{
    char name[24];
    uint32_t value = LIFELINE_STATE_UNKNOWN;
    if (!take_token(cursor, ",;(", name, sizeof name) ||
        (!find_name(lifeline_state_names, name, &value) && strcmp(name, "unknown") != 0))
        return parse_fail(cursor, "not a state before \"%s\"", cursor->at);
    *out = (uint8_t)value;
    return true;
}

/* After "(". */
static bool take_evidence(struct cursor *cursor, uint32_t *out)
{
    char name[24];
    return (take_token(cursor, ")", name, sizeof name) && take_word(cursor, ")") &&
            find_name(lifeline_evidence_names, name, out)) ||
           parse_fail(cursor, "(sent), (delivered), (timer) or (implied)");
}

static struct item *add_item(struct cursor *cursor, struct action *action, enum item_kind kind)
{
    if (action->item_count == MAX_ITEMS) {
        parse_fail(cursor, "more than %d items", MAX_ITEMS);
        return NULL;
    }
    struct item *item = &action->items[action->item_count++];
    *item = (struct item){.kind = kind, .line = cursor->line};
    return item;
}

/* After the endpoint: "SYN-SENT" or "CLOSED -> SYN-SENT (sent)". */
static bool parse_endpoint_item(struct cursor *cursor, struct action *action, enum side side)
{
    uint8_t first;
    if (!take_state(cursor, &first))
        return false;
    bool is_transition = take_word(cursor, "->");
    struct item *item = add_item(cursor, action, is_transition ? ITEM_TRANSITION : ITEM_STATE);
    if (!item)
        return false;
    item->endpoint = side == CLIENT_SIDE ? LIFELINE_CLIENT : LIFELINE_SERVER;
    item->state = item->from = first;
    if (!is_transition)
        return true;
    uint32_t value;
    if (!take_state(cursor, &item->to) || !take_word(cursor, "(") || !take_evidence(cursor, &value))
        return parse_fail(cursor, "ENDPOINT STATE -> STATE (sent|delivered|timer|implied)");
    item->evidence = (uint8_t)value;
    return true;
}

static bool parse_marks(struct cursor *cursor, struct action *action, enum item_kind kind)
{
    do {
        char name[32];
        struct item *item = add_item(cursor, action, kind);
        if (!item || !take_token(cursor, ",;", name, sizeof name))
            return parse_fail(cursor, "a mark's name is expected");
        if (!find_name(lifeline_mark_names, name, &item->bits))
            return parse_fail(cursor, "no such mark: %s", name);
    } while (take_word(cursor, ","));
    return true;
}

static bool parse_steps_or_field(struct cursor *cursor, struct action *action)
{
    char name[64];
    if (!take_token(cursor, "+;=", name, sizeof name))
        return parse_fail(cursor, "an expectation is expected at \"%s\"", cursor->at);
    struct item *item = add_item(cursor, action, ITEM_FIELD);
    if (!item)
        return false;
    if (take_word(cursor, "=")) {
        snprintf(item->path, sizeof item->path, "%s", name);
        skip_blanks(cursor);
        size_t length = strcspn(cursor->at, ";");
        if (length >= sizeof item->value)
            return parse_fail(cursor, "value too long");
        memcpy(item->value, cursor->at, length);
        while (length && item->value[length - 1] == ' ')
            length--;
        item->value[length] = '\0';
        cursor->at += strcspn(cursor->at, ";");
        return true;
    }
    item->kind = ITEM_STEPS;
    if (strcmp(name, "nothing") == 0)
        return true;
    for (;;) {
        uint32_t bit;
        if (!find_name(lifeline_step_names, name, &bit))
            return parse_fail(cursor, "no such step: %s", name);
        item->bits |= bit;
        if (!take_word(cursor, "+"))
            return true;
        if (!take_token(cursor, "+;=", name, sizeof name))
            return parse_fail(cursor, "a step is expected after '+'");
    }
}

static bool parse_item(struct cursor *cursor, struct action *action)
{
    enum side side;
    if (take_side(cursor, &side)) {
        if (!parse_endpoint_item(cursor, action, side))
            return false;
        /* "client ESTABLISHED, server LISTEN" */
        while (take_word(cursor, ",")) {
            if (!take_side(cursor, &side))
                return parse_fail(cursor, "an endpoint is expected after ','");
            if (!parse_endpoint_item(cursor, action, side))
                return false;
        }
        return true;
    }
    if (take_word(cursor, "marks"))
        return parse_marks(cursor, action, ITEM_MARK);
    if (take_word(cursor, "unmarked"))
        return parse_marks(cursor, action, ITEM_NO_MARK);
    if (take_word(cursor, "withdraws")) {
        struct item *item = add_item(cursor, action, ITEM_WITHDRAWS);
        return item && take_number(cursor, UINT32_MAX, &item->number);
    }
    return parse_steps_or_field(cursor, action);
}

bool parse_items(struct cursor *cursor, struct action *action)
{
    if (action->kind == ACTION_CLOCK)
        return parse_fail(cursor, "nothing is said about the bystander's segment");
    if (action->not_captured)
        return parse_fail(cursor, "nothing can be said about a segment that isn't captured");
    action->explained = true;
    if (take_word(cursor, "...")) {
        action->told_elsewhere = true;
        return at_end(cursor) || parse_fail(cursor, "nothing comes after \"...\"");
    }
    do {
        if (!parse_item(cursor, action))
            return false;
    } while (take_word(cursor, ";"));
    return at_end(cursor) || parse_fail(cursor, "';' is missing before \"%s\"", cursor->at);
}

/* "client TIME-WAIT -> CLOSED", and the evidence when it isn't time. */
bool parse_timer(struct cursor *cursor, struct action *action)
{
    enum side side;
    uint8_t from, to;
    uint32_t evidence = LIFELINE_TIMER;
    if (!take_side(cursor, &side) || !take_state(cursor, &from) || !take_word(cursor, "->") ||
        !take_state(cursor, &to))
        return parse_fail(cursor, "TIME timer ENDPOINT STATE -> STATE");
    if (take_word(cursor, "(") && !take_evidence(cursor, &evidence))
        return false;
    struct item *item = add_item(cursor, action, ITEM_TRANSITION);
    item->endpoint = side == CLIENT_SIDE ? LIFELINE_CLIENT : LIFELINE_SERVER;
    item->from = from;
    item->to = to;
    item->evidence = (uint8_t)evidence;
    return at_end(cursor) || parse_fail(cursor, "left over: \"%s\"", cursor->at);
}
