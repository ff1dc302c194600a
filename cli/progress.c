/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "progress.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "text.h"

#define FIRST_AFTER_US (2 * G_USEC_PER_SEC) /* a short run shows nothing */
#define EVERY_US       (G_USEC_PER_SEC / 4)

struct progress {
    gint64 next_us;
    bool shown;
};

struct progress *progress_new(void)
{
    if (!isatty(STDERR_FILENO) || isatty(STDOUT_FILENO))
        return NULL;
    struct progress *progress = g_new0(struct progress, 1);
    progress->next_us = g_get_monotonic_time() + FIRST_AFTER_US;
    return progress;
}

void progress_show(struct progress *progress, const char *file, uint64_t frames, uint64_t done,
                   uint64_t total)
{
    gint64 now_us = progress ? g_get_monotonic_time() : 0;
    if (!progress || now_us < progress->next_us)
        return;
    progress->next_us = now_us + EVERY_US;
    progress->shown = true;
    GString *name = g_string_new(NULL);
    text_append_safe(name, file, strlen(file), false);
    if (total > 0)
        fprintf(stderr, "\r\033[K%s: %3.0f %%, %" PRIu64 " frames", name->str,
                100.0 * (double)done / (double)total, frames);
    else
        fprintf(stderr, "\r\033[K%s: %" PRIu64 " frames", name->str, frames);
    fflush(stderr);
    g_string_free(name, TRUE);
}

void progress_clear(struct progress *progress)
{
    if (progress && progress->shown)
        fputs("\r\033[K", stderr);
    if (progress)
        progress->shown = false;
}

void progress_free(struct progress *progress)
{
    progress_clear(progress);
    g_free(progress);
}
