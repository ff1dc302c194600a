/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lifeline time-wait: each TIME-WAIT, and the census over time with its forecast. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "census_plot.h"
#include "listing.h"
#include "prose.h"
#include "say.h"
#include "style.h"
#include "text.h"

#define ROWS_SHOWN  20 /* of TIME-WAITs in text, without -v */
#define PLOTS_SHOWN 6

static const struct column columns[] = {
    {.title = "#", .columns = 5, .right = true},
    {.title = "held by", .columns = 21, .elastic = 1},
    {.title = "towards", .columns = 21, .elastic = 1},
    {.title = "frame", .columns = 6, .right = true, .rank = 2},
    {.title = "entered", .columns = 12, .rank = 3},
    {.title = "how it ended", .columns = 20},
    {.title = "restarts", .columns = 8, .right = true, .rank = 4},
    {.title = "absorbed", .columns = 8, .right = true, .rank = 4},
};

struct time_waits {
    const struct view_context *context;
    struct listing list;
    struct lifeline_census_book *book;
    uint64_t rows;
    bool svg;
    bool counts;   /* it gives the census */
    GArray *pairs; /* struct lifeline_census_pair, largest peak first */
    unsigned plots;
};

static void socket_cell(struct time_waits *view, const struct lifeline_address *ip, uint16_t port)
{
    struct lifeline_endpoint endpoint = {.ip = *ip, .port = port};
    unsigned width;

    table_wants(view->list.table, &width);
    text_append_short_endpoint(view->list.cell, &endpoint, width, view->list.ascii);
    table_cell(view->list.table, view->list.cell, PAINT_NONE);
}

static void append_end(struct time_waits *view, const struct lifeline_time_wait *tw)
{
    GString *cell = view->list.cell;
    bool known = tw->earliest_ns == tw->latest_ns;

    if (tw->outcome == LIFELINE_TIME_WAIT_EXPIRED && !known) {
        text_append_duration(cell, tw->ended_ns - tw->entered_ns, view->list.ascii);
        g_string_append(cell, " over, if Linux");
        return;
    }
    switch (tw->outcome) {
    case LIFELINE_TIME_WAIT_RUNNING:
        g_string_append(cell, "runs, ");
        text_append_remaining(cell, tw, view->list.ascii);
        g_string_append(cell, " left");
        return;
    case LIFELINE_TIME_WAIT_REUSED:
        g_string_append(cell, tw->reuse_rule == LIFELINE_REUSE_UNSAFE ? "reused (!) after "
                                                                      : "reused after ");
        break;
    case LIFELINE_TIME_WAIT_ASSASSINATED:
        g_string_append(cell, "RST after ");
        break;
    default:
        g_string_append(cell, "expired after ");
    }
    text_append_duration(cell, tw->ended_ns - tw->entered_ns, view->list.ascii);
}

static void print_row(struct time_waits *view, const struct lifeline_holder *h)
{
    const struct lifeline_time_wait *tw = &h->time_wait;
    GString *cell = view->list.cell;
    bool odd =
        tw->outcome == LIFELINE_TIME_WAIT_ASSASSINATED ||
        (tw->outcome == LIFELINE_TIME_WAIT_REUSED && tw->reuse_rule == LIFELINE_REUSE_UNSAFE);

    if (view->rows++ >= ROWS_SHOWN && !view->context->verbose)
        return;
    text_append_u64(cell, h->connection);
    table_cell(view->list.table, cell, PAINT_NONE);
    socket_cell(view, &h->ip, h->port);
    socket_cell(view, &h->remote_ip, h->remote_port);
    text_append_u64(cell, tw->entered_frame);
    table_cell(view->list.table, cell, PAINT_NONE);
    text_append_clock(cell, tw->entered_ns, tw->entered_ns, 0);
    table_cell(view->list.table, cell, PAINT_DIM);
    append_end(view, tw);
    table_cell(view->list.table, cell, odd ? PAINT_BAD : PAINT_NONE);
    text_append_u64(cell, tw->restarts);
    table_cell(view->list.table, cell, PAINT_NONE);
    text_append_u64(cell, tw->absorbed);
    table_cell(view->list.table, cell, PAINT_NONE);
    table_end(view->list.table);
}

/* The census counts a host's TIME-WAITs in all shards: the first one gives it. */
static void take_elsewhere(void *user, const struct lifeline_connection *c)
{
    struct time_waits *view = user;

    lifeline_census_add(view->book, c);
}

static void take(void *user, const struct lifeline_connection *c)
{
    struct time_waits *view = user;

    if (view->counts)
        lifeline_census_add(view->book, c);
    for (unsigned i = 0; i < c->time_wait_count; i++) {
        bool client = c->time_wait[i].endpoint == LIFELINE_CLIENT;
        const struct lifeline_endpoint *own = client ? &c->client : &c->server;
        const struct lifeline_endpoint *remote = client ? &c->server : &c->client;
        struct lifeline_holder holder = {
            .connection = c->connection,
            .incarnation = c->incarnation,
            .ip = own->ip,
            .remote_ip = remote->ip,
            .port = own->port,
            .remote_port = remote->port,
            .time_wait = c->time_wait[i],
        };
        if (view->list.table)
            print_row(view, &holder);
        else
            listing_record(&view->list, &holder);
    }
}

static void json_number(struct out *out, const char *key, double value)
{
    if (isnan(value))
        out_format(out, ",\"%s\":null", key);
    else
        out_format(out, ",\"%s\":%.6g", key, value);
}

/* The samples at which the count changes. */
static void print_samples_json(struct time_waits *view, const struct lifeline_census_pair *pair)
{
    struct lifeline_census census = {
        .ip = pair->ip,
        .remote_ip = pair->remote_ip,
        .remote_port = pair->remote_port,
    };
    uint32_t before = 0;
    for (uint32_t i = 0; i < pair->sample_count; i++) {
        if (pair->counts[i] == before)
            continue;
        before = pair->counts[i];
        census.count = before;
        census.time_ns = MIN(pair->start_ns + (int64_t)(i + 1) * pair->step_ns, pair->end_ns);
        census.port_share = pair->peak ? pair->peak_share * before / (double)pair->peak : NAN;
        json_record(view->list.json, LIFELINE_RECORD_CENSUS, &census);
    }
}

static void print_forecast_json(struct time_waits *view, const struct lifeline_census_pair *pair)
{
    struct out *out = view->list.out;
    char ip[48], remote[48];
    lifeline_address_text(&pair->ip, ip, sizeof ip);
    lifeline_address_text(&pair->remote_ip, remote, sizeof remote);
    out_format(out, "{\"record\":\"time-wait-forecast\",\"ip\":\"%s\"", ip);
    if (pair->remote_ip.family)
        out_format(out, ",\"remote_ip\":\"%s\"", remote);
    else
        out_text(out, ",\"remote_ip\":null");
    if (pair->remote_port != LIFELINE_UNKNOWN_COUNT)
        out_format(out, ",\"remote_port\":%" PRIu64, pair->remote_port);
    else
        out_text(out, ",\"remote_port\":null");
    out_format(out, ",\"entered\":%" PRIu64 ",\"peak\":%" PRIu64 ",\"count\":%" PRIu64,
               pair->entered, pair->peak, pair->at_end);
    bool client = pair->holder == LIFELINE_CLIENT;
    json_number(out, "ports", client ? pair->ports : NAN);
    json_number(out, "peak_port_share", pair->peak_share);
    json_number(out, "rate_per_second", pair->rate > 0 ? pair->rate : NAN);
    json_number(out, "sustainable_rate_per_second", client ? pair->sustainable_rate : NAN);
    json_number(out, "ports_last_seconds", pair->seconds_left < 0 ? NAN : pair->seconds_left);
    out_format(out, ",\"ports_run_out\":%s}\n",
               client && pair->seconds_left >= 0 ? "true"
               : client && pair->rate > 0        ? "false"
                                                 : "null");
    out_line(out);
}

static void append_forecast(struct time_waits *view, GString *text,
                            const struct lifeline_census_pair *pair)
{
    if (pair->rate > 0) {
        g_string_append_printf(text, pair->rate < 1000 ? "%.3g" : "%.0f", pair->rate);
        g_string_append(text, " new ones per second; ");
    }
    if (pair->seconds_left < 0) {
        g_string_append_printf(text, "the ports last for ever up to %.4g per second",
                               pair->sustainable_rate);
    } else if (pair->seconds_left > 0) {
        g_string_append(text, "at this rate the ports run out in ");
        text_append_duration(text, (int64_t)(pair->seconds_left * 1e9), view->list.ascii);
        g_string_append_printf(text, " (for ever: up to %.4g per second)", pair->sustainable_rate);
    } else {
        g_string_append_printf(text, "the ports have run out (for ever: up to %.4g per second)",
                               pair->sustainable_rate);
    }
}

/* Appends a line of text, which is emptied, wrapped where the width is limited. */
static void append_line(struct time_waits *view, GString *text, unsigned column)
{
    g_string_append_printf(view->list.cell, "%*s", (int)column, "");
    prose_append(view->list.cell, text->str, column, 3, view->context->width);
    g_string_append_c(view->list.cell, '\n');
    g_string_truncate(text, 0);
}

static void print_census_text(struct time_waits *view, const struct lifeline_census_pair *pair)
{
    GString *text = view->list.cell, *line = g_string_new(NULL);
    g_string_append_c(text, '\n');
    census_append_name(line, pair, view->list.ascii);
    g_string_append(line, ": ");
    text_append_count(line, pair->entered, "TIME-WAIT{|s}");
    g_string_append_printf(line, ", at most %" PRIu64 " at once", pair->peak);
    if (pair->holder == LIFELINE_CLIENT) {
        g_string_append_printf(line, ", %.3g %% of ", pair->peak_share * 100);
        text_append_count(line, pair->ports, "port{|s}");
        if (pair->ports_assumed)
            g_string_append(line, " (Linux's, assumed)");
    }
    append_line(view, line, 0);
    if (pair->holder == LIFELINE_CLIENT && (pair->rate > 0 || pair->seconds_left >= 0)) {
        append_forecast(view, line, pair);
        append_line(view, line, 3);
    }
    g_string_free(line, TRUE);
    if (pair->peak > 1 && view->plots < PLOTS_SHOWN) {
        view->plots++;
        census_plot_text(text, pair, view->context->width ? view->context->width : 80,
                         view->list.ascii);
    }
    out_bytes(view->list.out, text->str, text->len);
    g_string_truncate(text, 0);
}

static void collect(void *user, const struct lifeline_census_pair *pair)
{
    struct time_waits *view = user;
    g_array_append_val(view->pairs, *pair);
}

static void print_census(struct time_waits *view)
{
    const GArray *pairs = view->pairs;
    const struct lifeline_census_pair *all =
        (const struct lifeline_census_pair *)(void *)pairs->data;

    if (view->svg) {
        census_plot_svg(view->list.cell, all, pairs->len, view->context->input);
        out_bytes(view->list.out, view->list.cell->str, view->list.cell->len);
    }
    for (guint i = 0; i < pairs->len; i++) {
        const struct lifeline_census_pair *pair = &all[i];

        if (view->list.json) {
            print_samples_json(view, pair);
            print_forecast_json(view, pair);
        } else if (view->list.table && !census_is_redundant(all, pairs->len, i)) {
            print_census_text(view, pair);
        }
    }
}

static void *open_time_wait(const struct view_context *context, struct lifeline_options *options,
                            struct lifeline_sink *sink, char **error)
{
    struct time_waits *view = g_new0(struct time_waits, 1);

    (void)error;
    view->context = context;
    listing_open(&view->list, context, LIFELINE_RECORD_HOLDER, false, columns,
                 G_N_ELEMENTS(columns));
    view->book = lifeline_census_new(options, 0);
    view->svg = strcmp(context->format, "svg") == 0;
    options->no_http = true;
    sink->user = view;
    sink->connection = take;
    sink->elsewhere = take_elsewhere;
    view->counts = options->shard <= 1;
    return view;
}

static int close_time_wait(void *state, const struct lifeline_counters *counters)
{
    struct time_waits *view = state;
    uint64_t dropped;

    (void)counters;
    if (view->list.table && view->rows > ROWS_SHOWN && !view->context->verbose)
        out_format(view->list.out, "  ... and %" PRIu64 " more (-v shows all)\n",
                   view->rows - ROWS_SHOWN);
    view->pairs = g_array_new(FALSE, FALSE, sizeof(struct lifeline_census_pair));
    lifeline_census_each(view->book, LIFELINE_UNKNOWN_NS, collect, view);
    print_census(view);
    if (view->list.table && !view->rows)
        out_text(view->list.out, "no TIME-WAIT in this capture\n");
    dropped = lifeline_census_dropped(view->book);
    if (dropped)
        say_counted(dropped, "TIME-WAIT{ was|s were} left out of the census: too many host pairs");
    g_array_free(view->pairs, TRUE);
    lifeline_census_free(view->book);
    listing_close(&view->list);
    g_free(view);
    return 0;
}

const struct view view_time_wait = {
    .command = "time-wait",
    .formats = "text,jsonl,csv,svg",
    .summary = "each TIME-WAIT, and the census over time: when do the ports run out?",
    .help =
        "First each TIME-WAIT: who holds it, since when, and how it ended. Then the census: how "
        "many endpoints of a host are in TIME-WAIT at once, towards which remote socket, at most "
        "and over time; the share of the ephemeral ports that they take; and the forecast: at the "
        "rate seen, the ports last so long, or for ever, and the highest rate at which they would. "
        "How many ports a host has isn't in the capture: --ports says it, or --stack.\n"
        "\n"
        "A capture doesn't show what a host runs: without more, Linux is assumed, and TIME-WAIT "
        "ends in an interval, from the shortest to the longest of the systems that the host may be "
        "by its TTL (expires_earliest, expires_latest). --stack says what the hosts run, "
        "--time-wait how long it lasts, --stack-for the same for one network.\n"
        "\n"
        "The counts are exact to about a fiftieth of TIME-WAIT at any length of the capture; the "
        "curve has at most 512 steps, each with its highest count, and its steps double when the "
        "capture outgrows them, so memory does not grow with time. In jsonl a time-wait record "
        "comes as its connection ends, time-wait-census records (where the count changes) and "
        "time-wait-forecast records at the end. svg is a plot for a report.",
    .open = open_time_wait,
    .close = close_time_wait,
};
