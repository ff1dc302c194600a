/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: lifeline [COMMAND] [OPTIONS] FILE... */
#ifndef LIFELINE_CLI_OPTIONS_H
#define LIFELINE_CLI_OPTIONS_H

#include <stdbool.h>

#include "lifeline.h"
#include "source.h"
#include "view.h"

enum exit_status {
    EXIT_DONE = 0,
    EXIT_FOUND = 1,      /* diagnose --fail-on */
    EXIT_USAGE = 2,      /* also: a filter that doesn't compile */
    EXIT_UNREADABLE = 3, /* an input can't be opened or is not a capture */
    EXIT_CUT = 4,        /* an input ends inside a packet or is damaged: all before it is printed */
    EXIT_UNWRITTEN = 5,  /* the output could not be written */
};

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* Strings live until options_release(). */
struct options {
    const struct view *view;
    const char *format;              /* of the view's */
    char **files;                    /* ends with NULL; empty for a live capture */
    struct source_live_options live; /* interface NULL: read files */
    uint64_t max_packets;            /* stop after so many; 0: don't */
    const char *filter, *where;
    uint64_t connection; /* LIFELINE_UNKNOWN_COUNT: all */
    bool verbose;
    unsigned jobs; /* threads, at most; 0: as many as help */
    enum when color;
    unsigned width; /* 0: not given */
    struct lifeline_options engine;
};

/* Parses the command line. True: go on. False: *status is the exit status (0 after --help). */
bool options_parse(int argc, char **argv, struct options *options, int *status);
void options_release(void);

#endif
