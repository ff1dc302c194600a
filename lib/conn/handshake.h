/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening: see handshake.c. */
#ifndef LIFELINE_CONN_HANDSHAKE_H
#define LIFELINE_CONN_HANDSHAKE_H

#include "conn/inside.h"

void handshake_syn(struct pass *pass);
void handshake_syn_ack(struct pass *pass);
void handshake_other(struct pass *pass);
/* Before the facts are read: a SYN,ACK with another number than its sender was thought to have.
 * What passed after the SYN and isn't its answer was somebody else's, and is taken back. */
void handshake_refute(struct pass *pass);

#endif
