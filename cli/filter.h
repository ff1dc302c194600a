/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet filters in libpcap's language, applied here and not while reading, so that frame numbers
 * stay positions in the input. An expression is compiled once for each link type that comes up.
 */
#ifndef LIFELINE_FILTER_H
#define LIFELINE_FILTER_H

#include <stdbool.h>

#include "lifeline.h"

struct filter;

/* Compiles expression far enough to know that it is one. NULL, with *error set to a g_malloc'ed
 * message, when its syntax is wrong. Borrows expression. */
struct filter *filter_new(const char *expression, char **error);
void filter_free(struct filter *filter);

enum filter_result { FILTER_DROP, FILTER_PASS, FILTER_ERROR };
/* FILTER_ERROR: the expression makes no sense for the frame's link type; see filter_error(). */
enum filter_result filter_apply(struct filter *filter, const struct lifeline_frame *frame);
const char *filter_error(const struct filter *filter);

#endif
