/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Flow graph: Statistics > Flow Graph with the type "TCP lifecycles", or
 * tshark -q -z flow,lifeline,standard. Each segment is an arrow that names the states it leads to.
 */
#include "flow_graph.h"

#include "tap.h"
#include "text.h"

#ifdef COMPAT_FLOW_GRAPH

/* "FIN,ACK, client FIN-WAIT-1": the flags, the length, and the states that the segment leads to. */
static char *arrow_label(const struct note *note)
{
    char flags[64];
    GString *label;

    lifeline_flags_text(note->flags, flags, sizeof(flags));
    label = g_string_new(note->flags & LIFELINE_ICMP ? "ICMP" : flags);
    if (note->payload_bytes > 0)
        g_string_append_printf(label, " (%u)", note->payload_bytes);
    for (unsigned i = 0; i < note->transition_count; i++) {
        const char *role = lifeline_name_of(lifeline_role_names, note->transitions[i].endpoint);
        const char *state = lifeline_name_of(lifeline_state_names, note->transitions[i].to);

        if (role != NULL && state != NULL)
            g_string_append_printf(label, ", %s %s", role, state);
    }
    return g_string_free(label, FALSE);
}

static void put_address(address *to, const struct lifeline_address *from)
{
    free_address(to);
    if (from->family == 6)
        alloc_address_wmem(NULL, to, AT_IPv6, 16, from->bytes);
    else
        alloc_address_wmem(NULL, to, AT_IPv4, 4, from->bytes);
}

/* Inside a tunnel the frame's addresses are those of another layer. */
static void set_ends(struct compat_flow_item *item, const struct note *note)
{
    struct lifeline_connection record;
    const struct lifeline_endpoint *from, *to;
    bool from_server;

    if (!annotations_record(note->life, &record))
        return;
    from_server = note->flags & LIFELINE_ICMP ? note->more->icmp->to == LIFELINE_CLIENT
                                              : note->from == LIFELINE_SERVER;
    from = from_server ? &record.server : &record.client;
    to = from_server ? &record.client : &record.server;
    put_address(&item->source, &from->ip);
    put_address(&item->destination, &to->ip);
    item->source_port = from->port;
    item->destination_port = to->port;
}

static tap_packet_status add_arrow(void *user, packet_info *pinfo, epan_dissect_t *edt,
                                   const void *data, tap_flags_t flags)
{
    struct compat_flow *flow = (struct compat_flow *)user;
    const struct note *note = annotations_corrected(pinfo->pool, (const struct note *)data);
    struct compat_flow_item *item = sequence_analysis_create_sai_with_addresses(pinfo, flow);

    (void)edt;
    (void)flags;
    if (item == NULL)
        return TAP_PACKET_DONT_REDRAW;
    item->frame_number = pinfo->num;
    set_ends(item, note);
    item->label = arrow_label(note);
    item->comment = g_strdup(text_summary(pinfo->pool, note));
    item->conversation = (guint16)note->life->connection;
    item->line_style = 1;
    sequence_analysis_use_color_filter(pinfo, item);
    item->display = TRUE;
    g_queue_push_tail(flow->items, item);
    return TAP_PACKET_REDRAW;
}

void flow_graph_register(void)
{
    register_seq_analysis("lifeline", "TCP lifecycles", proto_lifeline, TAP_NAME,
                          TL_REQUIRES_NOTHING, add_arrow);
}

#else

void flow_graph_register(void)
{
}

#endif
