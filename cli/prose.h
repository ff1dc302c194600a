/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prose: paragraphs wrapped to a width, in any script: Chinese breaks between its characters. */
#ifndef LIFELINE_PROSE_H
#define LIFELINE_PROSE_H

#include <glib.h>

/* Appends safe text and a newline, its first line from column on, the others indented by so many
 * spaces. width 0: not wrapped. */
void prose_append(GString *out, const char *text, unsigned column, unsigned indent, unsigned width);

#endif
