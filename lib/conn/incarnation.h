/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which incarnation of its 4-tuple a segment belongs to: see incarnation.c. */
#ifndef LIFELINE_CONN_INCARNATION_H
#define LIFELINE_CONN_INCARNATION_H

#include "conn/inside.h"

/* The connection that a segment belongs to, made if need be; NULL when memory is short. *is_new. */
struct conn *incarnation_for(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                             const struct lookup *lookup, unsigned *end, bool *is_new);

#endif
