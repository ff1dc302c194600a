/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a source ends: at its end, inside a packet, or where it is damaged. */
#include "source.h"

#include <stdarg.h>

#include <glib.h>

#include "signals.h"

enum source_result source_broken(struct source *source, uint64_t at_byte, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *cause = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_free(source->error);
    source->error =
        g_strdup_printf("packet %" G_GUINT64_FORMAT " at byte %" G_GUINT64_FORMAT ": %s",
                        source->records + 1, at_byte, cause);
    g_free(cause);
    return SOURCE_BROKEN;
}

enum source_result source_ended(struct source *source, uint64_t at_byte, const char *what,
                                uint64_t wanted)
{
    struct stream *stream = source->stream;
    uint64_t end_byte = stream->offset + (uint64_t)(stream->end - stream->next);
    if (stream->error)
        return source_broken(source, end_byte, "%s", stream->error);
    if (signals_stop || signals_cut || end_byte == at_byte)
        return SOURCE_END;
    return source_broken(source, at_byte,
                         "the file ends inside the %s (%" G_GUINT64_FORMAT " bytes expected, "
                         "%" G_GUINT64_FORMAT " there)",
                         what, wanted, end_byte - at_byte);
}
