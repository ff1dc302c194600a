/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the model to the sink: see emit.c. */
#ifndef LIFELINE_CONN_EMIT_H
#define LIFELINE_CONN_EMIT_H

#include "conn/inside.h"

/* The event, if somebody wants it. */
void emit_event(struct pass *pass);
void emit_exchange(void *user, const struct lifeline_exchange *exchange);
void emit_message(void *user, const struct lifeline_message *message);

#endif
