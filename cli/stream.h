/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A capture file as a stream of bytes: from a file, a pipe or standard input, decompressed.
 *
 * The stream keeps a window of the content. A reader asks for the next n bytes as one piece, looks
 * at them in place and consumes them: nothing is copied but by the kernel and the decompressor.
 * A request returns as soon as its bytes are there: what has arrived in a pipe is never held back
 * to fill a buffer. Before the stream waits for a pipe it calls a hook, so that output is flushed.
 */
#ifndef LIFELINE_STREAM_H
#define LIFELINE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Memory from g_malloc() that content is read into; bytes: its size. */
struct window {
    uint8_t *at;
    size_t bytes;
};

struct stream_hooks {
    void (*waiting)(void *user); /* nothing to read for now */
    /* The window is about to be filled anew, or freed. Who needs what it holds longer keeps it and
     * returns another one, of any size; else returns it. */
    struct window (*turn)(void *user, struct window window);
    void *user;
};

struct stream_private;

struct stream {
    const uint8_t *next, *end; /* the window: content that is there and not consumed */
    uint64_t offset;           /* of next in the (decompressed) content */
    char *error;               /* why the content ends early; NULL for a clean end */
    struct stream_private *private;
};

/* Opens path, "-" being standard input. Hooks are borrowed until the stream is closed; each may be
 * NULL, and hooks, too. max_window_bytes: see inflate.h. On failure returns NULL and sets *error to
 * a g_malloc'ed message without the file's name. */
struct stream *stream_open(const char *path, const struct stream_hooks *hooks,
                           size_t max_window_bytes, char **error);
void stream_close(struct stream *stream);

/* Reads until the window holds at least bytes; false when the content ends before (the window then
 * holds what there is). Moves the window: earlier pointers are invalid after. */
bool stream_fill(struct stream *stream, size_t bytes);

/* The next bytes of the content, valid until the next call, or NULL when it ends before. */
static inline const uint8_t *stream_need(struct stream *stream, size_t bytes)
{
    if ((size_t)(stream->end - stream->next) >= bytes || stream_fill(stream, bytes))
        return stream->next;
    return NULL;
}

/* Passes over bytes of the window. */
static inline void stream_consume(struct stream *stream, size_t bytes)
{
    stream->next += bytes;
    stream->offset += bytes;
}

/* Passes over any number of bytes; false when the content ends before. */
bool stream_skip(struct stream *stream, uint64_t bytes);

/* Bytes read so far and to be read from the file itself, for progress; false when it has no size.
 */
bool stream_progress(const struct stream *stream, uint64_t *done, uint64_t *total);

#endif
