/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_TEXT_H
#define LIFELINE_PLUGIN_TEXT_H

#include "annotations.h"

/* What a packet says, as a field's value: octets that are no UTF-8 are replaced, as in Wireshark's
 * own fields. */
const char *text_valid(wmem_allocator_t *scope, const char *text);

/* What a packet says, as part of a line for eyes: in addition, what a terminal would obey and what
 * can't be shown is escaped. */
const char *text_shown(wmem_allocator_t *scope, const char *text);

/* At most so many octets of a valid text: whole characters, and an ellipsis if it is longer. */
const char *text_cut(wmem_allocator_t *scope, const char *text, size_t max_bytes);

/* How many octets of a text are its first line: whole words, where they fit. */
size_t text_line(const char *text, size_t max_bytes);

/* "teardown 1/4, client ESTABLISHED -> FIN-WAIT-1", with an arrow: one line for a note. */
const char *text_summary(wmem_allocator_t *scope, const struct note *note);

/* "client ESTABLISHED -> FIN-WAIT-1", with an arrow. */
const char *text_transition(wmem_allocator_t *scope, const struct lifeline_transition *transition);

/* "GET /index.html", an arrow, "200 OK", as far as they are known; and an outcome that isn't
 * complete. */
const char *text_exchange(wmem_allocator_t *scope, const struct lifeline_exchange *exchange);

#endif
