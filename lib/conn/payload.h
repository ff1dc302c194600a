/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a segment carries of its sender's stream: see payload.c. */
#ifndef LIFELINE_CONN_PAYLOAD_H
#define LIFELINE_CONN_PAYLOAD_H

#include "conn/inside.h"

/* Sets pass->new_bytes, repeated and twice, its marks, and what of the stream was captured. */
void payload_read(struct pass *pass);
/* It carries pass->new_bytes of text, one at least. */
void payload_note(struct pass *pass);

#endif
