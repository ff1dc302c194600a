/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline timeline: each connection's life, as a ladder between its endpoints.
 *
 * text, mermaid and svg draw a connection when its record is given; jsonl prints events as they
 * come.
 */
#include <inttypes.h>
#include <string.h>

#include "json.h"
#include "ladder.h"
#include "ladder_mermaid.h"
#include "ladder_svg.h"
#include "ladder_text.h"
#include "order.h"
#include "out.h"
#include "text.h"
#include "view.h"

#define SVG_MAX_BYTES ((size_t)16 << 20) /* of drawings; what is beyond is said, not drawn */

static gboolean only_transitions;

static const GOptionEntry entries[] = {
    {"transitions", 0, 0, G_OPTION_ARG_NONE, &only_transitions,
     "only events with a step or a transition", NULL},
    {.long_name = NULL},
};

struct drawn { /* an SVG group */
    uint64_t connection;
    unsigned height;
    GString *text;
};

struct timeline {
    const struct view_context *context;
    struct out *out;
    struct json *json;
    struct ladders *ladders;
    struct order *order;
    struct ladder_style style;
    /* mermaid: the first diagram, until a second one is known to follow */
    GString *first;
    uint64_t first_connection;
    bool several;
    /* svg: all, because the document begins with its height */
    GArray *drawn; /* struct drawn */
    size_t drawn_bytes;
    uint64_t not_drawn;
};

/* What is drawn and waits may take. */
static size_t waiting_bytes(const struct view_context *context)
{
    return context->memory_bytes / 4;
}

/* ---- jsonl ----------------------------------------------------------------------------------- */

static void print_event(void *user, const struct lifeline_event *event)
{
    struct timeline *timeline = user;

    if (only_transitions && !event->transition_count &&
        !(event->steps & ~(uint32_t)LIFELINE_STEP_DATA))
        return;
    json_record(timeline->json, LIFELINE_RECORD_EVENT, event);
}

/* ---- ladders --------------------------------------------------------------------------------- */

static void collect_event(void *user, const struct lifeline_event *event)
{
    ladders_event(((struct timeline *)user)->ladders, event);
}

static void collect_message(void *user, const struct lifeline_message *message)
{
    ladders_message(((struct timeline *)user)->ladders, message);
}

static void collect_finding(void *user, const struct lifeline_finding *finding)
{
    ladders_finding(((struct timeline *)user)->ladders, finding);
}

static void draw_text(void *user, const struct lifeline_connection *connection)
{
    struct timeline *timeline = user;
    struct ladder *ladder = ladders_take(timeline->ladders, connection->connection);
    GString *text;

    text = g_string_sized_new(4096);
    ladder_text_append(text, ladder, connection, &timeline->style);
    g_string_append_c(text, '\n');
    ladder_free(timeline->ladders, ladder);
    order_ready(timeline->order, connection->connection, text, ladders_first(timeline->ladders));
}

/* ---- mermaid --------------------------------------------------------------------------------- */

/* One diagram is printed as it is; several make a Markdown document with a heading for each. */
static void print_diagram(struct timeline *timeline, uint64_t connection, GString *text)
{
    if (timeline->several) {
        g_string_prepend(text, "```mermaid\n");
        g_string_append(text, "```\n\n");
    }
    order_ready(timeline->order, connection, text, ladders_first(timeline->ladders));
}

static void draw_mermaid(void *user, const struct lifeline_connection *connection)
{
    struct timeline *timeline = user;
    struct ladder *ladder = ladders_take(timeline->ladders, connection->connection);
    GString *text;

    text = g_string_sized_new(4096);
    ladder_mermaid_append(text, ladder, connection, timeline->style.verbose);
    ladder_free(timeline->ladders, ladder);
    if (!timeline->first && !timeline->several) {
        timeline->first = text;
        timeline->first_connection = connection->connection;
        return;
    }
    timeline->several = true;
    if (timeline->first)
        print_diagram(timeline, timeline->first_connection, timeline->first);
    timeline->first = NULL;
    print_diagram(timeline, connection->connection, text);
}

/* ---- svg ------------------------------------------------------------------------------------- */

static void draw_svg(void *user, const struct lifeline_connection *connection)
{
    struct timeline *timeline = user;
    struct ladder *ladder = ladders_take(timeline->ladders, connection->connection);
    struct drawn drawn = {.connection = connection->connection};

    if (ladder->left_out ||
        timeline->drawn_bytes > MIN(SVG_MAX_BYTES, waiting_bytes(timeline->context))) {
        timeline->not_drawn++;
    } else {
        drawn.text = g_string_sized_new(4096);
        drawn.height = ladder_svg_append(drawn.text, ladder, connection, timeline->style.verbose);
        timeline->drawn_bytes += drawn.text->allocated_len;
        g_array_append_val(timeline->drawn, drawn);
    }
    ladder_free(timeline->ladders, ladder);
}

static gint compare_drawn(gconstpointer a, gconstpointer b)
{
    const struct drawn *x = a, *y = b;

    return (x->connection > y->connection) - (x->connection < y->connection);
}

static void print_svg(struct timeline *timeline)
{
    GString *text = g_string_new(NULL);
    unsigned y = 0, height = timeline->not_drawn || !timeline->drawn->len ? 60 : 0;

    g_array_sort(timeline->drawn, compare_drawn);
    for (guint i = 0; i < timeline->drawn->len; i++)
        height += g_array_index(timeline->drawn, struct drawn, i).height;
    g_string_assign(text, "");
    ladder_svg_begin(text, height, timeline->context->input);
    out_bytes(timeline->out, text->str, text->len);
    for (guint i = 0; i < timeline->drawn->len; i++) {
        struct drawn *drawn = &g_array_index(timeline->drawn, struct drawn, i);

        out_format(timeline->out, "<g transform=\"translate(0 %u)\">\n", y);
        out_bytes(timeline->out, drawn->text->str, drawn->text->len);
        out_text(timeline->out, "</g>\n");
        y += drawn->height;
        g_string_free(drawn->text, TRUE);
    }
    if (timeline->not_drawn) {
        g_string_truncate(text, 0);
        text_append_count(text, timeline->not_drawn,
                          "connection{ is|s are} not drawn: choose with -c or --where");
        out_format(timeline->out, "<text x=\"24\" y=\"%u\">%s</text>\n", y + 32, text->str);
    } else if (height > y) {
        out_format(timeline->out, "<text x=\"24\" y=\"%u\">no TCP connection</text>\n", y + 32);
    }
    out_text(timeline->out, "</svg>\n");
    g_string_free(text, TRUE);
    g_array_free(timeline->drawn, TRUE);
}

/* ---- the view -------------------------------------------------------------------------------- */

static void *open_timeline(const struct view_context *context, struct lifeline_options *options,
                           struct lifeline_sink *sink, char **error)
{
    struct timeline *timeline = g_new0(struct timeline, 1);
    struct ladder_options collect = {
        .every_segment = context->verbose && !only_transitions,
        .lifecycle = only_transitions,
        .max_bytes = context->memory_bytes / 4 * 3,
    };

    (void)options;
    (void)error;
    timeline->context = context;
    timeline->out = out_new(context->out, context->live);
    sink->user = timeline;
    if (strcmp(context->format, "jsonl") == 0) {
        timeline->json = json_new(timeline->out, false);
        sink->event = print_event;
        return timeline;
    }
    timeline->ladders = ladders_new(&collect);
    timeline->order = order_new(timeline->out, context->live, waiting_bytes(context));
    timeline->style = (struct ladder_style){
        .width = context->width,
        .color = context->color,
        .utf8 = context->utf8,
        .verbose = context->verbose,
    };
    sink->event = collect_event;
    sink->message = collect_message;
    sink->finding = collect_finding;
    sink->connection = draw_text;
    if (strcmp(context->format, "mermaid") == 0) {
        sink->connection = draw_mermaid;
    } else if (strcmp(context->format, "svg") == 0) {
        sink->connection = draw_svg;
        timeline->drawn = g_array_new(FALSE, FALSE, sizeof(struct drawn));
    }
    return timeline;
}

static int close_timeline(void *state, const struct lifeline_counters *counters)
{
    struct timeline *timeline = state;

    (void)counters;
    if (timeline->drawn)
        print_svg(timeline);
    if (timeline->first)
        print_diagram(timeline, timeline->first_connection, timeline->first);
    if (timeline->order)
        order_free(timeline->order);
    if (timeline->ladders)
        ladders_free(timeline->ladders);
    if (timeline->json)
        json_free(timeline->json);
    out_free(timeline->out);
    g_free(timeline);
    return 0;
}

const struct view view_timeline = {
    .command = "timeline",
    .formats = "text,jsonl,mermaid,svg",
    .many = "'lifeline connections' has a line for each, 'lifeline diagnose' what is wrong with "
            "them; -c N or --where shows some",
    .summary = "each connection's life: segments, both endpoints' states, HTTP messages",
    .help =
        "A ladder has a row for each segment that matters: the steps of handshake and teardown, "
        "HTTP messages, retransmissions and the like; runs of data are one row, and plain "
        "acknowledgments none. -v shows every segment with its numbers, --transitions only those "
        "that change a state or are a step. States stand where their endpoint enters them, in "
        "parentheses where the capture only implies them; a cross ends the arrow of a segment that "
        "never arrived.\n"
        "\n"
        "Connections are printed in the order of their numbers, when they end. Those that wait for "
        "an earlier one to end do so while there is room, then they are printed before it; live "
        "captures print each at once. A connection shows its first and last 5,000 rows. Ladders "
        "and text that waits take up to a quarter of --max-memory; of connections beyond that, "
        "rows or the whole ladder are left out, which is said in their place.\n"
        "\n"
        "jsonl prints one event per segment, in the order of the input. mermaid is a sequence "
        "diagram, or a Markdown document if there are several connections; svg is one drawing of "
        "all of them.",
    .entries = entries,
    .open = open_timeline,
    .close = close_timeline,
};
