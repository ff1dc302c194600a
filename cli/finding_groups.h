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

#include <glib.h>

#include "lifeline.h"

#define GROUPS_MAX  20000
#define GROUP_BYTES 600 /* about what one takes */

struct finding_group {
    struct lifeline_finding example; /* its strings belong to the group; text is NULL */
    const char *group_template;
    uint64_t findings;
    uint64_t total;  /* sum of the findings' counts; LIFELINE_UNKNOWN_COUNT if none has one */
    bool many_peers; /* not all had the example's */
    bool many_hosts; /* not all had the example's subject: beyond max_groups */
};

struct finding_groups;

/* GROUPS_MAX groups, or as many as max_bytes hold. */
struct finding_groups *finding_groups_new(size_t max_bytes);
void finding_groups_free(struct finding_groups *groups);
void finding_groups_add(struct finding_groups *groups, const struct lifeline_finding *finding);

/* All groups, those of a name in a row: by severity, then by how many findings of the name and of
 * the group there are. Free the array, not the groups. */
GPtrArray *finding_groups_ranked(const struct finding_groups *groups);

/* "note", "warning" or "error" in the user's language. */
const char *finding_severity(uint8_t severity);

/* The group's sentence in the user's language: the finding's own if it is the only one. Safe text.
 * ascii: with nothing beyond ASCII. */
char *finding_group_text(const struct finding_group *group, bool ascii);

#endif
