/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sequence analysis: what a segment is, by its numbers: see facts.c. */
#ifndef LIFELINE_CONN_FACTS_H
#define LIFELINE_CONN_FACTS_H

#include "conn/inside.h"

void facts_read(struct pass *pass);
bool facts_of_earlier_incarnation(const struct pass *pass);
/* Was it late on its way, by its timestamp or by an ACK below one that its sender gave before? */
bool facts_is_old(const struct pass *pass);

#endif
