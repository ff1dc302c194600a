/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The next segment of an open connection, and nothing else: see plain.c. */
#ifndef LIFELINE_CONN_PLAIN_H
#define LIFELINE_CONN_PLAIN_H

#include "conn/inside.h"

/* Is it the next segment of an open connection and nothing else? Then all is done that the stages
 * would do; otherwise nothing. */
bool plain_segment(struct pass *pass);

#endif
