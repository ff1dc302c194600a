/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Printing in a thread of its own.
 *
 * Model: a relay stands before a view's sink. Each record is copied, with what it points to, into a
 * channel; a thread receives them and calls the view, in the same order. Connections' records are
 * made by that thread, of what the engine leaves untold, or by the engine's when that one has less
 * to do; so the engine must outlive the relay. A view that asks the engine while it prints (view.h,
 * asking) can't be relayed.
 */
#ifndef LIFELINE_RELAY_H
#define LIFELINE_RELAY_H

#include "lifeline.h"

struct relay;

struct relay *relay_new(const struct lifeline_sink *to);
struct lifeline_sink relay_sink(struct relay *relay);
/* Waits until the view was called with all of them, and frees. */
void relay_finish(struct relay *relay);

#endif
