/* SPDX-License-Identifier: GPL-2.0-or-later */
/* style: how things look on the terminal: colours, and the characters that lines are made of. */
#ifndef LIFELINE_STYLE_H
#define LIFELINE_STYLE_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

enum paint {
    PAINT_NONE,
    PAINT_DIM,
    PAINT_BOLD,
    PAINT_GOOD,
    PAINT_NOTICE,
    PAINT_BAD,
    PAINT_OPENING,
    PAINT_OPEN,
    PAINT_CLOSING,
    PAINT_TIME_WAIT,
    PAINT_HTTP,
};

/* Box drawing in UTF-8 or ASCII. */
struct glyphs {
    const char *shaft, *right, *left, *lost;      /* of an arrow */
    const char *line, *from_client, *from_server; /* lifelines, where arrows begin */
    const char *to;                               /* "a -> b" */
    const char *dot;                              /* between phrases, with its spaces */
    const char *ellipsis;
};

extern const struct glyphs style_utf8, style_ascii;

/* Appends text, in colour when color is set. */
void style_append(GString *out, bool color, enum paint paint, const char *text);

enum paint style_of_state(uint8_t state);       /* enum lifeline_state */
enum paint style_of_severity(uint8_t severity); /* enum lifeline_severity */
enum paint style_of_status(uint64_t status);    /* of HTTP */

#endif
