/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a long run is, on standard error when that is a terminal and the data goes elsewhere. */
#ifndef LIFELINE_PROGRESS_H
#define LIFELINE_PROGRESS_H

#include <stdint.h>

struct progress; /* NULL when none is to be shown: all calls take it */

struct progress *progress_new(void);
/* Call it now and then: it looks at the clock itself. total 0: not known. */
void progress_show(struct progress *progress, const char *file, uint64_t frames, uint64_t done,
                   uint64_t total);
/* Clears the line, before other messages and at the end. */
void progress_clear(struct progress *progress);
void progress_free(struct progress *progress);

#endif
