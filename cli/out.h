/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out: the output buffer of a view, with the number formats that all of them share.
 *
 * Model: text is built in a buffer that goes to the stream when it is full, at out_line() when the
 * input is live, and at the end. Numbers and times are formatted here because a connection record
 * holds a hundred of them and must take about a microsecond; stdio's formats take a hundred
 * nanoseconds each.
 * Errors: a failed write is left for main to find with ferror(); the text is dropped.
 */
#ifndef LIFELINE_OUT_H
#define LIFELINE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lifeline.h"

#define OUT_SIZE        131072
#define OUT_MAX_RESERVE 16384

/* The date printed last: most times of a capture share it. */
struct out_date {
    int64_t day; /* since 1970-01-01; INT64_MIN: none yet */
    char text[12];
};

struct out {
    FILE *file;
    bool live; /* flush after each line */
    size_t used;
    struct out_date date;
    char data[OUT_SIZE];
};

/* A new buffer before file, which is not closed with it. Without a file (NULL) it's a scratch pad
 * that forgets what doesn't fit. Never returns NULL: running out of memory ends the program. */
struct out *out_new(FILE *file, bool live);
/* Flushes and frees. */
void out_free(struct out *out);
void out_flush(struct out *out);
/* Call after each complete line or record: lets live output through. */
void out_line(struct out *out);

/* At least size octets (at most OUT_MAX_RESERVE) to write to; out_commit() says how many it were.
 */
static inline char *out_reserve(struct out *out, size_t size)
{
    if (OUT_SIZE - out->used < size)
        out_flush(out);
    return out->data + out->used;
}

static inline void out_commit(struct out *out, const char *end)
{
    out->used = (size_t)(end - out->data);
}

void out_bytes(struct out *out, const char *bytes, size_t length);
void out_text(struct out *out, const char *text);
void out_char(struct out *out, char c);
void out_u64(struct out *out, uint64_t value);
void out_format(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The put_ functions write at p and return the end. Rooms: u64 20, seconds 22, time 30. */
char *put_u64(char *p, uint64_t value);
/* A duration as decimal seconds without needless zeros: 0.0101, exact to the nanosecond. */
char *put_seconds(char *p, int64_t ns);
/* "2026-11-22T10:00:00.000000000Z", RFC 3339; years outside 0 to 9999 can't occur in 64 bits. */
char *put_time(struct out_date *date, char *p, int64_t ns);

#endif
