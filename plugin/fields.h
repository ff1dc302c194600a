/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_FIELDS_H
#define LIFELINE_PLUGIN_FIELDS_H

#include "plugin.h"

/* A field of the library's schema, as Wireshark knows it. */
struct plugin_field {
    const struct lifeline_field *schema;
    int hf;
    void (*custom)(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record);
};

/* The subtree that shows a field, of one kind of record each; or has no field of a record. */
enum field_group {
    GROUP_SEGMENT, /* of the event: the protocol's own tree */
    GROUP_CONNECTION,
    GROUP_CLIENT,
    GROUP_SERVER,
    GROUP_HANDSHAKE,
    GROUP_TEARDOWN,
    GROUP_TIME_WAIT,
    GROUP_HTTP,
    GROUP_FINDING,
    GROUP_TRANSITION,
    GROUP_TEXT,
    GROUP_COUNT
};

/* The fields of a group, all of one kind of record; ends with a NULL schema. */
const struct plugin_field *fields_of(enum field_group group);

/* Fields that are no member of a record: see the table in fields.c. */
enum own_field {
    OWN_CONNECTION_GROUP,
    OWN_CLIENT_GROUP,
    OWN_SERVER_GROUP,
    OWN_HANDSHAKE_GROUP,
    OWN_TEARDOWN_GROUP,
    OWN_HTTP_GROUP,
    OWN_HANDSHAKE_STEP,
    OWN_TEARDOWN_STEP,
    OWN_REFUTED_BY,
    OWN_TRANSITION,
    OWN_TRANSITION_ENDPOINT,
    OWN_TRANSITION_EVIDENCE,
    OWN_TRANSITION_SECTION,
    OWN_TRANSITION_REASON,
    OWN_SYN_FRAME,
    OWN_SYNACK_FRAME,
    OWN_ACK_FRAME,
    OWN_FIN1_FRAME,
    OWN_ACK1_FRAME,
    OWN_FIN2_FRAME,
    OWN_ACK2_FRAME,
    OWN_TIME_WAIT,
    OWN_TIME_WAIT_ELAPSED,
    OWN_TIME_WAIT_REMAINING,
    OWN_FINDING,
    OWN_FINDING_FRAME,
    OWN_COUNT
};

extern int hf_own[OWN_COUNT];
extern gint ett_lifeline, ett_group[GROUP_COUNT];
/* The expert info of a finding: by its kind and severity. */
expert_field *fields_expert(const struct lifeline_finding *finding);

void fields_register(void);

#endif
