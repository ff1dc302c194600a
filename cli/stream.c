/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "inflate.h"
#include "signals.h"

#define WINDOW_BYTES (256 * 1024) /* fits the second-level cache; larger pieces grow it */
#define RAW_BYTES    (128 * 1024)

struct stream_private {
    int fd;
    bool regular;
    uint64_t file_bytes, read_bytes;
    const struct stream_hooks *hooks;
    time_t stop_at; /* see signals.h */

    struct window window;

    const struct inflate_format *format; /* NULL: not compressed */
    void *decoder;
    bool between; /* the compressed content may end here */
    bool pending; /* the last step filled its output: the decoder may hold more */
    bool raw_ended;
    char *damage; /* found behind what was given: the next error; NULL: none */
    uint8_t *raw; /* compressed bytes: [raw_begin, raw_end) */
    size_t raw_begin, raw_end;
};

/* Waits until the descriptor can be read without blocking. False when the end was asked for. */
static bool wait_readable(struct stream_private *p)
{
    if (p->regular)
        return !signals_stop;
    struct pollfd poll_fd = {.fd = p->fd, .events = POLLIN};
    if (!signals_stop && poll(&poll_fd, 1, 0) != 0)
        return true; /* readable, closed, or an error that read() will name */
    if (p->hooks && p->hooks->waiting)
        p->hooks->waiting(p->hooks->user);
    return signals_wait_readable(p->fd, &p->stop_at);
}

/* One read(2): 0 at the end of the file, or after an error, which is then in stream->error. */
static size_t read_some(struct stream *stream, uint8_t *into, size_t bytes)
{
    struct stream_private *p = stream->private;
    for (;;) {
        if (!wait_readable(p))
            return 0;
        ssize_t got = read(p->fd, into, bytes);
        if (got >= 0) {
            p->read_bytes += (uint64_t)got;
            return (size_t)got;
        }
        if (errno != EINTR && errno != EAGAIN) {
            stream->error = g_strdup(g_strerror(errno));
            return 0;
        }
    }
}

/* Decodes until something comes out. 0 at the end, or after an error. */
static size_t decode_some(struct stream *stream, uint8_t *into, size_t bytes)
{
    struct stream_private *p = stream->private;
    for (;;) {
        size_t in_bytes = p->raw_end - p->raw_begin, out_bytes = bytes;
        if (p->damage) {
            stream->error = p->damage;
            p->damage = NULL;
            return 0;
        }
        if (in_bytes == 0 && !p->pending && !p->raw_ended) {
            p->raw_begin = 0;
            p->raw_end = in_bytes = read_some(stream, p->raw, RAW_BYTES);
            p->raw_ended = in_bytes == 0;
        }
        if (stream->error || (in_bytes == 0 && p->between))
            return 0;
        bool more_input = in_bytes > 0;
        const char *error = NULL;
        enum inflate_result result =
            p->format->step(p->decoder, p->raw + p->raw_begin, &in_bytes, into, &out_bytes, &error);
        if (inflate_failed(result)) {
            /* What came before the damage is given first. */
            p->damage = g_strdup_printf(result == INFLATE_DAMAGED
                                            ? "damaged %s data: %s"
                                            : "can't decompress the %s data: %s (see --max-memory)",
                                        p->format->name, error);
            if (out_bytes > 0)
                return out_bytes;
            continue;
        }
        p->between = result == INFLATE_BETWEEN;
        p->raw_begin += in_bytes;
        p->pending = out_bytes == bytes;
        if (out_bytes > 0)
            return out_bytes;
        if (p->raw_ended && !more_input) {
            if (!p->between)
                stream->error = g_strdup_printf("the %s data ends early", p->format->name);
            return 0;
        }
    }
}

/* Another window to read into, or the same. */
static struct window turn_window(struct stream_private *p)
{
    const struct stream_hooks *hooks = p->hooks;
    return hooks && hooks->turn ? hooks->turn(hooks->user, p->window) : p->window;
}

bool stream_fill(struct stream *stream, size_t bytes)
{
    struct stream_private *p = stream->private;
    size_t held = (size_t)(stream->end - stream->next);
    struct window window = turn_window(p), unused = {NULL, 0};
    if (window.bytes < MAX(bytes, WINDOW_BYTES)) {
        unused = window;
        window.bytes = MAX(MAX(bytes, WINDOW_BYTES), 2 * unused.bytes);
        window.at = g_malloc(window.bytes);
    }
    if (held > 0)
        memmove(window.at, stream->next, held);
    g_free(unused.at);
    p->window = window;
    stream->next = window.at;
    stream->end = window.at + held;
    while (held < bytes && !stream->error) {
        uint8_t *into = window.at + held;
        size_t room = window.bytes - held;
        size_t got = p->format ? decode_some(stream, into, room) : read_some(stream, into, room);
        if (got == 0)
            break;
        held += got;
        stream->end = window.at + held;
    }
    return held >= bytes;
}

bool stream_skip(struct stream *stream, uint64_t bytes)
{
    for (;;) {
        size_t held = (size_t)(stream->end - stream->next);
        size_t step = (size_t)MIN(bytes, held);
        stream_consume(stream, step);
        bytes -= step;
        if (bytes == 0)
            return true;
        if (!stream_fill(stream, 1))
            return false;
    }
}

/* Looks at the first bytes and, when they are compressed, puts the decoder in between. */
static bool recognise(struct stream *stream, size_t max_window_bytes, char **error)
{
    struct stream_private *p = stream->private;
    stream_fill(stream, INFLATE_MAGIC_BYTES);
    size_t held = (size_t)(stream->end - stream->next);
    const char *unsupported = inflate_unsupported(stream->next, held);
    if (unsupported) {
        *error = g_strdup_printf("compressed with %s, which isn't read here: decompress it and "
                                 "pipe it in, with - as the file",
                                 unsupported);
        return false;
    }
    p->format = inflate_probe(stream->next, held);
    if (!p->format)
        return true;
    p->decoder = p->format->open(max_window_bytes);
    if (!p->decoder) {
        *error = g_strdup_printf("no memory for the %s decoder", p->format->name);
        return false;
    }
    p->raw = g_malloc(MAX(RAW_BYTES, held));
    memcpy(p->raw, stream->next, held);
    p->raw_end = held;
    stream->end = stream->next;
    return true;
}

struct stream *stream_open(const char *path, const struct stream_hooks *hooks,
                           size_t max_window_bytes, char **error)
{
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd == -1 || fstat(fd, &status) == -1) {
        *error = g_strdup(g_strerror(errno));
        if (fd != -1)
            close(fd);
        return NULL;
    }
    if (S_ISDIR(status.st_mode)) {
        *error = g_strdup(g_strerror(EISDIR));
        close(fd);
        return NULL;
    }
    struct stream *stream = g_new0(struct stream, 1);
    struct stream_private *p = stream->private = g_new0(struct stream_private, 1);
    p->fd = fd;
    p->hooks = hooks;
    p->regular = S_ISREG(status.st_mode);
    p->file_bytes = p->regular ? (uint64_t)status.st_size : 0;
    if (!recognise(stream, max_window_bytes, error)) {
        stream_close(stream);
        return NULL;
    }
    return stream;
}

void stream_close(struct stream *stream)
{
    struct stream_private *p = stream->private;
    if (p->decoder)
        p->format->close(p->decoder);
    close(p->fd);
    g_free(p->raw);
    g_free(p->damage);
    g_free(turn_window(p).at);
    g_free(p);
    g_free(stream->error);
    g_free(stream);
}

bool stream_progress(const struct stream *stream, uint64_t *done, uint64_t *total)
{
    *done = stream->private->read_bytes;
    *total = stream->private->file_bytes;
    return *total > 0;
}
