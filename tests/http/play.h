/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plays a case into lib/app as segments, in whatever pieces and order, and notes the records. */
#ifndef TESTS_HTTP_PLAY_H
#define TESTS_HTTP_PLAY_H

#include "case.h"

/* A piece of a block as it goes over the wire. */
struct piece {
    const struct block *block;
    size_t from, to; /* octets of the block */
};

/* A growing text. */
struct notes {
    char *text;
    size_t length;
};
void note(struct notes *n, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Plays the pieces in order. fed: not as segments, but as a stream that is in order already.
 * records: a line for each exchange, in the words that expectations use. positions: with frames,
 * which depend on how a case was cut. False when a rule was broken that holds for every playing. */
bool play(const struct http_case *c, const struct piece *pieces, size_t count, bool fed,
          struct notes *records, struct notes *positions);

#endif
