/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder_svg: a ladder as a drawing: slanted arrows between two bars that show the states. */
#ifndef LIFELINE_LADDER_SVG_H
#define LIFELINE_LADDER_SVG_H

#include "ladder.h"

#define LADDER_SVG_WIDTH 960

/* Appends a <g> with the drawing of a connection, its upper left corner at 0,0. Returns its height.
 * The document must hold ladder_svg_css in a <style> and ladder_svg_markers in a <defs>. */
unsigned ladder_svg_append(GString *out, const struct ladder *ladder,
                           const struct lifeline_connection *connection, bool verbose);

/* Begins an <svg> document of this height that needs nothing from outside; the end is "</svg>". */
void ladder_svg_begin(GString *out, unsigned height, const char *title);

/* Appends text as XML character data, safe text or not. */
void ladder_svg_escape(GString *out, const char *text);

/* CSS of all drawings, and the heads of arrows, for documents that hold several. */
extern const char ladder_svg_css[], ladder_svg_markers[];

#endif
