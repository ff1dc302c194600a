/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder_text: a ladder drawn with characters, between two lifelines, never wider than asked. */
#ifndef LIFELINE_LADDER_TEXT_H
#define LIFELINE_LADDER_TEXT_H

#include "ladder.h"

struct ladder_style {
    unsigned width; /* columns; 0: as wide as the labels need */
    bool color, utf8, verbose;
};

/* Appends the whole block of a connection: title, verdict, findings, rows. Ends with a newline. */
void ladder_text_append(GString *out, const struct ladder *ladder,
                        const struct lifeline_connection *connection,
                        const struct ladder_style *style);

#endif
