/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table's pool of hot connections, and the packing of the others; see table.h.
 *
 * Model: blocks of structs that never move, up to a capacity, a quarter of the table's memory; free
 * ones are chained. When there are many, a clock's hand goes round, one connection for each
 * segment: what is idle for 10 seconds of capture time and wasn't used since the hand passed is
 * packed (cold.h); when there are very many, what is in TIME-WAIT or closed as well. Those are
 * looked at once more, for their record: packing and unpacking takes longer than that, as long as
 * they aren't too many for the memory. When few are free and no more may be made, the hand
 * goes on until it finds one that wasn't used, at rest or not. So any can be packed: otherwise
 * those that can't could fill the pool.
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

/* Memory for a SYN that waits for an answer; packing the connection forgets it. NULL: none. */
struct candidate *pool_candidate(struct table *t);
void pool_forget_candidate(struct table *t, struct conn *c);

#endif
