/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection that is over becomes a record and findings: see tell.c. */
#ifndef LIFELINE_CONN_TELL_H
#define LIFELINE_CONN_TELL_H

#include "conn/inside.h"

/* For a connection as it stands now. */
struct telling tell_now(const struct lifeline_engine *engine, const struct conn *c);
/* Its record and its findings, to the sink. */
void tell_connection(struct lifeline_engine *engine, const struct conn *c);

#endif
