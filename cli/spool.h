/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_SPOOL_H
#define LIFELINE_SPOOL_H

#include <stdbool.h>

/* Makes input that can be read only once readable twice: copies each pipe among the paths into an
 * unnamed temporary file and replaces its path (g_malloc'ed, as the one before) by that file's.
 * False, with *error set to a g_malloc'ed message, when that fails. */
bool spool_pipes(char **paths, char **error);

#endif
