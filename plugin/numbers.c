/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "numbers.h"

#include <epan/frame_data.h>
#include <string.h>

#include "compat.h"
#include "worker.h"

/* Of the capture file at hand. */
static struct {
    wmem_map_t *map; /* frame -> Wireshark's number, where they differ; NULL: nowhere */
    uint64_t last_frame;
    uint32_t last_number;
    bool last_has_time;
    uint64_t looked_for; /* the last frame, as of the last numbers_look() */
} numbers;

static void set_number(uint64_t frame, uint32_t number)
{
    worker_wait();
    if (numbers.map == NULL)
        numbers.map = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    wmem_map_insert(numbers.map, GSIZE_TO_POINTER((gsize)frame), GUINT_TO_POINTER(number));
}

uint64_t numbers_begin(const packet_info *pinfo, bool *again)
{
    uint64_t frame = pinfo->num;

    *again = pinfo->num <= numbers.last_number;
    if (pinfo->num == numbers.last_number) /* a read filter rejected the one before */
        set_number(numbers.last_frame, LIFELINE_NO_FRAME);
    if (frame <= numbers.last_frame)
        frame = numbers.last_frame + 1;
    if (frame != pinfo->num)
        set_number(frame, pinfo->num);
    numbers.last_frame = frame;
    numbers.last_number = pinfo->num;
    numbers.last_has_time = pinfo->fd->has_ts;
    return frame;
}

/* Is there a frame of this number, which has a time? No function for plugins says so; but one
 * orders frames by the time since the frame before, and has no order when there is none before. It
 * warns of that on the terminal. */
static bool frame_exists(const packet_info *pinfo, uint32_t number)
{
    enum ws_log_level level = ws_log_get_level();
    frame_data early = *pinfo->fd, late;
    bool exists;

    early.num = number + 1;
    early.has_ts = 1;
    early.abs_ts.secs = 0;
    late = early;
    late.abs_ts.secs = 1;
    ws_log_set_level(LOG_LEVEL_CRITICAL);
    exists = frame_data_compare(pinfo->epan, &early, &late, COL_DELTA_TIME) != 0;
    ws_log_set_level(level);
    return exists;
}

/* Where nobody took over the last frame's number, only Wireshark knows whether it was rejected. */
void numbers_look(const packet_info *pinfo)
{
    if (numbers.looked_for == numbers.last_frame)
        return;
    numbers.looked_for = numbers.last_frame;
    if (numbers.last_has_time && !frame_exists(pinfo, numbers.last_number))
        set_number(numbers.last_frame, LIFELINE_NO_FRAME);
}

uint32_t numbers_shown(uint64_t frame)
{
    gpointer number;

    if (numbers.map != NULL &&
        wmem_map_lookup_extended(numbers.map, GSIZE_TO_POINTER((gsize)frame), NULL, &number))
        return GPOINTER_TO_UINT(number);
    return (uint32_t)frame;
}

void numbers_forget(void)
{
    memset(&numbers, 0, sizeof(numbers));
}
