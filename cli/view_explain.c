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

#include "explain_text.h"
#include "finding_groups.h"
#include "out.h"
#include "prose.h"
#include "style.h"
#include "text.h"
#include "translate.h"
#include "view.h"

#define INDENT         4
#define EXCHANGES_TOLD 12
#define FINDINGS_TOLD  100
#define DEFAULT_WIDTH  92

enum section { SECTION_NONE, SECTION_OPENING, SECTION_DATA, SECTION_CLOSING, SECTION_END };

/* What one end sent since the last step. */
struct sent {
    uint64_t segments, bytes, repeated, keep_alives, zero_windows;
};

struct explain {
    struct view_context context;
    struct out *out;
    bool chosen, done;
    uint64_t connection;
    int64_t start_ns;
    int64_t time_wait_ns;
    enum section section;
    struct explain_past past;
    struct sent sent[2];
    uint64_t run_first, run_last; /* frames of the run */
    int64_t run_first_ns;
    uint64_t exchanges;
    GPtrArray *findings; /* char *: what is to be said of them, at the end */
    GString *line;       /* scratch */
};

/* ---- printing -------------------------------------------------------------------------------- */

static void print_line(struct explain *view)
{
    out_bytes(view->out, view->line->str, view->line->len);
    out_line(view->out);
    g_string_truncate(view->line, 0);
}

static void print_prose(struct explain *view, const char *text, unsigned indent)
{
    g_string_append_printf(view->line, "%*s", (int)indent, "");
    prose_append(view->line, text, indent, indent, view->context.width);
    print_line(view);
}

static void enter(struct explain *view, enum section section)
{
    static const char *const titles[] = {
        [SECTION_OPENING] = N_("Opening the connection"),
        [SECTION_DATA] = N_("Data"),
        [SECTION_CLOSING] = N_("Closing the connection"),
        [SECTION_END] = N_("In short"),
    };
    if (view->section == section)
        return;
    view->section = section;
    g_string_append_c(view->line, '\n');
    style_append(view->line, view->context.color, PAINT_BOLD, tr(titles[section]));
    g_string_append_c(view->line, '\n');
    print_line(view);
}

static const char *role_name(uint8_t role)
{
    switch (role) {
    case LIFELINE_CLIENT:
        return tr(N_("the client"));
    case LIFELINE_SERVER:
        return tr(N_("the server"));
    case LIFELINE_BOTH:
        return tr(N_("both"));
    default:
        return tr(N_("nobody"));
    }
}

static const char *arrow(const struct explain *view)
{
    return view->context.utf8 ? style_utf8.to : style_ascii.to;
}

static char *duration_text(const struct explain *view, int64_t ns)
{
    GString *text = g_string_new(NULL);
    text_append_duration(text, ns, !view->context.utf8);
    return g_string_free(text, FALSE);
}

/* "+0.010686 s", since the connection's first segment. */
static void append_time(GString *text, const struct explain *view, int64_t time_ns)
{
    int64_t us = (time_ns - view->start_ns) / 1000;
    g_string_append_printf(text, "%c%" PRId64 ".%06d s", us < 0 ? '-' : '+',
                           ABS(us / G_USEC_PER_SEC), (int)ABS(us % G_USEC_PER_SEC));
}

/* English sentences that begin with a value begin with a capital. */
static void capitalize(GString *text, size_t at)
{
    if (text->len > at)
        text->str[at] = g_ascii_toupper(text->str[at]);
}

static void print_filled(struct explain *view, const char *message,
                         const struct prose_value *values, unsigned indent)
{
    GString *text = g_string_new(NULL);
    prose_fill(text, tr(message), values);
    capitalize(text, 0);
    print_prose(view, text->str, indent);
    g_string_free(text, TRUE);
}

/* ---- what passed between the steps ----------------------------------------------------------- */

static void append_sent(GString *text, const struct explain *view, uint8_t role)
{
    const struct sent *sent = &view->sent[role];
    char *segments = g_strdup_printf("%" PRIu64, sent->segments);
    GString *bytes = g_string_new(NULL);
    text_append_bytes(bytes, sent->bytes);
    const struct prose_value values[] = {
        {"sender", role_name(role)}, {"segments", segments}, {"bytes", bytes->str}, {NULL, NULL}};
    if (sent->bytes)
        prose_fill(text,
                   tr(sent->segments == 1
                          ? N_("{sender} sends {segments} segment with {bytes} of data")
                          : N_("{sender} sends {segments} segments with {bytes} of data")),
                   values);
    else
        prose_fill(text,
                   tr(sent->segments == 1 ? N_("{sender} sends {segments} ACK")
                                          : N_("{sender} sends {segments} ACKs")),
                   values);
    g_string_free(bytes, TRUE);
    g_free(segments);
}

static void append_count(GString *text, uint64_t count, const char *one, const char *many)
{
    char *number;
    if (!count)
        return;
    number = g_strdup_printf("%" PRIu64, count);
    const struct prose_value values[] = {{"count", number}, {NULL, NULL}};
    g_string_append(text, tr(N_("; ")));
    prose_fill(text, tr(count == 1 ? one : many), values);
    g_free(number);
}

static void tell_run(struct explain *view)
{
    const struct sent *client = &view->sent[0], *server = &view->sent[1];
    if (!client->segments && !server->segments)
        return;
    GString *text = g_string_new(NULL);
    enter(view, view->section == SECTION_CLOSING ? SECTION_CLOSING : SECTION_DATA);
    if (view->run_last == view->run_first)
        g_string_append_printf(text, "%s %" PRIu64, tr(N_("frame")), view->run_first);
    else
        g_string_append_printf(text, "%s %" PRIu64 " %s %" PRIu64, tr(N_("frames")),
                               view->run_first, tr(N_("to")), view->run_last);
    g_string_append(text, ", ");
    append_time(text, view, view->run_first_ns);
    g_string_append(text, ": ");
    for (uint8_t role = 0; role < 2; role++) {
        if (!view->sent[role].segments)
            continue;
        if (role == 1 && client->segments)
            g_string_append(text, tr(N_(", ")));
        append_sent(text, view, role);
    }
    append_count(text, client->repeated + server->repeated,
                 N_("{count} repeats what was sent before"),
                 N_("{count} repeat what was sent before"));
    append_count(text, client->zero_windows + server->zero_windows,
                 N_("{count} says that there is no room for data (zero window)"),
                 N_("{count} say that there is no room for data (zero window)"));
    append_count(text, client->keep_alives + server->keep_alives,
                 N_("{count} only asks whether the other still lives (keep-alive)"),
                 N_("{count} only ask whether the other still lives (keep-alive)"));
    g_string_append(text, tr(N_(".")));
    print_prose(view, text->str, 0);
    g_string_free(text, TRUE);
    memset(view->sent, 0, sizeof view->sent);
}

static void add_to_run(struct explain *view, const struct lifeline_event *event)
{
    struct sent *sent = &view->sent[event->from == LIFELINE_SERVER];
    if (!view->sent[0].segments && !view->sent[1].segments) {
        view->run_first = event->frame;
        view->run_first_ns = event->time_ns;
    }
    view->run_last = event->frame;
    sent->segments++;
    if (event->steps & LIFELINE_STEP_DATA)
        sent->bytes += event->segment->payload_bytes;
    sent->repeated += (event->marks & LIFELINE_MARK_RETRANSMISSION) != 0;
    sent->keep_alives += (event->marks & LIFELINE_MARK_KEEP_ALIVE) != 0;
    sent->zero_windows += (event->marks & LIFELINE_MARK_ZERO_WINDOW) != 0;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static void tell_segment(struct explain *view, const struct lifeline_event *event)
{
    char flags[64];
    GString *head = g_string_new(NULL);
    if (event->segment)
        g_string_append_printf(head, "%s %" PRIu64 ", ", tr(N_("frame")), event->frame);
    append_time(head, view, event->time_ns);
    if (event->segment) {
        uint8_t to = event->from == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT;
        lifeline_flags_text(event->segment->flags, flags, sizeof flags);
        g_string_append_printf(head, ": %s %s %s, %s", role_name(event->from), arrow(view),
                               role_name(to), flags);
        if (event->seq != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(head, ", seq %" PRIu64, event->seq);
        if (event->ack != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(head, ", ack %" PRIu64, event->ack);
        if (event->segment->payload_bytes && !(event->segment->flags & LIFELINE_RST))
            g_string_append_printf(head, ", %" PRIu32 " B", event->segment->payload_bytes);
    }
    style_append(view->line, view->context.color, PAINT_OPENING, head->str);
    g_string_append_c(view->line, '\n');
    print_line(view);
    g_string_free(head, TRUE);
}

static void tell_transition(struct explain *view, const struct lifeline_transition *t)
{
    const struct lifeline_row *row = t->row == LIFELINE_UNKNOWN ? NULL : lifeline_row(t->row);
    const char *from = lifeline_name_of(lifeline_state_names, t->from);
    const char *to = lifeline_name_of(lifeline_state_names, t->to);
    bool begins = t->from == LIFELINE_STATE_UNKNOWN;
    g_string_append_printf(view->line, "%*s", INDENT, "");
    size_t start = view->line->len;
    g_string_append(view->line, role_name(t->endpoint));
    capitalize(view->line, start);
    g_string_append(view->line, ": ");
    if (!begins && from) {
        style_append(view->line, view->context.color, style_of_state(t->from), from);
        g_string_append_printf(view->line, " %s ", arrow(view));
    }
    style_append(view->line, view->context.color, style_of_state(t->to), to ? to : "?");
    if (row) {
        g_string_append_printf(view->line, " (%s; %s)", tr(explain_evidence(t->evidence)),
                               row->section);
        g_string_append_printf(view->line, "\n%*s", INDENT + 4, "");
        prose_append(view->line, tr(row->reason), INDENT + 4, INDENT + 4, view->context.width);
    } else {
        g_string_append_printf(view->line, " (%s)\n", tr(N_("taken back")));
    }
    print_line(view);
}

static enum section section_of(const struct explain *view, const struct lifeline_event *event)
{
    const uint32_t opening = LIFELINE_STEP_HANDSHAKE_1 | LIFELINE_STEP_HANDSHAKE_2 |
                             LIFELINE_STEP_HANDSHAKE_3 | LIFELINE_STEP_OPEN;
    const uint32_t closing = LIFELINE_STEP_TEARDOWN_1 | LIFELINE_STEP_TEARDOWN_2 |
                             LIFELINE_STEP_TEARDOWN_3 | LIFELINE_STEP_TEARDOWN_4 |
                             LIFELINE_STEP_TIME_WAIT;
    if (event->steps & closing)
        return SECTION_CLOSING;
    if (view->section == SECTION_NONE || (event->steps & opening))
        return SECTION_OPENING;
    if (event->steps & LIFELINE_STEP_RESET)
        return view->section == SECTION_OPENING ? SECTION_OPENING : SECTION_CLOSING;
    return view->section;
}

static void remember(struct explain *view, const struct lifeline_event *event)
{
    view->past.syn |= (event->steps & LIFELINE_STEP_HANDSHAKE_1) != 0;
    view->past.synack |= (event->steps & LIFELINE_STEP_HANDSHAKE_2) != 0;
    view->past.fin |= (event->steps & LIFELINE_STEP_TEARDOWN_1) != 0;
    view->past.fin_acked |= (event->steps & LIFELINE_STEP_TEARDOWN_2) != 0;
    for (unsigned i = 0; i < event->transition_count; i++)
        view->past.time_wait_told |= event->transitions[i].to == LIFELINE_TIME_WAIT;
}

static void tell_step(struct explain *view, const struct lifeline_event *event)
{
    GPtrArray *texts = g_ptr_array_new();
    uint8_t to = event->from == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT;
    char *frame = g_strdup_printf("%" PRIu64, event->withdrawn_frame);
    char *duration = duration_text(view, view->time_wait_ns);
    const struct prose_value values[] = {{"sender", role_name(event->from)},
                                         {"receiver", role_name(to)},
                                         {"frame", frame},
                                         {"duration", duration},
                                         {NULL, NULL}};
    tell_run(view);
    enter(view, section_of(view, event));
    tell_segment(view, event);
    explain_event(texts, event, &view->past);
    for (guint i = 0; i < texts->len; i++)
        print_filled(view, texts->pdata[i], values, INDENT);
    for (unsigned i = 0; i < event->transition_count; i++)
        tell_transition(view, &event->transitions[i]);
    remember(view, event);
    g_ptr_array_free(texts, TRUE);
    g_free(frame);
    g_free(duration);
}

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
    print_filled(view, N_("Connection {number}: the client is {client}, the server {server}."),
                 values, 0);
    g_string_free(a, TRUE);
    g_string_free(b, TRUE);
    g_free(number);
}

/* Is it about the connection that is told? The first one to come is. */
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
        tell_step(view, event);
    else
        add_to_run(view, event);
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
    char *wait = duration_text(view, x->wait_ns);
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
    tell_run(view);
    enter(view, view->section == SECTION_CLOSING ? SECTION_CLOSING : SECTION_DATA);
    print_filled(view, explain_exchange(x), values, INDENT);
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
    const char *closer = role_name(c->teardown.active_closer);
    const char *other =
        role_name(c->teardown.active_closer == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT);
    const struct prose_value values[] = {{"client", role_name(LIFELINE_CLIENT)},
                                         {"server", role_name(LIFELINE_SERVER)},
                                         {"closer", closer},
                                         {"other", other},
                                         {"client_state", state_name(c->client.state)},
                                         {"server_state", state_name(c->server.state)},
                                         {NULL, NULL}};
    const char *teardown = explain_teardown(c);
    enter(view, SECTION_END);
    print_filled(view, explain_handshake(c), values, 0);
    if (teardown)
        print_filled(view, teardown, values, 0);
    for (unsigned i = 0; i < c->time_wait_count; i++) {
        char *left = duration_text(view, c->time_wait[i].remaining_ns);
        const struct prose_value of[] = {
            {"holder", role_name(c->time_wait[i].endpoint)}, {"duration", left}, {NULL, NULL}};
        print_filled(view, explain_time_wait(&c->time_wait[i]), of, 0);
        g_free(left);
    }
    print_filled(view,
                 N_("At the end the client is in {client_state}, the server in "
                    "{server_state}."),
                 values, 0);
    for (guint i = 0; i < view->findings->len; i++)
        print_prose(view, view->findings->pdata[i], 0);
    if (!view->findings->len)
        print_prose(view, tr(N_("There is nothing to object to.")), 0);
}

static void on_connection(void *user, const struct lifeline_connection *c)
{
    struct explain *view = user;
    if (!is_mine(view, c->connection))
        return;
    tell_run(view);
    if (view->exchanges > EXCHANGES_TOLD) {
        char *number = g_strdup_printf("%" PRIu64, view->exchanges - EXCHANGES_TOLD);
        const struct prose_value values[] = {{"count", number}, {NULL, NULL}};
        print_filled(view, N_("Exchanges beside those told: {count}. `lifeline http` lists them."),
                     values, INDENT);
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
    view->time_wait_ns =
        options->time_wait_ns > 0
            ? options->time_wait_ns
            : lifeline_stack_facts((enum lifeline_stack)options->stack)->time_wait_ns;
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
        fprintf(stderr,
                "lifeline: this is connection %" PRIu64 " of %" PRIu64
                "; -c N tells another, `lifeline connections` lists them\n",
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
