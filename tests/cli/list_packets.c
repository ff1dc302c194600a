/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the packets of a capture, one a line: number, time in ns, captured and wire length, link
 * type, and the FNV-1a hash of the data. Ends with "end" or "broken: why"; exits as lifeline does.
 */
#include <inttypes.h>
#include <stdio.h>

#include <glib.h>

#include "source.h"

static uint32_t hash(const uint8_t *data, uint32_t bytes)
{
    uint32_t value = 2166136261u;
    for (uint32_t i = 0; i < bytes; i++)
        value = (value ^ data[i]) * 16777619u;
    return value;
}

/* Returns the exit status that lifeline would have for this file alone. */
static int list(const char *path)
{
    char *error;
    struct source *source = source_open(path, NULL, SOURCE_WINDOW_BYTES, &error);
    if (!source) {
        printf("refused: %s\n", error);
        g_free(error);
        return 3;
    }
    struct lifeline_frame frame;
    enum source_result result;
    while ((result = source_next(source, &frame)) == SOURCE_FRAME)
        printf("%" PRIu64 " %" PRId64 " %u %u %u %08x\n", frame.number, frame.time_ns,
               frame.captured_bytes, frame.wire_bytes, frame.link_type,
               hash(frame.data, frame.captured_bytes));
    int status = result == SOURCE_END ? 0 : 4;
    printf("%s%s\n", status == 0 ? "end" : "broken: ", status == 0 ? "" : source->error);
    source_close(source);
    return status;
}

int main(int argc, char **argv)
{
    int worst = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        int status = list(argv[i]);
        worst = status > worst ? status : worst;
    }
    return worst;
}
