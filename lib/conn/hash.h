/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyed hash of a connection's 4-tuple and context.
 *
 * SipHash-1-3 (Aumasson and Bernstein): short inputs, a secret key, no known way to make collisions
 * without it, so a crafted capture can't degrade the table. The key of the engine's table is
 * random; the key for shards is fixed, because separate processes must agree on it.
 */
#ifndef LIFELINE_CONN_HASH_H
#define LIFELINE_CONN_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t k0, k1;
};

/* Hash of words[0..count). */
uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t count);

/* A random key from the system. */
struct hash_key hash_random_key(void);

#endif
