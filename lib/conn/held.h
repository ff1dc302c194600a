/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the engine holds and has counted: see held.c. */
#ifndef LIFELINE_CONN_HELD_H
#define LIFELINE_CONN_HELD_H

#include "conn/inside.h"

/* What counts against the limit: all but the decoder's. */
uint64_t held_bytes(const struct lifeline_engine *engine);

#endif
