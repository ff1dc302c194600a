/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When a segment was sent, and how long one may be under way: see clock.c. */
#ifndef LIFELINE_CONN_CLOCK_H
#define LIFELINE_CONN_CLOCK_H

#include "conn/inside.h"

/* The time in which what the end sent before it got a passing segment can still pass. */
int64_t clock_turnaround_ns(const struct conn *c, unsigned end);
/* Since the connection's start; 0 before it, UINT32_MAX after 49 days. */
uint32_t clock_ms(const struct pass *pass);
/* Its timestamp is its sender's newest. */
void clock_note(struct pass *pass);
/* When it was sent, by its sender's clock; when it passed, where that tells nothing. */
int64_t clock_sent_ns(const struct pass *pass);

#endif
