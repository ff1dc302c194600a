/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * table: aligned columns of text, one line a record, printed as they come.
 *
 * Widths are fixed beforehand, because records stream. Where the width is limited, the columns that
 * matter least are left out until the others fit, what is left over goes to the most elastic ones,
 * and longer cells are cut. Those of rank 1 stay as long as others, made as narrow as they may be,
 * leave room for them. Where it isn't (a pipe, a file), nothing is left out or cut, and a
 * column grows with what came so far: rows of IPv6 addresses stand under each other.
 */
#ifndef LIFELINE_TABLE_H
#define LIFELINE_TABLE_H

#include <glib.h>

#include "out.h"
#include "style.h"
#include "view.h"

struct column {
    const char *title;
    unsigned columns; /* width, at least */
    unsigned least;   /* elastic: width to keep columns of rank 1 shown; 0: its own */
    unsigned rank;    /* the highest are left out first; 0 never */
    bool right;       /* aligned */
    unsigned elastic; /* 0: not at all */
};

struct table;

/* columns: count of them, borrowed. The heading is printed with the first row. */
struct table *table_new(struct out *out, const struct view_context *context,
                        const struct column *columns, unsigned count);
void table_free(struct table *table);

/* The next cell of the row, from left to right: safe text; it is emptied. */
void table_cell(struct table *table, GString *text, enum paint paint);
/* Is the next cell's column shown? (Its text needn't be made when not.) Width: what it may take, 0
 * when not limited. */
bool table_wants(const struct table *table, unsigned *width);
void table_end(struct table *table);

#endif
