/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline diagnose: the findings, worst first.
 *
 * text gathers them in groups and prints these at the end. jsonl prints one record each; they are
 * held back to come worst first, as far as there is room for them: what is more comes in batches
 * that are sorted each. Live input doesn't wait.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "finding_groups.h"
#include "json.h"
#include "number.h"
#include "out.h"
#include "prose.h"
#include "style.h"
#include "text.h"
#include "translate.h"
#include "view.h"

#define SEVERITIES 3

static struct {
    char *fail_on, *at_least;
    gboolean brief, all;
    char *slow_handshake, *slow_response, *close_wait, *fin_wait_2, *zero_window, *idle_race;
    char *port_share, *short_connections;
} given;

#define TEXT(name, to, meta, help)                                                                 \
    {                                                                                              \
        name, 0, 0, G_OPTION_ARG_FILENAME, &given.to, help, meta                                   \
    }
static const GOptionEntry entries[] = {
    TEXT("fail-on", fail_on, "SEVERITY",
         "exit with 1 if there is a finding so bad or worse: note, warning, error"),
    TEXT("at-least", at_least, "SEVERITY",
         "leave out findings that are milder, for --fail-on as well"),
    {"brief", 0, 0, G_OPTION_ARG_NONE, &given.brief, "without why and what to do", NULL},
    {"all", 0, 0, G_OPTION_ARG_NONE, &given.all, "a line for each host and port, however many",
     NULL},
    TEXT("slow-handshake", slow_handshake, "SECONDS", "handshake-slow from there; default 0.7"),
    TEXT("slow-response", slow_response, "SECONDS", "http-slow-response from there; default 1"),
    TEXT("close-wait", close_wait, "SECONDS",
         "silence in CLOSE-WAIT: close-wait-stuck from there; default 30"),
    TEXT("fin-wait-2", fin_wait_2, "SECONDS",
         "silence in FIN-WAIT-2: fin-wait-2-stuck from there; default 60"),
    TEXT("zero-window", zero_window, "SECONDS",
         "no room for what the peer has to send: zero-window-stall from there; default 1"),
    TEXT("idle-race", idle_race, "SECONDS",
         "a request so long after the FIN is no race, but goes to a stale connection; default 1"),
    TEXT("port-share", port_share, "SHARE",
         "of the ephemeral ports in TIME-WAIT: port-exhaustion-risk from there; default 0.5"),
    TEXT("short-connections", short_connections, "N",
         "connections of one exchange: connection-not-reused from there; default 20"),
    {NULL, 0, 0, 0, NULL, NULL, NULL},
};

/* Records that wait for worse ones. */
struct waiting {
    char *bytes;
    size_t length;
    FILE *file;
    struct out *out;
    struct json *json;
};

struct diagnose {
    struct view_context context;
    struct out *out;
    struct json *json;                  /* live jsonl */
    struct waiting waiting[SEVERITIES]; /* other jsonl */
    struct finding_groups *groups;      /* text */
    uint64_t found[SEVERITIES], milder; /* milder: those that --at-least leaves out */
    uint64_t selected;                  /* connections of -c and --where */
    uint8_t at_least, fail_on;          /* SEVERITIES: never */
};

/* ---- options --------------------------------------------------------------------------------- */

static bool read_severity(const char *option, const char *text, uint8_t *into, char **error)
{
    for (const struct lifeline_name *name = lifeline_severity_names; text && name->name; name++) {
        if (strcmp(name->name, text) == 0) {
            *into = (uint8_t)name->value;
            return true;
        }
    }
    if (text)
        *error = g_strdup_printf("%s: '%s' is none of note, warning, error", option, text);
    return !text;
}

static bool read_positive(const char *option, const char *text, double most, const char *what,
                          double *into, char **error)
{
    if (!text || number_read(text, most, into))
        return true;
    *error = g_strdup_printf("%s: '%s' is not %s", option, text, what);
    return false;
}

static bool read_seconds(const char *option, const char *text, int64_t *into_ns, char **error)
{
    if (!text || number_read_seconds(text, into_ns))
        return true;
    *error = g_strdup_printf("%s: '%s' is not " NUMBER_SECONDS, option, text);
    return false;
}

static bool read_options(struct diagnose *view, struct lifeline_thresholds *t, char **error)
{
    double short_connections = 0;
    view->fail_on = SEVERITIES;
    if (!read_severity("--fail-on", given.fail_on, &view->fail_on, error) ||
        !read_severity("--at-least", given.at_least, &view->at_least, error) ||
        !read_seconds("--slow-handshake", given.slow_handshake, &t->slow_handshake_ns, error) ||
        !read_seconds("--slow-response", given.slow_response, &t->slow_response_ns, error) ||
        !read_seconds("--close-wait", given.close_wait, &t->close_wait_ns, error) ||
        !read_seconds("--fin-wait-2", given.fin_wait_2, &t->fin_wait_2_ns, error) ||
        !read_seconds("--zero-window", given.zero_window, &t->zero_window_ns, error) ||
        !read_seconds("--idle-race", given.idle_race, &t->idle_race_ns, error) ||
        !read_positive("--port-share", given.port_share, 1, "a share above 0, up to 1",
                       &t->port_share, error) ||
        !read_positive("--short-connections", given.short_connections, 1e15,
                       "a number above 0, up to 1e15", &short_connections, error))
        return false;
    if (given.short_connections)
        t->short_connections = (uint64_t)ceil(short_connections);
    return true;
}

/* ---- text ------------------------------------------------------------------------------------ */

static void append_frames(GString *out, const struct lifeline_finding *finding, bool ascii)
{
    unsigned count = finding->frame_count;
    if (!count)
        return;
    g_string_append(out, count == 1 ? tr(N_("frame")) : tr(N_("frames")));
    if (count > 4) {
        g_string_append_printf(out, " %" PRIu64 "%s%" PRIu64, finding->frames[0], ascii ? "-" : "–",
                               finding->frames[count - 1]);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        g_string_append_printf(out, "%s%" PRIu64, i ? ", " : " ", finding->frames[i]);
}

static void append_example(GString *out, const struct finding_group *group, bool ascii)
{
    const struct lifeline_finding *example = &group->example;
    bool has_connection = example->connection != LIFELINE_UNKNOWN_COUNT;
    if (group->crowd && example->peer && !group->many_peers) {
        const struct prose_value values[] = {{"peer", example->peer}, {NULL, NULL}};
        prose_fill(out, tr(N_("; all with {peer}")), values);
    }
    if (!has_connection && !example->frame_count)
        return; /* it is about the capture */
    g_string_append(out, "; ");
    if (group->findings > 1)
        g_string_append(out, tr(N_("e.g. ")));
    if (has_connection)
        g_string_append_printf(out, "%s %" PRIu64, tr(N_("connection")), example->connection);
    if (has_connection && example->frame_count)
        g_string_append(out, ", ");
    append_frames(out, example, ascii);
}

static void print_group(struct diagnose *view, const struct finding_group *group)
{
    bool ascii = !view->context.utf8;
    GString *line = g_string_new(NULL), *count = g_string_new(NULL);
    const char *severity = finding_severity(group->example.severity);
    char *text = finding_group_text(group, ascii);
    style_append(line, view->context.color, style_of_severity(group->example.severity), severity);
    for (unsigned at = text_columns(severity, strlen(severity)); at < 8; at++)
        g_string_append_c(line, ' ');
    g_string_append_printf(count, "%" PRIu64 " %s %s: %s", group->findings, ascii ? "x" : "×",
                           group->example.name, text);
    append_example(count, group, ascii);
    prose_append(line, count->str, 8, 8, view->context.width);
    g_string_append_c(line, '\n');
    out_bytes(view->out, line->str, line->len);
    g_string_free(line, TRUE);
    g_string_free(count, TRUE);
    g_free(text);
}

/* "  why: ..." */
static void print_part(struct diagnose *view, const char *title, const char *text)
{
    if (!text)
        return;
    GString *line = g_string_new("        ");
    style_append(line, view->context.color, PAINT_DIM, title);
    g_string_append_c(line, ' ');
    unsigned column = 9 + text_columns(title, strlen(title));
    prose_append(line, text, column, 8, view->context.width);
    g_string_append_c(line, '\n');
    out_bytes(view->out, line->str, line->len);
    g_string_free(line, TRUE);
}

static void print_kind(struct diagnose *view, const struct lifeline_finding_kind *kind)
{
    print_part(view, tr(N_("why:")), tr(kind->why));
    print_part(view, tr(N_("what to do:")), tr(kind->advice));
    print_part(view, tr(N_("see:")), kind->reference);
    out_char(view->out, '\n');
}

static void print_nothing(struct diagnose *view, const struct lifeline_counters *counters)
{
    uint64_t judged = view->context.selects ? view->selected : counters->connections;
    char *count = g_strdup_printf("%" PRIu64, judged);
    char *milder = g_strdup_printf("%" PRIu64, view->milder);
    const struct prose_value values[] = {{"count", count}, {"milder", milder}, {NULL, NULL}};
    GString *text = g_string_new(NULL);
    if (view->milder)
        prose_fill(text,
                   tr(N_("Nothing so bad found; --at-least left out {milder} of the "
                         "findings.")),
                   values);
    else
        prose_fill(text,
                   tr(judged == 1 ? N_("Nothing found in {count} connection.")
                                  : N_("Nothing found in {count} connections.")),
                   values);
    out_bytes(view->out, text->str, text->len);
    out_char(view->out, '\n');
    g_string_free(text, TRUE);
    g_free(count);
    g_free(milder);
}

static void print_groups(struct diagnose *view, const struct lifeline_counters *counters)
{
    GPtrArray *groups = finding_groups_ranked(view->groups, given.all);
    for (guint i = 0; i < groups->len; i++) {
        const struct finding_group *group = groups->pdata[i];
        const struct finding_group *next = i + 1 < groups->len ? groups->pdata[i + 1] : NULL;
        print_group(view, group);
        if (!given.brief && (!next || next->example.name != group->example.name))
            print_kind(view, group->example.kind);
    }
    if (!groups->len && (!view->context.selects || view->selected))
        print_nothing(view, counters);
    g_ptr_array_free(groups, TRUE);
}

/* ---- jsonl ----------------------------------------------------------------------------------- */

static void start_waiting(struct waiting *waiting)
{
    waiting->file = open_memstream(&waiting->bytes, &waiting->length);
    if (!waiting->file)
        g_error("no memory for findings");
    waiting->out = out_new(waiting->file, false);
    waiting->json = json_new(waiting->out, false);
}

static void print_waiting(struct diagnose *view)
{
    for (int severity = SEVERITIES - 1; severity >= 0; severity--) {
        struct waiting *waiting = &view->waiting[severity];
        if (!waiting->file)
            continue;
        json_free(waiting->json);
        out_free(waiting->out);
        fclose(waiting->file);
        out_flush(view->out);
        fwrite(waiting->bytes, 1, waiting->length, view->context.out);
        free(waiting->bytes);
        *waiting = (struct waiting){0};
    }
}

/* The stream of each grows by doubling. */
static bool has_room(const struct diagnose *view)
{
    size_t bytes = 0;
    for (unsigned severity = 0; severity < SEVERITIES; severity++)
        bytes += view->waiting[severity].length;
    return bytes <= view->context.memory_bytes / 3;
}

/* ---- the view -------------------------------------------------------------------------------- */

static void on_finding(void *user, const struct lifeline_finding *finding)
{
    struct diagnose *view = user;
    uint8_t severity = MIN(finding->severity, SEVERITIES - 1);
    if (severity < view->at_least) {
        view->milder++;
        return;
    }
    view->found[severity]++;
    if (view->groups) {
        finding_groups_add(view->groups, finding);
    } else if (view->json) {
        json_record(view->json, LIFELINE_RECORD_FINDING, finding);
    } else {
        struct waiting *waiting = &view->waiting[severity];
        if (!waiting->file)
            start_waiting(waiting);
        json_record(waiting->json, LIFELINE_RECORD_FINDING, finding);
        out_flush(waiting->out);
        fflush(waiting->file);
        if (!has_room(view))
            print_waiting(view);
    }
}

static void on_selected(void *user, const struct lifeline_connection *connection)
{
    (void)connection;
    ((struct diagnose *)user)->selected++;
}

static void *open_diagnose(const struct view_context *context, struct lifeline_options *options,
                           struct lifeline_sink *sink, char **error)
{
    struct diagnose *view = g_new0(struct diagnose, 1);
    view->context = *context;
    if (!read_options(view, &options->thresholds, error)) {
        g_free(view);
        return NULL;
    }
    view->out = out_new(context->out, context->live);
    if (strcmp(context->format, "text") == 0)
        view->groups = finding_groups_new(context->memory_bytes / 2);
    else if (context->live)
        view->json = json_new(view->out, false);
    sink->user = view;
    sink->finding = on_finding;
    if (context->selects)
        sink->connection = on_selected;
    return view;
}

static int close_diagnose(void *state, const struct lifeline_counters *counters)
{
    struct diagnose *view = state;
    bool failed = false;
    if (view->groups) {
        print_groups(view, counters);
        finding_groups_free(view->groups);
    } else if (view->json) {
        json_free(view->json);
    } else {
        print_waiting(view);
    }
    for (unsigned severity = view->fail_on; severity < SEVERITIES; severity++)
        failed |= view->found[severity] > 0;
    out_free(view->out);
    g_free(view);
    return failed ? 1 : 0;
}

const struct view view_diagnose = {
    .command = "diagnose",
    .formats = "text,jsonl",
    .summary = "findings, worst first, each with its frames, why it matters and what to do",
    .help =
        "Findings of a kind that concern the same host are one line, with how many there are and "
        "the worst of them as an example; so are many ports of one host, and hosts beyond the ten "
        "that have most. error: something was lost that a user will miss; "
        "warning: something is wrong, or will be; note: worth knowing, often harmless.\n"
        "\n"
        "--fail-on makes it a check for a pipeline, as in\n"
        "  $ lifeline diagnose --fail-on warning capture.pcap",
    .entries = entries,
    .open = open_diagnose,
    .close = close_diagnose,
};
