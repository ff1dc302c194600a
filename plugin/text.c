/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Texts for people: the line that a collapsed tree shows, and the labels of its subtrees.
 *
 * The summary says, in this order: the steps of handshake or teardown, what else the segment is in
 * the connection's life, the HTTP messages that begin here, what is remarkable, the state changes,
 * or, without any, the states; and what a later frame shows of it. It never says what isn't known.
 * Its words are those of the program's timeline.
 */
#include "text.h"

#include <string.h>

#include <epan/charsets.h>

#include "numbers.h"

/* The most of a method, URI or reason that a summary has. */
#define MAX_WORD_BYTES 80
#define ELLIPSIS       "\u2026"

const char *text_valid(wmem_allocator_t *scope, const char *text)
{
    if (g_utf8_validate(text, -1, NULL))
        return text;
    return (const char *)get_utf_8_string(scope, (const guint8 *)text, (int)strlen(text));
}

const char *text_shown(wmem_allocator_t *scope, const char *text)
{
    return compat_format_text(scope, text);
}

const char *text_cut(wmem_allocator_t *scope, const char *text, size_t max_bytes)
{
    size_t length = strlen(text), kept = max_bytes - strlen(ELLIPSIS);

    if (length <= max_bytes)
        return text;
    while (kept > 0 && ((unsigned char)text[kept] & 0xc0) == 0x80) /* inside a character */
        kept--;
    return wmem_strdup_printf(scope, "%.*s" ELLIPSIS, (int)kept, text);
}

size_t text_line(const char *text, size_t max_bytes)
{
    size_t length = strlen(text), at;

    if (length <= max_bytes)
        return length;
    for (at = max_bytes; at > 0 && text[at] != ' '; at--)
        ;
    if (at > 0)
        return at;
    for (at = max_bytes; at > 1 && ((unsigned char)text[at] & 0xc0) == 0x80; at--)
        ;
    return at;
}

static const char *state_name(uint8_t state)
{
    const char *name = lifeline_name_of(lifeline_state_names, state);

    return name != NULL ? name : "unknown";
}

static const char *role_name(uint8_t role)
{
    const char *name = lifeline_name_of(lifeline_role_names, role);

    return name != NULL ? name : "endpoint";
}

const char *text_transition(wmem_allocator_t *scope, const struct lifeline_transition *transition)
{
    return wmem_strdup_printf(scope, "%s %s \u2192 %s", role_name(transition->endpoint),
                              state_name(transition->from), state_name(transition->to));
}

/* Steps of a sequence that people count: which bit is the first, and how many there are. */
static const struct {
    uint32_t first;
    unsigned count;
    const char *name;
} counted[] = {
    {LIFELINE_STEP_HANDSHAKE_1, 3, "handshake"},
    {LIFELINE_STEP_TEARDOWN_1, 4, "teardown"},
};

static const struct {
    uint32_t bit;
    const char *text;
} single[] = {
    {LIFELINE_STEP_RESET, "reset"},
    {LIFELINE_STEP_ROLE, "this tells client from server"},
    {LIFELINE_STEP_OPEN, "opened before the capture"},
};

static void separate(wmem_strbuf_t *out, const char *separator)
{
    if (wmem_strbuf_get_len(out) > 0)
        wmem_strbuf_append(out, separator);
}

/* "teardown 2+3/4": the steps of a segment; "" when it has none worth a word. */
static const char *steps_text(wmem_allocator_t *scope, uint32_t steps)
{
    wmem_strbuf_t *out = wmem_strbuf_new(scope, "");

    for (size_t i = 0; i < G_N_ELEMENTS(counted); i++) {
        bool named = false;

        for (unsigned step = 0; step < counted[i].count; step++) {
            if (!(steps & (counted[i].first << step)))
                continue;
            if (named) {
                wmem_strbuf_append_printf(out, "+%u", step + 1);
            } else {
                separate(out, ", ");
                wmem_strbuf_append_printf(out, "%s %u", counted[i].name, step + 1);
            }
            named = true;
        }
        if (named)
            wmem_strbuf_append_printf(out, "/%u", counted[i].count);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(single); i++) {
        if (steps & single[i].bit) {
            separate(out, ", ");
            wmem_strbuf_append(out, single[i].text);
        }
    }
    return wmem_strbuf_get_str(out);
}

/* Marks that go without saying, or are said by their step. */
#define SILENT_MARKS ((uint32_t)LIFELINE_MARK_TRUNCATED)

static void add_old_duplicate(wmem_strbuf_t *out, const struct note *note)
{
    uint32_t incarnation = note->more != NULL ? note->more->old_incarnation : 0;

    separate(out, ", ");
    wmem_strbuf_append(out, "old duplicate");
    if (incarnation != note->life->incarnation)
        wmem_strbuf_append_printf(out, " of incarnation %u", incarnation);
}

static void add_marks(wmem_strbuf_t *out, const struct note *note)
{
    uint32_t marks = note->marks & ~SILENT_MARKS;
    char text[256];

    if (marks & LIFELINE_MARK_OLD_DUPLICATE)
        add_old_duplicate(out, note);
    marks &= ~(uint32_t)LIFELINE_MARK_OLD_DUPLICATE;
    if (note->reset_verdict == LIFELINE_RESET_OUT_OF_WINDOW) /* add_reset() said it */
        marks &= ~(uint32_t)LIFELINE_MARK_OUT_OF_WINDOW;
    if (marks & LIFELINE_MARK_COPY)
        marks &= ~(uint32_t)LIFELINE_MARK_RETRANSMISSION; /* it wasn't sent again */
    if (lifeline_names_of_bits(lifeline_mark_names, marks, ", ", text, sizeof(text)) == 0)
        return;
    separate(out, ", ");
    wmem_strbuf_append(out, text);
}

static const char *status_text(wmem_allocator_t *scope, const struct lifeline_exchange *exchange)
{
    return wmem_strdup_printf(scope, "%u", (unsigned)exchange->status);
}

/* Two words of a message's first line, the second of which may be unknown. */
static void add_words(wmem_strbuf_t *out, wmem_allocator_t *scope, const char *first,
                      const char *second, size_t max_bytes)
{
    wmem_strbuf_append(out, text_cut(scope, text_shown(scope, first), max_bytes));
    if (second == NULL || second[0] == '\0')
        return;
    wmem_strbuf_append_c(out, ' ');
    wmem_strbuf_append(out, text_cut(scope, text_shown(scope, second), max_bytes));
}

const char *text_exchange(wmem_allocator_t *scope, const struct lifeline_exchange *exchange)
{
    wmem_strbuf_t *out = wmem_strbuf_new(scope, "");
    const char *outcome = lifeline_name_of(lifeline_exchange_names, exchange->outcome);

    if (exchange->method != NULL)
        add_words(out, scope, exchange->method, exchange->uri, SIZE_MAX);
    if (exchange->status != LIFELINE_UNKNOWN_COUNT) {
        separate(out, " \u2192 ");
        add_words(out, scope, status_text(scope, exchange), exchange->reason, SIZE_MAX);
    }
    if (outcome != NULL && exchange->outcome != LIFELINE_EXCHANGE_COMPLETE) {
        separate(out, ", ");
        wmem_strbuf_append(out, outcome);
    }
    return wmem_strbuf_get_str(out);
}

struct beginning {
    wmem_allocator_t *scope;
    wmem_strbuf_t *out;
    uint64_t frame;
    unsigned count;
};

/* Names the first message that begins in the frame, counts the others. */
static void add_message(void *user, const struct lifeline_exchange *exchange, bool response)
{
    struct beginning *beginning = (struct beginning *)user;
    const struct lifeline_http_message *message =
        response ? &exchange->response : &exchange->request;
    bool known = response ? exchange->status != LIFELINE_UNKNOWN_COUNT : exchange->method != NULL;

    if (message->first_frame != beginning->frame || !known || beginning->count++ > 0)
        return;
    separate(beginning->out, ", ");
    if (response)
        add_words(beginning->out, beginning->scope, status_text(beginning->scope, exchange),
                  exchange->reason, MAX_WORD_BYTES);
    else
        add_words(beginning->out, beginning->scope, exchange->method, exchange->uri,
                  MAX_WORD_BYTES);
}

static void add_messages(wmem_strbuf_t *out, wmem_allocator_t *scope, const struct note *note)
{
    struct beginning beginning = {scope, out, note->frame, 0};

    if (note->payload_bytes == 0)
        return;
    life_exchanges_at(note->life, note->frame, note->from, add_message, &beginning);
    if (beginning.count > 1)
        wmem_strbuf_append_printf(out, " and %u more", beginning.count - 1);
}

/* What its receiver need not accept, when it arrives. */
static bool may_be_ignored(const struct note *note)
{
    return (note->flags & (LIFELINE_RST | LIFELINE_ICMP)) != 0;
}

static void add_icmp(wmem_strbuf_t *out, const struct note *note)
{
    char sender[64];

    if (!(note->flags & LIFELINE_ICMP))
        return;
    lifeline_address_text(&note->more->icmp->sender, sender, sizeof(sender));
    wmem_strbuf_append_printf(
        out, " %s from %s", lifeline_name_of(lifeline_icmp_names, note->more->icmp->error), sender);
}

static void add_reset(wmem_strbuf_t *out, const struct note *note)
{
    bool forged = note->more != NULL && note->more->forged;
    const char *cause = lifeline_name_of(lifeline_reset_cause_names, note->reset_cause);
    const char *verdict = lifeline_name_of(lifeline_reset_verdict_names, note->reset_verdict);

    if (!(note->steps & LIFELINE_STEP_RESET))
        return;
    if (cause != NULL && !forged)
        wmem_strbuf_append_printf(out, ", cause: %s", cause);
    if (verdict != NULL && note->reset_verdict != LIFELINE_RESET_ACCEPTABLE)
        wmem_strbuf_append_printf(out, ", %s", verdict);
}

static void add_withdrawal(wmem_strbuf_t *out, const struct note *note)
{
    const struct note *lost = note->more != NULL ? note->more->withdrawn : NULL;
    uint32_t frame = lost != NULL ? numbers_shown(lost->frame) : LIFELINE_NO_FRAME;

    if (!(note->steps & LIFELINE_STEP_WITHDRAWAL))
        return;
    separate(out, ", ");
    if (note->transition_count > 0 && note->transitions[0].from == LIFELINE_STATE_UNKNOWN)
        wmem_strbuf_append(out, "this tells who closed first");
    else if (frame == LIFELINE_NO_FRAME && note->transition_count > 0)
        wmem_strbuf_append_printf(out, "%s is taken back", state_name(note->transitions[0].from));
    else if (frame == LIFELINE_NO_FRAME)
        wmem_strbuf_append(out, "withdrawal");
    else if (lost->more->forged)
        wmem_strbuf_append_printf(out, "it did not send frame %u", frame);
    else if (may_be_ignored(lost))
        wmem_strbuf_append_printf(out, "frame %u was not accepted", frame);
    else
        wmem_strbuf_append_printf(
            out, note->flags & LIFELINE_RST ? "frame %u had not arrived" : "frame %u was lost",
            frame);
}

/* What a later frame shows: what this segment was thought to cause didn't happen. */
static void add_fate(wmem_strbuf_t *out, const struct note *note)
{
    const struct note *refuted_by = note->more != NULL ? note->more->refuted_by : NULL;
    uint32_t frame = refuted_by != NULL ? numbers_shown(refuted_by->frame) : LIFELINE_NO_FRAME;

    if (refuted_by == NULL)
        return;
    if (note->more->forged)
        wmem_strbuf_append(out, ", but forged: its sender goes on");
    else if (may_be_ignored(note))
        wmem_strbuf_append(out, ", but it was not accepted");
    else if (refuted_by->flags & LIFELINE_RST)
        wmem_strbuf_append(out, ", but it came too late, or never");
    else
        wmem_strbuf_append(out, ", but it never arrived");
    if (frame != LIFELINE_NO_FRAME)
        wmem_strbuf_append_printf(out, " (frame %u)", frame);
}

static bool restarts_time_wait(const struct note *note)
{
    for (unsigned i = 0; i < note->transition_count; i++) {
        if (note->transitions[i].to == LIFELINE_TIME_WAIT ||
            note->transitions[i].from == LIFELINE_TIME_WAIT)
            return false;
    }
    return (note->steps & LIFELINE_STEP_TIME_WAIT) != 0;
}

const char *text_summary(wmem_allocator_t *scope, const struct note *note)
{
    wmem_strbuf_t *out = wmem_strbuf_new(scope, steps_text(scope, note->steps));

    add_icmp(out, note);
    add_reset(out, note);
    add_withdrawal(out, note);
    if (restarts_time_wait(note)) {
        separate(out, ", ");
        wmem_strbuf_append(out, "TIME-WAIT starts anew");
    }
    add_messages(out, scope, note);
    add_marks(out, note);
    for (unsigned i = 0; i < note->transition_count; i++) {
        separate(out, ", ");
        wmem_strbuf_append(out, text_transition(scope, &note->transitions[i]));
    }
    if (note->transition_count == 0) {
        separate(out, ", ");
        wmem_strbuf_append_printf(out, "client %s, server %s", state_name(note->client_state),
                                  state_name(note->server_state));
    }
    add_fate(out, note);
    return wmem_strbuf_get_str(out);
}
