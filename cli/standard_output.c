/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "standard_output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#define GATHER_BYTES (256 * 1024)

struct standard_output {
    FILE *file;
    int error;
    bool discards;
    size_t used;
    char gathered[GATHER_BYTES];
};

/* After a failure nothing more is written: half a record must not follow a hole. */
static void write_all(struct standard_output *output, const char *bytes, size_t length)
{
    while (length > 0 && output->error == 0 && !output->discards) {
        ssize_t written = write(STDOUT_FILENO, bytes, length);
        if (written == -1 && errno != EINTR)
            output->error = errno;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
}

static void write_gathered(struct standard_output *output)
{
    write_all(output, output->gathered, output->used);
    output->used = 0;
}

static ssize_t on_write(void *cookie, const char *bytes, size_t length)
{
    struct standard_output *output = cookie;
    if (length > GATHER_BYTES - output->used)
        write_gathered(output);
    if (length >= GATHER_BYTES) {
        write_all(output, bytes, length);
    } else {
        memcpy(output->gathered + output->used, bytes, length);
        output->used += length;
    }
    return output->error == 0 ? (ssize_t)length : 0;
}

struct standard_output *standard_output_new(void)
{
    struct standard_output *output = g_new0(struct standard_output, 1);
    output->file = fopencookie(output, "w", (cookie_io_functions_t){.write = on_write});
    if (!output->file)
        g_error("no memory for standard output");
    setvbuf(output->file, NULL, _IOFBF, 64 * 1024);
    return output;
}

FILE *standard_output_file(const struct standard_output *output)
{
    return output->file;
}

bool standard_output_flush(struct standard_output *output)
{
    fflush(output->file);
    write_gathered(output);
    return output->error == 0;
}

void standard_output_discard(struct standard_output *output)
{
    output->discards = true;
}

int standard_output_error(const struct standard_output *output)
{
    return output->error;
}

int standard_output_close(struct standard_output *output)
{
    standard_output_flush(output);
    fclose(output->file);
    int error = output->error;
    g_free(output);
    return error;
}
