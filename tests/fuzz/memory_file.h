/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_MEMORY_FILE_H
#define LIFELINE_MEMORY_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Makes the bytes a file that can be opened by the path written to path. Returns its descriptor. */
static inline int memory_file(const void *data, size_t bytes, char path[static 40])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd == -1 || write(fd, data, bytes) != (ssize_t)bytes)
        abort();
    snprintf(path, 40, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
