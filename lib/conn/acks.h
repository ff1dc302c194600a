/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an ACK tells of both ends: see acks.c. */
#ifndef LIFELINE_CONN_ACKS_H
#define LIFELINE_CONN_ACKS_H

#include "conn/inside.h"

/* The segment has an ACK: sets pass->ack_fits, its marks, and what both ends' numbers become. */
void acks_read(struct pass *pass);
/* The window that it announces. */
uint32_t acks_window_bytes(const struct pass *pass);
/* What the end acknowledged before, or says again late on its way: an RST may answer it. */
void acks_note_older(struct end *x, uint32_t ack);

#endif
