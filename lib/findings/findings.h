/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Findings: named, explained judgements made from a connection's record. */
#ifndef LIFELINE_FINDINGS_H
#define LIFELINE_FINDINGS_H

#include "lifeline.h"

#define FINDINGS_MAX 32

/* Calls back for each finding of a connection whose record is complete but for its findings. */
void findings_of_connection(const struct lifeline_thresholds *thresholds,
                            const struct lifeline_connection *record,
                            void (*call)(void *user, const struct lifeline_finding *finding),
                            void *user);

#endif
