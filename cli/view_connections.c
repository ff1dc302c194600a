/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lifeline connections: one record per connection, when nothing more can be added to it. */
#include <inttypes.h>
#include <string.h>

#include "listing.h"
#include "text.h"
#include "verdict.h"

static const struct column columns[] = {
    {.title = "#", .columns = 5, .right = true},
    {.title = "client", .columns = 21, .least = 14, .elastic = 1},
    {.title = "server", .columns = 21, .least = 14, .elastic = 1},
    {.title = "opened", .columns = 8, .rank = 2},
    {.title = "closed", .columns = 12, .rank = 1},
    {.title = "lasted", .columns = 8, .right = true, .rank = 3},
    {.title = "http", .columns = 5, .right = true, .rank = 4},
    {.title = "sent", .columns = 7, .right = true, .rank = 5},
    {.title = "received", .columns = 8, .right = true, .rank = 5},
    {.title = "client is", .columns = 12, .rank = 6},
    {.title = "server is", .columns = 12, .rank = 6},
    {.title = "started (UTC)", .columns = 26, .rank = 7},
    {.title = "findings", .columns = 24, .elastic = 2, .rank = 8},
};

static void print_record(void *user, const struct lifeline_connection *connection)
{
    listing_record(user, connection);
}

static enum paint append_opened(struct listing *view, const struct lifeline_connection *c)
{
    static const char *const kinds[] = {
        [LIFELINE_HANDSHAKE_THREE_WAY] = "yes",    [LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN] = "both",
        [LIFELINE_HANDSHAKE_FAST_OPEN] = "fast",   [LIFELINE_HANDSHAKE_REFUSED] = "refused",
        [LIFELINE_HANDSHAKE_UNANSWERED] = "never", [LIFELINE_HANDSHAKE_HALF_OPEN] = "half",
        [LIFELINE_HANDSHAKE_ABORTED] = "aborted",  [LIFELINE_HANDSHAKE_MISSED] = "before",
    };
    uint8_t kind = c->handshake.kind;
    bool open = kind == LIFELINE_HANDSHAKE_THREE_WAY || kind == LIFELINE_HANDSHAKE_FAST_OPEN ||
                kind == LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN;

    bool repeated = c->handshake.syn_retransmissions || c->handshake.synack_retransmissions;
    int64_t took_ns = c->handshake.rtt_ns;

    if (repeated && c->handshake.connect_ns != LIFELINE_UNKNOWN_NS)
        took_ns = c->handshake.connect_ns; /* a round trip is not what the client waited */
    if (open && took_ns != LIFELINE_UNKNOWN_NS)
        text_append_duration(view->cell, took_ns, view->ascii);
    else if (kind < G_N_ELEMENTS(kinds))
        g_string_append(view->cell, kinds[kind]);
    else if (!open)
        g_string_append_c(view->cell, '?');
    if (kind == LIFELINE_UNKNOWN)
        return PAINT_NONE;
    if (!open && kind != LIFELINE_HANDSHAKE_MISSED)
        return PAINT_BAD;
    return open && repeated ? PAINT_NOTICE : PAINT_NONE;
}

static enum paint append_closed(struct listing *view, const struct lifeline_connection *c)
{
    const struct lifeline_teardown *t = &c->teardown;
    const char *closer = lifeline_name_of(lifeline_role_names, t->active_closer);
    const char *resetter = lifeline_name_of(lifeline_role_names, t->reset_by);
    const char *what = "", *who = "";
    enum paint paint = t->complete ? PAINT_NONE : PAINT_NOTICE;

    switch (t->kind) {
    case LIFELINE_TEARDOWN_FOUR_WAY:
        what = "4-way ";
        who = closer;
        break;
    case LIFELINE_TEARDOWN_THREE_WAY:
        what = "3-way ";
        who = closer;
        break;
    case LIFELINE_UNKNOWN:
        who = closer;
        break;
    case LIFELINE_TEARDOWN_SIMULTANEOUS:
        what = "both at once";
        break;
    case LIFELINE_TEARDOWN_RESET:
    case LIFELINE_TEARDOWN_RESET_AFTER_FIN:
        what = t->reset_cause == LIFELINE_CAUSE_INJECTED ? "forged RST?" : "reset ";
        who = t->reset_cause == LIFELINE_CAUSE_INJECTED ? "" : resetter;
        paint = PAINT_BAD;
        break;
    case LIFELINE_TEARDOWN_HALF_CLOSED:
        what = "half ";
        who = closer;
        break;
    default:
        what = verdict_ended_by_icmp(c) ? "ICMP error" : "open";
        paint = verdict_ended_by_icmp(c) ? PAINT_BAD : PAINT_NONE;
    }
    if (c->handshake.kind == LIFELINE_HANDSHAKE_REFUSED ||
        c->handshake.kind == LIFELINE_HANDSHAKE_UNANSWERED ||
        c->handshake.kind == LIFELINE_HANDSHAKE_ABORTED)
        g_string_append_c(view->cell, '-'); /* said by "opened" */
    else
        g_string_append_printf(view->cell, "%s%s", what, who ? who : "?");
    return paint;
}

static void state_cell(struct listing *view, uint8_t state)
{
    const char *name = lifeline_name_of(lifeline_state_names, state);

    g_string_append(view->cell, name ? name : "?");
    table_cell(view->table, view->cell, style_of_state(state));
}

static void print_text(void *user, const struct lifeline_connection *c)
{
    struct listing *view = user;
    struct table *table = view->table;
    GString *cell = view->cell;
    enum paint paint;
    unsigned width;

    g_string_append_printf(cell, "%" PRIu64, c->connection);
    table_cell(table, cell, PAINT_DIM);
    table_wants(table, &width);
    text_append_short_endpoint(cell, &c->client, width, view->ascii);
    table_cell(table, cell, PAINT_NONE);
    table_wants(table, &width);
    text_append_short_endpoint(cell, &c->server, width, view->ascii);
    table_cell(table, cell, PAINT_NONE);
    paint = append_opened(view, c);
    table_cell(table, cell, paint);
    paint = append_closed(view, c);
    table_cell(table, cell, paint);
    text_append_duration(cell, c->duration_ns, view->ascii);
    table_cell(table, cell, PAINT_NONE);
    if (c->exchanges)
        g_string_append_printf(cell, "%" PRIu64, c->exchanges);
    table_cell(table, cell, PAINT_HTTP);
    text_append_bytes(cell, c->client.payload_bytes);
    table_cell(table, cell, PAINT_NONE);
    text_append_bytes(cell, c->server.payload_bytes);
    table_cell(table, cell, PAINT_NONE);
    state_cell(view, c->client.state);
    state_cell(view, c->server.state);
    if (table_wants(table, &width))
        text_append_time(cell, c->start_ns, 6);
    table_cell(table, cell, PAINT_DIM);
    for (uint64_t i = 0; i < c->finding_count; i++)
        g_string_append_printf(cell, "%s%s", i ? " " : "", c->findings[i]);
    table_cell(table, cell, PAINT_NOTICE);
    table_end(table);
}

static void *open_connections(const struct view_context *context, struct lifeline_options *options,
                              struct lifeline_sink *sink, char **error)
{
    struct listing *view = g_new0(struct listing, 1);

    (void)options;
    (void)error;
    listing_open(view, context, LIFELINE_RECORD_CONNECTION, false, columns, G_N_ELEMENTS(columns));
    sink->user = view;
    sink->connection = view->table ? print_text : print_record;
    return view;
}

static int close_connections(void *state, const struct lifeline_counters *counters)
{
    (void)counters;
    listing_close(state);
    g_free(state);
    return 0;
}

const struct view view_connections = {
    .command = "connections",
    .formats = "text,jsonl,csv",
    .summary = "one record per connection",
    .help =
        "A record is printed when nothing more can be added to it: when the connection is closed, "
        "no endpoint is in TIME-WAIT, and nothing came for two minutes; or when the input ends.\n"
        "\n"
        "In text, \"opened\" is the duration of the handshake, with the waiting for SYNs that were "
        "sent again, or why there is none: refused, never (answered), half (the SYN,ACK was never "
        "acknowledged), aborted, before (the capture). "
        "\"closed\" says how and by whom; of an RST that may be a third party's, that alone. Wide "
        "terminals show more columns, pipes show all.",
    .open = open_connections,
    .close = close_connections,
};
