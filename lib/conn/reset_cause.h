/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why an RST was sent, and what it answers: see reset_cause.c. */
#ifndef LIFELINE_CONN_RESET_CAUSE_H
#define LIFELINE_CONN_RESET_CAUSE_H

#include "conn/inside.h"

/* enum lifeline_reset_cause, or LIFELINE_UNKNOWN; verdict: how it fares at its receiver. */
uint8_t reset_cause(const struct pass *pass, uint8_t verdict);

/* Is it unlike what its sender sent before: somebody else's? */
bool reset_is_foreign(const struct pass *pass);
/* Does its sender's user abort TIME-WAIT? */
bool reset_aborts_time_wait(const struct pass *pass);
/* Its sender's SYN for a new connection waits for an answer: is that the reason? */
bool reset_reopens(const struct pass *pass);
/* Does it answer a segment that was late on its way, which only a closed end does? */
bool reset_answers_late(const struct pass *pass);
/* Both have closed: does it answer the last ACK, which isn't in the capture? */
bool reset_answers_last_ack(const struct pass *pass);
/* Or, without ACKs, what the peer sent before it had its sender's FIN? */
bool reset_answers_straggler(const struct pass *pass);
/* In SYN-SENT: does it acknowledge the SYN,ACK, which its connection had taken? */
bool reset_acknowledges_syn(const struct pass *pass);
/* When what it may answer passed; LIFELINE_UNKNOWN_NS where it answers nothing. */
int64_t reset_may_answer_ns(const struct pass *pass);

#endif
