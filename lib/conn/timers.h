/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The timers of TIME-WAITs: see timers.c. */
#ifndef LIFELINE_CONN_TIMERS_H
#define LIFELINE_CONN_TIMERS_H

#include "conn/inside.h"

struct timers *timers_new(const struct lifeline_options *options);
void timers_free(struct timers *timers);
uint64_t timers_memory_bytes(const struct timers *timers);
/* Starts the timer of an end's TIME-WAIT as of its since_ns; anew if it runs. */
void timer_start(struct lifeline_engine *engine, struct conn *c, unsigned end);
void timer_stop(struct lifeline_engine *engine, struct conn *c, unsigned end);
/* The next to fire; false: none runs, *due_ns is INT64_MAX. */
bool timers_next(const struct timers *timers, int64_t *due_ns, uint32_t *slot, unsigned *end);
/* expiry_run() has something to do then. */
void timers_wake_by(struct lifeline_engine *engine, int64_t time_ns);

#endif
