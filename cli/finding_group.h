/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * finding_group: findings that one sentence tells.
 *
 * It holds a count and one example, the longest or the first.
 */
#ifndef LIFELINE_FINDING_GROUP_H
#define LIFELINE_FINDING_GROUP_H

#include <glib.h>

#include "lifeline.h"

struct finding_group {
    struct lifeline_finding example; /* its strings belong to the group; text is NULL */
    const char *group_template;
    uint64_t findings;
    uint64_t total;  /* sum of the findings' counts; LIFELINE_UNKNOWN_COUNT if none has one */
    bool many_peers; /* not all had the example's */
    bool many_hosts; /* not all had the example's subject: beyond max_groups */
    char *crowd;     /* who the subjects are together, of groups that were joined; NULL */
    bool is_rest;    /* joined of what comes behind the others of its sentence */
};

/* What findings have in common that say the same of different hosts; to be freed. */
char *finding_sentence(const struct lifeline_finding *finding);

/* An empty one. */
struct finding_group *finding_group_new(const char *group_template);
void finding_group_free(void *group);
void finding_group_add(struct finding_group *group, const struct lifeline_finding *finding);
/* Adds what another of the same sentence holds. */
void finding_group_absorb(struct finding_group *group, const struct finding_group *other);

/* "note", "warning" or "error" in the user's language. */
const char *finding_severity(uint8_t severity);

/* The group's sentence in the user's language: the finding's own if it is the only one. Safe text.
 * ascii: with nothing beyond ASCII. */
char *finding_group_text(const struct finding_group *group, bool ascii);

#endif
