/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario as a capture file: classic pcap, nanoseconds, Ethernet, in this machine's byte order.
 */
#include "scenario.h"

#include <errno.h>
#include <string.h>

static bool put_words(FILE *file, const uint32_t *words, size_t count)
{
    return fwrite(words, sizeof *words, count, file) == count;
}

bool pcap_write(const struct scenario *scenario, const struct variant *variant, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    const uint16_t version[2] = {2, 4};
    const uint32_t magic = 0xa1b23c4d, rest[4] = {0, 0, 65535, 1};
    bool good = put_words(file, &magic, 1) && fwrite(version, sizeof version, 1, file) == 1 &&
                put_words(file, rest, 4);
    for (unsigned i = 0; i < scenario->action_count && good; i++) {
        const struct action *action = &scenario->actions[i];
        if (!action->frame || action->kind == ACTION_AGAIN || action->kind == ACTION_TIMER)
            continue;
        struct lifeline_segment segment;
        uint8_t bytes[MAX_FRAME_BYTES];
        size_t captured_bytes;
        build_segment(scenario, variant, action, &segment);
        size_t wire_bytes = build_frame(&segment, bytes, &captured_bytes);
        const uint32_t header[4] = {(uint32_t)(segment.time_ns / 1000000000),
                                    (uint32_t)(segment.time_ns % 1000000000),
                                    (uint32_t)captured_bytes, (uint32_t)wire_bytes};
        good =
            put_words(file, header, 4) && fwrite(bytes, 1, captured_bytes, file) == captured_bytes;
    }
    good = fclose(file) == 0 && good;
    if (!good)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return good;
}
