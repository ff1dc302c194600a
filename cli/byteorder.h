/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers in capture files: little-endian, or swapped when the writer was big-endian. */
#ifndef LIFELINE_BYTEORDER_H
#define LIFELINE_BYTEORDER_H

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t get16(const uint8_t *at, bool swapped)
{
    return swapped ? (uint16_t)(at[0] << 8 | at[1]) : (uint16_t)(at[1] << 8 | at[0]);
}

static inline uint32_t get32(const uint8_t *at, bool swapped)
{
    uint32_t first = get16(at, swapped), second = get16(at + 2, swapped);
    return swapped ? first << 16 | second : second << 16 | first;
}

static inline uint64_t get64(const uint8_t *at, bool swapped)
{
    uint64_t first = get32(at, swapped), second = get32(at + 4, swapped);
    return swapped ? first << 32 | second : second << 32 | first;
}

#endif
