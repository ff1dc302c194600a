/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ladder as text.
 *
 *     time  frame  client                                            server
 *                  CLOSED       │                                 │  LISTEN
 * 0.000000      1  SYN-SENT     ├─ handshake-1 SYN ──────────────►│
 * 0.010000      2               │◄────────── handshake-2 SYN,ACK ─┤  SYN-RECEIVED
 *
 * Time runs down. An arrow begins at its sender, with what the segment is; a state stands where its
 * endpoint enters it, one a line when a segment makes several; in parentheses when it's only
 * implied. Notes stand between the lifelines, below their arrow.
 * Columns: 80 suffice. More width goes to the arrows, as far as labels need it.
 */
#include "ladder_text.h"

#include <inttypes.h>
#include <string.h>

#include "ladder_label.h"
#include "prose.h"
#include "style.h"
#include "text.h"
#include "verdict.h"

#define LEFT_STATE  14 /* "SYN-RECEIVED" in parentheses */
#define RIGHT_STATE 15 /* and a space before it */
#define MIN_WIDTH   64
#define MIN_MIDDLE  20 /* below, times lose digits */
#define MIN_ARROW   8
#define MAX_MIDDLE  110

struct drawing {
    GString *out;
    const struct ladder *ladder;
    const struct lifeline_connection *connection;
    const struct ladder_style *style;
    const struct glyphs *glyphs;
    struct ladder_label *label;
    GString *cell; /* scratch */
    unsigned time_columns, frame_columns, middle;
    unsigned time_cut; /* characters that times lose for want of columns: 0, 3 or 7 */
    unsigned width;    /* of the whole; 0: not limited */
};

static void append_spaces(GString *out, unsigned count)
{
    static const char spaces[] = "                                                                ";

    for (; count > sizeof(spaces) - 1; count -= (unsigned)sizeof(spaces) - 1)
        g_string_append_len(out, spaces, sizeof(spaces) - 1);
    g_string_append_len(out, spaces, (gssize)count);
}

static void append_times(GString *out, const char *text, unsigned count)
{
    while (count--)
        g_string_append(out, text);
}

static void paint(struct drawing *d, enum paint color, const char *text)
{
    style_append(d->out, d->style->color, color, text);
}

/* ---- the head -------------------------------------------------------------------------------- */

/* Phrases with dots between them, wrapped as a whole. column: where the first one begins. */
static void append_phrases(struct drawing *d, const struct verdict *verdict, unsigned column)
{
    unsigned dot = text_columns(d->glyphs->dot, strlen(d->glyphs->dot)), indent = 3;

    for (unsigned i = 0; i < verdict->count; i++) {
        GString *phrase = verdict->phrases[i].text;
        unsigned columns = text_columns(phrase->str, phrase->len);

        if (d->width && column + (i ? dot : 2) + columns > d->width) {
            g_string_append_printf(d->out, "\n%*s", (int)indent, "");
            column = indent;
            if (indent + columns > d->width)
                text_cut(phrase, 0, d->width - indent, !d->style->utf8);
        } else {
            paint(d, PAINT_DIM, i ? d->glyphs->dot : "  ");
            column += i ? dot : 2;
        }
        paint(d, verdict->phrases[i].paint, phrase->str);
        column += columns;
    }
    g_string_append_c(d->out, '\n');
}

static void append_line(struct drawing *d, enum paint color, GString *line)
{
    if (d->width)
        text_cut(line, 0, d->width, !d->style->utf8);
    paint(d, color, line->str);
    g_string_append_c(d->out, '\n');
}

static void append_facts(struct drawing *d, GString *line)
{
    const struct lifeline_connection *c = d->connection;

    g_string_assign(line, "   ");
    text_append_time(line, c->start_ns, 6);
    g_string_append(line, " UTC, ");
    text_append_duration(line, c->duration_ns, !d->style->utf8);
    g_string_append_printf(line, ", frames %" PRIu64 "-%" PRIu64, c->first_frame, c->last_frame);
    append_line(d, PAINT_DIM, line);
    g_string_assign(line, "   client sent ");
    text_append_count(line, c->client.segments, "segment{|s}");
    g_string_append(line, ", ");
    text_append_bytes(line, c->client.payload_bytes);
    g_string_append(line, "; server ");
    text_append_count(line, c->server.segments, "segment{|s}");
    g_string_append(line, ", ");
    text_append_bytes(line, c->server.payload_bytes);
    append_line(d, PAINT_DIM, line);
}

static void append_findings(struct drawing *d, GString *line)
{
    const GArray *findings = d->ladder->findings;

    for (guint i = 0; findings && i < findings->len; i++) {
        const struct ladder_finding *finding = &g_array_index(findings, struct ladder_finding, i);
        const char *severity = lifeline_name_of(lifeline_severity_names, finding->severity);
        GString *safe = g_string_new(NULL);

        g_string_printf(line, "   %s %s:", severity ? severity : "note", finding->name);
        paint(d, style_of_severity(finding->severity), line->str);
        text_append_safe(safe, finding->text ? finding->text : "",
                         finding->text ? strlen(finding->text) : 0, !d->style->utf8);
        if (safe->len) {
            GString *wrapped = g_string_new(NULL);

            g_string_prepend_c(safe, ' ');
            prose_append(wrapped, safe->str, text_columns(line->str, line->len), 6, d->width);
            g_string_append(d->out, wrapped->str);
            g_string_free(wrapped, TRUE);
        }
        g_string_append_c(d->out, '\n');
        g_string_free(safe, TRUE);
    }
}

static void append_head(struct drawing *d)
{
    struct verdict *verdict = verdict_new(d->connection, !d->style->utf8);
    GString *line = g_string_new(NULL), *title = g_string_new(NULL);
    const char *last_line;

    g_string_printf(line, "#%" PRIu64 " ", d->connection->connection);
    verdict_title(line, d->connection, !d->style->utf8);
    prose_append(title, line->str, 0, 3, d->width);
    paint(d, PAINT_BOLD, title->str);
    last_line = strrchr(title->str, '\n');
    last_line = last_line ? last_line + 1 : title->str;
    append_phrases(d, verdict, text_columns(last_line, strlen(last_line)));
    append_facts(d, line);
    append_findings(d, line);
    g_string_free(title, TRUE);
    g_string_free(line, TRUE);
    verdict_free(verdict);
}

/* ---- columns --------------------------------------------------------------------------------- */

/* "12", or "12-20" for a run when that has room. */
static void put_frames(GString *out, const struct ladder_row *row, unsigned columns)
{
    size_t start = out->len, first;

    if (row->frame == LIFELINE_NO_FRAME)
        return;
    text_append_u64(out, row->frame);
    first = out->len;
    if (row->last_frame == row->frame)
        return;
    g_string_append_c(out, '-');
    text_append_u64(out, row->last_frame);
    if (out->len - start > columns)
        g_string_truncate(out, first);
}

static void append_right(GString *out, const GString *text, unsigned columns)
{
    if (text->len < columns)
        append_spaces(out, columns - (unsigned)text->len);
    g_string_append_len(out, text->str, (gssize)text->len);
}

/* A state in its column, beside the lifeline; NULL leaves the column empty. */
static void append_state(struct drawing *d, const struct lifeline_transition *t, bool left)
{
    const char *name = t ? lifeline_name_of(lifeline_state_names, t->to) : "";
    bool implied = t && t->evidence == LIFELINE_IMPLIED;
    enum paint color = t ? style_of_state(t->to) : PAINT_NONE;
    unsigned before = (left ? 1 : 2) - (implied ? 1 : 0), columns;

    if (!t) {
        append_spaces(d->out, left ? LEFT_STATE : 0);
        return;
    }
    if (!name)
        name = "unknown";
    columns = before + (unsigned)strlen(name) + (implied ? 2 : 0);
    append_spaces(d->out, before);
    paint(d, color, implied ? "(" : "");
    paint(d, color, name);
    paint(d, color, implied ? ")" : "");
    if (left)
        append_spaces(d->out, LEFT_STATE - MIN(columns, LEFT_STATE));
}

/* Into the scratch cell. */
static void put_time_cell(struct drawing *d, const struct ladder_row *row)
{
    g_string_truncate(d->cell, 0);
    text_append_offset(d->cell, row->time_ns - d->connection->start_ns);
    g_string_truncate(d->cell, d->cell->len - d->time_cut);
}

static void append_left_columns(struct drawing *d, const struct ladder_row *row)
{
    g_string_truncate(d->cell, 0);
    if (row)
        put_time_cell(d, row);
    append_right(d->out, d->cell, d->time_columns);
    g_string_append_c(d->out, ' ');
    g_string_truncate(d->cell, 0);
    if (row)
        put_frames(d->cell, row, d->frame_columns);
    append_right(d->out, d->cell, d->frame_columns);
    g_string_append_c(d->out, ' ');
}

/* Trailing spaces serve nobody. */
static void end_line(struct drawing *d)
{
    while (d->out->len && d->out->str[d->out->len - 1] == ' ')
        g_string_truncate(d->out, d->out->len - 1);
    g_string_append_c(d->out, '\n');
}

/* ---- the middle ------------------------------------------------------------------------------ */

static void append_arrow(struct drawing *d, const struct ladder_row *row)
{
    const struct glyphs *g = d->glyphs;
    GString *text = d->label->text;
    unsigned room = d->middle - 5;                 /* shaft, 2 spaces, shaft, head */
    if (text_columns(text->str, text->len) > room) /* the flags tell more than the step's name */
        g_string_erase(text, 0, (gssize)d->label->steps_bytes);
    text_cut(text, 0, room, !d->style->utf8);
    unsigned columns = text_columns(text->str, text->len), fill = room + 1 - columns;
    unsigned gap = row->lost ? MIN(fill - 1, 4) : 0;
    if (row->from == LIFELINE_CLIENT) {
        paint(d, PAINT_DIM, g->from_client);
        paint(d, PAINT_DIM, g->shaft);
        g_string_append_c(d->out, ' ');
        paint(d, d->label->paint, text->str);
        g_string_append_c(d->out, ' ');
        append_times(d->out, g->shaft, fill - gap);
        g_string_append(d->out, row->lost ? g->lost : g->right);
        append_spaces(d->out, gap);
        paint(d, PAINT_DIM, g->line);
    } else {
        paint(d, PAINT_DIM, g->line);
        append_spaces(d->out, gap);
        g_string_append(d->out, row->lost ? g->lost : g->left);
        append_times(d->out, g->shaft, fill - gap);
        g_string_append_c(d->out, ' ');
        paint(d, d->label->paint, text->str);
        g_string_append_c(d->out, ' ');
        paint(d, PAINT_DIM, g->shaft);
        paint(d, PAINT_DIM, g->from_server);
    }
}

/* Text between the lifelines, at the sender's side. */
static void append_between(struct drawing *d, const char *text, uint8_t from, enum paint color)
{
    GString *cut = g_string_new(text);
    unsigned columns, before = 3;

    text_cut(cut, 0, d->middle - 4, !d->style->utf8);
    columns = text_columns(cut->str, cut->len);
    if (from == LIFELINE_SERVER)
        before = d->middle - columns - 3;
    else if (from != LIFELINE_CLIENT)
        before = (d->middle - columns) / 2;
    paint(d, PAINT_DIM, d->glyphs->line);
    append_spaces(d->out, before);
    paint(d, color, cut->str);
    append_spaces(d->out, d->middle - before - columns);
    paint(d, PAINT_DIM, d->glyphs->line);
    g_string_free(cut, TRUE);
}

static const struct lifeline_transition *nth(const struct ladder_row *row, uint8_t endpoint,
                                             unsigned n)
{
    for (unsigned i = 0; i < row->transition_count; i++) {
        if (row->transitions[i].endpoint == endpoint && n-- == 0)
            return &row->transitions[i];
    }
    return NULL;
}

/* A single note goes on the arrow if there is room: "SYN (retransmission)", "GET /1, GET /2". */
static void merge_note(struct drawing *d, bool messages)
{
    GPtrArray *notes = d->label->notes;
    GString *text = d->label->text;
    const char *only = notes->len == 1 ? notes->pdata[0] : NULL;

    if (only && text_columns(text->str, text->len) + text_columns(only, strlen(only)) + 3 <=
                    d->middle - 5) {
        g_string_append_printf(text, messages ? ", %s" : " (%s)", only);
        g_ptr_array_set_size(notes, 0);
    }
}

/* Notes that are too long for a line get several. */
static void wrap_notes(struct drawing *d)
{
    GPtrArray *notes = d->label->notes;
    GString *wrapped = g_string_new(NULL);

    for (guint i = 0; i < notes->len; i++) {
        char **lines;

        g_string_truncate(wrapped, 0);
        prose_append(wrapped, notes->pdata[i], 0, 0, d->middle - 4);
        if (!strchr(wrapped->str, '\n'))
            continue;
        lines = g_strsplit(wrapped->str, "\n", 0);
        g_free(g_ptr_array_steal_index(notes, i));
        for (unsigned j = 0; lines[j]; j++)
            g_ptr_array_insert(notes, (gint)i++, lines[j]); /* taken over */
        g_free(lines);
        i--;
    }
    g_string_free(wrapped, TRUE);
}

static void append_row(struct drawing *d, const struct ladder_row *row)
{
    const struct lifeline_transition *client, *server;
    bool arrow = row->from == LIFELINE_CLIENT || row->from == LIFELINE_SERVER;
    guint next_note = 0;

    ladder_label_make(d->label, row, d->ladder->incarnation, d->style->verbose, !d->style->utf8);
    if (d->style->verbose && text_columns(d->label->text->str, d->label->text->len) > d->middle - 5)
        g_ptr_array_insert(d->label->notes, 0, g_strdup(d->label->text->str)); /* uncut */
    if (arrow)
        merge_note(d, row->messages && row->messages->next);
    wrap_notes(d);
    for (unsigned line = 0;; line++) {
        client = nth(row, LIFELINE_CLIENT, line);
        server = nth(row, LIFELINE_SERVER, line);
        if (line && !client && !server && next_note >= d->label->notes->len)
            break;
        append_left_columns(d, line ? NULL : row);
        append_state(d, client, true);
        if (line == 0 && arrow)
            append_arrow(d, row);
        else if (line == 0 && d->label->text->len)
            append_between(d, d->label->text->str, row->from, d->label->paint);
        else if (next_note < d->label->notes->len)
            append_between(d, d->label->notes->pdata[next_note++], row->from, PAINT_NOTICE);
        else
            append_between(d, "", row->from, PAINT_NONE);
        append_state(d, server, false);
        end_line(d);
    }
}

/* A line with text between the lifelines, and both states when they are given. */
static void append_still(struct drawing *d, const uint8_t states[2], const char *text,
                         enum paint color)
{
    const struct lifeline_transition client = {.to = states ? states[0] : 0};
    const struct lifeline_transition server = {.to = states ? states[1] : 0};

    append_left_columns(d, NULL);
    append_state(d, states ? &client : NULL, true);
    append_between(d, text, LIFELINE_NOBODY, color);
    append_state(d, states ? &server : NULL, false);
    end_line(d);
}

/* What is left when the capture, or the record, ends. */
static void append_end(struct drawing *d)
{
    const struct lifeline_connection *c = d->connection;
    GString *text = g_string_new(NULL);

    if (c->client.state == LIFELINE_CLOSED && c->server.state == LIFELINE_CLOSED) {
        g_string_free(text, TRUE);
        return;
    }
    g_string_append(text, c->incomplete ? "the record ends" : "the capture ends");
    for (unsigned i = 0; i < c->time_wait_count && i < 2; i++) {
        const struct lifeline_time_wait *w = &c->time_wait[i];

        if (w->outcome == LIFELINE_TIME_WAIT_REUSED) {
            g_string_assign(text, "a new connection takes over");
        } else if (w->outcome == LIFELINE_TIME_WAIT_RUNNING) {
            g_string_append(text, ", ");
            text_append_remaining(text, w, !d->style->utf8);
            g_string_append(text, " left");
            break;
        }
    }
    if (text_columns(text->str, text->len) > d->middle - 4 && g_str_has_prefix(text->str, "the "))
        g_string_erase(text, 0, 4);
    append_still(d, (uint8_t[]){c->client.state, c->server.state}, text->str, PAINT_DIM);
    g_string_free(text, TRUE);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static unsigned count_columns(unsigned minimum, const GString *text)
{
    return MAX(minimum, (unsigned)text->len);
}

/* What the text and the notes of a row's label take: where the width is known, a single note beside
 * the text (merge_note()). */
static unsigned label_columns(struct drawing *d, const struct ladder_row *row)
{
    const GPtrArray *notes = d->label->notes;
    unsigned columns, longest;

    ladder_label_make(d->label, row, d->ladder->incarnation, d->style->verbose, !d->style->utf8);
    longest = text_columns(d->label->text->str, d->label->text->len);
    for (guint i = 0; i < notes->len; i++) {
        columns = text_columns(notes->pdata[i], strlen(notes->pdata[i]));
        longest = d->width && notes->len == 1 ? longest + 3 + columns : MAX(longest, columns);
    }
    return longest;
}

static void measure(struct drawing *d)
{
    size_t length = ladder_length(d->ladder);
    GString *cell = d->cell;
    unsigned longest = 0, rest;

    d->time_columns = 8;
    d->frame_columns = 5;
    for (size_t i = 0; i < length; i++) {
        const struct ladder_row *row = ladder_row(d->ladder, i);

        put_time_cell(d, row);
        d->time_columns = count_columns(d->time_columns, cell);
        g_string_truncate(cell, 0);
        put_frames(cell, row, 7);
        d->frame_columns = count_columns(d->frame_columns, cell);
        longest = MAX(longest, label_columns(d, row));
    }
    rest = d->time_columns + 1 + d->frame_columns + 1 + LEFT_STATE + RIGHT_STATE + 2;
    while (d->width && rest + MIN_MIDDLE > d->width && d->time_cut < 7 && d->time_columns > 11) {
        unsigned cut = d->time_cut ? 4 : 3; /* the dot too */

        d->time_cut += cut;
        d->time_columns -= cut;
        rest -= cut;
    }
    d->middle = CLAMP(longest + 5, 80 - MIN(rest, 46), MAX_MIDDLE);
    if (d->width)
        d->middle = MAX(MIN(d->middle, d->width > rest ? d->width - rest : 0), MIN_ARROW);
}

static void append_header(struct drawing *d)
{
    GString *line = g_string_new(NULL);
    unsigned server;

    append_spaces(line, d->time_columns - 4);
    g_string_append(line, "time ");
    append_spaces(line, d->frame_columns - 5);
    g_string_append(line, "frame  client");
    server = d->time_columns + d->frame_columns + 2 + LEFT_STATE + 2 + d->middle + 2;
    append_spaces(line, server - (unsigned)line->len);
    g_string_append(line, "server");
    paint(d, PAINT_DIM, line->str);
    g_string_append_c(d->out, '\n');
    g_string_free(line, TRUE);
}

/* Later segments may have told what an endpoint was before the first one. */
static uint8_t first_state(const uint8_t *states, unsigned count, uint8_t seen)
{
    return count ? states[0] : seen;
}

void ladder_text_append(GString *out, const struct ladder *ladder,
                        const struct lifeline_connection *connection,
                        const struct ladder_style *style)
{
    struct drawing d = {
        .out = out,
        .ladder = ladder,
        .connection = connection,
        .style = style,
        .glyphs = style->utf8 ? &style_utf8 : &style_ascii,
        .label = ladder_label_new(),
        .cell = g_string_new(NULL),
        .width = style->width ? MAX(style->width, MIN_WIDTH) : 0,
    };
    size_t length = ladder_length(ladder);
    char notice[LADDER_MISSING_BYTES];

    measure(&d);
    append_head(&d);
    append_header(&d);
    append_still(&d,
                 (uint8_t[]){first_state(connection->client.states, connection->client.state_count,
                                         ladder->first_states[LIFELINE_CLIENT]),
                             first_state(connection->server.states, connection->server.state_count,
                                         ladder->first_states[LIFELINE_SERVER])},
                 "", PAINT_NONE);
    for (size_t i = 0; i <= length; i++) {
        if (ladder_tell_missing(ladder, ladder_missing_before(ladder, i), notice))
            append_still(&d, NULL, notice, PAINT_NOTICE);
        if (i < length)
            append_row(&d, ladder_row(ladder, i));
    }
    append_end(&d);
    g_string_free(d.cell, TRUE);
    ladder_label_free(d.label);
}
