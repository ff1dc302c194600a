/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prose: sentences with values filled in, and paragraphs wrapped to a width, in any script: Chinese
 * breaks between its characters. */
#ifndef LIFELINE_PROSE_H
#define LIFELINE_PROSE_H

#include <glib.h>

/* Appends safe text in lines of so many columns, the first from column on, the others indented by
 * so many spaces. A space at its beginning is a place to break, too. No newline at the end. width
 * 0: not wrapped. */
void prose_append(GString *out, const char *text, unsigned column, unsigned indent, unsigned width);

/* Values for the {names} of a template. */
struct prose_value {
    const char *name, *text;
};
/* Appends a template, which may be a translation; the values end with a NULL name. */
void prose_fill(GString *out, const char *text_template, const struct prose_value *values);

#endif
