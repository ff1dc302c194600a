/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the packets of a capture, one a line: number, time in ns, captured and wire length, link
 * type, and the FNV-1a hash of the data. Ends with "end" or "broken: why"; exits as lifeline does.
 */
#include <inttypes.h>
#include <stdio.h>

#include "source.h"

static uint32_t hash(const uint8_t *data, uint32_t bytes)
{
    uint32_t value = 2166136261u;
    for (uint32_t i = 0; i < bytes; i++)
        value = (value ^ data[i]) * 16777619u;
    return value;
}

int main(int argc, char **argv)
{
    char *error;
    struct source *source = argc == 2 ? source_open(argv[1], NULL, &error) : NULL;
    if (!source) {
        fprintf(stderr, "%s\n", argc == 2 ? error : "usage: list_packets FILE");
        return 3;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
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
