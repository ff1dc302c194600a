/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline report: one self-contained HTML page.
 *
 * Model: sections are collected while the capture is read and put together at its end: what the
 * findings say, the connections with their ladders, the HTTP exchanges, the TIME-WAIT census. The
 * page needs nothing from outside and runs no script: rows open by <details>.
 * Limits: the first LADDERS_MAX drawings, ROWS_MAX rows per table, and a quarter of what a view may
 * hold for both; what is left out is said on the page. All captured text is escaped.
 */
#include <inttypes.h>
#include <string.h>

#include "census_plot.h"
#include "finding_groups.h"
#include "ladder_svg.h"
#include "out.h"
#include "text.h"
#include "verdict.h"
#include "view.h"

#define LADDERS_MAX 300
#define ROWS_MAX    5000

struct report {
    const struct view_context *context;
    struct ladders *ladders;
    struct finding_groups *groups;
    struct lifeline_census_book *book;
    GString *connections, *exchanges;
    uint64_t connection_count, connections_shown, exchange_count, exchanges_shown, drawn;
    uint64_t handshakes[LIFELINE_HANDSHAKE_MISSED + 1], teardowns[LIFELINE_TEARDOWN_NONE + 1];
    int64_t first_ns, last_ns;
    GArray *pairs;
};

static const char css[] =
    "body{font:15px/1.45 system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;"
    "color:#1f2933;margin:2em auto;max-width:1040px;padding:0 1em;background:#fff}\n"
    "h1{font-size:1.6em;margin-bottom:0}h2{margin-top:2em;border-bottom:1px solid #e4e7eb}\n"
    "table{border-collapse:collapse;width:100%;font-size:13px}\n"
    "th{text-align:left;color:#616e7c;font-weight:600}\n"
    "td,th{padding:3px 8px 3px 0;border-bottom:1px solid #e4e7eb;vertical-align:top}\n"
    ".n{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".muted{color:#616e7c}.error{color:#b91c1c}.warning{color:#b45309}.note{color:#616e7c}\n"
    ".tiles{display:flex;flex-wrap:wrap;gap:12px;margin-top:1em}\n"
    ".tile{border:1px solid #e4e7eb;border-radius:6px;padding:8px 14px}\n"
    ".tile b{display:block;font-size:1.5em;font-variant-numeric:tabular-nums}\n"
    "details{border-bottom:1px solid #e4e7eb;padding:4px 0}summary{cursor:pointer}\n"
    "svg{max-width:100%;height:auto}\n";

static void append_escaped(GString *out, const char *text)
{
    GString *safe = g_string_new(NULL);

    if (text)
        text_append_safe(safe, text, strlen(text), false);
    else
        g_string_append(safe, "?");
    ladder_svg_escape(out, safe->str);
    g_string_free(safe, TRUE);
}

static void collect_event(void *user, const struct lifeline_event *event)
{
    struct report *report = user;
    if (report->drawn < LADDERS_MAX)
        ladders_event(report->ladders, event);
}

static void collect_message(void *user, const struct lifeline_message *message)
{
    struct report *report = user;
    if (report->drawn < LADDERS_MAX)
        ladders_message(report->ladders, message);
}

static void collect_finding(void *user, const struct lifeline_finding *finding)
{
    struct report *report = user;
    finding_groups_add(report->groups, finding);
    if (report->drawn < LADDERS_MAX)
        ladders_finding(report->ladders, finding);
}

static void append_verdict(GString *out, const struct lifeline_connection *c)
{
    GString *text = g_string_new(NULL);

    verdict_title(text, c, false);
    g_string_append(out, "<b>");
    append_escaped(out, text->str);
    g_string_append(out, "</b> <span class=\"muted\">");
    struct verdict *verdict = verdict_new(c, false);
    for (unsigned i = 0; i < verdict->count; i++) {
        g_string_append(out, i ? " · " : "");
        append_escaped(out, verdict->phrases[i].text->str);
    }
    verdict_free(verdict);
    g_string_append(out, "</span>");
    g_string_free(text, TRUE);
}

/* For one more row in a table of so many? */
static bool has_room(const struct report *report, uint64_t rows)
{
    size_t page_bytes = report->connections->allocated_len + report->exchanges->allocated_len;

    return rows < ROWS_MAX && page_bytes <= report->context->memory_bytes / 4;
}

static void take_connection(void *user, const struct lifeline_connection *c)
{
    struct report *report = user;
    struct ladder *ladder = ladders_take(report->ladders, c->connection);

    lifeline_census_add(report->book, c);
    report->first_ns = MIN(report->first_ns, c->start_ns);
    report->last_ns = MAX(report->last_ns, c->end_ns);
    if (c->handshake.kind < G_N_ELEMENTS(report->handshakes))
        report->handshakes[c->handshake.kind]++;
    if (c->teardown.kind < G_N_ELEMENTS(report->teardowns))
        report->teardowns[c->teardown.kind]++;
    report->connection_count++;
    if (has_room(report, report->connections_shown)) {
        GString *out = report->connections;
        bool draw = !ladder->left_out && report->drawn < LADDERS_MAX;

        report->connections_shown++;
        g_string_append_printf(out, "<details id=\"c%" PRIu64 "\"><summary>#%" PRIu64 " ",
                               c->connection, c->connection);
        append_verdict(out, c);
        g_string_append(out, "</summary>\n");
        if (draw) {
            GString *drawing = g_string_new(NULL);
            unsigned height = ladder_svg_append(drawing, ladder, c, false);
            g_string_append_printf(out, "<svg viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\">",
                                   LADDER_SVG_WIDTH, height, LADDER_SVG_WIDTH, height);
            g_string_append_len(out, drawing->str, (gssize)drawing->len);
            g_string_append(out, "</svg>\n");
            g_string_free(drawing, TRUE);
            report->drawn++;
        }
        g_string_append(out, "</details>\n");
    }
    ladder_free(report->ladders, ladder);
}

static void append_duration_cell(GString *out, int64_t ns)
{
    g_string_append(out, "<td class=\"n\">");
    if (ns != LIFELINE_UNKNOWN_NS)
        text_append_duration(out, ns, false);
    g_string_append(out, "</td>");
}

static void take_exchange(void *user, const struct lifeline_exchange *x)
{
    struct report *report = user;
    GString *out = report->exchanges;

    report->exchange_count++;
    if (!has_room(report, report->exchanges_shown))
        return;
    report->exchanges_shown++;
    g_string_append_printf(out,
                           "<tr><td class=\"n\"><a href=\"#c%" PRIu64 "\">%" PRIu64 "</a></td><td>",
                           x->connection, x->connection);
    append_escaped(out, x->method);
    g_string_append(out, "</td><td>");
    append_escaped(out, x->host ? x->host : "");
    append_escaped(out, x->uri);
    g_string_append(out, "</td><td class=\"n\">");
    if (x->status != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(out, "%" PRIu64, x->status);
    g_string_append(out, "</td>");
    append_duration_cell(out, x->wait_ns);
    append_duration_cell(out, x->receive_ns);
    g_string_append(out, "<td class=\"n\">");
    if (x->response.body_bytes != LIFELINE_UNKNOWN_COUNT)
        text_append_bytes(out, x->response.body_bytes);
    g_string_append_printf(out, "</td><td>%s</td></tr>\n",
                           lifeline_name_of(lifeline_exchange_names, x->outcome));
}

static void collect_pair(void *user, const struct lifeline_census_pair *pair)
{
    struct report *report = user;
    g_array_append_val(report->pairs, *pair);
}

static void *open_report(const struct view_context *context, struct lifeline_options *options,
                         struct lifeline_sink *sink, char **error)
{
    struct report *report = g_new0(struct report, 1);
    struct ladder_options collect = {.max_bytes = context->memory_bytes / 2};

    (void)error;
    report->context = context;
    report->ladders = ladders_new(&collect);
    report->groups = finding_groups_new(context->memory_bytes / 8);
    report->book = lifeline_census_new(options, 0);
    report->connections = g_string_new(NULL);
    report->exchanges = g_string_new(NULL);
    report->pairs = g_array_new(FALSE, FALSE, sizeof(struct lifeline_census_pair));
    report->first_ns = INT64_MAX;
    report->last_ns = INT64_MIN;
    sink->user = report;
    sink->event = collect_event;
    sink->message = collect_message;
    sink->finding = collect_finding;
    sink->connection = take_connection;
    sink->exchange = take_exchange;
    return report;
}

/* what: as text_append_words() has it. */
static void append_tile(GString *page, uint64_t count, const char *what)
{
    if (!count)
        return;
    g_string_append_printf(page, "<div class=\"tile\"><b>%" PRIu64 "</b>", count);
    text_append_words(page, count, what);
    g_string_append(page, "</div>\n");
}

static void append_overview(GString *page, const struct report *report)
{
    g_string_append(page, "<h1>TCP connections' lives</h1>\n<p class=\"muted\">");
    append_escaped(page, report->context->input);
    if (report->connection_count) {
        g_string_append(page, " · ");
        text_append_time(page, report->first_ns, 6);
        g_string_append(page, " UTC · ");
        text_append_duration(page, report->last_ns - report->first_ns, false);
    }
    g_string_append(page, "</p>\n<div class=\"tiles\">\n");
    append_tile(page, report->connection_count, "connection{|s}");
    append_tile(page, report->exchange_count, "HTTP exchange{|s}");
    for (unsigned i = 0; i < G_N_ELEMENTS(report->handshakes); i++) {
        char *what =
            g_strdup_printf("%s handshake{|s}", lifeline_name_of(lifeline_handshake_names, i));
        append_tile(page, report->handshakes[i], what);
        g_free(what);
    }
    for (unsigned i = 0; i < LIFELINE_TEARDOWN_NONE; i++) {
        char *what = g_strdup_printf("%s close{|s}", lifeline_name_of(lifeline_teardown_names, i));
        append_tile(page, report->teardowns[i], what);
        g_free(what);
    }
    append_tile(page, report->teardowns[LIFELINE_TEARDOWN_NONE], "without a close");
    g_string_append(page, "</div>\n");
}

static void append_findings(GString *page, const struct report *report)
{
    GPtrArray *ranked = finding_groups_ranked(report->groups, false);

    g_string_append(page, "<h2>Findings</h2>\n");
    if (!ranked->len)
        g_string_append(page, "<p>Nothing remarkable.</p>\n");
    else
        g_string_append(page,
                        "<table><tr><th>severity</th><th class=\"n\">count</th><th>finding</th>"
                        "<th>what</th><th>e.g.</th></tr>\n");
    for (guint i = 0; i < ranked->len; i++) {
        const struct finding_group *group = g_ptr_array_index(ranked, i);
        const char *severity = lifeline_name_of(lifeline_severity_names, group->example.severity);
        char *text = finding_group_text(group, false);

        g_string_append_printf(
            page, "<tr><td class=\"%s\">%s</td><td class=\"n\">%" PRIu64 "</td><td>%s</td><td>",
            severity, severity, group->findings, group->example.name);
        append_escaped(page, text);
        g_free(text);
        g_string_append(page, "</td><td>");
        if (group->example.connection != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(page, "<a href=\"#c%" PRIu64 "\">#%" PRIu64 "</a>",
                                   group->example.connection, group->example.connection);
        g_string_append(page, "</td></tr>\n");
    }
    if (ranked->len)
        g_string_append(page, "</table>\n");
    g_ptr_array_free(ranked, TRUE);
}

static void append_census(GString *page, struct report *report)
{
    lifeline_census_each(report->book, LIFELINE_UNKNOWN_NS, collect_pair, report);
    /* One at a time makes no picture. */
    if (!report->pairs->len ||
        g_array_index(report->pairs, struct lifeline_census_pair, 0).peak < 2)
        return;
    g_string_append(page, "<h2>TIME-WAIT</h2>\n");
    census_plot_svg(page, (const struct lifeline_census_pair *)(void *)report->pairs->data,
                    report->pairs->len, report->context->input);
}

static void append_rest(GString *page, const char *what, uint64_t count, uint64_t shown)
{
    if (count > shown)
        g_string_append_printf(page,
                               "<p class=\"muted\">%" PRIu64 " more %s are left out here.</p>\n",
                               count - shown, what);
}

static int close_report(void *state, const struct lifeline_counters *counters)
{
    struct report *report = state;
    struct out *out = out_new(report->context->out, false);
    GString *page = g_string_new("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                                 "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    (void)counters;
    append_escaped(page, report->context->input);
    g_string_append(page, ": lifeline report</title>\n<style>\n");
    g_string_append(page, css);
    g_string_append(page, ladder_svg_css);
    g_string_append(page, "</style></head><body>\n<svg width=\"0\" height=\"0\" "
                          "style=\"position:absolute\"><defs>");
    g_string_append(page, ladder_svg_markers);
    g_string_append(page, "</defs></svg>\n");
    append_overview(page, report);
    append_findings(page, report);
    append_census(page, report);
    g_string_append(page, "<h2>Connections</h2>\n");
    out_bytes(out, page->str, page->len);
    out_bytes(out, report->connections->str, report->connections->len);
    g_string_truncate(page, 0);
    append_rest(page, "connections", report->connection_count, report->connections_shown);
    append_rest(page, "ladders", report->connections_shown, report->drawn);
    if (report->exchange_count)
        g_string_append(page,
                        "<h2>HTTP exchanges</h2>\n<table><tr><th class=\"n\">#</th><th>method</th>"
                        "<th>target</th><th class=\"n\">status</th><th class=\"n\">wait</th>"
                        "<th class=\"n\">receive</th><th class=\"n\">body</th><th>outcome</th>"
                        "</tr>\n");
    out_bytes(out, page->str, page->len);
    out_bytes(out, report->exchanges->str, report->exchanges->len);
    g_string_truncate(page, 0);
    if (report->exchange_count)
        g_string_append(page, "</table>\n");
    append_rest(page, "exchanges", report->exchange_count, report->exchanges_shown);
    g_string_append(page, "</body></html>\n");
    out_bytes(out, page->str, page->len);
    out_free(out);

    g_string_free(page, TRUE);
    g_string_free(report->connections, TRUE);
    g_string_free(report->exchanges, TRUE);
    g_array_free(report->pairs, TRUE);
    ladders_free(report->ladders);
    finding_groups_free(report->groups);
    lifeline_census_free(report->book);
    g_free(report);
    return 0;
}

const struct view view_report = {
    .command = "report",
    .formats = "html",
    .summary = "one self-contained HTML page: findings, ladders, exchanges, TIME-WAIT",
    .help = "One HTML page that needs nothing from outside and runs no script: what was found, the "
            "connections with their ladders, the HTTP exchanges, and the plot of TIME-WAITs. It "
            "shows up to 5,000 rows of each table and 300 ladders, as far as they fit into a "
            "quarter of --max-memory; what is left out is said on the page.",
    .open = open_report,
    .close = close_report,
};
