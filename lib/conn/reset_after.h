/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What follows an RST: see reset_after.c. */
#ifndef LIFELINE_CONN_RESET_AFTER_H
#define LIFELINE_CONN_RESET_AFTER_H

#include "conn/inside.h"

/* A segment other than RST after one: does it refute the RST? */
void reset_reconsider(struct pass *pass);
/* After a segment that was sent before an RST came: the RST closes its sender. */
void reset_overtaken(struct pass *pass);

#endif
