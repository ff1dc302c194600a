/* SPDX-License-Identifier: GPL-2.0-or-later */
/* har: exchanges as an HTTP Archive 1.2, which browsers' developer tools and many others open. */
#ifndef LIFELINE_HAR_H
#define LIFELINE_HAR_H

#include "out.h"

/* The beginning of the document. */
void har_begin(struct out *out);
/* An entry; first: no comma before it. connection: as lifeline_peek() gives it, or NULL. */
void har_entry(struct out *out, const struct lifeline_exchange *exchange,
               const struct lifeline_connection *connection, bool first);
void har_end(struct out *out);

#endif
