/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_HELP_H
#define LIFELINE_HELP_H

#include <glib.h>

#include "view.h"

/* A group of options under one heading. A table ends with a NULL title. */
struct option_section {
    const char *title;
    const GOptionEntry *entries;
};

/* Prints the manual of a command, or of the program when view is NULL, on standard output. */
void help_print(const struct view *view, const struct option_section *sections);

#endif
