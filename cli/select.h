/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Selection of connections: a sink between the engine and a view that lets through what belongs to
 * the chosen ones. Findings about a host belong to no connection and pass only when all do.
 *
 * Whether a record matches --where is known when the connection is over, but its events come
 * before. So a view that prints connection records alone is filtered as they come; for all others
 * the input is read twice, and the first pass notes the numbers of the connections that match.
 */
#ifndef LIFELINE_SELECT_H
#define LIFELINE_SELECT_H

#include "lifeline.h"
#include "where.h"

struct selection;

/* connection: LIFELINE_UNKNOWN_COUNT for all. where: NULL for all, borrowed. */
struct selection *selection_new(uint64_t connection, const struct where *where);
void selection_free(struct selection *selection);

/* Must the input be read once with selection_scan_sink() before this view's sink can be served? */
bool selection_needs_scan(const struct selection *selection, const struct lifeline_sink *view);
struct lifeline_sink selection_scan_sink(struct selection *selection);

/* The sink for the engine that serves the view's with what is selected. Copies *view. */
struct lifeline_sink selection_sink(struct selection *selection, const struct lifeline_sink *view);

/* Connections whose records passed. */
uint64_t selection_count(const struct selection *selection);

#endif
