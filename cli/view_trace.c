/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline trace: everything on one time axis, for a trace viewer (ui.perfetto.dev,
 * chrome://tracing).
 *
 * Format: Chrome trace events as JSON. A server's socket is a process; a connection is a nestable
 * asynchronous slice in it ("b" and "e" of one id), with its phases as slices inside: handshake,
 * established, closing, TIME-WAIT. Exchanges are slices of their own beside it, since pipelined
 * ones overlap. Findings are instants on their connection. Times are microseconds, exact to the
 * nanosecond, since the first segment, whose time is in "otherData": since 1970 they would exceed
 * what a JSON reader's doubles hold.
 *
 * Memory: when each open connection changed its phase, and a number for each server's socket, up to
 * MAX_SERVERS and half of what a view may hold; the others share the process 0.
 */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "verdict.h"
#include "view.h"

#define MAX_SERVERS  65536
#define SERVER_BYTES 120 /* about what one's name takes */
#define MAX_FINDINGS 64

/* When a connection's phases began; LIFELINE_UNKNOWN_NS: not. */
struct phases {
    uint64_t connection;
    int64_t established_ns, closing_ns, closed_ns;
};

struct trace {
    const struct view_context *context;
    struct out *out;
    GHashTable *phases;  /* of &phases->connection */
    GHashTable *servers; /* of "10.0.0.1:80": its process number */
    int64_t origin_ns;   /* LIFELINE_UNKNOWN_NS before the first event */
    GPtrArray *findings; /* struct held *: until the record names the process */
    uint64_t findings_of;
    bool any;
};

static void collect_event(void *user, const struct lifeline_event *event)
{
    struct trace *trace = user;
    gint64 key = (gint64)event->connection;
    struct phases *phases = g_hash_table_lookup(trace->phases, &key);
    bool over[2];

    if (trace->origin_ns == LIFELINE_UNKNOWN_NS)
        trace->origin_ns = event->time_ns;
    if (!phases) {
        phases = g_new(struct phases, 1);
        *phases = (struct phases){event->connection, LIFELINE_UNKNOWN_NS, LIFELINE_UNKNOWN_NS,
                                  LIFELINE_UNKNOWN_NS};
        g_hash_table_insert(trace->phases, &phases->connection, phases);
    }
    over[0] = event->client_state == LIFELINE_CLOSED || event->client_state == LIFELINE_TIME_WAIT;
    over[1] = event->server_state == LIFELINE_CLOSED || event->server_state == LIFELINE_TIME_WAIT;
    if (phases->established_ns == LIFELINE_UNKNOWN_NS &&
        event->client_state >= LIFELINE_ESTABLISHED && event->server_state >= LIFELINE_ESTABLISHED)
        phases->established_ns = event->time_ns;
    if (phases->closing_ns == LIFELINE_UNKNOWN_NS && event->steps & LIFELINE_STEP_TEARDOWN_1)
        phases->closing_ns = event->time_ns;
    if (!over[0] || !over[1])
        phases->closed_ns = LIFELINE_UNKNOWN_NS; /* a withdrawal may take it back */
    else if (phases->closed_ns == LIFELINE_UNKNOWN_NS)
        phases->closed_ns = event->time_ns;
}

/* ---- events of the trace --------------------------------------------------------------------- */

/* Begins an event object; the caller adds members and closes it. */
static void begin(struct trace *trace, const char *phase, unsigned process, const char *category,
                  const char *name)
{
    struct out *out = trace->out;

    out_text(out, trace->any ? ",\n" : "\n");
    trace->any = true;
    out_format(out, "{\"ph\":\"%s\",\"pid\":%u,\"tid\":%u,\"cat\":\"%s\",\"name\":", phase, process,
               process, category);
    json_text(out, name);
}

static void put_ts(struct trace *trace, int64_t ns)
{
    int64_t since = ns - trace->origin_ns;
    uint64_t size = since < 0 ? 0 - (uint64_t)since : (uint64_t)since;

    out_format(trace->out, ",\"ts\":%s%" PRIu64 ".%03u", since < 0 ? "-" : "", size / 1000,
               (unsigned)(size % 1000));
}

static void put_slice(struct trace *trace, unsigned process, uint64_t id, const char *name,
                      int64_t from_ns, int64_t to_ns)
{
    for (unsigned end = 0; end < 2; end++) {
        begin(trace, end ? "e" : "b", process, "connection", name);
        put_ts(trace, end ? MAX(to_ns, from_ns) : from_ns);
        out_format(trace->out, ",\"id\":\"%" PRIu64 "\"}", id);
    }
}

/* The process of a server's socket; named when it is new. */
static unsigned process_of(struct trace *trace, const struct lifeline_endpoint *server)
{
    GString *name = g_string_new(NULL);
    unsigned process;

    text_append_endpoint(name, server);
    process = GPOINTER_TO_UINT(g_hash_table_lookup(trace->servers, name->str));
    if (process) {
        g_string_free(name, TRUE);
        return process;
    }
    if (g_hash_table_size(trace->servers) >=
        MIN(MAX_SERVERS, trace->context->memory_bytes / 2 / SERVER_BYTES)) {
        g_string_free(name, TRUE);
        return 0;
    }
    process = g_hash_table_size(trace->servers) + 1;
    g_hash_table_insert(trace->servers, g_strdup(name->str), GUINT_TO_POINTER(process));
    begin(trace, "M", process, "__metadata", "process_name");
    out_text(trace->out, ",\"args\":{\"name\":");
    json_string(trace->out, name->str, name->len);
    out_text(trace->out, "}}");
    g_string_free(name, TRUE);
    return process;
}

/* ---- records --------------------------------------------------------------------------------- */

static int64_t first_known(int64_t a, int64_t b)
{
    return a != LIFELINE_UNKNOWN_NS ? a : b;
}

static void print_phases(struct trace *trace, unsigned process, const struct lifeline_connection *c,
                         const struct phases *p)
{
    int64_t over = first_known(p->closed_ns, c->end_ns);
    int64_t closing = first_known(p->closing_ns, over);

    if (c->handshake.kind != LIFELINE_HANDSHAKE_MISSED)
        put_slice(trace, process, c->connection, "handshake", c->start_ns,
                  MIN(first_known(p->established_ns, over), closing));
    if (p->established_ns != LIFELINE_UNKNOWN_NS)
        put_slice(trace, process, c->connection, "established", MIN(p->established_ns, closing),
                  closing);
    if (p->closing_ns != LIFELINE_UNKNOWN_NS)
        put_slice(trace, process, c->connection, "closing", closing, over);
}

/* The two TIME-WAITs of a simultaneous close overlap, so each has an id of its own. One that still
 * runs when the capture ends is drawn to its expiry. */
static void print_time_waits(struct trace *trace, unsigned process,
                             const struct lifeline_connection *c)
{
    for (unsigned i = 0; i < c->time_wait_count && i < 2; i++) {
        const struct lifeline_time_wait *w = &c->time_wait[i];
        const char *outcome = lifeline_name_of(lifeline_time_wait_names, w->outcome);
        const char *name = w->endpoint == LIFELINE_CLIENT ? "client TIME-WAIT" : "server TIME-WAIT";

        for (unsigned end = 0; end < 2; end++) {
            begin(trace, end ? "e" : "b", process, "time-wait", name);
            put_ts(trace, end ? first_known(w->ended_ns, w->expires_ns) : w->entered_ns);
            out_format(trace->out, ",\"id\":\"%" PRIu64 ".%u\",\"args\":{\"outcome\":\"%s\"}}",
                       c->connection, w->endpoint, outcome ? outcome : "");
        }
    }
}

/* The findings of a connection come right before its record. */
struct held {
    int64_t time_ns;
    const char *severity;
    char *name, *text;
};

static void free_held(gpointer data)
{
    struct held *held = data;

    g_free(held->name);
    g_free(held->text);
    g_free(held);
}

static void hold_finding(void *user, const struct lifeline_finding *finding)
{
    struct trace *trace = user;
    struct held *held;

    if (finding->connection == LIFELINE_UNKNOWN_COUNT || finding->time_ns == LIFELINE_UNKNOWN_NS)
        return;
    if (trace->findings_of != finding->connection)
        g_ptr_array_set_size(trace->findings, 0);
    trace->findings_of = finding->connection;
    if (trace->findings->len >= MAX_FINDINGS)
        return;
    held = g_new(struct held, 1);
    held->time_ns = finding->time_ns;
    held->severity = lifeline_name_of(lifeline_severity_names, finding->severity);
    held->name = g_strdup(finding->name);
    held->text = g_strdup(finding->text);
    g_ptr_array_add(trace->findings, held);
}

static void print_findings(struct trace *trace, unsigned process, uint64_t connection)
{
    if (trace->findings_of != connection)
        return;
    for (guint i = 0; i < trace->findings->len; i++) {
        const struct held *held = trace->findings->pdata[i];

        begin(trace, "n", process, "connection", held->name);
        put_ts(trace, held->time_ns);
        out_format(trace->out,
                   ",\"id\":\"%" PRIu64 "\",\"args\":{\"severity\":\"%s\",\"text\":", connection,
                   held->severity ? held->severity : "");
        json_text(trace->out, held->text);
        out_text(trace->out, "}}");
    }
    g_ptr_array_set_size(trace->findings, 0);
}

static void print_connection(void *user, const struct lifeline_connection *c)
{
    struct trace *trace = user;
    gint64 key = (gint64)c->connection;
    const struct phases *phases = g_hash_table_lookup(trace->phases, &key);
    struct verdict *verdict = verdict_new(c, false);
    unsigned process = process_of(trace, &c->server);
    GString *name = g_string_new(NULL);

    g_string_printf(name, "#%" PRIu64 " ", c->connection);
    verdict_title(name, c, false);
    begin(trace, "b", process, "connection", name->str);
    put_ts(trace, c->start_ns);
    out_format(trace->out,
               ",\"id\":\"%" PRIu64 "\",\"args\":{\"first_frame\":%" PRIu64
               ",\"last_frame\":%" PRIu64 ",\"verdict\":",
               c->connection, c->first_frame, c->last_frame);
    g_string_truncate(name, 0);
    for (unsigned i = 0; i < verdict->count; i++)
        g_string_append_printf(name, "%s%s", i ? "; " : "", verdict->phrases[i].text->str);
    json_string(trace->out, name->str, name->len);
    out_text(trace->out, "}}");
    if (phases)
        print_phases(trace, process, c, phases);
    print_findings(trace, process, c->connection);
    g_string_printf(name, "#%" PRIu64 " ", c->connection);
    verdict_title(name, c, false);
    begin(trace, "e", process, "connection", name->str);
    put_ts(trace, c->end_ns);
    out_format(trace->out, ",\"id\":\"%" PRIu64 "\"}", c->connection);
    print_time_waits(trace, process, c);
    out_line(trace->out);
    g_hash_table_remove(trace->phases, &key);
    g_string_free(name, TRUE);
    verdict_free(verdict);
}

static unsigned process_of_slot(struct trace *trace, uint32_t slot, uint64_t connection)
{
    struct lifeline_connection record;

    if (!trace->context->engine ||
        !lifeline_peek(trace->context->engine, slot, connection, &record))
        return 0;
    return process_of(trace, &record.server);
}

static void print_exchange(void *user, const struct lifeline_exchange *x)
{
    struct trace *trace = user;
    unsigned process = process_of_slot(trace, x->slot, x->connection);
    int64_t from = first_known(x->request.first_ns, x->response.first_ns);
    int64_t to = first_known(x->response.last_ns, first_known(x->request.last_ns, from));
    const char *outcome = lifeline_name_of(lifeline_exchange_names, x->outcome);
    GString *name = g_string_new(NULL);

    if (from == LIFELINE_UNKNOWN_NS || trace->origin_ns == LIFELINE_UNKNOWN_NS) {
        g_string_free(name, TRUE);
        return;
    }
    g_string_append_printf(name, "%s %s", x->method ? x->method : "?", x->uri ? x->uri : "?");
    for (unsigned end = 0; end < 2; end++) {
        begin(trace, end ? "e" : "b", process, "http", name->str);
        put_ts(trace, end ? to : from);
        out_format(trace->out,
                   ",\"id\":\"%" PRIu64 ".%" PRIu64 "\",\"args\":{\"connection\":%" PRIu64
                   ",\"outcome\":\"%s\",\"status\":",
                   x->connection, x->index, x->connection, outcome ? outcome : "");
        if (x->status == LIFELINE_UNKNOWN_COUNT)
            out_text(trace->out, "null");
        else
            out_u64(trace->out, x->status);
        out_text(trace->out, "}}");
    }
    out_line(trace->out);
    g_string_free(name, TRUE);
}

/* ---- the view -------------------------------------------------------------------------------- */

static void *open_trace(const struct view_context *context, struct lifeline_options *options,
                        struct lifeline_sink *sink, char **error)
{
    struct trace *trace = g_new0(struct trace, 1);

    (void)options;
    (void)error;
    trace->context = context;
    trace->out = out_new(context->out, context->live);
    trace->phases = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    trace->servers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    trace->origin_ns = LIFELINE_UNKNOWN_NS;
    trace->findings = g_ptr_array_new_with_free_func(free_held);
    sink->user = trace;
    sink->event = collect_event;
    sink->exchange = print_exchange;
    sink->finding = hold_finding;
    sink->connection = print_connection;
    out_text(trace->out, "{\"traceEvents\":[");
    return trace;
}

static int close_trace(void *state, const struct lifeline_counters *counters)
{
    struct trace *trace = state;
    char time[40];

    (void)counters;
    out_text(trace->out, "\n],\"displayTimeUnit\":\"ms\",\"otherData\":{\"input\":");
    json_text(trace->out, trace->context->input);
    if (trace->origin_ns != LIFELINE_UNKNOWN_NS) {
        *put_time(&trace->out->date, time, trace->origin_ns) = '\0';
        out_format(trace->out, ",\"start\":\"%s\"", time);
    }
    out_text(trace->out, "}}\n");
    g_hash_table_destroy(trace->phases);
    g_hash_table_destroy(trace->servers);
    g_ptr_array_free(trace->findings, TRUE);
    out_free(trace->out);
    g_free(trace);
    return 0;
}

const struct view view_trace = {
    .command = "trace",
    .formats = "perfetto",
    .asking = "perfetto",
    .summary = "everything as one timeline for a trace viewer",
    .help = "Chrome trace-event JSON: opens in ui.perfetto.dev and chrome://tracing. A server's "
            "address and port is a process; connections, their phases, TIME-WAIT and HTTP "
            "exchanges are slices in it.",
    .open = open_trace,
    .close = close_trace,
};
