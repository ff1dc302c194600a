/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * coding: HTTP content codings (RFC 9110 8.4) undone, in memory.
 *
 * Model
 *   A list of codings, in the order applied, is undone from its last to its first; each is a row of
 * a table and works like the formats of inflate.h. What decodes is kept even when the rest doesn't:
 * bodies are cut by limits, by the capture's end, by damage; a note says so.
 *
 * Limits
 *   The caller's bound of output for each coding of the list, whatever the input promises (a
 * "decompression bomb" stops there), CODING_MAX_LIST codings, and the windows that the formats'
 * own RFCs allow: 8 MiB for zstd (RFC 9659), 16 MiB for brotli (RFC 7932); of a window no more is
 * touched than was decoded.
 */
#ifndef LIFELINE_CODING_H
#define LIFELINE_CODING_H

#include <stdbool.h>

#include <glib.h>

#define CODING_MAX_LIST 4

/* Undoes the comma-separated codings on length octets, up to max_bytes of output each. Returns what
 * they decode to, to be freed with g_byte_array_unref(), or NULL when the list is empty ("identity"
 * counts as nothing) or the first step fails at once. *whole: this is all of it. Notes go to note,
 * separated by "; ". */
GByteArray *coding_undo(const char *codings, const guint8 *bytes, gsize length, guint max_bytes,
                        bool *whole, GString *note);

/* Adds a note behind those that are there. */
void coding_note(GString *note, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif
