/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What was captured of an end's stream: see holes.c. */
#ifndef LIFELINE_CONN_HOLES_H
#define LIFELINE_CONN_HOLES_H

#include "conn/conn.h"

/* [start, end) of it was captured. Returns how many octets of that are new; adds to the marks. */
uint32_t holes_cover(struct end *x, uint32_t start, uint32_t end, uint32_t *marks);
/* The peer has all of it below ack, next at most: what of that wasn't captured is missing. */
void holes_acked(struct end *x, uint32_t ack);

#endif
