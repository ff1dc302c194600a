/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What HTTP is told of the connection that carries it: see app_link.c. */
#ifndef LIFELINE_CONN_APP_LINK_H
#define LIFELINE_CONN_APP_LINK_H

#include "app/app.h"
#include "conn/conn.h"

void app_link_of(const struct conn *c, struct app_link *out);

#endif
