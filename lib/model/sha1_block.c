/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SHA-1 compression (FIPS 180-4, 6.1.2), for the Community ID of each connection.
 *
 * Model: portable C, and the x86 SHA extensions where the processor has them: 50 ns in place of
 * 300, which a capture of many short connections shows.
 * Limits: one block. Not constant-time reviewed; SHA-1 names flows here and protects nothing.
 */
#include "model/sha1_block.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#endif

static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};

static void put_digest(const uint32_t sum[5], uint8_t digest[20])
{
    for (unsigned i = 0; i < 20; i++)
        digest[i] = (uint8_t)(sum[i / 4] >> (24 - 8 * (i % 4)));
}

static uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

static void sha1_portable(const uint8_t block[64], uint8_t digest[20])
{
    uint32_t w[80], a = start[0], b = start[1], c = start[2], d = start[3], e = start[4];
    uint32_t sum[5];

    for (unsigned i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 |
               (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (unsigned i = 16; i < 80; i++)
        w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);

#define ROUND(f, k)                                                                                \
    do {                                                                                           \
        uint32_t next = rotate(a, 5) + (f) + e + (k) + w[i];                                       \
        e = d;                                                                                     \
        d = c;                                                                                     \
        c = rotate(b, 30);                                                                         \
        b = a;                                                                                     \
        a = next;                                                                                  \
    } while (0)
    for (unsigned i = 0; i < 20; i++)
        ROUND(d ^ (b & (c ^ d)), 0x5a827999);
    for (unsigned i = 20; i < 40; i++)
        ROUND(b ^ c ^ d, 0x6ed9eba1);
    for (unsigned i = 40; i < 60; i++)
        ROUND((b & c) | (d & (b | c)), 0x8f1bbcdc);
    for (unsigned i = 60; i < 80; i++)
        ROUND(b ^ c ^ d, 0xca62c1d6);
#undef ROUND

    sum[0] = start[0] + a;
    sum[1] = start[1] + b;
    sum[2] = start[2] + c;
    sum[3] = start[3] + d;
    sum[4] = start[4] + e;
    put_digest(sum, digest);
}

#if defined(__x86_64__) && defined(__GNUC__)

/* Four rounds at a time; w holds the schedule's last 16 words. The instructions want the words of
 * a vector from the highest lane down, so lane 3 is the first of four. */
__attribute__((target("sha,sse4.1"))) static void sha1_x86(const uint8_t block[64],
                                                           uint8_t digest[20])
{
    const __m128i big_endian =
        _mm_set_epi64x(INT64_C(0x0001020304050607), INT64_C(0x08090a0b0c0d0e0f));
    const __m128i abcd_start =
        _mm_set_epi32((int)start[0], (int)start[1], (int)start[2], (int)start[3]);
    const __m128i e_start = _mm_set_epi32((int)start[4], 0, 0, 0);
    __m128i w[4], abcd = abcd_start, e = e_start, before = abcd_start;
    uint32_t sum[5], words[4];

    for (unsigned i = 0; i < 4; i++) {
        w[i] = _mm_loadu_si128((const __m128i *)(const void *)(block + 16 * i));
        w[i] = _mm_shuffle_epi8(w[i], big_endian);
    }
#define ROUNDS(group, function)                                                                    \
    do {                                                                                           \
        __m128i words4 = w[(group) % 4];                                                           \
        e = (group) ? _mm_sha1nexte_epu32(before, words4) : _mm_add_epi32(e, words4);              \
        before = abcd;                                                                             \
        abcd = _mm_sha1rnds4_epu32(abcd, e, function);                                             \
        w[(group) % 4] = _mm_sha1msg2_epu32(                                                       \
            _mm_xor_si128(_mm_sha1msg1_epu32(words4, w[((group) + 1) % 4]), w[((group) + 2) % 4]), \
            w[((group) + 3) % 4]);                                                                 \
    } while (0)
#define FIVE(group, function)                                                                      \
    ROUNDS(group, function);                                                                       \
    ROUNDS((group) + 1, function);                                                                 \
    ROUNDS((group) + 2, function);                                                                 \
    ROUNDS((group) + 3, function);                                                                 \
    ROUNDS((group) + 4, function)
    FIVE(0, 0);
    FIVE(5, 1);
    FIVE(10, 2);
    FIVE(15, 3);
#undef FIVE
#undef ROUNDS

    e = _mm_sha1nexte_epu32(before, e_start);
    abcd = _mm_add_epi32(abcd, abcd_start);
    _mm_storeu_si128((__m128i *)(void *)words, abcd);
    for (unsigned i = 0; i < 4; i++)
        sum[i] = words[3 - i];
    sum[4] = (uint32_t)_mm_extract_epi32(e, 3);
    put_digest(sum, digest);
}

/* The answer is the same for all threads: whoever stores it first. */
static int has_sha_extensions(void)
{
    static atomic_int known; /* 0: not asked yet; 1: no; 2: yes */
    unsigned a, b, c, d;
    int answer = atomic_load_explicit(&known, memory_order_relaxed);

    if (!answer) {
        answer = 1;
        if (__get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_1) &&
            __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & UINT32_C(1) << 29))
            answer = 2;
        atomic_store_explicit(&known, answer, memory_order_relaxed);
    }
    return answer == 2;
}

#endif

void sha1_block(const uint8_t block[64], uint8_t digest[20])
{
#if defined(__x86_64__) && defined(__GNUC__)
    if (has_sha_extensions()) {
        sha1_x86(block, digest);
        return;
    }
#endif
    sha1_portable(block, digest);
}
