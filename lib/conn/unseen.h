/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers beyond all that was captured: see unseen.c. */
#ifndef LIFELINE_CONN_UNSEEN_H
#define LIFELINE_CONN_UNSEEN_H

#include "conn/inside.h"

/* Can an ACK beyond all that was captured be true? */
bool unseen_ack_fits(struct pass *pass);
/* Is the number of an RST the ACK of a SYN,ACK of another incarnation, which came last? */
bool unseen_answered(const struct pass *pass);
/* Does this segment, with numbers far off, agree with the peer's last such one? Then both streams
 * go on from there; else it is remembered. */
bool unseen_agree(struct pass *pass);
/* Is that so behind a FIN? Then the segment, of end e, is of a later incarnation. */
bool unseen_is_later(const struct conn *c, unsigned e, const struct lifeline_segment *segment);
/* Is it by itself, behind a whole close? */
bool unseen_is_later_text(const struct conn *c, unsigned e, const struct lifeline_segment *segment);
/* Such an ACK is believed. */
void unseen_claim(struct pass *pass);
/* A segment that fits: does it start what its peer claimed to have? */
void unseen_refute(struct pass *pass);

#endif
