/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pass of one segment through all stages: see engine.c. */
#ifndef LIFELINE_CONN_ENGINE_H
#define LIFELINE_CONN_ENGINE_H

#include "conn/inside.h"

/* One segment through all stages; lookup is its key's. */
void engine_push(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                 const struct lookup *lookup);

#endif
