/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Standard output as the stream that views print to.
 *
 * Views flush it after each line when the input is live. That must not cost a system call per line
 * while a backlog is read: what they flush is gathered here, and is written when there is much of
 * it, or when the input makes wait. Errors keep their cause, which stdio forgets.
 */
#ifndef LIFELINE_STANDARD_OUTPUT_H
#define LIFELINE_STANDARD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct standard_output;

struct standard_output *standard_output_new(void);
FILE *standard_output_file(const struct standard_output *output);
/* Writes out all that was printed so far. False when that, or an earlier write, failed. */
bool standard_output_flush(struct standard_output *output);
/* Nothing is written any more, and what waits neither. */
void standard_output_discard(struct standard_output *output);
/* The errno of the first failed write; 0 while all is well. */
int standard_output_error(const struct standard_output *output);
/* Flushes and frees; returns the error. */
int standard_output_close(struct standard_output *output);

#endif
