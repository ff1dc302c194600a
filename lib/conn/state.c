/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state machine of one endpoint, RFC 9293 3.3.2 and 3.10, as seen from beside the wire.
 *
 * Theory of operation: an endpoint's state changes only through rows of this table. A row says from
 * which state, by which stimulus, to which state, on which evidence, and why. The RFC's own events
 * (OPEN, CLOSE, segment arrives, timeout) are invisible to a passive observer; the stimuli are what
 * it can see of them: what the endpoint sent, and what passed on its way to it. A stimulus without
 * a row changes nothing: that is how duplicates, retransmissions and stray segments stay harmless.
 *
 * Limits: states that need no segment (CLOSED to LISTEN, giving up after retries, a killed process)
 * can't be seen and have no row.
 */
#include "conn/state.h"

enum row_id {
#define ROW(from, stimulus, to, evidence, section, reason) ROW_##from##_##stimulus,
#include "conn/state_table.h"
#undef ROW
    ROW_COUNT
};

/* Row plus one for each pair; 0 is no row. */
static const uint8_t row_of[LIFELINE_STATE_COUNT][STIMULUS_COUNT] = {
#define ROW(from, stimulus, to, evidence, section, reason)                                         \
    [LIFELINE_##from][stimulus] = ROW_##from##_##stimulus + 1,
#include "conn/state_table.h"
#undef ROW
};

static const uint8_t evidence_of[ROW_COUNT] = {
#define ROW(from, stimulus, to, evidence, section, reason) LIFELINE_##evidence,
#include "conn/state_table.h"
#undef ROW
};

#define TEXT_SENDS_SYN                 "sends SYN"
#define TEXT_SENDS_SYN_ACK             "sends SYN,ACK"
#define TEXT_SENDS_ACK_OF_SYN          "sends ACK of the peer's SYN"
#define TEXT_SENDS_FIN                 "sends FIN"
#define TEXT_SENDS_ACK_OF_FIN          "sends ACK of the peer's FIN"
#define TEXT_SENDS_RST                 "sends RST"
#define TEXT_SENDS_IN_MID_STREAM       "sends in mid-stream"
#define TEXT_SENDS_AS_OPEN             "sends what only an open endpoint sends"
#define TEXT_GETS_ACK_OF_SYN           "gets the ACK of its SYN"
#define TEXT_GETS_ACK_OF_FIN           "gets the ACK of its FIN"
#define TEXT_GETS_FIN                  "gets the peer's FIN"
#define TEXT_GETS_RST                  "gets an acceptable RST"
#define TEXT_PEER_ANSWERS_SYN          "the peer answers its SYN"
#define TEXT_PEER_ANSWERS_SYN_ACK      "the peer answers its SYN,ACK"
#define TEXT_PEER_SENDS_AS_OPEN        "the peer sends what only an open end sends"
#define TEXT_PEER_ACKS_DATA            "the peer acknowledges its data"
#define TEXT_PEER_IN_MID_STREAM        "the peer sends in mid-stream"
#define TEXT_TWO_MSL_PASSED            "2MSL have passed"
#define TEXT_GETS_ICMP_ERROR           "gets an ICMP error"
#define TEXT_SENDS_FIN_IN_DOUBT        "sends FIN behind what isn't in the capture"
#define TEXT_SENDS_ACK_OF_FIN_IN_DOUBT "acknowledges the FIN behind what isn't in the capture"
#define TEXT_SENDS_RST_AFTER_CLOSE     "answers, closed, the ACK of its FIN that isn't in the capture"
#define TEXT_GETS_RST_AFTER_CLOSE      "gets RST for an ACK of the peer's FIN that isn't in the capture"
#define TEXT_GETS_ACK_OF_FIN_IN_DOUBT  "gets the ACK of its FIN behind what isn't in the capture"

static const struct lifeline_row rows[ROW_COUNT] = {
#define ROW(from, stimulus, to, evidence, section, reason)                                         \
    {LIFELINE_##from, LIFELINE_##to, TEXT_##stimulus, section, reason},
#include "conn/state_table.h"
#undef ROW
};

int state_row(enum lifeline_state state, enum stimulus stimulus)
{
    return (int)row_of[state][stimulus] - 1;
}

enum lifeline_evidence state_row_evidence(int row)
{
    return evidence_of[row];
}

const struct lifeline_row *lifeline_row(unsigned row)
{
    return row < ROW_COUNT ? &rows[row] : NULL;
}
