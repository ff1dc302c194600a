/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the run has to say beside its data, on standard error. */
#ifndef LIFELINE_SUMMARY_H
#define LIFELINE_SUMMARY_H

#include <stdbool.h>

#include "input.h"
#include "lifeline.h"

/* Warnings that something was not understood or had to be dropped, and with verbose all counts. */
void summary_print(const struct input *input, const struct lifeline_counters *counters,
                   bool verbose);

#endif
