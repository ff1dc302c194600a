/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is noted of a close: see closing.c. */
#ifndef LIFELINE_CONN_CLOSING_H
#define LIFELINE_CONN_CLOSING_H

#include "conn/inside.h"

struct closing *closing_of(struct pass *pass);
/* As before the first FIN or RST. */
void closing_begin(struct closing *k);

#endif
