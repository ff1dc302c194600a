/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table's pool of hot connections, and the packing of the others; see table.h.
 *
 * Model: blocks of structs that never move, up to a capacity; free ones are chained. When few are
 * free and no more may be made, the clock's hand goes round: who was used since it passed gets
 * another round, the next who was not is packed (cold.h).
 */
#ifndef LIFELINE_CONN_POOL_H
#define LIFELINE_CONN_POOL_H

#include "conn/table.h"

#define POOL_BLOCK        256  /* connections that are allocated together */
#define POOL_GROWTH_BYTES 3072 /* what packing one may take at most */

/* The first block. False: no memory. */
bool pool_init(struct table *t);
void pool_fini(struct table *t);

/* A zeroed object; some are free whenever a segment comes, see table_make_room(). */
struct conn *pool_take(struct table *t);
void pool_give(struct table *t, struct conn *c);

#endif
