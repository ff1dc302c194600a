/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RFC 9293 state machine of one endpoint, as a table: see state.c. */
#ifndef LIFELINE_CONN_STATE_H
#define LIFELINE_CONN_STATE_H

#include "lifeline.h"

/* What one segment (or time) does to one endpoint. Facts, already judged: all sequence arithmetic
 * is done before. */
enum stimulus {
    SENDS_SYN,
    SENDS_SYN_ACK,
    SENDS_ACK_OF_SYN,
    SENDS_FIN,
    SENDS_ACK_OF_FIN,
    SENDS_RST,
    SENDS_IN_MID_STREAM, /* its first captured segment is no SYN */
    SENDS_AS_OPEN, /* a segment that only an open endpoint sends; what opened it isn't captured */
    GETS_ACK_OF_SYN,
    GETS_ACK_OF_FIN,
    GETS_FIN, /* the peer's FIN passed in order, and what followed it took effect */
    GETS_RST,
    PEER_ANSWERS_SYN, /* the peer's segment proves that it sent a SYN that isn't captured */
    PEER_ANSWERS_SYN_ACK,
    PEER_SENDS_AS_OPEN, /* the peer sends what only an open end sends */
    PEER_ACKS_DATA,     /* the peer acknowledges data of it that isn't captured */
    PEER_IN_MID_STREAM,
    TWO_MSL_PASSED,
    GETS_ICMP_ERROR,
    /* Whether the peer had closed before can't be known: its stream's end isn't in the capture. */
    SENDS_FIN_IN_DOUBT,
    SENDS_ACK_OF_FIN_IN_DOUBT, /* whether it had closed itself */
    GETS_ACK_OF_FIN_IN_DOUBT,
    /* Its RST answers an ACK of its FIN, and both had closed; the capture doesn't hold that. */
    SENDS_RST_AFTER_CLOSE,
    GETS_RST_AFTER_CLOSE,
    STIMULUS_COUNT
};

/* Row of the table for a state and a stimulus; -1 when the stimulus changes nothing there. */
int state_row(enum lifeline_state state, enum stimulus stimulus);

enum lifeline_evidence state_row_evidence(int row);

#endif
