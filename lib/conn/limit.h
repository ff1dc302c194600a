/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The limit of memory: see limit.c. */
#ifndef LIFELINE_CONN_LIMIT_H
#define LIFELINE_CONN_LIMIT_H

#include "conn/inside.h"

/* Once all is allocated that the engine needs at any rate. */
void limit_set(struct lifeline_engine *engine);
/* Before a segment: gives connections up until there is room for one more. */
void limit_keep(struct lifeline_engine *engine);

#endif
