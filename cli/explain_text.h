/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain_text: what a teacher says to each thing that can happen on a connection. Message ids. */
#ifndef LIFELINE_EXPLAIN_TEXT_H
#define LIFELINE_EXPLAIN_TEXT_H

#include <glib.h>

#include "lifeline.h"

/* What was seen of a connection before an event, as far as its explanation depends on it. */
struct explain_past {
    bool syn, crossed_syn, fin, fin_acked, crossed_fins; /* passed before */
    bool stack_known;     /* how long TIME-WAIT lasts was said, or can't be otherwise */
    bool time_wait_told;  /* the two reasons were given */
    uint8_t reset_from;   /* enum lifeline_role; of reset_frame */
    uint64_t reset_frame; /* the last RST; LIFELINE_NO_FRAME */
    uint64_t icmp_frame;  /* of the last ICMP error */
};

/* Appends to list what there is to say about an event's segment: const char *, message ids with
 * {sender}, {receiver}, {frame}, {duration} (2MSL). */
void explain_event(GPtrArray *list, const struct lifeline_event *event,
                   const struct explain_past *past);

/* Sentences about the whole, with {client}, {server}, {closer}, {other}, {duration}; NULL when
 * there is nothing to say. */
const char *explain_handshake(const struct lifeline_connection *connection);
const char *explain_teardown(const struct lifeline_connection *connection);
const char *explain_time_wait(const struct lifeline_time_wait *time_wait);
/* How a transition is known, as a part of a sentence. */
const char *explain_evidence(uint8_t evidence);
/* With {request}, {status}, {duration} and {request_frame}, {response_frame},
 * {response_last_frame}. */
const char *explain_exchange(const struct lifeline_exchange *exchange);

/* Did its sender send it again? A copy is the same packet. */
static inline bool explain_sent_again(const struct lifeline_event *event)
{
    return (event->marks & LIFELINE_MARK_RETRANSMISSION) && !(event->marks & LIFELINE_MARK_COPY);
}

#endif
