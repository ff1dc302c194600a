/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Closing by FIN: see teardown.c. */
#ifndef LIFELINE_CONN_TEARDOWN_H
#define LIFELINE_CONN_TEARDOWN_H

#include "conn/inside.h"

/* A segment past its sender's own FIN: does it refute the FIN? */
void teardown_reconsider(struct pass *pass);
/* The sender's FIN, from FIN-WAIT-1, CLOSING or LAST-ACK on, was somebody else's. */
void teardown_forget_fin(struct pass *pass);
/* The sender hasn't taken the peer's FIN, as its ACK of less shows: that is undone. */
void teardown_fin_not_taken(struct pass *pass);
void teardown_ack(struct pass *pass);
void teardown_fin(struct pass *pass);

#endif
