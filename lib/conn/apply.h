/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changing states: see apply.c. */
#ifndef LIFELINE_CONN_APPLY_H
#define LIFELINE_CONN_APPLY_H

#include "conn/inside.h"

bool apply(struct pass *pass, unsigned end, enum stimulus stimulus);
/* Takes the end's last transition back; frame_mark of the segment that proved lost. */
void apply_withdrawal(struct pass *pass, unsigned end, uint32_t lost_mark);

#endif
