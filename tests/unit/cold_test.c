/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A packed connection comes back as it was, to the bit, whatever its fields hold. */
#include "conn/cold.h"

#include <stddef.h>

#include "app/app.h"
#include "check.h"

#define ROUNDS 20000

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Octets of each kind that the packing treats in a way of its own: any, 0, 255, nearly equal. */
static void fill(void *object, size_t bytes, uint64_t *state)
{
    unsigned char *at = object;
    for (size_t i = 0; i < bytes; i++) {
        uint64_t r = next_random(state);
        at[i] = r % 4 == 0 ? (unsigned char)(r >> 8) : r % 4 == 1 ? 0 : r % 4 == 2 ? 255 : 1;
    }
}

/* What only memory or the table knows. */
static void clear_rest(struct conn *c)
{
    c->closing = NULL;
    c->candidate = NULL;
    c->tag = c->slot = c->pool_index = 0;
    c->place = NULL;
    c->recent = 0;
}

static void truth_values(struct closing *k)
{
    unsigned char *flags[] = {
        (unsigned char *)&k->time_wait[0].present, (unsigned char *)&k->time_wait[1].present,
        (unsigned char *)&k->simultaneous,         (unsigned char *)&k->reset_after_fin,
        (unsigned char *)&k->reset_accepted,       (unsigned char *)&k->reset_closed[0],
        (unsigned char *)&k->reset_closed[1]};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        *flags[i] &= 1;
    }
}

/* No holes between the fields, so that octets can be compared: only behind the last. So a field
 * that cold.c lacks is found, if it isn't put last. */
#define BEHIND(type, last) (offsetof(struct type, last) + sizeof(((struct type *)NULL)->last))

static bool same_ends(const struct conn *a, const struct conn *b)
{
    return !memcmp(&a->end[0], &b->end[0], BEHIND(end, ids_count)) &&
           !memcmp(&a->end[1], &b->end[1], BEHIND(end, ids_count));
}

/* These have holes between them. */
static bool same_icmp(const struct conn *a, const struct conn *b)
{
    return a->icmp_to == b->icmp_to && a->icmp_error == b->icmp_error &&
           a->icmp_errors == b->icmp_errors && a->icmp_frame == b->icmp_frame &&
           a->icmp_mtu == b->icmp_mtu && a->icmp_seq == b->icmp_seq && a->icmp_ns == b->icmp_ns &&
           a->icmp_sender[0] == b->icmp_sender[0] && a->icmp_sender[1] == b->icmp_sender[1];
}

static bool same(const struct conn *a, const struct conn *b)
{
    size_t ends = offsetof(struct conn, end), behind = offsetof(struct conn, closing);
    return !memcmp(a, b, ends) && same_ends(a, b) &&
           !memcmp((const char *)a + behind, (const char *)b + behind,
                   BEHIND(conn, doubled) - behind) &&
           same_icmp(a, b);
}

static bool same_closing(const struct closing *a, const struct closing *b)
{
    size_t behind = offsetof(struct closing, step1_ns);
    for (unsigned i = 0; i < 2; i++) {
        if (memcmp(&a->time_wait[i], &b->time_wait[i], BEHIND(time_wait, present))) {
            return false;
        }
    }
    return !memcmp((const char *)a + behind, (const char *)b + behind,
                   BEHIND(closing, reset_closed) - behind);
}

static void comes_back_as_it_was(void)
{
    uint64_t state = 0x6c6966656c696e65U;
    unsigned char packed[COLD_MAX_BYTES];
    size_t largest = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct conn before, after;
        struct closing closing;
        bool closes = round % 2;
        memset(&after, 0x5a, sizeof after);
        fill(&before, sizeof before, &state);
        fill(&closing, sizeof closing, &state);
        truth_values(&closing);
        clear_rest(&before);
        before.flow = round % 3 ? round % 3 == 1 ? APP_OPAQUE : APP_RESET : NULL;
        before.closing = closes ? &closing : NULL;
        size_t bytes = cold_pack(&before, packed);
        largest = bytes > largest ? bytes : largest;
        CHECK(bytes == cold_bytes(packed));
        CHECK(cold_has_closing(packed) == closes);
        CHECK(cold_number(packed) == before.number);
        cold_unpack(packed, &after);
        CHECK(after.closing == (closes ? &after.own_closing : NULL));
        clear_rest(&before);
        clear_rest(&after);
        CHECK(same(&before, &after));
        CHECK(!closes || same_closing(&closing, &after.own_closing));
    }
    /* Each octet takes at most eight sevenths, each field a bit and a part of an octet. */
    CHECK(largest < COLD_MAX_BYTES);
}

static void nothing_takes_little(void)
{
    unsigned char packed[COLD_MAX_BYTES];
    struct conn idle;
    memset(&idle, 0, sizeof idle);
    CHECK(cold_pack(&idle, packed) < 100);
}

int main(void)
{
    RUN(comes_back_as_it_was);
    RUN(nothing_takes_little);
    return check_report();
}
