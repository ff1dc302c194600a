/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A step: the segment, what there is to say about it, and the states that it leads to. */
#include <inttypes.h>
#include <string.h>

#include "explain.h"
#include "style.h"
#include "text.h"
#include "translate.h"

static const char *arrow(const struct explain *view)
{
    return view->context.utf8 ? style_utf8.to : style_ascii.to;
}

static void tell_segment(struct explain *view, const struct lifeline_event *event)
{
    char flags[64];
    GString *head = g_string_new(NULL);
    if (event->frame != LIFELINE_NO_FRAME)
        g_string_append_printf(head, "%s %" PRIu64 ", ", tr(N_("frame")), event->frame);
    explain_time(head, view, event->time_ns);
    if (event->steps & LIFELINE_STEP_ICMP) {
        char sender[46];
        lifeline_address_text(&event->icmp.sender, sender, sizeof sender);
        g_string_append_printf(head, ": %s %s %s, ICMP %s", sender, arrow(view),
                               explain_role(event->icmp.to),
                               lifeline_name_of(lifeline_icmp_names, event->icmp.error));
        if (event->icmp.mtu != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(head, ", MTU %" PRIu64, event->icmp.mtu);
    } else if (event->segment) {
        uint8_t to = event->from == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT;
        lifeline_flags_text(event->segment->flags, flags, sizeof flags);
        g_string_append_printf(head, ": %s %s %s, %s", explain_role(event->from), arrow(view),
                               explain_role(to), flags);
        if (event->seq != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(head, ", seq %" PRIu64, event->seq);
        if (event->ack != LIFELINE_UNKNOWN_COUNT)
            g_string_append_printf(head, ", ack %" PRIu64, event->ack);
        if (event->segment->payload_bytes && !(event->segment->flags & LIFELINE_RST))
            g_string_append_printf(head, ", %" PRIu32 " B", event->segment->payload_bytes);
    }
    GString *wrapped = g_string_new(NULL);
    prose_append(wrapped, head->str, 0, EXPLAIN_INDENT, view->context.width);
    style_append(view->line, view->context.color, PAINT_OPENING, wrapped->str);
    g_string_append_c(view->line, '\n');
    explain_line(view);
    g_string_free(wrapped, TRUE);
    g_string_free(head, TRUE);
}

static void tell_transition(struct explain *view, const struct lifeline_transition *t)
{
    const struct lifeline_row *row = t->row == LIFELINE_UNKNOWN ? NULL : lifeline_row(t->row);
    const char *from = lifeline_name_of(lifeline_state_names, t->from);
    const char *name = lifeline_name_of(lifeline_state_names, t->to);
    const char *to = name ? name : tr(N_("unknown"));
    bool begins = t->from == LIFELINE_STATE_UNKNOWN;
    GString *line = view->line, *why = g_string_new(NULL);
    g_string_append_printf(line, "%*s", EXPLAIN_INDENT, "");
    g_string_append(line, explain_role(t->endpoint));
    explain_capital(line, EXPLAIN_INDENT);
    g_string_append(line, ": ");
    unsigned column = text_columns(line->str, line->len);
    if (!begins && from) {
        style_append(line, view->context.color, style_of_state(t->from), from);
        g_string_append_printf(line, " %s ", arrow(view));
        column += (unsigned)strlen(from) + text_columns(arrow(view), strlen(arrow(view))) + 2;
    }
    style_append(line, view->context.color, style_of_state(t->to), to);
    column += text_columns(to, strlen(to)) + 1;
    if (row)
        g_string_printf(why, "(%s; %s)", tr(explain_evidence(t->evidence)), row->section);
    else
        g_string_printf(why, "(%s)", tr(N_("taken back")));
    if (view->context.width && column + text_columns(why->str, why->len) > view->context.width) {
        column = EXPLAIN_INDENT + 4;
        g_string_append_printf(line, "\n%*s", (int)column, "");
    } else {
        g_string_append_c(line, ' ');
    }
    prose_append(line, why->str, column, EXPLAIN_INDENT + 4, view->context.width);
    g_string_append_c(line, '\n');
    if (row) {
        g_string_append_printf(line, "%*s", EXPLAIN_INDENT + 4, "");
        prose_append(line, tr(row->reason), EXPLAIN_INDENT + 4, EXPLAIN_INDENT + 4,
                     view->context.width);
        g_string_append_c(line, '\n');
    }
    explain_line(view);
    g_string_free(why, TRUE);
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
    struct explain_past *past = &view->past;
    bool syn = event->steps & LIFELINE_STEP_HANDSHAKE_1;
    past->crossed_syn |= syn && past->syn;
    past->syn |= syn;
    past->fin |= (event->steps & LIFELINE_STEP_TEARDOWN_1) != 0;
    past->crossed_fins |= (event->steps & LIFELINE_STEP_TEARDOWN_3) &&
                          !(event->steps & LIFELINE_STEP_TEARDOWN_2) && !past->fin_acked;
    past->fin_acked |= (event->steps & LIFELINE_STEP_TEARDOWN_2) != 0;
    if (event->steps & LIFELINE_STEP_RESET) {
        past->reset_frame = event->frame;
        past->reset_from = event->from;
    }
    if (event->steps & LIFELINE_STEP_ICMP)
        past->icmp_frame = event->frame;
    for (unsigned i = 0; i < event->transition_count; i++)
        view->past.time_wait_told |= event->transitions[i].to == LIFELINE_TIME_WAIT;
}

/* How long TIME-WAIT lasts for who enters it with this segment. */
static int64_t learn_time_wait(struct explain *view, const struct lifeline_event *event)
{
    struct lifeline_host_stack host = {.time_wait_ns = LIFELINE_UNKNOWN_NS};

    for (unsigned i = 0; event->segment && i < event->transition_count; i++) {
        if (event->transitions[i].to != LIFELINE_TIME_WAIT)
            continue;
        bool sends = event->transitions[i].endpoint == event->from;
        lifeline_host_stack(view->options, sends ? &event->segment->src : &event->segment->dst,
                            sends ? event->segment->ttl : 0, &host);
        view->past.stack_known = host.shortest_ns == host.longest_ns;
    }
    return host.time_wait_ns;
}

void explain_step(struct explain *view, const struct lifeline_event *event)
{
    GPtrArray *texts = g_ptr_array_new();
    uint8_t to = event->from == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT;
    char *frame = g_strdup_printf("%" PRIu64, event->withdrawn_frame);
    char *duration = explain_duration(view, learn_time_wait(view, event));
    const struct prose_value values[] = {{"sender", explain_role(event->from)},
                                         {"receiver", explain_role(to)},
                                         {"frame", frame},
                                         {"duration", duration},
                                         {NULL, NULL}};
    explain_run(view);
    explain_enter(view, section_of(view, event));
    tell_segment(view, event);
    explain_event(texts, event, &view->past);
    for (guint i = 0; i < texts->len; i++)
        explain_filled(view, texts->pdata[i], values, EXPLAIN_INDENT);
    for (unsigned i = 0; i < event->transition_count; i++)
        tell_transition(view, &event->transitions[i]);
    remember(view, event);
    g_ptr_array_free(texts, TRUE);
    g_free(frame);
    g_free(duration);
}
