/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ladder_mermaid: a ladder as a Mermaid sequence diagram, for documents and teaching. */
#ifndef LIFELINE_LADDER_MERMAID_H
#define LIFELINE_LADDER_MERMAID_H

#include "ladder.h"

/* Appends one diagram, which begins with "sequenceDiagram". */
void ladder_mermaid_append(GString *out, const struct ladder *ladder,
                           const struct lifeline_connection *connection, bool verbose);

#endif
