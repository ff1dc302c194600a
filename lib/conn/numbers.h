/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where an end is in its sequence space: see numbers.c. */
#ifndef LIFELINE_CONN_NUMBERS_H
#define LIFELINE_CONN_NUMBERS_H

#include "conn/inside.h"

#define WINDOW_SLACK_BYTES 65536 /* beyond an announced window */

/* The end's first number that is known: its SYN's, or a later one's. */
void numbers_learn(struct end *end, uint32_t seq, bool is_syn);
/* Can the segment's number be of this incarnation? */
bool numbers_fit(const struct pass *pass);
/* The segment ends a stream, its own or the peer's, where neither text nor ACKs are captured of any
 * connection: that may be any distance further than what is known of it. */
bool numbers_end_unseen_stream(const struct pass *pass, uint32_t further);
/* Can the end have sent this number, at most its next? */
bool numbers_were_sent(const struct end *x, uint32_t seq);
/* The end has sent up to that number. */
void numbers_advance(struct end *end, uint32_t to);

#endif
