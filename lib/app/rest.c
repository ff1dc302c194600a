/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow that rests between two exchanges, packed.
 *
 * Purpose: a connection that is kept alive and idle has a flow of 700 octets, most of them 0.
 *
 * Model: the flow as words of eight octets. For each a bit says whether it is 0; the others follow,
 * as codes in which the numbers that flows are full of (offsets, and what stands for none) are
 * short. Pointers are packed as they are: what they lead to stays where it is.
 *
 * Limits: only a flow to which nothing points, and which holds no octets and no exchange: the
 * protocol says whether its state is such when it is idle.
 */
#include <stdlib.h>
#include <string.h>

#include "app/flow.h"
#include "model/code.h"

#define WORDS ((sizeof(struct app_flow) + 7) / 8)
_Static_assert(APP_REST_BYTES >= WORDS * CODE_MAX_BYTES + (WORDS + 7) / 8, "room for any flow");
_Static_assert(sizeof(struct app_flow) % 8 == 0, "whole words");

/* Codes: 0 and 1 for the numbers that stand for none, then all others, folded. Those are two too
 * many: the last two numbers wrap, to codes that nothing else has because a word of 0 has none. */
static uint64_t code_of(uint64_t word)
{
    return word == (uint64_t)APP_NO_OFFSET   ? 0
           : word == (uint64_t)STREAM_NO_END ? 1
                                             : code_fold((int64_t)word) + 1;
}

static uint64_t word_of(uint64_t code)
{
    return code == 0   ? (uint64_t)APP_NO_OFFSET
           : code == 1 ? (uint64_t)STREAM_NO_END
                       : code_unfold(code - 1);
}

static size_t words_of(const struct app_protocol *protocol)
{
    return (offsetof(struct app_flow, state) + protocol->state_bytes + 7) / 8;
}

bool app_can_rest(const struct app_flow *flow)
{
    return !app_is_idle(flow) && flow->protocol && flow->protocol->rests && !flow->link &&
           !flow->abandoned && !flow->fed && !flow->stalled_frames && !flow->stream[0].spans &&
           !flow->stream[1].spans && flow->protocol->is_idle(flow);
}

size_t app_rest(const struct app_flow *flow, unsigned char *out)
{
    size_t count = words_of(flow->protocol);
    unsigned char *begin = out, *bits;

    out = code_put(out, count);
    bits = out;
    out += (count + 7) / 8;
    memset(bits, 0, (count + 7) / 8);
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)flow + 8 * i, 8);
        if (word) {
            bits[i / 8] |= (unsigned char)(1U << i % 8);
            out = code_put(out, code_of(word));
        }
    }
    return (size_t)(out - begin);
}

struct app_flow *app_wake(const unsigned char *in)
{
    struct app_flow packed, *flow;
    size_t count = code_get(&in);
    const unsigned char *bits = in;

    in += (count + 7) / 8;
    for (size_t i = 0; i < count; i++) {
        uint64_t word = bits[i / 8] >> i % 8 & 1 ? word_of(code_get(&in)) : 0;
        memcpy((unsigned char *)&packed + 8 * i, &word, 8);
    }
    flow = app_flow_take(packed.app);
    if (!flow) {
        return APP_OPAQUE;
    }
    memcpy(flow, &packed, 8 * count);
    return flow;
}
