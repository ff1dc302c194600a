/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is counted of a stream whose segments come in any order, twice, or not at all: the same as
 * who keeps a note of each octet counts, as long as no more than two holes are open at a time. */
#include "check.h"
#include "lifeline.h"

#define STREAM_BYTES 48
#define ROUNDS       1000
#define STEPS        40

static struct lifeline_engine *engine;
static uint64_t frame;
static uint32_t slot;
static uint64_t marks;

static void on_event(void *user, const struct lifeline_event *event)
{
    (void)user;
    slot = event->slot;
    marks = event->marks;
}

static void push(bool client, uint32_t seq, uint32_t ack, uint16_t flags, uint32_t bytes)
{
    static const uint8_t payload[STREAM_BYTES];
    frame++;
    struct lifeline_segment s = {
        .frame = frame,
        .time_ns = INT64_C(1700000000000000000) + (int64_t)frame * 1000000,
        .ttl = 64,
        .src_port = client ? 1024 : 80,
        .dst_port = client ? 80 : 1024,
        .seq = seq + (client ? 4294967270U : 9), /* the client's numbers wrap on the way */
        .ack = flags & LIFELINE_ACK ? ack + (client ? 9 : 4294967270U) : 0,
        .flags = flags,
        .window = 65535,
        .payload_bytes = bytes,
        .captured_bytes = bytes,
        .payload = payload,
    };
    struct lifeline_address a = {.bytes = {10, 0, 0, 2}, .family = 4};
    struct lifeline_address b = {.bytes = {10, 0, 0, 1}, .family = 4};
    s.src = client ? a : b;
    s.dst = client ? b : a;
    lifeline_push_segment(engine, &s);
}

static unsigned random_below(unsigned limit)
{
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % limit;
}

/* A note of each octet. */
struct note {
    bool there[STREAM_BYTES];
    unsigned top, acked, payload_bytes, missing_bytes;
};

static unsigned holes_with(const struct note *note, unsigned start, unsigned end)
{
    unsigned top = end > note->top ? end : note->top, holes = 0;
    bool before = true;
    for (unsigned i = 0; i < top; i++) {
        bool here = note->there[i] || (i >= start && i < end);
        holes += before && !here;
        before = here;
    }
    return holes;
}

static void check_sums(const struct note *note)
{
    struct lifeline_connection record;
    if (CHECK(lifeline_peek(engine, slot, 0, &record))) {
        CHECK_UINT(record.client.payload_bytes, note->payload_bytes);
        CHECK_UINT(record.client.missing_bytes, note->missing_bytes);
    }
}

static void send_some(struct note *note)
{
    unsigned start = random_below(STREAM_BYTES - 8), bytes = 2 + random_below(7);
    unsigned end = start + bytes;
    if (holes_with(note, start, end) > 2) {
        return;
    }
    unsigned fresh = 0, old_top = note->top;
    for (unsigned i = start; i < end; i++) {
        fresh += !note->there[i];
        note->there[i] = true;
    }
    note->payload_bytes += fresh;
    note->top = end > note->top ? end : note->top;
    push(true, 1 + start, 1, LIFELINE_ACK, end - start);
    CHECK_UINT(!!(marks & LIFELINE_MARK_RETRANSMISSION), !fresh);
    CHECK_UINT(!!(marks & LIFELINE_MARK_GAP_BEFORE), start > old_top);
    if (fresh == end - start) {
        CHECK_UINT(!!(marks & LIFELINE_MARK_OUT_OF_ORDER), start < old_top);
    }
}

static void acknowledge_some(struct note *note)
{
    note->acked += random_below(note->top - note->acked + 1);
    for (unsigned i = 0; i < note->acked; i++) {
        note->missing_bytes += !note->there[i];
        note->there[i] = true;
    }
    push(false, 1, 1 + note->acked, LIFELINE_ACK, 0);
}

static void counts_what_a_note_of_each_octet_does(void)
{
    const struct lifeline_sink sink = {.event = on_event};
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct note note = {.top = 0};
        engine = lifeline_new(NULL, &sink);
        if (!CHECK(engine != NULL)) {
            return;
        }
        push(true, 0, 0, LIFELINE_SYN, 0);
        push(false, 0, 1, LIFELINE_SYN | LIFELINE_ACK, 0);
        push(true, 1, 1, LIFELINE_ACK, 0);
        for (unsigned step = 0; step < STEPS; step++) {
            if (random_below(8)) {
                send_some(&note);
            } else {
                acknowledge_some(&note);
            }
            check_sums(&note);
        }
        lifeline_free(engine);
    }
}

int main(void)
{
    RUN(counts_what_a_note_of_each_octet_does);
    return check_report();
}
