/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Compression formats of capture files, recognised by their first bytes.
 *
 * Each format is one row of a table: a decoder that is fed compressed bytes as they come and gives
 * what they decode to at once, so that a compressed stream from a pipe is not held back. Members
 * (gzip) or frames (zstd, lz4) one after the other are one stream, as their own tools see it.
 */
#ifndef LIFELINE_INFLATE_H
#define LIFELINE_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum inflate_result {
    INFLATE_MORE,    /* inside a member */
    INFLATE_BETWEEN, /* a member is complete: the input may end here, or another one follows */
    INFLATE_DAMAGED,
    INFLATE_REFUSED, /* it needs more memory than is allowed */
};

static inline bool inflate_failed(enum inflate_result result)
{
    return result == INFLATE_DAMAGED || result == INFLATE_REFUSED;
}

struct inflate_format {
    const char *name;
    const uint8_t magic[4], mask[4];
    /* max_window_bytes, at least 1024: how much of the output the decoder may have to keep; bounds
     * zstd alone, the others keep 64 KiB and a block of up to 4 MiB at most. NULL when memory is
     * short. */
    void *(*open)(size_t max_window_bytes);
    /* Decodes from in to out; *in_bytes and *out_bytes say what there is, and return what was used.
     * On damage or refusal *error names the cause; it lives until close. */
    enum inflate_result (*step)(void *state, const uint8_t *in, size_t *in_bytes, uint8_t *out,
                                size_t *out_bytes, const char **error);
    void (*close)(void *state);
};

/* Bytes that inflate_probe() wants to see. */
#define INFLATE_MAGIC_BYTES 4

/* The format of that name, or NULL. */
const struct inflate_format *inflate_by_name(const char *name);

/* The format that data begins with, or NULL for data that is not compressed. */
const struct inflate_format *inflate_probe(const uint8_t *data, size_t bytes);

/* The name of a compression that is recognised but not read ("xz"), or NULL. */
const char *inflate_unsupported(const uint8_t *data, size_t bytes);

#endif
