/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closing by RST: see reset.c. */
#ifndef LIFELINE_CONN_RESET_H
#define LIFELINE_CONN_RESET_H

#include "conn/inside.h"

void reset_segment(struct pass *pass);
/* The end takes an RST. False: in its state that changes nothing. */
bool reset_taken(struct pass *pass, unsigned end);

#endif
