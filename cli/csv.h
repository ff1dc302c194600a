/* SPDX-License-Identifier: GPL-2.0-or-later */
/* csv: records as comma-separated values (RFC 4180), driven by the schema. */
#ifndef LIFELINE_CSV_H
#define LIFELINE_CSV_H

#include "lifeline.h"
#include "out.h"

struct csv;

/* Writes the header line: the paths of the schema. out is borrowed. */
struct csv *csv_new(struct out *out, enum lifeline_record_kind kind);
void csv_free(struct csv *csv);

/* One line. record is the struct that belongs to the kind. */
void csv_record(struct csv *csv, const void *record);

#endif
