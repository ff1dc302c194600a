/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finding_crowds: groups that differ by their hosts or ports alone, joined where they are many.
 *
 * A scan of a thousand ports is one thing that happened, not a thousand lines: more than CROWD
 * groups of one sentence about ports of one host become one group. Where more than CROWD are left,
 * the smaller ones are joined as "each of N others", and come last of their kind.
 */
#ifndef LIFELINE_FINDING_CROWDS_H
#define LIFELINE_FINDING_CROWDS_H

#include "finding_group.h"

#define CROWD 10 /* lines of one sentence that a reader still compares */

/* Joins ports of a host in a list of groups, which loses what is joined. Joint groups are appended
 * to the list and to made, which owns them. */
void finding_crowds_join_ports(GPtrArray *list, GPtrArray *made);
/* Joins all but the first CROWD of a sentence; the list is ranked. */
void finding_crowds_join_rest(GPtrArray *list, GPtrArray *made);

#endif
