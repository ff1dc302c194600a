/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finding_groups: findings gathered by name, sentence and host, and ranked, worst first.
 *
 * A group holds a count and one example, the longest or the first; so memory grows with the number
 * of hosts, not of connections. Beyond max_groups groups, findings of further hosts are counted
 * together, by name.
 */
#ifndef LIFELINE_FINDING_GROUPS_H
#define LIFELINE_FINDING_GROUPS_H

#include "finding_group.h"

#define GROUPS_MAX  20000
#define GROUP_BYTES 600 /* about what one takes */

struct finding_groups;

/* GROUPS_MAX groups, or as many as max_bytes hold. */
struct finding_groups *finding_groups_new(size_t max_bytes);
void finding_groups_free(struct finding_groups *groups);
void finding_groups_add(struct finding_groups *groups, const struct lifeline_finding *finding);

/* All groups, those of a name in a row: by severity, then by how many findings of the name and of
 * the group there are. Those that are alike and many are joined (finding_crowds), unless each is
 * wanted. Free the array, not the groups. */
GPtrArray *finding_groups_ranked(struct finding_groups *groups, bool each);

#endif
