/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes from the rare events that findings need and records leave out. */
#include "findings/rule.h"

#include <stdlib.h>

const uint64_t finding_facts_bytes = sizeof(struct finding_facts);

static void note(struct finding_facts **facts, enum noted_what what,
                 const struct lifeline_event *event, uint64_t first_frame)
{
    if (!*facts) {
        *facts = calloc(1, sizeof **facts);
    }
    if (!*facts || event->from > LIFELINE_SERVER) {
        return; /* no memory: fewer frames in a finding */
    }
    struct noted *n = &(*facts)->noted[what][event->from];
    if (!n->count) {
        n->first_frame = first_frame;
        n->first_ns = event->time_ns;
    }
    n->last_frame = event->frame;
    n->last_ns = event->time_ns;
    n->count += n->count < UINT32_MAX;
}

void facts_note(struct finding_facts **facts, const struct lifeline_event *event)
{
    const struct lifeline_segment *s = event->segment;
    bool again = event->marks & LIFELINE_MARK_RETRANSMISSION;
    bool taken_back = event->steps & LIFELINE_STEP_WITHDRAWAL;

    if (event->marks & LIFELINE_MARK_OLD_DUPLICATE) {
        bool sequenced = s->payload_bytes || (s->flags & (LIFELINE_FIN | LIFELINE_SYN));
        if (sequenced && !(s->flags & LIFELINE_RST)) {
            note(facts,
                 event->old_incarnation == event->incarnation ? NOTED_ABSORBED
                                                              : NOTED_OLD_DUPLICATE,
                 event, event->frame);
        }
    }
    if (event->steps & LIFELINE_STEP_RESET) {
        note(facts, NOTED_RESET, event, event->frame);
        if (*facts && event->from <= LIFELINE_SERVER) {
            (*facts)->reset_ttl[event->from] = s->ttl;
        }
    } else if (s->flags & LIFELINE_SYN) {
        bool is_answer = s->flags & LIFELINE_ACK;
        if (again) {
            note(facts, is_answer ? NOTED_SYN_ACK_AGAIN : NOTED_SYN_AGAIN, event, event->frame);
        }
        if (taken_back) {
            note(facts, NOTED_THIRD_IGNORED, event, event->withdrawn_frame);
        }
    } else if (s->flags & LIFELINE_FIN) {
        if (again) {
            note(facts, NOTED_FIN_AGAIN, event, event->frame);
        }
        if (taken_back) {
            note(facts, NOTED_FIN_ACK_LOST, event, event->withdrawn_frame);
        }
    }
}
