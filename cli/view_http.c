/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lifeline http: one record per exchange, when it is complete or can no longer become so. */
#include <inttypes.h>
#include <string.h>

#include "har.h"
#include "listing.h"
#include "text.h"

#define KEPT_BYTES    (1u << 20) /* of each body with --bodies, as sent */
#define DECODED_BYTES (8u << 20) /* and decoded */

static const struct column columns[] = {
    {.title = "#", .columns = 4, .right = true},
    {.title = "frame", .columns = 5, .right = true},
    {.title = "method", .columns = 7},
    {.title = "status", .columns = 13},
    {.title = "wait", .columns = 8, .right = true},
    {.title = "receive", .columns = 8, .right = true, .rank = 3},
    {.title = "resent", .columns = 6, .right = true, .rank = 2},
    {.title = "size", .columns = 8, .right = true, .rank = 1},
    {.title = "type", .columns = 24, .rank = 4},
    {.title = "url", .columns = 20, .elastic = 1},
};

struct http {
    const struct view_context *context;
    struct listing list;
    struct har *har;
};

static gboolean keep_bodies, keep_headers;

static const GOptionEntry entries[] = {
    {"headers", 0, 0, G_OPTION_ARG_NONE, &keep_headers,
     "jsonl: print all header fields of requests and responses", NULL},
    {"bodies", 0, 0, G_OPTION_ARG_NONE, &keep_bodies, "har: print the bodies too, decoded", NULL},
    {.long_name = NULL},
};

static void print_record(void *user, const struct lifeline_exchange *exchange)
{
    listing_record(&((struct http *)user)->list, exchange);
}

static void print_har(void *user, const struct lifeline_exchange *exchange)
{
    struct http *view = user;
    struct lifeline_connection connection;
    bool known = view->context->engine && lifeline_peek(view->context->engine, exchange->slot,
                                                        exchange->connection, &connection);

    har_entry(view->har, exchange, known ? &connection : NULL);
}

static enum paint append_status(GString *cell, const struct lifeline_exchange *x)
{
    const char *outcome = lifeline_name_of(lifeline_exchange_names, x->outcome);

    if (x->status != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(cell, "%" PRIu64, x->status);
    if (x->outcome == LIFELINE_EXCHANGE_COMPLETE)
        return style_of_status(x->status);
    g_string_append_printf(cell, "%s%s", cell->len ? " " : "", outcome ? outcome : "?");
    return x->outcome == LIFELINE_EXCHANGE_UPGRADED || x->outcome == LIFELINE_EXCHANGE_OPEN
               ? PAINT_NONE
               : PAINT_BAD;
}

static void append_safe(struct http *view, const char *text)
{
    if (text)
        text_append_safe(view->list.cell, text, strlen(text), view->list.ascii);
}

/* Cuts the host, with which the cell begins, to so many columns. */
static void shorten_host(struct http *view, size_t host_bytes, unsigned width)
{
    GString *cell = view->list.cell;
    g_autoptr(GString) host = g_string_new_len(cell->str, (gssize)host_bytes);
    text_cut(host, 0, width, view->list.ascii);
    g_string_erase(cell, 0, (gssize)host_bytes);
    g_string_prepend_len(cell, host->str, (gssize)host->len);
}

/* Where both don't fit, the host leaves the target half: rows differ in that. */
static void append_url(struct http *view, const struct lifeline_exchange *x)
{
    GString *cell = view->list.cell;
    unsigned width;
    table_wants(view->list.table, &width);
    if (!x->uri) {
        g_string_append(cell, "?");
        return;
    }
    bool asterisk = strcmp(x->uri, "*") == 0;
    if (*x->uri == '/' || asterisk) /* else the target has its host, RFC 9112 3.2 */
        append_safe(view, x->host);
    size_t host_bytes = cell->len;
    if (asterisk)
        g_string_append_c(cell, ' ');
    append_safe(view, x->uri);
    unsigned target = text_columns(cell->str + host_bytes, cell->len - host_bytes);
    if (width && text_columns(cell->str, host_bytes) + target > width)
        shorten_host(view, host_bytes, MAX(width / 2, width - MIN(width, target)));
}

static void print_text(void *user, const struct lifeline_exchange *x)
{
    struct http *view = user;
    struct table *table = view->list.table;
    GString *cell = view->list.cell;
    uint64_t frame = x->request.first_frame ? x->request.first_frame : x->response.first_frame;
    bool ascii = view->list.ascii;
    enum paint paint;

    g_string_append_printf(cell, "%" PRIu64, x->connection);
    table_cell(table, cell, PAINT_DIM);
    if (frame)
        g_string_append_printf(cell, "%" PRIu64, frame);
    table_cell(table, cell, PAINT_DIM);
    append_safe(view, x->method ? x->method : "?");
    table_cell(table, cell, PAINT_HTTP);
    paint = append_status(cell, x);
    table_cell(table, cell, paint);
    text_append_duration(cell, x->wait_ns, ascii);
    table_cell(table, cell, PAINT_NONE);
    text_append_duration(cell, x->receive_ns, ascii);
    table_cell(table, cell, PAINT_NONE);
    if (x->retransmission_share > 0)
        g_string_append_printf(cell, "%d%%", (int)(x->retransmission_share * 100 + 0.5));
    table_cell(table, cell, PAINT_BAD);
    text_append_bytes(cell, x->response.body_bytes);
    table_cell(table, cell, PAINT_NONE);
    append_safe(view, x->content_type);
    table_cell(table, cell, PAINT_DIM);
    append_url(view, x);
    table_cell(table, cell, PAINT_NONE);
    table_end(table);
}

static void *open_http(const struct view_context *context, struct lifeline_options *options,
                       struct lifeline_sink *sink, char **error)
{
    struct http *view;
    bool json = strcmp(context->format, "jsonl") == 0, har = strcmp(context->format, "har") == 0;

    if (keep_headers && !json && !har) {
        *error = g_strdup("--headers needs -o jsonl (or har, which has them anyway)");
        return NULL;
    }
    if (keep_bodies && !har) {
        *error = g_strdup("--bodies needs -o har");
        return NULL;
    }
    /* Of sixteen, half is what waits for its turn; with bodies a quarter, and ten shares are what
     * writing an entry takes of them. */
    const size_t share = context->memory_bytes / 16;
    view = g_new0(struct http, 1);
    view->context = context;
    listing_open(&view->list, context, LIFELINE_RECORD_EXCHANGE, keep_headers, columns,
                 G_N_ELEMENTS(columns));
    options->keep_headers |= keep_headers || har;
    if (keep_bodies)
        options->keep_body_bytes = MIN(KEPT_BYTES, share);
    sink->user = view;
    sink->exchange = har ? print_har : view->list.table ? print_text : print_record;
    if (har)
        view->har = har_new(view->list.out, context->live, share * (keep_bodies ? 4 : 8),
                            keep_bodies ? (unsigned)MIN(DECODED_BYTES, share) : 0);
    return view;
}

static int close_http(void *state, const struct lifeline_counters *counters)
{
    struct http *view = state;

    (void)counters;
    if (view->har)
        har_free(view->har);
    listing_close(&view->list);
    g_free(view);
    return 0;
}

const struct view view_http = {
    .command = "http",
    .formats = "text,jsonl,csv,har",
    .asking = "har",
    .summary = "one record per HTTP exchange",
    .help =
        "A record is printed when the exchange is complete, or can no longer become so. Exchanges "
        "of one connection come in order; those of HTTP/2, which overlap, as they end.\n"
        "\n"
        "In text, \"#\" is the connection, \"frame\" the one with the request's first byte, "
        "\"wait\" the time from the request's last byte to the response's first, \"resent\" "
        "the part of its time that the exchange waited for lost segments to be sent again, and "
        "\"size\" the response's body. An exchange that isn't complete says so beside its status.\n"
        "\n"
        "har is an HTTP Archive 1.2 for waterfall viewers. With --bodies it holds up to 1 MiB of "
        "each body as sent, decoded (gzip, deflate, br, zstd) up to 8 MiB, or less with less "
        "--max-memory; a comment says where there was more, or where decoding failed.",
    .entries = entries,
    .open = open_http,
    .close = close_http,
};
