/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A ladder as SVG, for slides, documents and the report.
 *
 * Two bars are the endpoints' lifelines; their colour is the state, which is named where it begins.
 * Arrows slant, as time runs down while a segment travels; the slope is no measure. Notes stand
 * below their arrow. Rows are evenly spaced: times are written, not drawn to scale.
 * Self-contained: no fonts, scripts or styles from outside. At most MAX_ROWS rows: the first and
 * the last half.
 */
#include "ladder_svg.h"

#include <inttypes.h>
#include <string.h>

#include "ladder_label.h"
#include "text.h"
#include "verdict.h"

#define MAX_ROWS     1000
#define CLIENT_X     280 /* of the bars */
#define SERVER_X     780
#define BAR          10 /* width of a bar */
#define ROW          30
#define NOTE         15
#define SLOPE        12
#define LABEL_LENGTH 60 /* columns */

const char ladder_svg_css[] =
    ".ladder{font:13px system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "fill:#1f2933}\n"
    ".ladder .title{font-size:17px;font-weight:600}\n"
    ".ladder .verdict{font-size:14px}\n"
    ".ladder .time,.ladder .frame{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;"
    "font-size:12px;fill:#616e7c;text-anchor:end}\n"
    ".ladder .end{font-weight:600;text-anchor:middle}\n"
    ".ladder .label{text-anchor:middle;paint-order:stroke;stroke:#fff;stroke-width:4px}\n"
    ".ladder .note{text-anchor:middle;font-size:11.5px;font-style:italic;fill:#8d5100}\n"
    ".ladder .step{font-weight:600}\n"
    ".ladder .http{font-weight:600;fill:#1d4ed8}\n"
    ".ladder .good{font-weight:600;fill:#15803d}\n"
    ".ladder .notice{font-weight:600;fill:#b45309}\n"
    ".ladder .bad{font-weight:600;fill:#b91c1c}\n"
    ".ladder .arrow{stroke:#334155;stroke-width:1.6;fill:none}\n"
    ".ladder .rst{stroke:#b91c1c}\n"
    ".ladder .lost{stroke-dasharray:5 4}\n"
    ".ladder .state{font-size:12px;font-weight:600}\n"
    ".ladder .left{text-anchor:end}\n"
    ".s-closed{fill:#cbd5e1}.s-opening{fill:#22b8cf}.s-open{fill:#40a85c}.s-closing{fill:#f0a020}"
    ".s-time-wait{fill:#a855f7}\n";

const char ladder_svg_markers[] =
    "<marker id=\"ladder-head\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"8\" "
    "markerHeight=\"8\" orient=\"auto\"><path d=\"M0 1 10 5 0 9z\" fill=\"#334155\"/></marker>"
    "<marker id=\"ladder-cross\" viewBox=\"0 0 10 10\" refX=\"5\" refY=\"5\" markerWidth=\"9\" "
    "markerHeight=\"9\" orient=\"auto\"><path d=\"M1 1 9 9M9 1 1 9\" stroke=\"#b91c1c\" "
    "stroke-width=\"2\"/></marker>";

/* An endpoint's bar, drawn piece by piece as its state changes. */
struct bar {
    unsigned x, since; /* y where the present state begins */
    uint8_t state;
    unsigned named; /* y of the last name, so that names don't overlap */
};

struct drawing {
    GString *out;
    const struct ladder *ladder;
    const struct lifeline_connection *connection;
    struct ladder_label *label;
    struct bar bars[2];
    unsigned y;
};

void ladder_svg_escape(GString *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            g_string_append(out, "&amp;");
            break;
        case '<':
            g_string_append(out, "&lt;");
            break;
        case '>':
            g_string_append(out, "&gt;");
            break;
        case '"':
            g_string_append(out, "&quot;");
            break;
        case '\'':
            g_string_append(out, "&#39;");
            break;
        default:
            g_string_append_c(out, (unsigned char)*text < 0x20 ? ' ' : *text);
        }
    }
}

static void append_text(GString *out, unsigned x, unsigned y, const char *class, const char *text)
{
    g_string_append_printf(out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, class);
    ladder_svg_escape(out, text);
    g_string_append(out, "</text>\n");
}

static const char *class_of_state(uint8_t state)
{
    switch (style_of_state(state)) {
    case PAINT_OPENING:
        return "s-opening";
    case PAINT_OPEN:
        return "s-open";
    case PAINT_CLOSING:
        return "s-closing";
    case PAINT_TIME_WAIT:
        return "s-time-wait";
    default:
        return "s-closed";
    }
}

static const char *class_of_paint(enum paint paint)
{
    switch (paint) {
    case PAINT_BOLD:
        return "label step";
    case PAINT_HTTP:
        return "label http";
    case PAINT_GOOD:
        return "label good";
    case PAINT_NOTICE:
        return "label notice";
    case PAINT_BAD:
        return "label bad";
    default:
        return "label";
    }
}

/* ---- bars ------------------------------------------------------------------------------------ */

static void finish_bar(struct drawing *d, struct bar *bar, unsigned y)
{
    if (y > bar->since)
        g_string_append_printf(
            d->out, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" class=\"%s\"/>\n",
            bar->x - BAR / 2, bar->since, BAR, y - bar->since, class_of_state(bar->state));
    bar->since = y;
}

static void name_state(struct drawing *d, struct bar *bar, unsigned y, bool implied)
{
    bool left = bar->x == CLIENT_X;
    const char *name = lifeline_name_of(lifeline_state_names, bar->state);
    char text[40];

    g_snprintf(text, sizeof(text), implied ? "(%s)" : "%s", name ? name : "unknown");
    y = MAX(y + 4, bar->named + 14);
    append_text(d->out, left ? bar->x - BAR : bar->x + BAR, y, left ? "state left" : "state", text);
    bar->named = y;
}

static void enter_states(struct drawing *d, const struct ladder_row *row, unsigned top,
                         unsigned bottom)
{
    for (unsigned i = 0; i < row->transition_count; i++) {
        const struct lifeline_transition *t = &row->transitions[i];
        struct bar *bar = &d->bars[t->endpoint & 1];
        unsigned y = t->endpoint == row->from || row->from == LIFELINE_NOBODY ? top : bottom;

        finish_bar(d, bar, MAX(y, bar->since));
        bar->state = t->to;
        name_state(d, bar, y, t->evidence == LIFELINE_IMPLIED);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void append_arrow(struct drawing *d, const struct ladder_row *row, unsigned top,
                         unsigned bottom)
{
    unsigned from = row->from == LIFELINE_CLIENT ? CLIENT_X + BAR / 2 : SERVER_X - BAR / 2;
    unsigned to = row->from == LIFELINE_CLIENT ? SERVER_X - BAR / 2 : CLIENT_X + BAR / 2;

    if (row->lost) { /* three quarters of the way */
        to = (unsigned)((int)from + ((int)to - (int)from) * 3 / 4);
        bottom = top + (bottom - top) * 3 / 4;
    }
    g_string_append_printf(d->out,
                           "<path d=\"M%u %u %u %u\" class=\"arrow%s%s\" "
                           "marker-end=\"url(#ladder-%s)\"/>\n",
                           from, top, to, bottom, row->flags & LIFELINE_RST ? " rst" : "",
                           row->lost ? " lost" : "", row->lost ? "cross" : "head");
}

static void append_row(struct drawing *d, const struct ladder_row *row, bool verbose)
{
    bool arrow = row->from == LIFELINE_CLIENT || row->from == LIFELINE_SERVER;
    unsigned top = d->y, bottom = top + (arrow ? SLOPE : 0), lines[2] = {0, 0}, middle;
    GString *time = g_string_new(NULL);
    char text[64];

    ladder_label_make(d->label, row, d->ladder->incarnation, verbose, false);
    text_cut(d->label->text, 0, LABEL_LENGTH, false);
    text_append_offset(time, row->time_ns - d->connection->start_ns);
    append_text(d->out, 84, top + 4, "time", time->str);
    g_string_free(time, TRUE);
    if (row->frame) {
        g_snprintf(text, sizeof(text),
                   row->last_frame > row->frame ? "%" PRIu64 "\xe2\x80\x93%" PRIu64 : "%" PRIu64,
                   row->frame, row->last_frame);
        append_text(d->out, 150, top + 4, "frame", text);
    }
    if (arrow)
        append_arrow(d, row, top, bottom);
    middle = (CLIENT_X + SERVER_X) / 2;
    append_text(d->out, middle, arrow ? top - 1 : top + 4, class_of_paint(d->label->paint),
                d->label->text->str);
    for (guint i = 0; i < d->label->notes->len; i++) {
        GString *note = g_string_new(d->label->notes->pdata[i]);

        text_cut(note, 0, LABEL_LENGTH + 8, false);
        append_text(d->out, middle, bottom + NOTE * (i + 1), "note", note->str);
        g_string_free(note, TRUE);
    }
    enter_states(d, row, top, bottom);
    for (unsigned i = 0; i < row->transition_count; i++)
        lines[row->transitions[i].endpoint & 1]++;
    d->y += ROW + (d->label->notes->len ? NOTE * d->label->notes->len + 4 : 0);
    if (MAX(lines[0], lines[1]) > 2) /* many names need their height */
        d->y = MAX(d->y, top + 14 * MAX(lines[0], lines[1]) + SLOPE);
}

static void append_head(struct drawing *d)
{
    const struct lifeline_connection *c = d->connection;
    struct verdict *verdict = verdict_new(c, false);
    GString *line = g_string_new(NULL);

    g_string_printf(line, "#%" PRIu64 " ", c->connection);
    verdict_title(line, c, false);
    append_text(d->out, 24, 32, "title", line->str);
    g_string_truncate(line, 0);
    d->y = 54;
    for (unsigned i = 0; i < verdict->count; i++) {
        if (line->len && line->len + verdict->phrases[i].text->len > 120) {
            append_text(d->out, 24, d->y, "verdict", line->str);
            g_string_truncate(line, 0);
            d->y += 20;
        }
        g_string_append_printf(line, "%s%s", line->len ? " \xc2\xb7 " : "",
                               verdict->phrases[i].text->str);
    }
    append_text(d->out, 24, d->y, "verdict", line->str);
    g_string_truncate(line, 0);
    text_append_time(line, c->start_ns, 6);
    g_string_append(line, " UTC");
    d->y += 20;
    append_text(d->out, 24, d->y, "verdict", line->str);
    g_string_free(line, TRUE);
    verdict_free(verdict);
}

static void append_ends(struct drawing *d)
{
    const struct lifeline_endpoint *ends[2] = {&d->connection->client, &d->connection->server};
    GString *text = g_string_new(NULL);

    d->y += 34;
    append_text(d->out, 84, d->y, "time", "seconds");
    append_text(d->out, 150, d->y, "frame", "frame");
    for (unsigned i = 0; i < 2; i++) {
        g_string_assign(text, i ? "server " : "client ");
        text_append_endpoint(text, ends[i]);
        append_text(d->out, d->bars[i].x, d->y, "end", text->str);
        d->bars[i].since = d->bars[i].named = d->y + 10;
        d->bars[i].state = ends[i]->state_count ? ends[i]->states[0] : d->ladder->first_states[i];
        name_state(d, &d->bars[i], d->y + 18, false);
    }
    d->y += 44;
    g_string_free(text, TRUE);
}

static void append_rows(struct drawing *d, bool verbose)
{
    size_t length = ladder_length(d->ladder);
    uint64_t missing = 0;
    char notice[LADDER_MISSING_BYTES];

    for (size_t i = 0; i <= length; i++) {
        missing += ladder_missing_before(d->ladder, i);
        if (length > MAX_ROWS && i >= MAX_ROWS / 2 && i < length - MAX_ROWS / 2) {
            missing++;
            continue;
        }
        if (ladder_tell_missing(d->ladder, missing, notice)) {
            append_text(d->out, (CLIENT_X + SERVER_X) / 2, d->y + 4, "label notice", notice);
            d->y += ROW;
        }
        missing = 0;
        if (i < length)
            append_row(d, ladder_row(d->ladder, i), verbose);
    }
}

/* What is left when the capture ends. */
static void append_end(struct drawing *d)
{
    const struct lifeline_connection *c = d->connection;
    GString *text = g_string_new(NULL);

    for (unsigned i = 0; i < c->time_wait_count && i < 2; i++) {
        const struct lifeline_time_wait *w = &c->time_wait[i];

        if (w->outcome != LIFELINE_TIME_WAIT_RUNNING)
            continue;
        g_string_assign(text, "the capture ends, ");
        text_append_remaining(text, w, false);
        g_string_append(text, " of 2MSL left");
        append_text(d->out, (CLIENT_X + SERVER_X) / 2, d->y + 10, "note", text->str);
    }
    d->y = MAX(d->y, MAX(d->bars[0].named, d->bars[1].named)) + 20;
    finish_bar(d, &d->bars[0], d->y);
    finish_bar(d, &d->bars[1], d->y);
    g_string_free(text, TRUE);
}

unsigned ladder_svg_append(GString *out, const struct ladder *ladder,
                           const struct lifeline_connection *connection, bool verbose)
{
    struct drawing d = {
        .out = out,
        .ladder = ladder,
        .connection = connection,
        .label = ladder_label_new(),
        .bars = {{.x = CLIENT_X}, {.x = SERVER_X}},
    };

    g_string_append(out, "<g class=\"ladder\">\n");
    append_head(&d);
    append_ends(&d);
    append_rows(&d, verbose);
    append_end(&d);
    g_string_append(out, "</g>\n");
    ladder_label_free(d.label);
    return d.y + 24;
}

void ladder_svg_begin(GString *out, unsigned height, const char *title)
{
    g_string_append_printf(out,
                           "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
                           "viewBox=\"0 0 %u %u\" role=\"img\">\n<title>",
                           LADDER_SVG_WIDTH, height, LADDER_SVG_WIDTH, height);
    ladder_svg_escape(out, title);
    g_string_append_printf(out,
                           "</title>\n<style>\n%s</style>\n<defs>%s</defs>\n"
                           "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
                           ladder_svg_css, ladder_svg_markers);
}
