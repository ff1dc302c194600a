/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers in as few octets as they need: seven bits to the octet, the lowest first. How many octets
 * a number takes stands in the first one, below its lowest bits: as many zeros as octets follow,
 * and a one. So a number is written and read at once, without a look at each octet. Nine octets
 * hold 64 bits: a zero octet, then the number. What is signed is folded first, so that small
 * numbers of either sign are small.
 *
 * Writing and reading touch up to CODE_MAX_BYTES, whatever the number needs.
 */
#ifndef LIFELINE_MODEL_CODE_H
#define LIFELINE_MODEL_CODE_H

#include <stdint.h>
#include <string.h>

#define CODE_MAX_BYTES 9

/* The lowest octet first, as memory has it nearly everywhere. */
static inline uint64_t code_octets(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

static inline unsigned char *code_put(unsigned char *out, uint64_t code)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(code | 1), bytes = (bits + 6) / 7;
    if (bytes > 8) {
        uint64_t octets = code_octets(code);
        *out = 0;
        memcpy(out + 1, &octets, sizeof octets);
        return out + CODE_MAX_BYTES;
    }
    uint64_t octets = code_octets((code << 1 | 1) << (bytes - 1));
    memcpy(out, &octets, sizeof octets);
    return out + bytes;
}

static inline uint64_t code_get(const unsigned char **in)
{
    const unsigned char *at = *in;
    uint64_t octets;
    if (!*at) {
        memcpy(&octets, at + 1, sizeof octets);
        *in = at + CODE_MAX_BYTES;
        return code_octets(octets);
    }
    memcpy(&octets, at, sizeof octets);
    octets = code_octets(octets);
    unsigned bytes = (unsigned)__builtin_ctzll(octets) + 1;
    *in = at + bytes;
    return octets << (64 - 8 * bytes) >> (64 - 7 * bytes);
}

static inline uint64_t code_fold(int64_t number)
{
    return (uint64_t)number << 1 ^ (uint64_t)(number >> 63);
}

static inline uint64_t code_unfold(uint64_t code)
{
    return code >> 1 ^ (0 - (code & 1));
}

#endif
