/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is the client: see roles.c. */
#ifndef LIFELINE_CONN_ROLES_H
#define LIFELINE_CONN_ROLES_H

#include "conn/inside.h"

void roles_guess(struct pass *pass);
void roles_by_content(struct pass *pass);

#endif
