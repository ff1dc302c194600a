/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a capture file: every packet given must be readable from end to end. */
#include <glib.h>

#include "fuzz.h"
#include "memory_file.h"
#include "source.h"

/* Written where the compiler can't tell that nobody looks, so that every byte is read. */
static volatile uint8_t touched;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[40];
    int fd = memory_file(data, bytes, path);
    char *error = NULL;
    struct source *source = source_open(path, NULL, SOURCE_WINDOW_BYTES, &error);
    if (source) {
        struct lifeline_frame frame;
        uint64_t last = 0;
        while (source_next(source, &frame) == SOURCE_FRAME) {
            if (frame.number <= last)
                abort();
            last = frame.number;
            for (uint32_t i = 0; i < frame.captured_bytes; i++)
                touched ^= frame.data[i];
        }
        source_close(source);
    } else if (!error) {
        abort();
    }
    g_free(error);
    close(fd);
    return 0;
}
