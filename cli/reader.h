/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input, read and decoded by a thread of its own.
 *
 * Model: the thread reads, decompresses, filters and decodes; the segments of a window of the
 * input go through a channel to the caller's thread, which pushes them, with the window that their
 * payload lies in. The engine gets the same calls in the same order as from input_read(), so
 * everything that follows is the same. The decoder's memory and counters belong to the reader
 * while it runs, the rest of the engine to the caller.
 */
#ifndef LIFELINE_READER_H
#define LIFELINE_READER_H

#include "input.h"

/* As input_read(), for input that isn't live. */
int reader_run(struct input *input, struct lifeline_engine *engine);

#endif
