/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyed hash, for each table whose keys come from packets.
 *
 * SipHash-1-3 (Aumasson and Bernstein): short inputs, a secret key, no known way to make collisions
 * without it, so a crafted capture can't degrade a table. Keys are random, but for the one of
 * shards: separate processes must agree on it.
 */
#ifndef LIFELINE_MODEL_HASH_H
#define LIFELINE_MODEL_HASH_H

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
