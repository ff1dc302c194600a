/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What time does without a segment: see expiry.c. */
#ifndef LIFELINE_CONN_EXPIRY_H
#define LIFELINE_CONN_EXPIRY_H

#include "conn/inside.h"

/* Fires all timers due at now_ns, and forgets those that closed long before. */
void expiry_run(struct lifeline_engine *engine, int64_t now_ns);

#endif
