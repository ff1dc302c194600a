/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verdict: the life of a connection in a few phrases, the most important ones first. */
#ifndef LIFELINE_VERDICT_H
#define LIFELINE_VERDICT_H

#include <glib.h>

#include "lifeline.h"
#include "style.h"

struct phrase {
    enum paint paint;
    GString *text;
};

#define VERDICT_MAX 8

struct verdict {
    unsigned count;
    struct phrase phrases[VERDICT_MAX];
};

/* How it opened, what it carried, how it closed, what is left of it. Free with verdict_free(). */
struct verdict *verdict_new(const struct lifeline_connection *connection, bool ascii);
void verdict_free(struct verdict *verdict);

/* Without a FIN or an RST: did an ICMP error close its receiver's end? */
bool verdict_ended_by_icmp(const struct lifeline_connection *c);

/* "10.0.0.2:40000 → 10.0.0.1:80", with context and incarnation when they say something. */
void verdict_title(GString *text, const struct lifeline_connection *c, bool ascii);

#endif
