/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Connections end: see ending.c. */
#ifndef LIFELINE_CONN_ENDING_H
#define LIFELINE_CONN_ENDING_H

#include "conn/inside.h"

/* Into the list of what becomes of it next. */
void ending_relist(struct lifeline_engine *engine, struct conn *c);
/* Tells it, and frees it. */
void ending_finish(struct lifeline_engine *engine, struct conn *c, bool capture_ended);
/* Gives a connection up because memory is short. */
void ending_evict(struct lifeline_engine *engine, struct conn *victim);
/* Frees it; nobody is told. */
void ending_drop(struct lifeline_engine *engine, struct conn *c);
/* Both ends are gone, so far as they are known. */
bool ending_is_over(const struct conn *c);

#endif
