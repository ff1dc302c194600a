/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "listing.h"

#include <string.h>

void listing_open(struct listing *listing, const struct view_context *context,
                  enum lifeline_record_kind kind, bool headers, const struct column *columns,
                  unsigned count)
{
    *listing = (struct listing){
        .kind = kind,
        .out = out_new(context->out, context->live),
        .cell = g_string_new(NULL),
        .ascii = !context->utf8,
    };
    if (strcmp(context->format, "jsonl") == 0)
        listing->json = json_new(listing->out, headers);
    else if (strcmp(context->format, "csv") == 0)
        listing->csv = csv_new(listing->out, kind);
    else if (strcmp(context->format, "text") == 0)
        listing->table = table_new(listing->out, context, columns, count);
}

void listing_close(struct listing *listing)
{
    if (listing->json)
        json_free(listing->json);
    if (listing->csv)
        csv_free(listing->csv);
    if (listing->table)
        table_free(listing->table);
    g_string_free(listing->cell, TRUE);
    out_free(listing->out);
}

void listing_record(struct listing *listing, const void *record)
{
    if (listing->json)
        json_record(listing->json, listing->kind, record);
    else if (listing->csv)
        csv_record(listing->csv, record);
}
