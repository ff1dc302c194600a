/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A flow that rests between two exchanges, packed.
 *
 * Purpose: a connection that is kept alive and idle has a flow of 700 octets, most of them 0.
 *
 * Model: the flow as words of eight octets. For each, two bits say what it is: 0, none, a number,
 * or a number given by its distance from the flow's time, because many are times and close to it.
 * The numbers follow as codes. A word of flags, octets that are 0 or 1, has a code of its own.
 * The protocol is given by its number, from which follows how many words there are. Other pointers
 * are packed as they are: what they lead to stays where it is.
 *
 * Limits: only a flow to which nothing points, and which holds no octets and no exchange: the
 * protocol says whether its state is such when it is idle.
 */
#include <stdlib.h>
#include <string.h>

#include "app/flow.h"
#include "model/code.h"

#define WORDS              ((sizeof(struct app_flow) + 7) / 8)
#define KINDS_BYTES(words) (((words) + 3) / 4)
#define PROTOCOL_AT        offsetof(struct app_flow, protocol)
_Static_assert(APP_REST_BYTES >= CODE_MAX_BYTES * (WORDS + 2) + KINDS_BYTES(WORDS),
               "room for any flow");
_Static_assert(sizeof(struct app_flow) % 8 == 0, "whole words");

enum kind { ZERO, NONE, NUMBER, DISTANCE };

#define FLAGS        UINT64_C(0x0101010101010101)
#define FLAGS_GATHER UINT64_C(0x0102040810204080) /* moves the i-th to bit 56 + i */

/* A number's code: 0 for STREAM_NO_END, odd for flags, one bit for each; even for others, folded.
 * Numbers that are too long for a code have none: UINT64_MAX. */
static uint64_t code_of(uint64_t word)
{
    if (word == (uint64_t)STREAM_NO_END) {
        return 0;
    }
    if (!(word & ~FLAGS)) {
        return (word * FLAGS_GATHER >> 56) << 1 | 1;
    }
    uint64_t folded = code_fold((int64_t)word);
    return folded >> 63 ? UINT64_MAX : folded << 1;
}

static uint64_t word_of(uint64_t code)
{
    uint64_t word = 0;
    if (!code) {
        return (uint64_t)STREAM_NO_END;
    }
    if (!(code & 1)) {
        return code_unfold(code >> 1);
    }
    for (unsigned i = 0; i < 8; i++) {
        word |= (code >> (1 + i) & 1) << 8 * i;
    }
    return word;
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
    unsigned char *begin = out, *kinds;
    uint64_t near = (uint64_t)flow->now_ns;

    out = code_put(out, app_protocol_number(flow->protocol));
    out = code_put(out, near);
    kinds = out;
    out += KINDS_BYTES(count);
    memset(kinds, 0, KINDS_BYTES(count));
    for (size_t i = 0; i < count; i++) {
        uint64_t word;
        memcpy(&word, (const unsigned char *)flow + 8 * i, 8);
        if (i == PROTOCOL_AT / 8)
            memset((unsigned char *)&word + PROTOCOL_AT % 8, 0, sizeof flow->protocol);
        uint64_t code = code_of(word), distance = code_fold((int64_t)(word - near));
        enum kind kind = !word                             ? ZERO
                         : word == (uint64_t)APP_NO_OFFSET ? NONE
                         : distance <= code                ? DISTANCE
                                                           : NUMBER;
        kinds[i / 4] |= (unsigned char)(kind << i % 4 * 2);
        if (kind == NUMBER || kind == DISTANCE) {
            out = code_put(out, kind == NUMBER ? code : distance);
        }
    }
    return (size_t)(out - begin);
}

struct app_flow *app_wake(const unsigned char *in)
{
    struct app_flow packed, *flow;
    const struct app_protocol *protocol = app_protocol_at((unsigned)code_get(&in));
    size_t count = words_of(protocol);
    uint64_t near = code_get(&in);
    const unsigned char *kinds = in;

    in += KINDS_BYTES(count);
    for (size_t i = 0; i < count; i++) {
        enum kind kind = kinds[i / 4] >> i % 4 * 2 & 3;
        uint64_t word = kind == NONE ? (uint64_t)APP_NO_OFFSET : 0;
        if (kind == NUMBER) {
            word = word_of(code_get(&in));
        } else if (kind == DISTANCE) {
            word = near + code_unfold(code_get(&in));
        }
        memcpy((unsigned char *)&packed + 8 * i, &word, 8);
    }
    packed.protocol = protocol;
    flow = app_flow_take(packed.app);
    if (!flow) {
        return APP_OPAQUE;
    }
    memcpy(flow, &packed, 8 * count);
    return flow;
}
