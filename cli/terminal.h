/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What standard output can show. */
#ifndef LIFELINE_TERMINAL_H
#define LIFELINE_TERMINAL_H

#include <stdbool.h>

/* Columns of the terminal on standard output; 0 when it is none. */
unsigned terminal_columns(void);

/* Is standard output a terminal that shows ANSI colours, and doesn't NO_COLOR forbid them? */
bool terminal_color(void);

/* Does the locale (LC_CTYPE, set by translate_init()) encode text in UTF-8? */
bool terminal_utf8(void);

#endif
