/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * order: blocks of text, one a connection, printed in the order of the connections' numbers.
 *
 * Connections end in another order than they begin. A block that is ready waits for the earlier
 * ones that are still open, as long as all that wait take less than max_bytes; then the ready
 * ones are printed, and the earlier ones follow when they end. Live output doesn't wait at all.
 */
#ifndef LIFELINE_ORDER_H
#define LIFELINE_ORDER_H

#include <glib.h>

#include "out.h"

struct order;

/* out is borrowed. live: print each block at once. */
struct order *order_new(struct out *out, bool live, size_t max_bytes);
/* Prints what still waits. */
void order_free(struct order *order);

/* A block is ready: its text is taken. first_open: the smallest number of a connection whose block
 * is still to come; LIFELINE_UNKNOWN_COUNT if there is none. */
void order_ready(struct order *order, uint64_t connection, GString *text, uint64_t first_open);

#endif
