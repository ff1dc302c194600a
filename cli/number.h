/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that options take, with their fractions. */
#ifndef LIFELINE_NUMBER_H
#define LIFELINE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a number above 0, up to most; *into is left alone when the text isn't one. */
bool number_read(const char *text, double most, double *into);

/* The same as seconds, which are told in nanoseconds, 1 at least. */
bool number_read_seconds(const char *text, int64_t *into_ns);
/* What to call them in "'x' is not ...". */
#define NUMBER_SECONDS "a number of seconds above 0, up to 1e9"

#endif
