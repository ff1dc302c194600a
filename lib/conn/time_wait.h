/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What segments and time do to TIME-WAIT: see time_wait.c. */
#ifndef LIFELINE_CONN_TIME_WAIT_H
#define LIFELINE_CONN_TIME_WAIT_H

#include "conn/inside.h"

void time_wait_late_segment(struct pass *pass);
void time_wait_skipped(struct pass *pass);
void time_wait_restart(struct pass *pass, unsigned end);
void time_wait_reused(struct lifeline_engine *engine, struct conn *old, const struct conn *by);
void time_wait_assassinated(struct pass *pass, unsigned end);
/* Of the incarnation before: an RST ends it; an ACK shows that it lives. */
void time_wait_killed_behind(struct pass *pass);
void time_wait_answers_behind(struct pass *pass);
/* Its holder sends RST: its time was up. */
void time_wait_was_over(struct pass *pass);
/* A segment of an end whose TIME-WAIT an RST was thought to have ended: it lives. */
void time_wait_reconsider(struct pass *pass);
void time_wait_expire(struct lifeline_engine *engine, struct conn *c, unsigned end,
                      int64_t time_ns);

#endif
