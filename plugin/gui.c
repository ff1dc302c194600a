/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What only the GUI knows: that it is there, and where a capture ends that it dissects anew.
 *
 * Wireshark calls the "postseq" routines when it has read a file, but not when it dissects all
 * frames again, because a preference was changed.
 */
#include "gui.h"

#include "compat.h"

#include <cfile.h>
#include <epan/plugin_if.h>

static void *note_call(capture_file *file, void *user)
{
    (void)file;
    *(bool *)user = true;
    return NULL;
}

bool gui_is_there(void)
{
    bool called = false;

    plugin_if_get_capture_file(note_call, &called);
    return called;
}

static void *count_frames(capture_file *file, void *user)
{
    if (file != NULL && file->redissecting && file->state == FILE_READ_DONE)
        *(uint32_t *)user = file->count;
    return NULL;
}

uint32_t gui_redissected_frames(void)
{
    uint32_t count = 0;

    plugin_if_get_capture_file(count_frames, &count);
    return count;
}
