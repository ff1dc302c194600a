/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sequence analysis: what a segment is, by its numbers: see facts.c. */
#ifndef LIFELINE_CONN_FACTS_H
#define LIFELINE_CONN_FACTS_H

#include "conn/inside.h"

void facts_read(struct pass *pass);
bool facts_of_earlier_incarnation(const struct pass *pass);
void facts_learn(struct end *end, uint32_t seq, bool is_syn);
/* The same packet again, not a retransmission? Compares with the sender's last SYN or FIN. */
bool facts_is_copy(const struct pass *pass);
/* The same packet as the last that came again or late, at another interface? Notes this one. */
bool facts_is_captured_again(const struct pass *pass);
/* Was it late on its way, by its timestamp or by an ACK below one that its sender gave before? */
bool facts_is_old(const struct pass *pass);
void facts_note_control(struct pass *pass);
/* Its timestamp is its sender's newest. */
void facts_note_clock(struct pass *pass);
/* The time in which what the end sent before it got a passing segment can still pass. */
int64_t facts_turnaround_ns(const struct conn *c, unsigned end);

/* What the end acknowledged before, or says again late on its way: an RST may answer it. */
void facts_note_older_ack(struct end *x, uint32_t ack);
/* It carries pass->new_bytes of text, one at least. */
void facts_note_data(struct pass *pass);
/* The window that it announces. */
uint32_t facts_window_bytes(const struct pass *pass);

#endif
