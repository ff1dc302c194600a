/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "source.h"

#include <string.h>

#include <glib.h>

static const struct source_format *const formats[] = {&source_pcap, &source_pcapng};

static const struct source_format *find_format(struct stream *stream, char **error)
{
    const uint8_t *magic = stream_need(stream, SOURCE_MAGIC_BYTES);
    if (!magic) {
        if (stream->error)
            *error = g_strdup(stream->error);
        else if (stream->end == stream->next)
            *error = g_strdup("the file is empty");
        else
            *error = g_strdup("not a capture file: too short");
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        if (formats[i]->probe(magic))
            return formats[i];
    *error =
        g_strdup_printf("not a pcap or pcapng capture file (it begins with %02x %02x %02x %02x)",
                        magic[0], magic[1], magic[2], magic[3]);
    return NULL;
}

struct source *source_open(const char *path, const struct stream_hooks *hooks,
                           size_t max_window_bytes, char **error)
{
    struct stream *stream = stream_open(path, hooks, max_window_bytes, error);
    if (!stream)
        return NULL;
    const struct source_format *format = find_format(stream, error);
    if (!format) {
        stream_close(stream);
        return NULL;
    }
    struct source *source = g_new0(struct source, 1);
    source->format = format;
    source->stream = stream;
    if (!format->open(source)) {
        *error = g_steal_pointer(&source->error);
        source_close(source);
        return NULL;
    }
    return source;
}

void source_close(struct source *source)
{
    source->format->close(source);
    if (source->stream)
        stream_close(source->stream);
    g_free(source->error);
    g_free(source);
}
