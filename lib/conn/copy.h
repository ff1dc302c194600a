/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The same packet again, or a retransmission? See copy.c. */
#ifndef LIFELINE_CONN_COPY_H
#define LIFELINE_CONN_COPY_H

#include "conn/inside.h"

/* Its sender's last SYN or FIN again, and not sent again? */
bool copy_of_control(const struct pass *pass);
/* Then: is it that very packet? */
bool copy_same_control(const struct pass *pass);
/* The same of text: does it come sooner than a sender could know that it was lost? */
bool copy_same_data(const struct pass *pass);
/* A pure ACK: was it sent before its sender's newest segment that passed, or is it that one? */
bool copy_of_ack(const struct pass *pass);
/* The same of one that carries nothing new: was it sent when its text first was? */
bool copy_of_data(const struct pass *pass);
/* The last segment again, sooner than any timer would send it? */
bool copy_seen_twice(const struct pass *pass);
/* The same packet as the last that came again or late, at another interface? Notes this one. */
bool copy_captured_again(const struct pass *pass);
/* It is a copy. */
void copy_note(struct pass *pass);
/* Its identification may be its sender's newest. */
void copy_note_id(struct pass *pass);
/* It is its sender's last SYN or FIN. */
void copy_note_control(struct pass *pass);

#endif
