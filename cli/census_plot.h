/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A census over time as a picture: in a terminal, and as SVG. */
#ifndef LIFELINE_CENSUS_PLOT_H
#define LIFELINE_CENSUS_PLOT_H

#include <stdbool.h>

#include <glib.h>

#include "lifeline.h"

/* Appends the plot's lines, width columns wide at most, with counts on the left. */
void census_plot_text(GString *out, const struct lifeline_census_pair *pair, unsigned width,
                      bool ascii);

/* A self-contained SVG of the first pairs; their samples must be alive. title is escaped. */
void census_plot_svg(GString *out, const struct lifeline_census_pair *pairs, unsigned count,
                     const char *title);

/* "10.0.0.2 → 10.0.0.1:80", "10.0.0.1 (as server) → 10.0.0.2", "10.0.0.2 in all". */
void census_append_name(GString *out, const struct lifeline_census_pair *pair, bool ascii);

/* True for a host's total beside the only pair of that host: it says the same again. */
bool census_is_redundant(const struct lifeline_census_pair *pairs, unsigned count, unsigned index);

#endif
