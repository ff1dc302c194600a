/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequence number arithmetic, RFC 9293 3.4: modulo 2^32, compared by signed distance.
 * The only place that knows how; everything else asks here.
 */
#ifndef LIFELINE_CONN_SEQ_H
#define LIFELINE_CONN_SEQ_H

#include <stdbool.h>
#include <stdint.h>

/* How far a is ahead of b; negative when behind. Meaningful within 2^31. */
static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}
static inline bool seq_lt(uint32_t a, uint32_t b)
{
    return seq_diff(a, b) < 0;
}
static inline bool seq_leq(uint32_t a, uint32_t b)
{
    return seq_diff(a, b) <= 0;
}
static inline bool seq_gt(uint32_t a, uint32_t b)
{
    return seq_diff(a, b) > 0;
}
static inline bool seq_geq(uint32_t a, uint32_t b)
{
    return seq_diff(a, b) >= 0;
}
static inline uint32_t seq_max(uint32_t a, uint32_t b)
{
    return seq_gt(a, b) ? a : b;
}
static inline uint32_t seq_min(uint32_t a, uint32_t b)
{
    return seq_lt(a, b) ? a : b;
}

#endif
