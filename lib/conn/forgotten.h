/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of 4-tuples that left the table: see forgotten.c. */
#ifndef LIFELINE_CONN_FORGOTTEN_H
#define LIFELINE_CONN_FORGOTTEN_H

#include "conn/inside.h"

/* A 4-tuple's table entry goes: its incarnation's number is kept. */
void forgotten_keep(struct lifeline_engine *engine, const struct conn *c);
/* The number of a new one's incarnation. */
uint32_t forgotten_next(const struct lifeline_engine *engine, const struct lookup *lookup);

#endif
