/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules say what they found with. */
#include "findings/rule.h"

#include <string.h>

void finding_frame(struct lifeline_finding *out, uint64_t frame)
{
    unsigned at = out->frame_count;
    if (frame == LIFELINE_NO_FRAME || at == 8) {
        return;
    }
    while (at && out->frames[at - 1] > frame) {
        at--;
    }
    if (at && out->frames[at - 1] == frame) {
        return;
    }
    memmove(&out->frames[at + 1], &out->frames[at], (out->frame_count - at) * sizeof *out->frames);
    out->frames[at] = frame;
    out->frame_count++;
}

void finding_says(struct lifeline_finding *out, const char *text, const char *group)
{
    out->text_template = text;
    out->group_template = group ? group : text;
}
