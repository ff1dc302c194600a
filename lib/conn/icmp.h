/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ICMP errors about a segment: see icmp.c. */
#ifndef LIFELINE_CONN_ICMP_H
#define LIFELINE_CONN_ICMP_H

#include "conn/inside.h"

/* An ICMP error in place of a segment; lookup is its key's. */
void icmp_push(struct lifeline_engine *engine, const struct lifeline_segment *segment,
               const struct lookup *lookup);
/* One that came before its connection was known, about the SYN that opened that. */
void icmp_replay(struct lifeline_engine *engine, struct conn *c,
                 const struct lifeline_segment *segment);
/* A segment of an end that one was thought to have closed. */
void icmp_reconsider(struct pass *pass);

#endif
