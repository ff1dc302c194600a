/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tree: what the user sees of a frame, "TCP Lifecycle" for each TCP layer of a connection.
 *
 * A postdissector without wanted fields: Wireshark calls it at the end of every frame, in every
 * pass. It reads notes and lives, and computes nothing but what is left of a TIME-WAIT. Without a
 * tree it only adds expert infos, so that "-z expert" and the GUI's list have them, and taps. A
 * tree that nobody sees, and no filter or column asks for our fields in, is as good as none, and
 * texts are made for eyes only: most of tshark's runs, and the GUI's first pass, are spared the
 * items.
 *
 * Numbers of frames inside items are links. Items whose value isn't known (yet) are absent.
 */
#include "tree.h"

#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "fields.h"
#include "show.h"
#include "tap.h"
#include "text.h"

/* Wireshark cuts a longer label inside a character. */
#define TITLE           "TCP Lifecycle: "
#define MAX_LABEL_BYTES (ITEM_LABEL_LENGTH - 1)
#define MAX_TITLE_BYTES (MAX_LABEL_BYTES - strlen(TITLE))

struct painter {
    packet_info *pinfo;
    tvbuff_t *tvb;
    proto_tree *tree;
    proto_item *item; /* the protocol's */
    const struct note *note;
    uint64_t exchange; /* the last one that was added */
    bool visible;      /* texts matter */
};

/* Adds a group's item, with a text that only eyes read, and returns its subtree. */
static proto_tree *add_group(const struct painter *at, proto_tree *parent, enum own_field item,
                             enum field_group group, const char *format, ...) G_GNUC_PRINTF(5, 6);

static proto_tree *add_group(const struct painter *at, proto_tree *parent, enum own_field item,
                             enum field_group group, const char *format, ...)
{
    char text[2 * ITEM_LABEL_LENGTH] = ""; /* longer than a label */
    va_list arguments;

    if (at->visible) {
        va_start(arguments, format);
        vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
    }
    return show_subtree(parent, at->tvb, item, group,
                        text_cut(at->pinfo->pool, text, MAX_LABEL_BYTES));
}

/* ---- the segment ----------------------------------------------------------------------------- */

static void add_counted_steps(const struct painter *at, uint32_t steps)
{
    for (unsigned i = 0; i < 3; i++) {
        if (steps & ((uint32_t)LIFELINE_STEP_HANDSHAKE_1 << i))
            show_uint(at->tree, at->tvb, hf_own[OWN_HANDSHAKE_STEP], i + 1);
    }
    for (unsigned i = 0; i < 4; i++) {
        if (steps & ((uint32_t)LIFELINE_STEP_TEARDOWN_1 << i))
            show_uint(at->tree, at->tvb, hf_own[OWN_TEARDOWN_STEP], i + 1);
    }
}

static void add_transition(const struct painter *at, const struct lifeline_transition *transition)
{
    proto_item *item = show_string(at->tree, at->tvb, hf_own[OWN_TRANSITION],
                                   text_transition(at->pinfo->pool, transition));
    proto_tree *tree = proto_item_add_subtree(item, ett_group[GROUP_TRANSITION]);
    const struct lifeline_row *row = lifeline_row(transition->row);

    show_enum(tree, at->tvb, hf_own[OWN_TRANSITION_ENDPOINT], lifeline_role_names,
              transition->endpoint);
    show_enum(tree, at->tvb, hf_own[OWN_TRANSITION_EVIDENCE], lifeline_evidence_names,
              transition->evidence);
    if (row != NULL) {
        show_string(tree, at->tvb, hf_own[OWN_TRANSITION_SECTION], row->section);
        show_string(tree, at->tvb, hf_own[OWN_TRANSITION_REASON], row->reason);
    }
}

/* The event as the engine gave it, from what the note kept. */
static void add_event(const struct painter *at, const struct note *note)
{
    struct lifeline_segment segment = {
        .flags = note->flags,
        .payload_bytes = note->payload_bytes,
    };
    struct lifeline_event event = {
        .connection = note->life->connection,
        .incarnation = note->life->incarnation,
        .frame = note->frame,
        .time_ns = note->time_ns,
        .segment = note->flags & LIFELINE_ICMP ? NULL : &segment,
        .from = note->from,
        .layer = note->layer,
        .seq = note->seq,
        .ack = note->ack,
        .window_bytes =
            note->window_bytes == UINT32_MAX ? LIFELINE_UNKNOWN_COUNT : note->window_bytes,
        .steps = note->steps,
        .marks = note->marks,
        .client_state = note->client_state,
        .server_state = note->server_state,
        .reset_verdict = note->reset_verdict,
        .reset_cause = note->reset_cause,
        .time_wait_holder = note->time_wait_holder,
        .withdrawn_frame = note->more != NULL ? note->more->withdrawn_frame : LIFELINE_NO_FRAME,
        .old_incarnation = note->more != NULL ? note->more->old_incarnation : 0,
        .icmp = LIFELINE_NO_ICMP,
    };

    if (note->flags & LIFELINE_ICMP)
        event.icmp = *note->more->icmp;

    show_group(at->tree, at->tvb, GROUP_SEGMENT, &event);
    if (note->more != NULL && note->more->refuted_by != NULL)
        show_frame(at->tree, at->tvb, hf_own[OWN_REFUTED_BY], note->more->refuted_by->frame);
    add_counted_steps(at, note->steps);
    for (unsigned i = 0; i < note->transition_count; i++)
        add_transition(at, &note->transitions[i]);
}

/* ---- TIME-WAIT ------------------------------------------------------------------------------- */

static bool in_time_wait(const struct note *note, uint8_t endpoint)
{
    return note->time_wait_holder == endpoint || note->time_wait_holder == LIFELINE_BOTH;
}

/* How a TIME-WAIT ended, which is known later: of the same endpoint and entry. */
static void learn_end(struct lifeline_time_wait *then, const struct lifeline_connection *record)
{
    for (unsigned i = 0; record != NULL && i < record->time_wait_count; i++) {
        const struct lifeline_time_wait *now = &record->time_wait[i];

        if (now->endpoint != then->endpoint || now->entered_ns != then->entered_ns)
            continue;
        then->outcome = now->outcome;
        then->reuse_rule = now->reuse_rule;
        then->ended_ns = now->ended_ns;
        then->ended_frame = now->ended_frame;
    }
}

static void add_time_wait(const struct painter *at, const struct lifeline_connection *record)
{
    const struct note *note = at->note;
    unsigned count = note->more != NULL ? note->more->time_wait_count : 0;
    proto_item *item =
        proto_tree_add_boolean(at->tree, hf_own[OWN_TIME_WAIT], at->tvb, 0, 0, count > 0);
    proto_tree *tree;

    proto_item_set_generated(item);
    if (count == 0)
        return;
    tree = proto_item_add_subtree(item, ett_group[GROUP_TIME_WAIT]);
    for (unsigned i = 0; i < count; i++) {
        struct lifeline_time_wait then = note->more->time_wait[i];

        if (!in_time_wait(note, then.endpoint))
            continue;
        learn_end(&then, record);
        show_group(tree, at->tvb, GROUP_TIME_WAIT, &then);
        show_duration(tree, at->tvb, hf_own[OWN_TIME_WAIT_ELAPSED],
                      note->time_ns - then.entered_ns);
        show_duration(tree, at->tvb, hf_own[OWN_TIME_WAIT_REMAINING],
                      then.expires_ns - note->time_ns);
    }
}

/* ---- the connection -------------------------------------------------------------------------- */

static const char *name_or(const struct lifeline_name *table, uint32_t value, const char *other)
{
    const char *name = lifeline_name_of(table, value);

    return name != NULL ? name : other;
}

static void add_handshake(const struct painter *at, const struct lifeline_connection *record)
{
    const struct lifeline_handshake *handshake = &record->handshake;
    proto_tree *tree =
        add_group(at, at->tree, OWN_HANDSHAKE_GROUP, GROUP_HANDSHAKE, "Handshake: %s%s",
                  name_or(lifeline_handshake_names, handshake->kind, "unknown"),
                  handshake->complete == 1 ? ", complete" : "");

    show_frame(tree, at->tvb, hf_own[OWN_SYN_FRAME], handshake->syn_frame);
    show_frame(tree, at->tvb, hf_own[OWN_SYNACK_FRAME], handshake->synack_frame);
    show_frame(tree, at->tvb, hf_own[OWN_ACK_FRAME], handshake->ack_frame);
    show_group(tree, at->tvb, GROUP_HANDSHAKE, record);
}

static void add_teardown(const struct painter *at, const struct lifeline_connection *record)
{
    const struct lifeline_teardown *teardown = &record->teardown;
    const char *closer = lifeline_name_of(lifeline_role_names, teardown->active_closer);
    proto_tree *tree =
        add_group(at, at->tree, OWN_TEARDOWN_GROUP, GROUP_TEARDOWN, "Teardown: %s%s%s",
                  name_or(lifeline_teardown_names, teardown->kind, "unknown"),
                  closer != NULL ? ", closed by " : "", closer != NULL ? closer : "");

    show_frame(tree, at->tvb, hf_own[OWN_FIN1_FRAME], teardown->fin1_frame);
    show_frame(tree, at->tvb, hf_own[OWN_ACK1_FRAME], teardown->ack1_frame);
    show_frame(tree, at->tvb, hf_own[OWN_FIN2_FRAME], teardown->fin2_frame);
    show_frame(tree, at->tvb, hf_own[OWN_ACK2_FRAME], teardown->ack2_frame);
    show_group(tree, at->tvb, GROUP_TEARDOWN, record);
}

static void add_endpoint(const struct painter *at, proto_tree *parent, enum own_field item,
                         enum field_group group, const char *title,
                         const struct lifeline_endpoint *end,
                         const struct lifeline_connection *record)
{
    char ip[64] = "";
    proto_tree *tree;

    if (at->visible)
        lifeline_address_text(&end->ip, ip, sizeof(ip));
    tree = add_group(at, parent, item, group, end->ip.family == 6 ? "%s: [%s]:%u" : "%s: %s:%u",
                     title, ip, end->port);
    show_group(tree, at->tvb, group, record);
}

static void add_connection(const struct painter *at, const struct lifeline_connection *record)
{
    proto_tree *tree =
        add_group(at, at->tree, OWN_CONNECTION_GROUP, GROUP_CONNECTION,
                  "Connection %" PRIu64 ": handshake %s, teardown %s", record->connection,
                  name_or(lifeline_handshake_names, record->handshake.kind, "unknown"),
                  name_or(lifeline_teardown_names, record->teardown.kind, "unknown"));

    show_group(tree, at->tvb, GROUP_CONNECTION, record);
    add_endpoint(at, tree, OWN_CLIENT_GROUP, GROUP_CLIENT, "Client", &record->client, record);
    add_endpoint(at, tree, OWN_SERVER_GROUP, GROUP_SERVER, "Server", &record->server, record);
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

static void add_exchange(void *user, const struct lifeline_exchange *exchange, bool response)
{
    struct painter *at = (struct painter *)user;
    proto_tree *tree;

    if (response && exchange->index == at->exchange)
        return; /* pushed: its request was in the same frame */
    at->exchange = exchange->index;
    tree = add_group(at, at->tree, OWN_HTTP_GROUP, GROUP_HTTP, "HTTP exchange %" PRIu64 ": %s",
                     exchange->index, at->visible ? text_exchange(at->pinfo->pool, exchange) : "");
    show_group(tree, at->tvb, GROUP_HTTP, exchange);
}

static void add_exchanges(struct painter *at)
{
    at->exchange = LIFELINE_UNKNOWN_COUNT;
    if (at->note->payload_bytes > 0)
        life_exchanges_at(at->note->life, at->note->frame, at->note->from, add_exchange, at);
}

/* ---- findings -------------------------------------------------------------------------------- */

/* Below which of the frame's layers a finding stands: its connection's, else the first (it is about
 * a host, or the segment of one connection proves something about another). */
static const struct note *layer_of(const struct lifeline_finding *finding, const struct note *notes)
{
    for (const struct note *note = notes; note != NULL; note = note->next) {
        if (finding->connection == note->life->connection &&
            finding->incarnation == note->life->incarnation)
            return note;
    }
    return notes;
}

static const char *expert_text(wmem_allocator_t *scope, const struct lifeline_finding *finding)
{
    const char *text = wmem_strdup_printf(scope, "%s: %s", finding->name, finding->text);

    return text_cut(scope, text_shown(scope, text), MAX_LABEL_BYTES);
}

static void add_finding(const struct painter *at, const struct lifeline_finding *finding)
{
    expert_field *expert = fields_expert(finding);

    if (at->tree != NULL) {
        proto_item *item = show_string(at->tree, at->tvb, hf_own[OWN_FINDING], finding->name);
        proto_tree *tree = proto_item_add_subtree(item, ett_group[GROUP_FINDING]);

        show_group(tree, at->tvb, GROUP_FINDING, finding);
        for (unsigned i = 0; i < finding->frame_count; i++)
            show_frame(tree, at->tvb, hf_own[OWN_FINDING_FRAME], finding->frames[i]);
    }
    if (expert != NULL)
        expert_add_info_format(at->pinfo, at->item, expert, "%s",
                               expert_text(at->pinfo->pool, finding));
}

static void add_findings(const struct painter *at, const struct note *note,
                         const struct note *notes)
{
    const struct finding_note *found = annotations_findings(notes);

    for (; found != NULL; found = found->next) {
        struct lifeline_finding finding;
        char text[512];

        sparse_read(SPARSE_FINDING, found->finding, &finding);
        lifeline_finding_render(&finding, finding.text_template, text, sizeof(text));
        finding.text = text;
        if (layer_of(&finding, notes) == note)
            add_finding(at, &finding);
    }
}

/* ---- the postdissector ----------------------------------------------------------------------- */

static void add_layer(struct painter *at, proto_tree *top)
{
    struct lifeline_connection record;
    bool known = annotations_record(at->note->life, &record);

    const char *summary = at->visible ? text_summary(at->pinfo->pool, at->note) : "";

    at->item = proto_tree_add_protocol_format(top, proto_lifeline, at->tvb, 0, 0, TITLE "%s",
                                              text_cut(at->pinfo->pool, summary, MAX_TITLE_BYTES));
    proto_item_set_generated(at->item);
    at->tree = proto_item_add_subtree(at->item, ett_lifeline);
    add_event(at, at->note);
    add_time_wait(at, known ? &record : NULL);
    add_exchanges(at);
    if (known) {
        add_handshake(at, &record);
        add_teardown(at, &record);
        add_connection(at, &record);
    }
}

/* Does somebody show expert infos: a listener, a column, a filter or the dialogs of the GUI? */
static bool expert_is_wanted(const packet_info *pinfo, proto_tree *tree)
{
    static int expert_tap_id = -1, expert_proto = -1;

    if (expert_proto < 0) { /* both are registered by now */
        expert_tap_id = find_tap_id("expert");
        expert_proto = proto_get_id_by_filter_name("_ws.expert");
    }
    return have_tap_listener(expert_tap_id) || col_get_text(pinfo->cinfo, COL_EXPERT) != NULL ||
           (tree != NULL && proto_field_is_referenced(tree, expert_proto));
}

static int show_frame_notes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    struct painter at = {.pinfo = pinfo, .tvb = tvb};
    const char *current_proto = pinfo->current_proto;
    const struct note *notes;
    bool wanted, expert_wanted;

    (void)data;
    if (PINFO_FD_VISITED(pinfo))
        annotations_look(pinfo);
    else
        feed_end_frame(pinfo);
    wanted = tree != NULL && proto_field_is_referenced(tree, proto_lifeline);
    expert_wanted = annotations_in_gui() || expert_is_wanted(pinfo, tree);
    if (!wanted && !expert_wanted && !tap_is_heard())
        return (int)tvb_captured_length(tvb);
    annotations_settle();
    notes = annotations_of(pinfo);
    if (!wanted && annotations_findings(notes) == NULL)
        tree = NULL;
    at.visible = tree != NULL && PTREE_DATA(tree)->visible;
    pinfo->current_proto = "TCP Lifecycle"; /* whose expert infos these are */
    for (const struct note *note = notes; note != NULL; note = note->next) {
        at.note = annotations_corrected(pinfo->pool, note);
        at.tree = NULL;
        at.item = NULL;
        if (tree != NULL)
            add_layer(&at, tree);
        add_findings(&at, note, notes);
    }
    pinfo->current_proto = current_proto;
    tap_notes(pinfo, notes);
    return (int)tvb_captured_length(tvb);
}

void tree_register(void)
{
    tap_register();
    /* Called for each frame: without a protocol it needs no layer in the packet's list, and nobody
     * asks each time whether it is on. Without an engine there are no notes to show. */
    register_postdissector(create_dissector_handle(show_frame_notes, -1));
}
