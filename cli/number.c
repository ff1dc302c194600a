/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "number.h"

#include <glib.h>

#define MOST_SECONDS 1e9 /* 31 years; nanoseconds fit into 64 bits for 292 */

bool number_read(const char *text, double most, double *into)
{
    char *end;
    double value = g_ascii_strtod(text, &end);
    if (end == text || *end || !(value > 0 && value <= most)) /* not a number is neither */
        return false;
    *into = value;
    return true;
}

bool number_read_seconds(const char *text, int64_t *into_ns)
{
    double seconds;
    if (!number_read(text, MOST_SECONDS, &seconds))
        return false;
    *into_ns = MAX((int64_t)(seconds * 1e9), 1);
    return true;
}
