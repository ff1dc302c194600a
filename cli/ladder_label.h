/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder_label: what a row of a ladder says, for all drawings of it. Safe text. */
#ifndef LIFELINE_LADDER_LABEL_H
#define LIFELINE_LADDER_LABEL_H

#include "ladder.h"
#include "style.h"

struct ladder_label {
    GString *text; /* on the arrow: "teardown-1 FIN,ACK", "GET /", "12 segments 16.4 kB 0.3 s" */
    size_t steps_bytes; /* of text: "teardown-1 ", which can be left out; 0: nothing can */
    enum paint paint;   /* of text */
    GPtrArray *notes;   /* char *: what else there is to say, most important first */
};

struct ladder_label *ladder_label_new(void);
void ladder_label_free(struct ladder_label *label);

/* incarnation: of the connection. verbose: with flags and numbers of the segment. The label is
 * overwritten. */
void ladder_label_make(struct ladder_label *label, const struct ladder_row *row,
                       uint32_t incarnation, bool verbose, bool ascii);

#endif
