/* SPDX-License-Identifier: GPL-2.0-or-later */
/* har: exchanges as an HTTP Archive 1.2, which browsers' developer tools and many others open. */
#ifndef LIFELINE_HAR_H
#define LIFELINE_HAR_H

#include "out.h"

struct har;

/* Begins the document. out is borrowed. live: entries are printed as they come, not sorted.
 * max_bytes: what it may hold, all in all. max_body_bytes: up to which a body is decoded; 0: bodies
 * weren't asked for. An entry takes ten times as much while it is written. */
struct har *har_new(struct out *out, bool live, size_t max_bytes, unsigned max_body_bytes);
/* Adds an entry. connection: as lifeline_peek() gives it, or NULL. */
void har_entry(struct har *har, const struct lifeline_exchange *exchange,
               const struct lifeline_connection *connection);
/* Prints what waits, ends the document, and frees. */
void har_free(struct har *har);

#endif
