/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline explain: one connection narrated step by step.
 *
 * Segments that open, close or upset the connection are told one by one, with what they mean for
 * each end's state; those that carry data are summed up between them, with the HTTP exchanges. The
 * connection is the one of -c, or the first that comes. Nothing is kept but the findings.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "explain.h"
#include "finding_groups.h"
#include "say.h"
#include "text.h"
#include "translate.h"

#define EXCHANGES_TOLD 12
#define FINDINGS_TOLD  100
#define DEFAULT_WIDTH  92

/* ---- the sink -------------------------------------------------------------------------------- */

static void tell_title(struct explain *view, const struct lifeline_event *event)
{
    const struct lifeline_segment *s = event->segment;
    bool from_client = event->from == LIFELINE_CLIENT;
    struct lifeline_endpoint client = {.ip = from_client ? s->src : s->dst,
                                       .port = from_client ? s->src_port : s->dst_port};
    struct lifeline_endpoint server = {.ip = from_client ? s->dst : s->src,
                                       .port = from_client ? s->dst_port : s->src_port};
    GString *a = g_string_new(NULL), *b = g_string_new(NULL);
    char *number = g_strdup_printf("%" PRIu64, event->connection);
    text_append_endpoint(a, &client);
    text_append_endpoint(b, &server);
    const struct prose_value values[] = {
        {"number", number}, {"client", a->str}, {"server", b->str}, {NULL, NULL}};
    explain_filled(view, N_("Connection {number}: the client is {client}, the server {server}."),
                   values, 0);
    g_string_free(a, TRUE);
    g_string_free(b, TRUE);
    g_free(number);
}

/* Is it about the connection that is told? */
static bool is_mine(struct explain *view, uint64_t connection)
{
    return view->chosen && !view->done && connection == view->connection;
}

static void on_event(void *user, const struct lifeline_event *event)
{
    struct explain *view = user;
    if (!view->chosen && event->segment) {
        view->chosen = true;
        view->connection = event->connection;
        view->start_ns = event->time_ns;
        tell_title(view, event);
    }
    if (!is_mine(view, event->connection))
        return;
    bool control =
        event->segment && (event->segment->flags & (LIFELINE_SYN | LIFELINE_FIN | LIFELINE_RST));
    const uint32_t odd =
        LIFELINE_MARK_OLD_DUPLICATE | LIFELINE_MARK_CHALLENGE_ACK | LIFELINE_MARK_UNEXPECTED_SYN;
    if ((event->steps & ~(uint32_t)LIFELINE_STEP_DATA) || event->transition_count || control ||
        (event->marks & odd))
        explain_step(view, event);
    else
        explain_add(view, event);
}

static void on_exchange(void *user, const struct lifeline_exchange *x)
{
    struct explain *view = user;
    if (!is_mine(view, x->connection))
        return;
    view->exchanges++;
    if (view->exchanges > EXCHANGES_TOLD)
        return;
    GString *request = g_string_new(NULL), *status = g_string_new(NULL);
    char *wait = explain_duration(view, x->wait_ns);
    char *frames[] = {g_strdup_printf("%" PRIu64, x->request.first_frame),
                      g_strdup_printf("%" PRIu64, x->response.first_frame),
                      g_strdup_printf("%" PRIu64, x->response.last_frame)};
    const char *method = x->method ? x->method : "?", *uri = x->uri ? x->uri : "?";
    text_append_safe(request, method, strlen(method), !view->context.utf8);
    g_string_append_c(request, ' ');
    text_append_safe(request, uri, strnlen(uri, 200), !view->context.utf8);
    if (x->status != LIFELINE_UNKNOWN_COUNT)
        g_string_append_printf(status, "%" PRIu64 " ", x->status);
    if (x->reason)
        text_append_safe(status, x->reason, strnlen(x->reason, 60), !view->context.utf8);
    g_strchomp(status->str);
    const struct prose_value values[] = {{"request", request->str},
                                         {"status", status->str},
                                         {"duration", wait},
                                         {"request_frame", frames[0]},
                                         {"response_frame", frames[1]},
                                         {"response_last_frame", frames[2]},
                                         {NULL, NULL}};
    explain_run(view);
    explain_enter(view, view->section == SECTION_CLOSING ? SECTION_CLOSING : SECTION_DATA);
    explain_filled(view, explain_exchange(x), values, EXPLAIN_INDENT);
    for (size_t i = 0; i < G_N_ELEMENTS(frames); i++)
        g_free(frames[i]);
    g_string_free(request, TRUE);
    g_string_free(status, TRUE);
    g_free(wait);
}

static void on_finding(void *user, const struct lifeline_finding *finding)
{
    struct explain *view = user;
    if (!is_mine(view, finding->connection) || view->findings->len >= FINDINGS_TOLD)
        return;
    char text[1024];
    GString *all = g_string_new(NULL);
    size_t length = lifeline_finding_render(finding, tr(finding->text_template), text, sizeof text);
    g_string_append_printf(
        all, "%s, %s: ", tr(lifeline_name_of(lifeline_severity_names, finding->severity)),
        finding->name);
    text_append_safe(all, text, length, !view->context.utf8);
    g_string_append_printf(all, "%s%s", tr(N_(". ")), tr(finding->why));
    g_ptr_array_add(view->findings, g_string_free(all, FALSE));
}

static const char *state_name(uint8_t state)
{
    const char *name = lifeline_name_of(lifeline_state_names, state);
    return name && state != LIFELINE_STATE_UNKNOWN ? name : tr(N_("a state that can't be known"));
}

static void tell_end(struct explain *view, const struct lifeline_connection *c)
{
    uint8_t ends = c->teardown.kind == LIFELINE_TEARDOWN_RESET ? c->teardown.reset_by
                                                               : c->teardown.active_closer;
    const char *closer = explain_role(ends);
    const char *other = explain_role(ends == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT);
    const struct prose_value values[] = {{"client", explain_role(LIFELINE_CLIENT)},
                                         {"server", explain_role(LIFELINE_SERVER)},
                                         {"closer", closer},
                                         {"other", other},
                                         {"client_state", state_name(c->client.state)},
                                         {"server_state", state_name(c->server.state)},
                                         {NULL, NULL}};
    const char *teardown = explain_teardown(c);
    explain_enter(view, SECTION_END);
    explain_filled(view, explain_handshake(c), values, 0);
    if (teardown)
        explain_filled(view, teardown, values, 0);
    for (unsigned i = 0; i < c->time_wait_count; i++) {
        const struct lifeline_time_wait *w = &c->time_wait[i];
        bool runs = w->outcome == LIFELINE_TIME_WAIT_RUNNING;
        int64_t now_ns = w->expires_ns - (runs ? w->remaining_ns : 0);
        char *least = explain_duration(view, MAX(w->earliest_ns - now_ns, 0));
        char *most = explain_duration(view, w->latest_ns - now_ns);
        const struct prose_value of[] = {{"holder", explain_role(w->endpoint)},
                                         {"least", least},
                                         {"duration", most},
                                         {NULL, NULL}};
        explain_filled(view, explain_time_wait(w), of, 0);
        g_free(least);
        g_free(most);
    }
    explain_filled(view,
                   N_("At the end the client is in {client_state}, the server in "
                      "{server_state}."),
                   values, 0);
    for (guint i = 0; i < view->findings->len; i++)
        explain_prose(view, view->findings->pdata[i], 0);
    if (!view->findings->len)
        explain_prose(view, tr(N_("There is nothing to object to.")), 0);
}

static void on_connection(void *user, const struct lifeline_connection *c)
{
    struct explain *view = user;
    if (!is_mine(view, c->connection))
        return;
    explain_run(view);
    if (view->exchanges > EXCHANGES_TOLD) {
        char *number = g_strdup_printf("%" PRIu64, view->exchanges - EXCHANGES_TOLD);
        const struct prose_value values[] = {{"count", number}, {NULL, NULL}};
        explain_filled(view,
                       N_("Exchanges beside those told: {count}. `lifeline http` lists them."),
                       values, EXPLAIN_INDENT);
        g_free(number);
    }
    tell_end(view, c);
    view->done = true;
}

/* ---- the view -------------------------------------------------------------------------------- */

static void *open_explain(const struct view_context *context, struct lifeline_options *options,
                          struct lifeline_sink *sink, char **error)
{
    struct explain *view = g_new0(struct explain, 1);
    (void)error;
    view->context = *context;
    if (!view->context.width)
        view->context.width = DEFAULT_WIDTH;
    view->out = out_new(context->out, context->live);
    view->findings = g_ptr_array_new_with_free_func(g_free);
    view->line = g_string_new(NULL);
    view->options = options;
    sink->user = view;
    sink->event = on_event;
    sink->exchange = on_exchange;
    sink->finding = on_finding;
    sink->connection = on_connection;
    return view;
}

static int close_explain(void *state, const struct lifeline_counters *counters)
{
    struct explain *view = state;
    out_flush(view->out);
    if (view->chosen && view->context.connection == LIFELINE_UNKNOWN_COUNT &&
        counters->connections > 1)
        say("this is connection %" PRIu64 " of %" PRIu64
            "; -c N tells another, `lifeline connections` lists them",
            view->connection, counters->connections);
    g_ptr_array_free(view->findings, TRUE);
    g_string_free(view->line, TRUE);
    out_free(view->out);
    g_free(view);
    return 0;
}

const struct view view_explain = {
    .command = "explain",
    .formats = "text",
    .summary = "a connection narrated step by step: what happened, and why TCP does it",
    .help = "Tells the connection of -c, or else the first one, as a teacher would: each segment "
            "that opens, closes or upsets it, what state that means at each end and why, the data "
            "and HTTP exchanges between them, and what to make of it.\n"
            "\n"
            "In English, or in Simplified Chinese with LANG=zh_CN.UTF-8.",
    .open = open_explain,
    .close = close_explain,
};
