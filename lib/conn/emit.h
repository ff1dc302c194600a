/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the model to the sink: see emit.c. */
#ifndef LIFELINE_CONN_EMIT_H
#define LIFELINE_CONN_EMIT_H

#include "conn/inside.h"

/* The event, whoever wants it; noted: findings do. */
void emit_wanted_event(struct pass *pass, bool noted);

/* The event, if somebody wants it: mostly nobody does. */
static inline void emit_event(struct pass *pass)
{
    bool noted = pass->engine->findings && pass->segment &&
                 findings_want(pass->steps, pass->marks, pass->syn || pass->fin,
                               pass->from->zero_windows | pass->early_loss);
    if (noted || (pass->engine->sink.event && !pass->conn->muted)) {
        emit_wanted_event(pass, noted);
    }
}

void emit_exchange(void *user, const struct lifeline_exchange *exchange);
void emit_message(void *user, const struct lifeline_message *message);

#endif
