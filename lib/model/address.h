/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_MODEL_ADDRESS_H
#define LIFELINE_MODEL_ADDRESS_H

#include <string.h>

#include "lifeline.h"

static inline bool address_is(const struct lifeline_address *a, const struct lifeline_address *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

#endif
