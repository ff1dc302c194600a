/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When the octets in flight were sent first: see flight.h. */
#include "stream/flight.h"

#include <string.h>

#define GRAIN_NS  1000000ll
#define MAX_GRAIN 40

static bool is_behind(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

static void drop(struct flight *f, unsigned at, unsigned marks)
{
    memmove(f->time_ns + at, f->time_ns + at + marks,
            (f->count - at - marks) * sizeof f->time_ns[0]);
    memmove(f->end + at, f->end + at + marks, (f->count - at - marks) * sizeof f->end[0]);
    f->count = (uint8_t)(f->count - marks);
}

/* Makes room for one more. */
static void condense(struct flight *f, int64_t acked)
{
    unsigned known = 0;
    while (known < f->count && !is_behind(f->end[known], (uint32_t)acked))
        known++;
    if (known) {
        drop(f, 0, known);
        f->grain = 0;
        return;
    }
    while (f->count == FLIGHT_MARKS) {
        if (f->grain < MAX_GRAIN)
            f->grain++;
        for (unsigned i = 0; i + 1 < f->count; i++)
            if (f->time_ns[i + 1] - f->time_ns[i] < GRAIN_NS << f->grain || f->grain == MAX_GRAIN)
                drop(f, i, 1);
    }
}

void flight_sent(struct flight *f, int64_t end, int64_t time_ns, int64_t acked)
{
    unsigned last = f->count - 1u;
    if (f->count && !is_behind((uint32_t)end, f->end[last]))
        return;
    if (f->count > 1 && time_ns - f->time_ns[last - 1] < GRAIN_NS << f->grain) {
        f->end[last] = (uint32_t)end;
        if (f->time_ns[last] < time_ns)
            f->time_ns[last] = time_ns;
        return;
    }
    if (f->count == FLIGHT_MARKS)
        condense(f, acked);
    f->end[f->count] = (uint32_t)end;
    f->time_ns[f->count++] = time_ns;
}

bool flight_time(const struct flight *f, int64_t offset, int64_t *time_ns)
{
    for (unsigned i = 0; i < f->count; i++)
        if (is_behind(f->end[i], (uint32_t)offset)) {
            *time_ns = f->time_ns[i];
            return true;
        }
    return false;
}
