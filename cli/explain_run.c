/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What passed between the steps, summed up in a sentence. */
#include <inttypes.h>
#include <string.h>

#include "explain.h"
#include "text.h"
#include "translate.h"

static void append_sent(GString *text, const struct explain *view, uint8_t role)
{
    const struct sent *sent = &view->sent[role];
    char *segments = g_strdup_printf("%" PRIu64, sent->segments);
    GString *bytes = g_string_new(NULL);
    text_append_bytes(bytes, sent->bytes);
    const struct prose_value values[] = {{"sender", explain_role(role)},
                                         {"segments", segments},
                                         {"bytes", bytes->str},
                                         {NULL, NULL}};
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

void explain_run(struct explain *view)
{
    const struct sent *client = &view->sent[0], *server = &view->sent[1];
    if (!client->segments && !server->segments)
        return;
    GString *text = g_string_new(NULL);
    explain_enter(view, view->section == SECTION_CLOSING ? SECTION_CLOSING : SECTION_DATA);
    if (view->run_last == view->run_first)
        g_string_append_printf(text, "%s %" PRIu64, tr(N_("frame")), view->run_first);
    else
        g_string_append_printf(text, "%s %" PRIu64 " %s %" PRIu64, tr(N_("frames")),
                               view->run_first, tr(N_("to")), view->run_last);
    g_string_append(text, ", ");
    explain_time(text, view, view->run_first_ns);
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
    explain_prose(view, text->str, 0);
    g_string_free(text, TRUE);
    memset(view->sent, 0, sizeof view->sent);
}

void explain_add(struct explain *view, const struct lifeline_event *event)
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
    sent->repeated += explain_sent_again(event);
    sent->keep_alives += (event->marks & LIFELINE_MARK_KEEP_ALIVE) != 0;
    sent->zero_windows += (event->marks & LIFELINE_MARK_ZERO_WINDOW) != 0;
}
