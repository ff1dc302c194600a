/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "model/hash.h"

#include <sys/random.h>
#include <time.h>

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

#define SIP_ROUND                                                                                  \
    do {                                                                                           \
        v0 += v1;                                                                                  \
        v1 = rotate(v1, 13) ^ v0;                                                                  \
        v0 = rotate(v0, 32);                                                                       \
        v2 += v3;                                                                                  \
        v3 = rotate(v3, 16) ^ v2;                                                                  \
        v0 += v3;                                                                                  \
        v3 = rotate(v3, 21) ^ v0;                                                                  \
        v2 += v1;                                                                                  \
        v1 = rotate(v1, 17) ^ v2;                                                                  \
        v2 = rotate(v2, 32);                                                                       \
    } while (0)

uint64_t hash_words(const struct hash_key *key, const uint64_t *words, size_t count)
{
    uint64_t v0 = key->k0 ^ 0x736f6d6570736575U, v1 = key->k1 ^ 0x646f72616e646f6dU;
    uint64_t v2 = key->k0 ^ 0x6c7967656e657261U, v3 = key->k1 ^ 0x7465646279746573U;

    for (size_t i = 0; i < count; i++) {
        v3 ^= words[i];
        SIP_ROUND;
        v0 ^= words[i];
    }
    uint64_t last = (uint64_t)(count * 8) << 56;
    v3 ^= last;
    SIP_ROUND;
    v0 ^= last;
    v2 ^= 0xff;
    SIP_ROUND;
    SIP_ROUND;
    SIP_ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

struct hash_key hash_random_key(void)
{
    struct hash_key key;
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) != (ssize_t)sizeof key) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        key.k0 = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15U;
        key.k1 = (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)&key;
    }
    return key;
}

struct hash_tag_key hash_random_tag_key(void)
{
    struct hash_key seed = hash_random_key();
    struct hash_tag_key key;
    uint64_t words[] = {0};
    for (; words[0] < HASH_TAG_WORDS; words[0]++) {
        key.of_word[words[0]] = hash_words(&seed, words, 1);
    }
    for (unsigned i = 0; i < 2; i++, words[0]++) {
        key.of_sum[i] = hash_words(&seed, words, 1);
    }
    return key;
}
