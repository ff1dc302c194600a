/* SPDX-License-Identifier: GPL-2.0-or-later */
/* listing: what views that print a record a line have in common: the record as JSON or CSV, or a
 * row of a table, which the view makes. */
#ifndef LIFELINE_LISTING_H
#define LIFELINE_LISTING_H

#include <stdbool.h>

#include <glib.h>

#include "csv.h"
#include "json.h"
#include "out.h"
#include "table.h"
#include "view.h"

/* Of json, csv and table there is the one of the chosen format, or none: the view's own. */
struct listing {
    enum lifeline_record_kind kind;
    struct out *out;
    struct json *json;
    struct csv *csv;
    struct table *table;
    GString *cell; /* of the table, to be filled */
    bool ascii;
};

/* headers: as for json_new(). columns: count of them, borrowed. */
void listing_open(struct listing *listing, const struct view_context *context,
                  enum lifeline_record_kind kind, bool headers, const struct column *columns,
                  unsigned count);
void listing_close(struct listing *listing);

/* Prints the record as JSON or CSV. */
void listing_record(struct listing *listing, const void *record);

#endif
