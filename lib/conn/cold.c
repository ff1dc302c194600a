/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn/cold.h"

#include <string.h>

#include "app/app.h"
#include "model/code.h"

/* The fields, and what each is usually near to: F(field, value). Values are of fields above. */
/* clang-format off */
#define END_FIELDS(F, i)                                                                           \
    F(end[i].isn, 0)                                                                               \
    F(end[i].flags, 0)                                                                             \
    F(end[i].history, 0)                                                                           \
    F(end[i].evidence, 0)                                                                          \
    F(end[i].next, c->end[i].isn)                                                                  \
    F(end[i].contiguous, c->end[i].next)                                                           \
    F(end[i].block_start, c->end[i].isn + 1)                                                       \
    F(end[i].block_end, c->end[i].block_start)                                                     \
    F(end[i].fin_end, c->end[i].next)                                                              \
    F(end[i].payload_bytes, 0)                                                                     \
    F(end[i].retransmitted_bytes, 0)                                                               \
    F(end[i].missing_bytes, 0)                                                                     \
    F(end[i].loose_start, 0)                                                                       \
    F(end[i].loose_bytes, 0)                                                                       \
    F(end[i].control_ns, c->start_ns)                                                              \
    F(end[i].delivered_ns, c->end[i].control_ns)                                                   \
    F(end[i].first_tsval, 0)                                                                       \
    F(end[i].control_tsval, c->end[i].first_tsval)                                                 \
    F(end[i].last_tsval, c->end[i].control_tsval)                                                  \
    F(end[i].first_ms, i ? c->syn_to_synack_ns / NS_PER_MS : 0)                                    \
    F(end[i].last_tsval_ms, ((uint64_t)c->last_ns - (uint64_t)c->start_ns) / NS_PER_MS)            \
    F(end[i].delivered_frame, 0)                                                                   \
    F(end[i].segments, 0)                                                                          \
    F(end[i].retransmitted_segments, 0)                                                            \
    F(end[i].out_of_order_segments, 0)                                                             \
    F(end[i].zero_windows, 0)                                                                      \
    F(end[i].fin_frame, 0)                                                                         \
    F(end[i].fin_acked_frame, 0)                                                                   \
    F(end[i].reset_frame, 0)                                                                       \
    F(end[i].wraps, 0)                                                                             \
    F(end[i].first_ip_id, 0)                                                                       \
    F(end[i].control_ip_id, c->end[i].first_ip_id)                                                 \
    F(end[i].newest_ip_id,                                                                         \
      c->end[i].control_ip_id                                                                      \
          ? (uint16_t)(c->end[i].control_ip_id +                                                   \
                       (c->end[i].flags & END_FIN ? 0 : c->end[i].segments - 1))                   \
          : 0)                                                                                     \
    F(end[i].ids_count,                                                                            \
      c->end[i].flags & END_FIN || c->end[i].newest_ip_id != c->end[i].control_ip_id)              \
    F(end[i].mss, 1460)                                                                            \
    F(end[i].window, 0)                                                                            \
    F(end[i].window_scale, 0)                                                                      \
    F(end[i].ttl, 64)                                                                              \
    F(end[i].state_count, 4 + 2 * !!(c->end[i].flags & END_FIN))                                   \
    F(end[i].state, c->end[i].history >> (c->end[i].state_count + 15U) % 16 * 4 & 15)              \
    F(end[i].reset_verdict, LIFELINE_UNKNOWN)                                                      \
    F(end[i].reset_cause, LIFELINE_UNKNOWN)

#define OLDER_ACKS(F, i)                                                                           \
    F(end[i].older_acks[0], (uint16_t)c->end[i].acked)                                             \
    F(end[i].older_acks[1], c->end[i].older_acks[0])                                               \
    F(end[i].older_acks[2], c->end[i].older_acks[1])                                               \
    F(end[i].data_ack, (uint16_t)c->end[i].acked)

#define CONN_FIELDS(F)                                                                             \
    F(key[0], 0)                                                                                   \
    F(key[1], 0)                                                                                   \
    F(key[2], 0)                                                                                   \
    F(key[3], 0)                                                                                   \
    F(key[4], 0)                                                                                   \
    F(first_frame, 0)                                                                              \
    F(start_ns, 0)                                                                                 \
    F(last_ns, c->start_ns)                                                                        \
    F(first_data_ns, c->start_ns)                                                                  \
    F(last_data_ns, c->last_ns)                                                                    \
    F(ack_ns, c->start_ns)                                                                         \
    F(syn_to_synack_ns, 0)                                                                         \
    F(synack_to_ack_ns, 0)                                                                         \
    END_FIELDS(F, 0)                                                                               \
    END_FIELDS(F, 1)                                                                               \
    F(end[0].acked, c->end[1].next)                                                                \
    F(end[1].acked, c->end[0].next)                                                                \
    F(end[0].edge, c->end[0].acked)                                                                \
    F(end[1].edge, c->end[1].acked)                                                                \
    OLDER_ACKS(F, 0)                                                                               \
    OLDER_ACKS(F, 1)                                                                               \
    F(other_context, 0)                                                                            \
    F(incarnation, 0)                                                                              \
    F(older, NO_SLOT)                                                                              \
    F(newer, NO_SLOT)                                                                              \
    F(last_frame, 0)                                                                               \
    F(syn_frame, 1)                                                                                \
    F(synack_frame, 2)                                                                             \
    F(ack_frame, 3)                                                                                \
    F(syn_retransmissions, 0)                                                                      \
    F(synack_retransmissions, 0)                                                                   \
    F(stray_end, 0)                                                                                \
    F(stray_ack, 0)                                                                                \
    F(claim_start, 0)                                                                              \
    F(claim_ack, 0)                                                                                \
    F(previous_isn[0], 0)                                                                          \
    F(previous_isn[1], 0)                                                                          \
    F(previous_next[0], 0)                                                                         \
    F(previous_next[1], 0)                                                                         \
    F(again_ns, 0)                                                                                 \
    F(again_end, 0)                                                                                \
    F(again_tsval, 0)                                                                              \
    F(again_ip_id, 0)                                                                              \
    F(again_from, 0)                                                                               \
    F(doubled, 0)                                                                                  \
    F(exchanges, 0)                                                                                \
    F(withdrawals, 0)                                                                              \
    F(old_duplicates, 0)                                                                           \
    F(keep_alives, 0)                                                                              \
    F(swapped, 0)                                                                                  \
    F(client, 0)                                                                                   \
    F(role_evidence, 0)                                                                            \
    F(muted, 0)                                                                                    \
    F(aliased, 0)                                                                                  \
    F(has_other_context, 0)                                                                        \
    F(had_syn, 1)                                                                                  \
    F(superseded, 0)                                                                               \
    F(incomplete, 0)                                                                               \
    F(mid_stream, 0)                                                                               \
    F(synack_by_server, 1)                                                                         \
    F(fast_open_data, 0)                                                                           \
    F(previous_known, 0)                                                                           \
    F(stray_from, 0)                                                                               \
    F(claimed_from, 0)                                                                             \
    F(icmp_to, 0)                                                                                  \
    F(icmp_error, 0)                                                                               \
    F(icmp_errors, 0)                                                                              \
    F(icmp_frame, 0)                                                                               \
    F(icmp_mtu, 0)                                                                                 \
    F(icmp_seq, 0)                                                                                 \
    F(icmp_ns, 0)                                                                                  \
    F(icmp_sender[0], 0)                                                                           \
    F(icmp_sender[1], 0)

#define TIME_WAIT_FIELDS(F, i)                                                                     \
    F(time_wait[i].present, 0)                                                                     \
    F(time_wait[i].entered_ns, c->closing->time_wait[i].present ? c->last_ns : 0)                  \
    F(time_wait[i].since_ns, c->closing->time_wait[i].entered_ns)                                  \
    F(time_wait[i].ended_ns, c->closing->time_wait[i].present ? LIFELINE_UNKNOWN_NS : 0)           \
    F(time_wait[i].entered_frame, c->closing->time_wait[i].present ? c->last_frame : 0)            \
    F(time_wait[i].ended_frame, 0)                                                                 \
    F(time_wait[i].restarts, 0)                                                                    \
    F(time_wait[i].absorbed, 0)                                                                    \
    F(time_wait[i].timer, 0)                                                                       \
    F(time_wait[i].tally, 0)                                                                       \
    F(time_wait[i].outcome, 0)                                                                     \
    F(time_wait[i].reuse_rule, c->closing->time_wait[i].present ? LIFELINE_UNKNOWN : 0)

#define CLOSING_FIELDS(F)                                                                          \
    TIME_WAIT_FIELDS(F, 0)                                                                         \
    TIME_WAIT_FIELDS(F, 1)                                                                         \
    F(step4_ns, c->last_ns)                                                                        \
    F(step3_ns, c->last_ns)                                                                        \
    F(step2_ns, c->closing->step3_ns)                                                              \
    F(step1_ns, c->closing->step2_ns)                                                              \
    F(reset_last_ns, LIFELINE_UNKNOWN_NS)                                                          \
    F(reset_ns, c->closing->reset_last_ns)                                                         \
    F(unseen_ns, 0)                                                                                \
    F(half_close_bytes, 0)                                                                         \
    F(fin_frames[3], c->last_frame)                                                                \
    F(fin_frames[2], c->closing->fin_frames[3])                                                    \
    F(fin_frames[1], c->closing->fin_frames[2])                                                    \
    F(fin_frames[0], c->closing->fin_frames[1])                                                    \
    F(fin_retransmissions, 0)                                                                      \
    F(first_fin_ack, c->end[1].next)                                                               \
    F(reset_frame, 0)                                                                              \
    F(answered_ns, LIFELINE_UNKNOWN_NS)                                                            \
    F(taken_frame[0], 0)                                                                           \
    F(taken_frame[1], 0)                                                                           \
    F(reset_seq, 0)                                                                                \
    F(reset_peer_next, 0)                                                                          \
    F(reset_acked, 0)                                                                              \
    F(first_fin, !c->closing->time_wait[0].present)                                                \
    F(simultaneous, 0)                                                                             \
    F(reset_by, LIFELINE_UNKNOWN)                                                                  \
    F(reset_after_fin, 0)                                                                          \
    F(reset_accepted, 0)                                                                           \
    F(reset_closed[0], 0)                                                                          \
    F(reset_closed[1], 0)
/* clang-format on */

/* Who adds a field adds it above; then here. */
_Static_assert(sizeof(struct end) == 176, "fields of end");
_Static_assert(sizeof(struct time_wait) == 56, "fields of time_wait");
_Static_assert(sizeof(struct closing) == 240, "fields of closing");
_Static_assert(sizeof(struct conn) == 920, "fields of conn");

#define ONE(field, value) +1
enum {
    CONN_COUNT = 2 CONN_FIELDS(ONE), /* flow and facts besides */
    CLOSING_COUNT = 0 CLOSING_FIELDS(ONE),
};

/* A packed connection: its length (2 octets), what it has besides (1), its number; for each
 * field a bit, and for each bit that is set the code of how the field differs from what it is near
 * to; the same for closing. */
#define HEADER_BYTES 3
enum { HAS_CLOSING = 1, HAS_FLOW = 2, HAS_RESTING_FLOW = 4 };

/* What many fields hold that hold nothing: LIFELINE_UNKNOWN, NO_SLOT, LIFELINE_UNKNOWN_NS. */
static inline uint64_t nothing(size_t bytes)
{
    return bytes == 8 ? (uint64_t)LIFELINE_UNKNOWN_NS : UINT64_MAX >> (64 - 8 * bytes);
}

/* Codes: 1 nothing(), 2 zero; then differences modulo the field's width, small ones of either sign
 * first. Those are one too many: the last is 0. */
enum { CODE_NOTHING = 1, CODE_ZERO, CODE_DIFFERENCE };

static inline uint64_t code_of(uint64_t value, uint64_t near, size_t bytes)
{
    unsigned spare = (unsigned)(64 - 8 * bytes);
    int64_t difference = (int64_t)((value - near) << spare) >> spare;
    return value == nothing(bytes) ? CODE_NOTHING
           : !value                ? CODE_ZERO
                                   : code_fold(difference) - 1 + CODE_DIFFERENCE;
}

static inline uint64_t value_of(uint64_t code, uint64_t near, size_t bytes)
{
    return code == CODE_NOTHING ? nothing(bytes)
           : code == CODE_ZERO  ? 0
                                : near + code_unfold(code - CODE_DIFFERENCE + 1);
}

/* Bits and codes as they are written and read; i is the field's bit. */
struct writer {
    unsigned char *bits, *out;
    unsigned i;
};

struct reader {
    const unsigned char *bits, *in;
    unsigned i;
};

static void put_difference(struct writer *w, uint64_t value, uint64_t near, size_t bytes)
{
    w->bits[w->i / 8] |= (unsigned char)(1U << w->i % 8);
    w->out = code_put(w->out, code_of(value, near, bytes));
}

static uint64_t get_difference(struct reader *r, uint64_t near, size_t bytes)
{
    return value_of(code_get(&r->in), near, bytes);
}

/* Inline, so that what a field has in common with what it is near to costs a comparison. */
__attribute__((always_inline)) static inline void put(struct writer *w, uint64_t value,
                                                      uint64_t near, size_t bytes)
{
    if (value != near) {
        put_difference(w, value, near, bytes);
    }
    w->i++;
}

__attribute__((always_inline)) static inline uint64_t get(struct reader *r, uint64_t near,
                                                          size_t bytes)
{
    unsigned i = r->i++;
    return r->bits[i / 8] >> i % 8 & 1 ? get_difference(r, near, bytes) : near;
}

static void begin_bits(struct writer *w, unsigned count)
{
    *w = (struct writer){.bits = w->out, .out = w->out + (count + 7) / 8};
    memset(w->bits, 0, (count + 7) / 8);
}

static void skip_bits(struct reader *r, unsigned count)
{
    *r = (struct reader){.bits = r->in, .in = r->in + (count + 7) / 8};
}

size_t cold_pack(const struct conn *c, unsigned char *packed)
{
    struct writer w = {.out = code_put(packed + HEADER_BYTES, c->number)};

    bool rests = app_can_rest(c->flow);

    begin_bits(&w, CONN_COUNT);
    put(&w, rests ? (uintptr_t)APP_OPAQUE : (uintptr_t)c->flow, (uintptr_t)APP_OPAQUE, 8);
    put(&w, (uintptr_t)c->facts, 0, 8);
#define PUT(field, value) put(&w, (uint64_t)c->field, (uint64_t)(value), sizeof c->field);
    CONN_FIELDS(PUT)
#undef PUT
    if (c->closing) {
        const struct closing *k = c->closing;
        begin_bits(&w, CLOSING_COUNT);
#define PUT(field, value) put(&w, (uint64_t)k->field, (uint64_t)(value), sizeof k->field);
        CLOSING_FIELDS(PUT)
#undef PUT
    }
    if (rests) {
        w.out += app_rest(c->flow, w.out);
    }
    uint16_t bytes = (uint16_t)(w.out - packed);
    memcpy(packed, &bytes, sizeof bytes);
    packed[2] =
        (unsigned char)((c->closing ? HAS_CLOSING : 0) | (app_is_idle(c->flow) ? 0 : HAS_FLOW) |
                        (rests ? HAS_RESTING_FLOW : 0));
    return bytes;
}

/* A copy behind which may be read. */
struct copy {
    unsigned char octets[COLD_MAX_BYTES + CODE_MAX_BYTES];
};

/* Returns where in the copy a resting flow begins. */
static const unsigned char *unpack(const unsigned char *packed, struct copy *copy, struct conn *c)
{
    struct reader r = {.in = copy->octets + HEADER_BYTES};
    struct closing *closing = cold_has_closing(packed) ? &c->own_closing : NULL;

    memcpy(copy, packed, cold_bytes(packed));

    c->number = code_get(&r.in);
    c->candidate = NULL;
    c->closing = closing;
    skip_bits(&r, CONN_COUNT);
    c->flow = (struct app_flow *)(uintptr_t)get(&r, (uintptr_t)APP_OPAQUE, 8);
    c->facts = (struct finding_facts *)(uintptr_t)get(&r, 0, 8);
#define GET(field, value) c->field = get(&r, (uint64_t)(value), sizeof c->field);
    CONN_FIELDS(GET)
#undef GET
    if (closing) {
        skip_bits(&r, CLOSING_COUNT);
#define GET(field, value) closing->field = get(&r, (uint64_t)(value), sizeof closing->field);
        CLOSING_FIELDS(GET)
#undef GET
    }
    return r.in;
}

void cold_unpack(const unsigned char *packed, struct conn *c)
{
    struct copy copy;
    unpack(packed, &copy, c);
}

void cold_revive(const unsigned char *packed, struct conn *c)
{
    struct copy copy;
    const unsigned char *flow = unpack(packed, &copy, c);
    if (packed[2] & HAS_RESTING_FLOW) {
        c->flow = app_wake(flow);
    }
}

bool cold_has_closing(const unsigned char *packed)
{
    return packed[2] & HAS_CLOSING;
}

bool cold_has_flow(const unsigned char *packed)
{
    return packed[2] & HAS_FLOW;
}

void cold_key(const unsigned char *packed, uint64_t key[5])
{
    struct copy copy;
    struct reader r = {.in = copy.octets + HEADER_BYTES};
    memcpy(&copy, packed, cold_bytes(packed));
    code_get(&r.in); /* the number */
    skip_bits(&r, CONN_COUNT);
    get(&r, (uintptr_t)APP_OPAQUE, 8);
    get(&r, 0, 8);
    for (unsigned i = 0; i < 5; i++) {
        key[i] = get(&r, 0, 8); /* the first of CONN_FIELDS */
    }
}

uint64_t cold_number(const unsigned char *packed)
{
    const unsigned char *in = packed + HEADER_BYTES;
    return code_get(&in);
}

size_t cold_bytes(const unsigned char *packed)
{
    uint16_t bytes;
    memcpy(&bytes, packed, sizeof bytes);
    return bytes;
}
