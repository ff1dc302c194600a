/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The states that an end went through: see history.c. */
#ifndef LIFELINE_CONN_HISTORY_H
#define LIFELINE_CONN_HISTORY_H

#include "conn/conn.h"

/* Its first state, if it has none. */
void history_begin(struct end *end, enum lifeline_state state);
void history_push(struct end *end, uint8_t state, uint8_t evidence);
void history_pop(struct end *end);
/* LIFELINE_STATE_UNKNOWN beyond the last. */
uint8_t history_at(const struct end *end, unsigned index);
/* How the end's state was entered, or one of its history. */
uint8_t history_evidence(const struct end *end);
uint8_t history_evidence_at(const struct end *end, unsigned index);

#endif
