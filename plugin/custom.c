/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The schema's CUSTOM fields: lists, and what is computed. One row and one function each.
 *
 * A list becomes one item per element, so that a filter matches any of them: client.states ==
 * "CLOSING" finds the connections whose client was in CLOSING.
 * What has fields of its own elsewhere has no row: frames of handshake and teardown, transitions,
 * TIME-WAITs; and HTTP headers, which the plugin doesn't keep (Wireshark shows them).
 */
#include "custom.h"

#include <string.h>

#include "show.h"

static void add_name(proto_tree *tree, tvbuff_t *tvb, int hf, const struct lifeline_name *names,
                     uint8_t value)
{
    const char *name = lifeline_name_of(names, value);

    if (name != NULL)
        proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, name));
}

static void add_states(proto_tree *tree, tvbuff_t *tvb, int hf, const struct lifeline_endpoint *end)
{
    for (unsigned i = 0; i < end->state_count; i++)
        add_name(tree, tvb, hf, lifeline_state_names, end->states[i]);
}

static void add_evidence(proto_tree *tree, tvbuff_t *tvb, int hf,
                         const struct lifeline_endpoint *end)
{
    for (unsigned i = 0; i < end->state_count; i++)
        add_name(tree, tvb, hf, lifeline_evidence_names, end->states_evidence[i]);
}

static void add_client_states(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    add_states(tree, tvb, hf, &((const struct lifeline_connection *)record)->client);
}

static void add_server_states(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    add_states(tree, tvb, hf, &((const struct lifeline_connection *)record)->server);
}

static void add_client_evidence(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    add_evidence(tree, tvb, hf, &((const struct lifeline_connection *)record)->client);
}

static void add_server_evidence(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    add_evidence(tree, tvb, hf, &((const struct lifeline_connection *)record)->server);
}

static void add_findings(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    const struct lifeline_connection *connection = (const struct lifeline_connection *)record;

    for (uint64_t i = 0; i < connection->finding_count; i++)
        proto_item_set_generated(
            proto_tree_add_string(tree, hf, tvb, 0, 0, connection->findings[i]));
}

static void add_segment(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    const struct lifeline_event *event = (const struct lifeline_event *)record;
    char text[64];

    if (event->segment == NULL)
        return;
    lifeline_flags_text(event->segment->flags, text, sizeof(text));
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, 0, 0, text));
}

static void add_length(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    const struct lifeline_event *event = (const struct lifeline_event *)record;

    if (event->segment != NULL)
        proto_item_set_generated(
            proto_tree_add_uint(tree, hf, tvb, 0, 0, event->segment->payload_bytes));
}

static void add_old_incarnation(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    const struct lifeline_event *event = (const struct lifeline_event *)record;

    if (event->marks & LIFELINE_MARK_OLD_DUPLICATE)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, event->old_incarnation));
}

static void add_interim(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record)
{
    const struct lifeline_exchange *exchange = (const struct lifeline_exchange *)record;

    for (unsigned i = 0; i < exchange->interim_count; i++)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, exchange->interim[i]));
}

static const struct custom_field rows[] = {
    {LIFELINE_RECORD_CONNECTION, "client.states", FT_STRING, BASE_NONE, add_client_states},
    {LIFELINE_RECORD_CONNECTION, "server.states", FT_STRING, BASE_NONE, add_server_states},
    {LIFELINE_RECORD_CONNECTION, "client.states_evidence", FT_STRING, BASE_NONE,
     add_client_evidence},
    {LIFELINE_RECORD_CONNECTION, "server.states_evidence", FT_STRING, BASE_NONE,
     add_server_evidence},
    {LIFELINE_RECORD_CONNECTION, "findings", FT_STRING, BASE_NONE, add_findings},
    {LIFELINE_RECORD_EVENT, "segment", FT_STRING, BASE_NONE, add_segment},
    {LIFELINE_RECORD_EVENT, "length", FT_UINT32, BASE_DEC, add_length},
    {LIFELINE_RECORD_EVENT, "old_incarnation", FT_UINT32, BASE_DEC, add_old_incarnation},
    {LIFELINE_RECORD_EXCHANGE, "interim", FT_UINT16, BASE_DEC, add_interim},
};

const struct custom_field *custom_field(enum lifeline_record_kind kind, const char *path)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (rows[i].kind == kind && strcmp(rows[i].path, path) == 0)
            return &rows[i];
    }
    return NULL;
}
