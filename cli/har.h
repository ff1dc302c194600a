/* SPDX-License-Identifier: GPL-2.0-or-later */
/* har: exchanges as an HTTP Archive 1.2, which browsers' developer tools and many others open. */
#ifndef LIFELINE_HAR_H
#define LIFELINE_HAR_H

#include "out.h"

struct har;

/* Begins the document. out is borrowed. live: entries are printed as they come, not sorted. bodies:
 * they were asked for. */
struct har *har_new(struct out *out, bool live, bool bodies, size_t max_bytes);
/* Adds an entry. connection: as lifeline_peek() gives it, or NULL. */
void har_entry(struct har *har, const struct lifeline_exchange *exchange,
               const struct lifeline_connection *connection);
/* Prints what waits, ends the document, and frees. */
void har_free(struct har *har);

#endif
