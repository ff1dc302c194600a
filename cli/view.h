/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The views: what the lifeline program can print. A view is one file, view_<name>.c, that defines
 * one `const struct view view_<name>`, and one row of the table in views.c.
 *
 * main opens the view that the command word names, builds an engine with the sink that the view
 * filled in, pushes the input through it, and closes the view. Selection of connections (-c,
 * --where, --shard) and of packets (-f) happens before the sink: a view prints all it is given.
 */
#ifndef LIFELINE_VIEW_H
#define LIFELINE_VIEW_H

#include <stdio.h>

#include <glib.h>

#include "lifeline.h"

/* What a view may know about the run. Owned by main, valid until the view is closed. */
struct view_context {
    FILE *out;           /* standard output, fully buffered; main checks and reports its errors */
    const char *format;  /* one of the view's own formats */
    const char *input;   /* for titles: "a.pcap", "a.pcap and 2 more", "eth0", "standard input" */
    bool live;           /* endless input: don't hold back what could be printed */
    bool color;          /* out takes ANSI colours */
    bool utf8;           /* out takes UTF-8; else keep to ASCII */
    bool verbose;        /* -v */
    unsigned width;      /* columns of the terminal or of --width; 0: not limited */
    uint64_t connection; /* the one of -c; LIFELINE_UNKNOWN_COUNT: all. For titles: see above */
    bool selects;        /* -c or --where: not all connections are given to the view */
    const struct lifeline_options *options; /* the engine's, as given */
    size_t memory_bytes; /* the view may hold: a quarter of --max-memory, which the engine leaves */
    struct lifeline_engine *engine; /* for lifeline_peek(), if it's asking; NULL in open */
};

struct view {
    const char *command; /* "time-wait" */
    const char *formats; /* "text,jsonl,csv"; the first is the default */
    const char *asking;  /* those that call lifeline_peek(); NULL: none */
    const char *summary; /* one line for `lifeline --help`: "one record per connection" */
    const char *help;    /* paragraphs for `lifeline COMMAND --help`; NULL: the summary is enough */
    const char *many;    /* said behind the text of many connections on a terminal; or NULL */
    const GOptionEntry *entries; /* options of this view alone, into its static storage; or NULL */

    /* Begins: checks the view's own options, fills in the sink, and may adjust what the engine
     * shall keep or judge (options->keep_headers, keep_body_bytes, thresholds). Returns the state
     * for close (non-NULL; it may be the sink's user), or NULL with *error set to a g_malloc'ed
     * message (bad usage: exit status 2). May print a prologue. */
    void *(*open)(const struct view_context *context, struct lifeline_options *options,
                  struct lifeline_sink *sink, char **error);

    /* After lifeline_finish(): prints what is left and frees the state. Returns the exit status:
     * 0, or 1 when what the user asked to be told by status was found. */
    int (*close)(void *state, const struct lifeline_counters *counters);
};

/* The table in views.c: the first is the default command; ends with NULL. */
extern const struct view *const views[];
/* The view of a command word, or NULL. */
const struct view *view_find(const char *command);
/* The command that a misspelt word may have meant, or NULL. */
const char *view_suggest(const char *command);

#endif
