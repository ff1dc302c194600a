/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyed hash, for each table whose keys come from packets.
 *
 * SipHash-1-3 (Aumasson and Bernstein): short inputs, a secret key, no known way to make collisions
 * without it, so a crafted capture can't degrade a table. Keys are random, but for the one of
 * shards: separate processes must agree on it.
 *
 * Where every segment looks something up, a sum of products (NH of UMAC; Black, Halevi, Krawczyk,
 * Krovetz, Rogaway) does: it is no cipher, but whoever can't see its results can't tell, of two
 * keys of his choice, that they collide any better than by chance, and the table's never leave it.
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

#define HASH_TAG_WORDS 6 /* at most */

struct hash_tag_key {
    uint64_t of_word[HASH_TAG_WORDS], of_sum[2];
};

/* Made from a random key. */
struct hash_tag_key hash_random_tag_key(void);

/* The low and the high half of a product. */
static inline void hash_multiply(uint64_t a, uint64_t b, uint64_t product[2])
{
    __extension__ typedef unsigned __int128 wide;
    wide whole = (wide)a * b;
    product[0] = (uint64_t)whole;
    product[1] = (uint64_t)(whole >> 64);
}

/* Tag of words[0..count): count is even, HASH_TAG_WORDS at most, and the same for all keys that may
 * meet, or part of them. */
static inline uint32_t hash_tag(const struct hash_tag_key *key, const uint64_t *words, size_t count)
{
    uint64_t low = 0, high = 0;
    for (size_t i = 0; i < count; i += 2) {
        uint64_t product[2];
        hash_multiply(words[i] + key->of_word[i], words[i + 1] + key->of_word[i + 1], product);
        low += product[0];
        high += product[1] + (low < product[0]);
    }
    uint64_t folded[2];
    hash_multiply(low ^ key->of_sum[0], high ^ key->of_sum[1], folded);
    return (uint32_t)((folded[0] ^ folded[1]) >> 32) ^ (uint32_t)(folded[0] ^ folded[1]);
}

#endif
