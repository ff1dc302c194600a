/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib.h>

#include "signals.h"

#define COPY_BYTES (256 * 1024)

static bool write_all(int to, const char *bytes, ssize_t length)
{
    while (length > 0) {
        ssize_t written = write(to, bytes, (size_t)length);
        if (written == -1 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= written;
        }
    }
    return true;
}

/* A signal ends the copy early: what came until then is the input. */
static bool copy(int from, int to)
{
    char *buffer = g_malloc(COPY_BYTES);
    bool fine = true;
    time_t stop_at = 0;
    while (fine && signals_wait_readable(from, &stop_at)) {
        ssize_t got = read(from, buffer, COPY_BYTES);
        if (got == 0)
            break;
        fine = got > 0 ? write_all(to, buffer, got) : errno == EINTR;
    }
    g_free(buffer);
    return fine;
}

static bool spool(char **path, char **error)
{
    bool standard_input = strcmp(*path, "-") == 0;
    struct stat facts;
    if (!standard_input && (stat(*path, &facts) == -1 || S_ISREG(facts.st_mode)))
        return true; /* what can't be opened is complained about later */
    int from = standard_input ? STDIN_FILENO : open(*path, O_RDONLY | O_CLOEXEC);
    FILE *file = from == -1 ? NULL : tmpfile(); /* stays open until the program ends */
    bool fine = file && copy(from, fileno(file));
    if (!fine)
        *error = g_strdup_printf("can't keep %s to read it twice: %s",
                                 standard_input ? "standard input" : *path, g_strerror(errno));
    if (from > STDIN_FILENO)
        close(from);
    if (fine) {
        g_free(*path);
        *path = g_strdup_printf("/proc/self/fd/%d", fileno(file));
    } else if (file) {
        fclose(file);
    }
    return fine;
}

bool spool_pipes(char **paths, char **error)
{
    for (; *paths && !signals_stop; paths++)
        if (!spool(paths, error))
            return false;
    if (!signals_stop)
        return true;
    for (; *paths; paths++) /* the input ends where the signal came */
        g_clear_pointer(paths, g_free);
    signals_resume();
    return true;
}
