/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers in as few octets as they need: seven bits to the octet, the lowest first; the eighth says
 * that more follow. What is signed is folded first, so that small numbers of either sign are small.
 */
#ifndef LIFELINE_MODEL_CODE_H
#define LIFELINE_MODEL_CODE_H

#include <stdint.h>

#define CODE_MAX_BYTES 10

static inline unsigned char *code_put(unsigned char *out, uint64_t code)
{
    for (; code > 127; code >>= 7) {
        *out++ = (unsigned char)(code | 128);
    }
    *out++ = (unsigned char)code;
    return out;
}

static inline uint64_t code_get(const unsigned char **in)
{
    uint64_t code = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char octet = *(*in)++;
        code |= (uint64_t)(octet & 127) << shift;
        if (!(octet & 128)) {
            return code;
        }
    }
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
