/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The input as a whole: all files one after the other, or an interface, through the engine. */
#ifndef LIFELINE_INPUT_H
#define LIFELINE_INPUT_H

#include "filter.h"
#include "lifeline.h"
#include "options.h"
#include "source.h"
#include "standard_output.h"

/* Who gets the segments of files; see stream.h for turn. */
struct segment_taker {
    lifeline_segment_fn segment;
    struct window (*turn)(void *user, struct window window);
    void *user;
};

/* What one pass over the input uses and tells. */
struct input {
    const struct options *options;
    char *const *paths;             /* where options->files are to be read from */
    struct filter *filter;          /* NULL: none */
    struct source *live;            /* an open interface; NULL: read the paths */
    struct standard_output *output; /* flushed whenever the input makes wait */
    bool quiet; /* no messages, no progress: a pass before the one that prints */
    const struct segment_taker *taker; /* NULL: the engine */

    struct lifeline_frame frame; /* the one that is looked at */

    int64_t end_ns;    /* when the file before this one ends; 0: it is the first */
    bool order_told;   /* that files aren't in order */
    uint64_t frames;   /* positions counted so far, over all files */
    uint64_t filtered; /* frames that the filter dropped */
    int status;        /* enum exit_status: the worst so far */
};

/* Pushes all packets into the engine, which the caller finishes. Complains on standard error about
 * each file that it can't read to its end, and goes on with the next. Returns input->status. */
int input_read(struct input *input, struct lifeline_engine *engine);

/* Is the payload part of the frame, which lies in the window, and not put together elsewhere? */
bool input_holds(const struct input *input, const struct lifeline_segment *segment);

/* Complains about files that can't be opened, before anything is printed. Returns EXIT_DONE, or
 * EXIT_UNREADABLE. */
int input_check(const struct options *options);

/* The input in few words, for titles; g_malloc'ed. */
char *input_describe(const struct options *options);

#endif
