/* SPDX-License-Identifier: GPL-2.0-or-later */
/* explain: what the files of the explain view share: its state, and how it prints. */
#ifndef LIFELINE_EXPLAIN_H
#define LIFELINE_EXPLAIN_H

#include "explain_text.h"
#include "out.h"
#include "prose.h"
#include "view.h"

#define EXPLAIN_INDENT 4

enum section { SECTION_NONE, SECTION_OPENING, SECTION_DATA, SECTION_CLOSING, SECTION_END };

/* What one end sent since the last step. */
struct sent {
    uint64_t segments, bytes, repeated, keep_alives, zero_windows;
};

struct explain {
    struct view_context context;
    struct out *out;
    bool chosen, done;
    uint64_t connection;
    int64_t start_ns;
    const struct lifeline_options *options; /* how long TIME-WAIT lasts */
    enum section section;
    struct explain_past past;
    struct sent sent[2];
    uint64_t run_first, run_last; /* frames of the run */
    int64_t run_first_ns;
    uint64_t exchanges;
    GPtrArray *findings; /* char *: what is to be said of them, at the end */
    GString *line;       /* scratch */
};

/* explain_print.c. Texts are translated, but for messages. */
void explain_line(struct explain *view);
void explain_prose(struct explain *view, const char *text, unsigned indent);
/* A message with values filled in, as a paragraph that begins with a capital. */
void explain_filled(struct explain *view, const char *message, const struct prose_value *values,
                    unsigned indent);
/* The heading of a section, unless it stands above already. */
void explain_enter(struct explain *view, enum section section);
const char *explain_role(uint8_t role);
/* "+0.010686 s", since the connection's first segment. */
void explain_time(GString *text, const struct explain *view, int64_t time_ns);
char *explain_duration(const struct explain *view, int64_t ns);
void explain_capital(GString *text, size_t at);

/* explain_run.c: segments that only carry data. */
void explain_add(struct explain *view, const struct lifeline_event *event);
/* Tells what was added since the last time. */
void explain_run(struct explain *view);

/* explain_step.c: a segment, or a timer, that is told by itself. */
void explain_step(struct explain *view, const struct lifeline_event *event);

#endif
