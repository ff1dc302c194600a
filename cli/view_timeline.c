/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline timeline: each connection's life, as a ladder between its endpoints.
 *
 * text, mermaid and svg draw a connection when its record is given; jsonl prints events as they
 * come.
 */
#include <string.h>

#include "json.h"
#include "ladder.h"
#include "ladder_text.h"
#include "order.h"
#include "out.h"
#include "view.h"

struct timeline {
    struct view_context context;
    struct out *out;
    struct json *json;
    struct ladders *ladders;
    struct order *order;
    struct ladder_style style;
};

/* ---- jsonl ----------------------------------------------------------------------------------- */

static void print_event(void *user, const struct lifeline_event *event)
{
    struct timeline *timeline = user;

    if (timeline->context.transitions && !event->transition_count &&
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

    if (!ladder)
        return;
    text = g_string_sized_new(4096);
    ladder_text_append(text, ladder, connection, &timeline->style);
    g_string_append_c(text, '\n');
    ladder_free(timeline->ladders, ladder);
    order_ready(timeline->order, connection->connection, text, ladders_first(timeline->ladders));
}

static void *open_timeline(const struct view_context *context, struct lifeline_options *options,
                           struct lifeline_sink *sink, char **error)
{
    struct timeline *timeline = g_new0(struct timeline, 1);
    struct ladder_options collect = {
        .every_segment = context->verbose && !context->transitions,
        .lifecycle = context->transitions,
    };

    (void)options;
    (void)error;
    timeline->context = *context;
    timeline->out = out_new(context->out, context->live);
    sink->user = timeline;
    if (strcmp(context->format, "jsonl") == 0) {
        timeline->json = json_new(timeline->out, false);
        sink->event = print_event;
        return timeline;
    }
    timeline->ladders = ladders_new(&collect);
    timeline->order = order_new(timeline->out, context->live);
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
    return timeline;
}

static int close_timeline(void *state, const struct lifeline_counters *counters)
{
    struct timeline *timeline = state;

    (void)counters;
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
    .formats = "text,jsonl",
    .summary = "each connection's life: segments, both endpoints' states, HTTP messages",
    .open = open_timeline,
    .close = close_timeline,
};
