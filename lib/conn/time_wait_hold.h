/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is in TIME-WAIT, and since when: see time_wait_hold.c. */
#ifndef LIFELINE_CONN_TIME_WAIT_HOLD_H
#define LIFELINE_CONN_TIME_WAIT_HOLD_H

#include "conn/inside.h"

void time_wait_enter(struct pass *pass, unsigned end);
/* Its time runs as of its since_ns, and it counts for its host. */
void time_wait_start(struct lifeline_engine *engine, struct conn *c, unsigned end);
bool time_wait_running(const struct conn *c, unsigned end);
bool time_wait_killed(const struct conn *c, unsigned end); /* by an RST, as far as is known */
/* By outcome, one of LIFELINE_TIME_WAIT_..., and a segment, or 0. */
void time_wait_end(struct lifeline_engine *engine, struct conn *c, unsigned end, uint8_t outcome,
                   int64_t time_ns, uint32_t mark);
/* It was none: the transition is taken back. */
void time_wait_withdraw(struct lifeline_engine *engine, struct conn *c, unsigned end);
/* The connection goes; nothing more is said of it. */
void time_wait_forget(struct lifeline_engine *engine, struct conn *c);

#endif
