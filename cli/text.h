/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text: what people read. Strings made safe, measured and cut in columns, numbers in human units.
 *
 * Whatever comes from packets goes through text_append_safe(): what could drive a terminal, or
 * change the order in which text is shown, is written as an escape.
 */
#ifndef LIFELINE_TEXT_H
#define LIFELINE_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "lifeline.h"

/* Appends text with control characters and octets that are no UTF-8 as \xNN, and with bidirectional
 * controls and invisible or unassigned characters as \u{NNNN}. ascii: the same for all beyond
 * ASCII. Newlines and tabs are control characters here. */
void text_append_safe(GString *out, const char *text, size_t length, bool ascii);

/* Columns that safe text takes. Wide characters take two, combining ones none. */
unsigned text_columns(const char *text, size_t length);
/* Octets of the longest prefix of safe text that fits in so many columns. */
size_t text_fitting(const char *text, size_t length, unsigned columns);
/* Cuts what was appended to out since start to so many columns, with an ellipsis at the end. */
void text_cut(GString *out, size_t start, unsigned columns, bool ascii);

/* "85 us", "10.2 ms", "1.25 s", "2 min 5 s", "3 h 20 min"; "?" when unknown. */
void text_append_duration(GString *out, int64_t ns, bool ascii);
/* What is left of a TIME-WAIT that runs: "59.9 s", or "29–60 s" where its end is an interval. */
void text_append_remaining(GString *out, const struct lifeline_time_wait *time_wait, bool ascii);
/* "282 B", "16.4 kB", "1.79 GB": decimal units; "?" when unknown. */
void text_append_bytes(GString *out, uint64_t bytes);
/* The count, a space, and the text with "{one|many}" in it: "packet{ was|s were} lost". */
void text_append_count(GString *out, uint64_t count, const char *text);
/* The same without the count. */
void text_append_words(GString *out, uint64_t count, const char *text);
/* "2026-11-22 10:00:00.000000" in UTC, with so many digits of the second (0 to 9). */
void text_append_time(GString *out, int64_t ns, unsigned digits);
void text_append_u64(GString *out, uint64_t value);
/* "0.010686": seconds with six digits, rounded down. */
void text_append_offset(GString *out, int64_t ns);
/* "10:01:02" in UTC, with so many digits of the second, rounded down; with the date when it isn't
 * the one of reference_ns. */
void text_append_clock(GString *out, int64_t ns, int64_t reference_ns, unsigned digits);
/* "10.0.0.2:40000", "[2001:db8::1]:80". */
void text_append_endpoint(GString *out, const struct lifeline_endpoint *endpoint);
/* The same in so many columns (0: as many as it takes): the port always, and both ends of the
 * address, "[2001:db…0:17]:80", for neighbours often differ in the last digits alone. */
void text_append_short_endpoint(GString *out, const struct lifeline_endpoint *endpoint,
                                unsigned columns, bool ascii);

#endif
