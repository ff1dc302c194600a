/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection that rests, packed.
 *
 * Purpose: most connections that are tracked at a time do nothing: they are open and idle, wait out
 * 2MSL, or are one SYN of a flood. As a struct such a connection takes 800 octets with its close;
 * packed it takes about a fifth.
 *
 * Model: a table names each field and what its value is usually near to (a time to the connection's
 * start, a sequence number to its end's ISN). What is near exactly takes one bit; the rest takes
 * the difference (model/code.h). Packing and unpacking restores every field, to the bit.
 *
 * A flow that rests is packed with it.
 *
 * Limits: a candidate SYN isn't packed: its owner forgets it before. Another flow and facts stay
 * where they are.
 */
#ifndef LIFELINE_CONN_COLD_H
#define LIFELINE_CONN_COLD_H

#include "conn/conn.h"

/* No packed connection is larger. */
#define COLD_MAX_BYTES 3072

/* Writes c to out, of COLD_MAX_BYTES; returns the length. c is as it was: its flow, if that
 * can rest, is the caller's to free. */
size_t cold_pack(const struct conn *c, unsigned char *out);

/* The inverse, but for a flow that rests. */
void cold_unpack(const unsigned char *packed, struct conn *c);
/* The same with the flow: app_wake(). */
void cold_revive(const unsigned char *packed, struct conn *c);
bool cold_has_closing(const unsigned char *packed);
bool cold_has_flow(const unsigned char *packed); /* one that something may be left to say of */
void cold_key(const unsigned char *packed, uint64_t key[5]);
uint64_t cold_number(const unsigned char *packed); /* c->number */
size_t cold_bytes(const unsigned char *packed);    /* what cold_pack() returned */

#endif
