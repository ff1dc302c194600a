/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ladder_label.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

/* Steps that name a segment. The others are said by a state, a flag, or a note. */
#define NAMED_STEPS                                                                                \
    (uint32_t)(LIFELINE_STEP_HANDSHAKE_1 | LIFELINE_STEP_HANDSHAKE_2 | LIFELINE_STEP_HANDSHAKE_3 | \
               LIFELINE_STEP_TEARDOWN_1 | LIFELINE_STEP_TEARDOWN_2 | LIFELINE_STEP_TEARDOWN_3 |    \
               LIFELINE_STEP_TEARDOWN_4)

/* Marks that only interest those who look closely. */
#define QUIET_MARKS                                                                                \
    (uint32_t)(LIFELINE_MARK_BAD_CHECKSUM | LIFELINE_MARK_TRUNCATED | LIFELINE_MARK_DUPLICATE_ACK)

/* What its receiver need not accept, when it arrives. */
#define NOT_ACCEPTED (LIFELINE_RST | LIFELINE_ICMP)

#define SHORT_REASON 12 /* octets: "OK", "Not Found" */

struct ladder_label *ladder_label_new(void)
{
    struct ladder_label *label = g_new0(struct ladder_label, 1);

    label->text = g_string_new(NULL);
    label->notes = g_ptr_array_new_with_free_func(g_free);
    return label;
}

void ladder_label_free(struct ladder_label *label)
{
    g_string_free(label->text, TRUE);
    g_ptr_array_free(label->notes, TRUE);
    g_free(label);
}

static void note(struct ladder_label *label, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct ladder_label *label, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_ptr_array_add(label->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* "teardown-2+3": the words that all share once. */
static void append_steps(GString *text, uint32_t steps)
{
    const char *word = "";

    for (const struct lifeline_name *row = lifeline_step_names; row->name; row++) {
        const char *dash = strrchr(row->name, '-');

        if (!(steps & row->value & NAMED_STEPS) || !dash)
            continue;
        if (*word && strncmp(word, row->name, (size_t)(dash - row->name)) == 0) {
            g_string_append_printf(text, "+%s", dash + 1);
        } else {
            g_string_append_printf(text, "%s%s", *word ? "+" : "", row->name);
            word = row->name;
        }
    }
}

static void append_flags(GString *text, uint16_t flags, bool verbose)
{
    char names[64];

    if (!verbose)
        flags &= LIFELINE_SYN | LIFELINE_FIN | LIFELINE_RST | LIFELINE_ACK;
    lifeline_flags_text(flags, names, sizeof(names));
    g_string_append(text, *names ? names : "no flags");
}

/* "200 OK after 31.6 ms"; a long reason phrase comes last, since what doesn't fit is cut. */
static void append_response(GString *text, const struct ladder_message *message, bool ascii)
{
    bool last = message->length > SHORT_REASON && message->wait_ns != LIFELINE_UNKNOWN_NS;

    if (message->status != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(text, "%" PRIu64, message->status);
    if (!last && message->length) {
        g_string_append(text, text->len ? " " : "");
        text_append_safe(text, message->text, message->length, ascii);
    }
    if (message->wait_ns != LIFELINE_UNKNOWN_NS) {
        g_string_append(text, " after ");
        text_append_duration(text, message->wait_ns, ascii);
    }
    if (last) {
        g_string_append(text, ", ");
        text_append_safe(text, message->text, message->length, ascii);
    }
}

static void append_message(GString *text, const struct ladder_message *message, bool ascii)
{
    if (message->is_response)
        append_response(text, message, ascii);
    else
        text_append_safe(text, message->text, message->length, ascii);
}

/* Not where the capturing clock went back. */
static void append_span(GString *text, const struct ladder_row *row, bool ascii)
{
    if (row->last_ns < row->time_ns)
        return;
    g_string_append_c(text, ' ');
    text_append_duration(text, row->last_ns - row->time_ns, ascii);
}

static void append_amount(GString *text, const struct ladder_row *row, bool ascii)
{
    if (row->count > 1)
        g_string_append_printf(text, "%" PRIu32 " segments ", row->count);
    text_append_bytes(text, row->bytes);
    if (row->count > 1)
        append_span(text, row, ascii);
}

static void append_numbers(GString *text, const struct ladder_row *row)
{
    if (row->seq != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(text, " seq=%" PRIu64, row->seq);
    if (row->ack != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(text, " ack=%" PRIu64, row->ack);
    if (row->bytes)
        g_string_append_printf(text, " len=%" PRIu64, row->bytes);
    if (row->window_bytes != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(text, " win=%" PRIu64, row->window_bytes);
}

static void note_message(struct ladder_label *label, const struct ladder_message *message,
                         bool ascii)
{
    GString *text = g_string_new(NULL);

    append_message(text, message, ascii);
    g_ptr_array_add(label->notes, g_string_free(text, FALSE));
}

static void note_amount(struct ladder_label *label, const struct ladder_row *row, bool ascii)
{
    GString *text = g_string_new(NULL);

    append_amount(text, row, ascii);
    g_ptr_array_add(label->notes, g_string_free(text, FALSE));
}

static void note_reset(struct ladder_label *label, const struct ladder_row *row)
{
    const char *cause = lifeline_name_of(lifeline_reset_cause_names, row->reset_cause);
    const char *verdict = lifeline_name_of(lifeline_reset_verdict_names, row->reset_verdict);

    if (cause && !row->forged)
        note(label, "cause: %s", cause);
    if (verdict && row->reset_verdict != LIFELINE_RESET_ACCEPTABLE)
        note(label, "%s", verdict);
}

static void note_marks(struct ladder_label *label, const struct ladder_row *row,
                       uint32_t incarnation, bool verbose)
{
    uint32_t marks = verbose ? row->marks : row->marks & ~QUIET_MARKS;
    char names[512];

    if (marks & LIFELINE_MARK_OLD_DUPLICATE) {
        marks &= ~(uint32_t)LIFELINE_MARK_OLD_DUPLICATE;
        if (row->old_incarnation == incarnation)
            note(label, "old duplicate");
        else
            note(label, "old duplicate of incarnation %" PRIu32, row->old_incarnation);
    }
    if (row->reset_verdict == LIFELINE_RESET_OUT_OF_WINDOW)
        marks &= ~(uint32_t)LIFELINE_MARK_OUT_OF_WINDOW; /* note_reset() said it */
    if (marks & LIFELINE_MARK_COPY)
        marks &= ~(uint32_t)LIFELINE_MARK_RETRANSMISSION; /* it wasn't sent again */
    if (!marks)
        return;
    lifeline_names_of_bits(lifeline_mark_names, marks, ", ", names, sizeof(names));
    note(label, "%s", names);
}

static void make_icmp(struct ladder_label *label, const struct ladder_row *row, bool ascii)
{
    const struct ladder_message *line = row->messages;

    label->paint = row->transition_count ? PAINT_BAD : PAINT_NOTICE;
    if (line)
        append_message(label->text, line, ascii);
    for (line = line ? line->next : NULL; line; line = line->next)
        note_message(label, line, ascii);
}

/* A timer, or a correction without a segment of its own. */
static void make_event(struct ladder_label *label, const struct ladder_row *row)
{
    label->paint = PAINT_DIM;
    if (row->transition_count && row->transitions[0].evidence != LIFELINE_TIMER)
        g_string_append(label->text, "an RST ends TIME-WAIT");
    else if (row->steps & LIFELINE_STEP_TIME_WAIT)
        g_string_append(label->text, "2MSL are over");
    else if (!(row->steps & LIFELINE_STEP_WITHDRAWAL))
        g_string_append(label->text, "timer");
}

static void make_segment(struct ladder_label *label, const struct ladder_row *row, bool verbose,
                         bool ascii)
{
    const struct ladder_message *message = row->messages;
    GString *text = label->text;

    if (row->steps & NAMED_STEPS || row->flags & (LIFELINE_SYN | LIFELINE_FIN | LIFELINE_RST)) {
        append_steps(text, row->steps);
        if (text->len)
            g_string_append_c(text, ' ');
        label->steps_bytes = text->len;
        append_flags(text, row->flags, verbose);
        label->paint = row->flags & LIFELINE_RST ? PAINT_BAD : text->len ? PAINT_BOLD : PAINT_NONE;
        if (row->bytes && !verbose) {
            g_string_append_c(text, ' ');
            text_append_bytes(text, row->bytes);
        }
    } else if (message) {
        append_message(text, message, ascii);
        label->paint = message->is_response ? style_of_status(message->status) : PAINT_HTTP;
        message = message->next;
        if (row->count > 1)
            note_amount(label, row, ascii);
    } else if (verbose) {
        append_flags(text, row->flags, true);
    } else if (row->bytes) {
        append_amount(text, row, ascii);
    } else if (row->count > 1) {
        g_string_append_printf(text, "%" PRIu32 " segments", row->count);
        append_span(text, row, ascii);
    } else {
        append_flags(text, row->flags, false);
    }
    for (; message; message = message->next)
        note_message(label, message, ascii);
    if (row->more_messages)
        note(label, "%" PRIu32 " more HTTP messages", row->more_messages);
    if (verbose) {
        GString *numbers = g_string_new(NULL);

        if (row->messages)
            append_flags(numbers, row->flags, true);
        append_numbers(numbers, row);
        g_ptr_array_add(label->notes, g_strdup(g_strstrip(numbers->str)));
        g_string_free(numbers, TRUE);
    }
}

void ladder_label_make(struct ladder_label *label, const struct ladder_row *row,
                       uint32_t incarnation, bool verbose, bool ascii)
{
    bool into_time_wait = false;

    g_string_truncate(label->text, 0);
    label->steps_bytes = 0;
    g_ptr_array_set_size(label->notes, 0);
    label->paint = PAINT_NONE;
    if (row->count)
        make_segment(label, row, verbose, ascii);
    else if (row->flags & LIFELINE_ICMP)
        make_icmp(label, row, ascii);
    else
        make_event(label, row);

    if (row->lost)
        note(label, row->flags & NOT_ACCEPTED ? "it was not accepted"
                    : row->late               ? "it came too late, or never"
                                              : "it never arrived");
    if (row->steps & LIFELINE_STEP_RESET)
        note_reset(label, row);
    if (row->count && row->forged)
        note(label,
             row->steps & LIFELINE_STEP_WITHDRAWAL ? "it did not send frame %" PRIu64
                                                   : "forged: its sender goes on",
             row->withdrawn_frame);
    else if (row->steps & LIFELINE_STEP_WITHDRAWAL && row->transition_count &&
             row->transitions[0].from == LIFELINE_STATE_UNKNOWN)
        note(label, "this tells who closed first");
    else if (row->steps & LIFELINE_STEP_WITHDRAWAL && row->withdrawn_frame == LIFELINE_NO_FRAME &&
             row->count && row->transition_count)
        note(label, "%s is taken back",
             lifeline_name_of(lifeline_state_names, row->transitions[0].from));
    else if (row->steps & LIFELINE_STEP_WITHDRAWAL && row->withdrawn_frame == LIFELINE_NO_FRAME)
        note(label, "taken back by what follows");
    else if (row->steps & LIFELINE_STEP_WITHDRAWAL)
        note(label,
             row->withdrawn_flags & NOT_ACCEPTED ? "frame %" PRIu64 " was not accepted"
             : row->flags & LIFELINE_RST         ? "frame %" PRIu64 " had not arrived"
                                                 : "frame %" PRIu64 " was lost",
             row->withdrawn_frame);
    for (unsigned i = 0; i < row->transition_count; i++)
        into_time_wait |= row->transitions[i].to == LIFELINE_TIME_WAIT ||
                          row->transitions[i].from == LIFELINE_TIME_WAIT;
    if (row->steps & LIFELINE_STEP_TIME_WAIT && row->count && !into_time_wait)
        note(label, "TIME-WAIT starts anew");
    if (row->steps & LIFELINE_STEP_ROLE)
        note(label, "this tells client from server");
    if (row->steps & LIFELINE_STEP_OPEN)
        note(label, "opened before the capture");
    note_marks(label, row, incarnation, verbose);
}
