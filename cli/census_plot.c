/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "census_plot.h"

#include <inttypes.h>
#include <string.h>

#include "text.h"

#define ROWS  6
#define LABEL 11 /* columns left of the plot */

/* SVG geometry */
#define WIDTH  960
#define HEIGHT 440
#define LEFT   70
#define RIGHT  30
#define TOP    70
#define BOTTOM 90
#define CURVES 6
#define PARTS  4 /* between times at the lower edge */

void census_append_name(GString *out, const struct lifeline_census_pair *pair, bool ascii)
{
    char text[48];
    lifeline_address_text(&pair->ip, text, sizeof text);
    g_string_append(out, text);
    if (pair->holder == LIFELINE_BOTH) {
        g_string_append(out, " in all");
        return;
    }
    if (pair->holder == LIFELINE_SERVER)
        g_string_append(out, " (as server)");
    g_string_append(out, ascii ? " -> " : " → ");
    lifeline_address_text(&pair->remote_ip, text, sizeof text);
    bool colons = pair->remote_ip.family == 6 && pair->remote_port != LIFELINE_UNKNOWN_COUNT;
    g_string_append_printf(out, colons ? "[%s]" : "%s", text);
    if (pair->remote_port != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(out, ":%" PRIu64, pair->remote_port);
}

bool census_is_redundant(const struct lifeline_census_pair *pairs, unsigned count, unsigned index)
{
    const struct lifeline_census_pair *total = &pairs[index];

    for (unsigned i = 0; i < count && total->holder == LIFELINE_BOTH; i++) {
        if (pairs[i].holder != LIFELINE_BOTH && pairs[i].entered == total->entered &&
            memcmp(&pairs[i].ip, &total->ip, sizeof total->ip) == 0)
            return true;
    }
    return false;
}

/* The highest count of the samples that fall to column x of columns. */
static uint32_t column_count(const struct lifeline_census_pair *pair, unsigned x, unsigned columns)
{
    uint32_t from = (uint32_t)((uint64_t)x * pair->sample_count / columns);
    uint32_t to = (uint32_t)((uint64_t)(x + 1) * pair->sample_count / columns);
    uint32_t most = 0;
    if (to <= from)
        to = from + 1;
    for (uint32_t i = from; i < to && i < pair->sample_count; i++)
        most = MAX(most, pair->counts[i]);
    return most;
}

/* Digits of a second that tell apart clock times this far from each other. */
static unsigned clock_digits(double apart_ns)
{
    unsigned digits = 0;
    for (double unit_ns = 1e9; apart_ns < unit_ns && digits < 9; unit_ns /= 10)
        digits++;
    return digits;
}

void census_plot_text(GString *out, const struct lifeline_census_pair *pair, unsigned width,
                      bool ascii)
{
    static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    unsigned columns = width > LABEL + 13 ? MIN(width, 120) - LABEL - 1 : 12;

    if (!pair->peak || !pair->sample_count)
        return;
    for (unsigned row = ROWS; row-- > 0;) {
        uint64_t mark = row == ROWS - 1 ? pair->peak : row == 0 ? 0 : LIFELINE_UNKNOWN_COUNT;
        if (mark != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(out, "%*" PRIu64 " ", LABEL - 2, mark);
        else
            g_string_append_printf(out, "%*s", LABEL - 1, "");
        g_string_append(out, ascii ? "|" : "┤");
        for (unsigned x = 0; x < columns; x++) {
            uint64_t eighths = (uint64_t)column_count(pair, x, columns) * ROWS * 8 / pair->peak;
            uint64_t here = eighths > row * 8 ? MIN(eighths - row * 8, 8) : 0;
            g_string_append(out, ascii ? (here > 4 ? "#" : here ? "." : " ") : blocks[here]);
        }
        while (out->len && out->str[out->len - 1] == ' ')
            g_string_truncate(out, out->len - 1);
        g_string_append_c(out, '\n');
    }
    int64_t end_ns = pair->start_ns + (int64_t)pair->sample_count * pair->step_ns;
    unsigned digits = clock_digits((double)(end_ns - pair->start_ns) / PARTS);
    g_string_append_printf(out, "%*s", LABEL, "");
    size_t start = out->len;
    text_append_clock(out, pair->start_ns, pair->start_ns, digits);
    GString *end = g_string_new(NULL);
    text_append_clock(end, end_ns, pair->start_ns, digits);
    unsigned used = (unsigned)(out->len - start + end->len);
    g_string_append_printf(out, "%*s%s\n", used < columns ? (int)(columns - used) : 1, "",
                           end->str);
    g_string_free(end, TRUE);
}

/* 1, 2 or 5 times a power of ten, at least value. */
static double round_up(double value)
{
    double unit = 1;
    while (unit * 10 < value)
        unit *= 10;
    return value <= unit       ? unit
           : value <= unit * 2 ? unit * 2
           : value <= unit * 5 ? unit * 5
                               : unit * 10;
}

/* What a drawing shows. */
struct plot {
    const struct lifeline_census_pair *curves[CURVES];
    unsigned shown;
    int64_t low_ns;
    double span_ns;
    double top;     /* the count at the upper edge */
    unsigned ports; /* of the client that is nearest to having none; 0: none comes near */
};

/* Where a count stands. */
static double y_of(const struct plot *plot, double count)
{
    return HEIGHT - BOTTOM - count / plot->top * (HEIGHT - TOP - BOTTOM);
}

static struct plot choose(const struct lifeline_census_pair *pairs, unsigned count)
{
    struct plot plot = {.span_ns = 1};
    int64_t low_ns = INT64_MAX, high_ns = INT64_MIN;
    uint64_t peak = 1;
    double share = 0.2; /* far from it ports are no matter */

    for (unsigned i = 0; i < count && plot.shown < CURVES; i++) {
        if (!census_is_redundant(pairs, count, i))
            plot.curves[plot.shown++] = &pairs[i];
    }
    for (unsigned i = 0; i < plot.shown; i++) {
        const struct lifeline_census_pair *pair = plot.curves[i];

        low_ns = MIN(low_ns, pair->start_ns);
        high_ns = MAX(high_ns, pair->start_ns + (int64_t)pair->sample_count * pair->step_ns);
        peak = MAX(peak, pair->peak);
        if (pair->holder == LIFELINE_CLIENT && pair->peak_share > share) {
            share = pair->peak_share;
            plot.ports = pair->ports;
        }
    }
    plot.low_ns = low_ns;
    if (plot.shown && high_ns > low_ns)
        plot.span_ns = (double)(high_ns - low_ns);
    plot.top = round_up(MAX((double)plot.ports, (double)peak));
    return plot;
}

static void append_head(GString *out, const char *title)
{
    char *safe = g_markup_escape_text(title, -1);

    g_string_append_printf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
        "height=\"%d\" "
        "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif\" "
        "font-size=\"13\" fill=\"#1f2933\">\n<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
        "<text x=\"%d\" y=\"30\" font-size=\"17\" font-weight=\"600\">Endpoints in "
        "TIME-WAIT</text>\n"
        "<text x=\"%d\" y=\"50\" fill=\"#616e7c\">%s</text>\n",
        WIDTH, HEIGHT, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, LEFT, safe);
    g_free(safe);
}

/* top is 1, 2, 5 or these times a power of ten, and there are no halves of an endpoint. */
static void append_counts(GString *out, const struct plot *plot)
{
    unsigned lines = plot->top < 5 ? (unsigned)plot->top : 5;

    for (unsigned i = 0; i <= lines; i++) {
        double count = plot->top * i / lines, y = y_of(plot, count);

        g_string_append_printf(
            out,
            "<path stroke=\"#e4e7eb\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\" "
            "text-anchor=\"end\" fill=\"#616e7c\">%g</text>\n",
            LEFT, y, WIDTH - RIGHT, LEFT - 8, y + 4, count);
    }
}

static void append_limit(GString *out, const struct plot *plot)
{
    double y = y_of(plot, plot->ports);

    g_string_append_printf(out,
                           "<path stroke=\"#b91c1c\" stroke-dasharray=\"6 4\" d=\"M%d %.1fH%d\"/>"
                           "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" fill=\"#b91c1c\">%u "
                           "ephemeral ports</text>\n",
                           LEFT, y, WIDTH - RIGHT, WIDTH - RIGHT, y - 6, plot->ports);
}

static void append_times(GString *out, const struct plot *plot)
{
    unsigned digits = clock_digits(plot->span_ns / PARTS);
    GString *clock = g_string_new(NULL);

    for (unsigned i = 0; i <= PARTS; i++) {
        double x = LEFT + (double)i / PARTS * (WIDTH - LEFT - RIGHT);

        g_string_truncate(clock, 0);
        text_append_clock(clock, plot->low_ns + (int64_t)(plot->span_ns * i / PARTS), plot->low_ns,
                          digits);
        g_string_append_printf(
            out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" fill=\"#616e7c\">%s</text>\n", x,
            HEIGHT - BOTTOM + 20, i == PARTS ? "end" : "middle", clock->str); /* the drawing ends */
    }
    g_string_free(clock, TRUE);
}

static void append_curve(GString *out, const struct plot *plot,
                         const struct lifeline_census_pair *pair, const char *color)
{
    double plot_width = WIDTH - LEFT - RIGHT, y = HEIGHT - BOTTOM;

    g_string_append_printf(out, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" d=\"M",
                           color);
    for (uint32_t i = 0; i < pair->sample_count; i++) {
        int64_t since_ns = pair->start_ns + i * pair->step_ns - plot->low_ns;
        double x = LEFT + (double)since_ns / plot->span_ns * plot_width;

        g_string_append_printf(out, "%.1f %.1fH%.1fL", x, y, x); /* steps: counts jump */
        y = y_of(plot, pair->counts[i]);
    }
    g_string_append_printf(out, "%d %.1f\"/>\n", WIDTH - RIGHT, y);
}

static void append_legend(GString *out, const struct lifeline_census_pair *pair, unsigned place,
                          const char *color)
{
    GString *name = g_string_new(NULL);
    unsigned x = LEFT + place % 3 * 290, y = HEIGHT - 36 + place / 3 * 20;

    census_append_name(name, pair, false);
    g_string_append_printf(out,
                           "<path stroke=\"%s\" stroke-width=\"3\" d=\"M%u %uh18\"/><text "
                           "x=\"%u\" y=\"%u\">%s, peak %" PRIu64 "</text>\n",
                           color, x, y - 4, x + 24, y, name->str, pair->peak);
    g_string_free(name, TRUE);
}

void census_plot_svg(GString *out, const struct lifeline_census_pair *pairs, unsigned count,
                     const char *title)
{
    static const char *const colors[CURVES] = {"#1d4ed8", "#b45309", "#047857",
                                               "#b91c1c", "#6d28d9", "#374151"};
    struct plot plot = choose(pairs, count);

    append_head(out, title);
    append_counts(out, &plot);
    if (plot.ports)
        append_limit(out, &plot);
    if (plot.shown)
        append_times(out, &plot);
    for (unsigned i = 0; i < plot.shown; i++) {
        append_curve(out, &plot, plot.curves[i], colors[i]);
        append_legend(out, plot.curves[i], i, colors[i]);
    }
    g_string_append(out, "</svg>\n");
}
