/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn/table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "conn/cold.h"
#include "conn/pool.h"

#define EXPECTED_PACKED_BYTES 192 /* most packed connections are smaller */

#define ANY_CONTEXT 0x7fffffff /* of aliases; the decoder gives no such number */

/* ---- the whole ------------------------------------------------------------------------------- */

bool table_init(struct table *t, uint64_t limit_bytes, uint32_t max_live, uint32_t max_unpacked)
{
    memset(t, 0, sizeof *t);
    t->key = hash_random_tag_key();
    t->limit_bytes = limit_bytes;
    t->max_live = max_live;
    t->pool.max_idle = max_unpacked ? max_unpacked : DEFAULT_UNPACKED;
    t->pool.max_closed = max_unpacked ? max_unpacked : DEFAULT_UNPACKED_CLOSED;
    t->free_slot = NO_SLOT;
    for (unsigned i = 0; i < LIST_COUNT; i++) {
        t->lists[i].head = t->lists[i].tail = NO_SLOT;
    }
    t->index_mask = 1023;
    t->index = calloc(t->index_mask + 1, sizeof *t->index);
    if (!t->index) {
        return false;
    }
    for (uint32_t i = 0; i <= t->index_mask; i++) {
        t->index[i].slot = NO_SLOT;
    }
    t->memory_bytes = (uint64_t)(t->index_mask + 1) * sizeof *t->index;
    return pool_init(t);
}

void table_fini(struct table *t)
{
    pool_fini(t);
    for (uint32_t i = 0; i < t->chunk_count; i++) {
        free(t->chunks[i]);
    }
    free(t->chunks);
    free(t->index);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static void address_words(const struct lifeline_address *a, uint64_t out[2])
{
    memcpy(out, a->bytes, 16);
}

void table_key(const struct table *t, const struct lifeline_segment *segment, struct lookup *out)
{
    uint64_t src[2], dst[2];
    address_words(&segment->src, src);
    address_words(&segment->dst, dst);
    bool low = src[0] != dst[0]   ? src[0] < dst[0]
               : src[1] != dst[1] ? src[1] < dst[1]
                                  : segment->src_port <= segment->dst_port;
    uint64_t ports = low ? (uint64_t)segment->src_port << 16 | segment->dst_port
                         : (uint64_t)segment->dst_port << 16 | segment->src_port;
    memcpy(out->key, low ? src : dst, 16);
    memcpy(out->key + 2, low ? dst : src, 16);
    out->key[4] = ports << 32 | (segment->context << 1 | (segment->src.family == 6));
    out->source_is_low = low;
    out->tag = table_tag(t, out->key);
}

static bool same_tuple(const uint64_t a[5], const uint64_t b[5])
{
    return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | ((a[4] ^ b[4]) >> 32) |
             ((a[4] ^ b[4]) & 1));
}

/* key is c's, in one of its contexts or as an alias? */
static bool is_key_of(const struct conn *c, const uint64_t key[5])
{
    if (!same_tuple(c->key, key)) {
        return false;
    }
    if (c->key[4] == key[4]) {
        return true;
    }
    uint32_t context = (uint32_t)key[4] >> 1;
    return (c->aliased && context == ANY_CONTEXT) ||
           (c->has_other_context && context == c->other_context);
}

/* The connection in a slot if key is its; else NULL. A packed one with another 4-tuple stays so:
 * whose tags meet is chance, and what is given up when memory is short mustn't depend on it. */
static struct conn *at_if_key(struct table *t, uint32_t slot, const uint64_t key[5])
{
    const struct table_slot *s = table_slot_at(t, slot);
    if (s->is_cold) {
        uint64_t packed_key[5];
        cold_key(s->at.cold, packed_key);
        if (!same_tuple(packed_key, key)) {
            return NULL;
        }
    }
    struct conn *c = table_at(t, slot);
    return is_key_of(c, key) ? c : NULL;
}

static struct conn *find_key(struct table *t, const uint64_t key[5], uint32_t tag)
{
    for (uint32_t i = tag & t->index_mask;; i = (i + 1) & t->index_mask) {
        if (t->index[i].slot == NO_SLOT) {
            return NULL;
        }
        if (t->index[i].tag == tag) {
            struct conn *c = at_if_key(t, t->index[i].slot, key);
            if (c) {
                return c;
            }
        }
    }
}

/* Is it what find_key() would find, exactly? It may be any one that was found before: a free one
 * keeps its memory, without a slot. */
static bool is_newest_of(const struct conn *c, const uint64_t key[5])
{
    return c && c->slot != NO_SLOT && !c->superseded && c->key[4] == key[4] && is_key_of(c, key);
}

struct conn *table_find(struct table *t, const struct lookup *lookup)
{
    struct conn **recent = &t->recent[lookup->tag % TABLE_RECENT];
    if (!is_newest_of(*recent, lookup->key)) {
        struct conn *c = find_key(t, lookup->key, lookup->tag);
        if (!c) {
            return NULL;
        }
        *recent = c;
    }
    (*recent)->recent = 1;
    return *recent;
}

void table_expect_index(const struct table *t, const struct lookup *lookup)
{
    memory_expect(&t->index[lookup->tag & t->index_mask], 1);
}

void table_expect_slot(const struct table *t, struct lookup *lookup)
{
    uint32_t i = lookup->tag & t->index_mask;
    while (t->index[i].slot != NO_SLOT && t->index[i].tag != lookup->tag) {
        i = (i + 1) & t->index_mask;
    }
    lookup->expected = t->index[i].slot;
    if (lookup->expected != NO_SLOT) {
        memory_expect(table_slot_at(t, lookup->expected), 1);
    }
}

void table_expect_conn(const struct table *t, const struct lookup *lookup, bool closing)
{
    if (lookup->expected == NO_SLOT) {
        return;
    }
    const struct table_slot *s = table_slot_at(t, lookup->expected);
    if (!s->at.hot) { /* its connection ended in the meantime */
        return;
    }
    memory_expect(s->at.cold, s->is_cold ? EXPECTED_PACKED_BYTES
                              : closing  ? sizeof(struct conn)
                                         : offsetof(struct conn, own_closing));
}

static void key_in_context(const uint64_t key[5], uint32_t context, uint64_t out[5])
{
    memcpy(out, key, 5 * sizeof *out);
    out[4] = (key[4] >> 32 << 32) | (uint32_t)(context << 1) | (key[4] & 1);
}

struct conn *table_find_elsewhere(struct table *t, const struct lookup *lookup)
{
    uint64_t key[5];
    if ((uint32_t)lookup->key[4] >> 1) {
        key_in_context(lookup->key, 0, key);
        struct conn *plain = find_key(t, key, table_tag(t, key));
        if (plain) {
            return plain;
        }
    }
    if (!t->aliases) {
        return NULL;
    }
    key_in_context(lookup->key, ANY_CONTEXT, key);
    return find_key(t, key, table_tag(t, key));
}

/* ---- slots and index ------------------------------------------------------------------------- */

static bool grow_slots(struct table *t)
{
    if (t->chunk_count == t->chunk_capacity) {
        uint32_t capacity = t->chunk_capacity ? t->chunk_capacity * 2 : 64;
        struct table_slot **chunks = realloc(t->chunks, capacity * sizeof *chunks);
        if (!chunks) {
            return false;
        }
        t->chunks = chunks;
        t->chunk_capacity = capacity;
    }
    struct table_slot *chunk = calloc(TABLE_CHUNK, sizeof *chunk);
    if (!chunk) {
        return false;
    }
    t->chunks[t->chunk_count] = chunk;
    for (uint32_t i = TABLE_CHUNK; i-- > 0;) {
        chunk[i].next = t->free_slot;
        t->free_slot = t->chunk_count * TABLE_CHUNK + i;
    }
    t->chunk_count++;
    t->memory_bytes += TABLE_CHUNK * sizeof *chunk;
    return true;
}

struct conn *table_alloc(struct table *t)
{
    bool full = t->live >= POOL_BLOCK && t->memory_bytes + POOL_GROWTH_BYTES > t->limit_bytes;
    if (full || (t->max_live && t->live >= t->max_live)) {
        return NULL;
    }
    if (t->free_slot == NO_SLOT && !grow_slots(t)) {
        return NULL;
    }
    uint32_t slot = t->free_slot;
    struct table_slot *s = table_slot_at(t, slot);
    struct conn *c = pool_take(t);
    t->free_slot = s->next;
    *s = (struct table_slot){.at.hot = c, .next = NO_SLOT, .prev = NO_SLOT, .list = LIST_COUNT};
    c->slot = slot;
    c->place = s;
    c->older = c->newer = NO_SLOT;
    t->live++;
    return c;
}

void table_release(struct table *t, struct conn *c)
{
    struct table_slot *s = c->place;
    s->at.hot = NULL;
    s->next = t->free_slot;
    t->free_slot = c->slot;
    t->live--;
    pool_give(t, c);
}

static bool table_grow_index(struct table *t)
{
    uint32_t mask = t->index_mask * 2 + 1;
    struct table_index *index = malloc((size_t)(mask + 1) * sizeof *index);
    if (!index) {
        return false;
    }
    for (uint32_t i = 0; i <= mask; i++) {
        index[i].slot = NO_SLOT;
    }
    for (uint32_t i = 0; i <= t->index_mask; i++) {
        if (t->index[i].slot != NO_SLOT) {
            uint32_t j = t->index[i].tag & mask;
            while (index[j].slot != NO_SLOT) {
                j = (j + 1) & mask;
            }
            index[j] = t->index[i];
        }
    }
    t->memory_bytes += (uint64_t)(mask - t->index_mask) * sizeof *index;
    free(t->index);
    t->index = index;
    t->index_mask = mask;
    return true;
}

static bool enter_key(struct table *t, const struct conn *c, const uint64_t key[5], uint32_t tag)
{
    if ((uint64_t)t->index_used * 4 >= (uint64_t)(t->index_mask + 1) * 3 && !table_grow_index(t)) {
        return false;
    }
    uint32_t i = tag & t->index_mask;
    while (t->index[i].slot != NO_SLOT) {
        if (t->index[i].tag == tag && at_if_key(t, t->index[i].slot, key)) {
            t->index[i].slot = c->slot;
            return true;
        }
        i = (i + 1) & t->index_mask;
    }
    t->index[i].tag = tag;
    t->index[i].slot = c->slot;
    t->index_used++;
    return true;
}

bool table_enter(struct table *t, struct conn *c, const struct lookup *lookup)
{
    memcpy(c->key, lookup->key, sizeof c->key);
    c->tag = lookup->tag;
    if (!enter_key(t, c, c->key, c->tag)) {
        return false;
    }
    if ((uint32_t)c->key[4] >> 1) {
        uint64_t key[5];
        key_in_context(c->key, ANY_CONTEXT, key);
        if (enter_key(t, c, key, table_tag(t, key))) {
            c->aliased = 1;
            t->aliases++;
        }
    }
    return true;
}

/* Makes old's entry with that tag c's. */
static void hand_over_entry(struct table *t, const struct conn *old, const struct conn *c,
                            uint32_t tag)
{
    for (uint32_t i = tag & t->index_mask; t->index[i].slot != NO_SLOT;
         i = (i + 1) & t->index_mask) {
        if (t->index[i].tag == tag && t->index[i].slot == old->slot) {
            t->index[i].slot = c->slot;
        }
    }
}

void table_succeed(struct table *t, struct conn *c, const struct conn *old)
{
    uint64_t key[5];
    memcpy(c->key, old->key, sizeof c->key);
    c->tag = old->tag;
    c->aliased = old->aliased;
    c->has_other_context = old->has_other_context;
    c->other_context = old->other_context;
    hand_over_entry(t, old, c, c->tag);
    if (c->aliased) {
        key_in_context(c->key, ANY_CONTEXT, key);
        hand_over_entry(t, old, c, table_tag(t, key));
    }
    if (c->has_other_context) {
        key_in_context(c->key, c->other_context, key);
        hand_over_entry(t, old, c, table_tag(t, key));
    }
}

bool table_join_context(struct table *t, struct conn *c, const struct lookup *lookup)
{
    if (c->has_other_context || !enter_key(t, c, lookup->key, lookup->tag)) {
        return false;
    }
    c->has_other_context = 1;
    c->other_context = (uint32_t)lookup->key[4] >> 1;
    return true;
}

static void leave_key(struct table *t, const struct conn *c, uint32_t tag)
{
    uint32_t i = tag & t->index_mask;
    while (t->index[i].slot != c->slot || t->index[i].tag != tag) {
        if (t->index[i].slot == NO_SLOT) {
            return;
        }
        i = (i + 1) & t->index_mask;
    }
    /* Backward shift: pull up each later entry of the run that may stand here. */
    for (uint32_t j = (i + 1) & t->index_mask; t->index[j].slot != NO_SLOT;
         j = (j + 1) & t->index_mask) {
        uint32_t home = t->index[j].tag & t->index_mask;
        if (((j - home) & t->index_mask) >= ((j - i) & t->index_mask)) {
            t->index[i] = t->index[j];
            i = j;
        }
    }
    t->index[i].slot = NO_SLOT;
    t->index_used--;
}

void table_leave(struct table *t, const struct conn *c)
{
    uint64_t key[5];
    leave_key(t, c, c->tag);
    if (c->aliased) {
        key_in_context(c->key, ANY_CONTEXT, key);
        leave_key(t, c, table_tag(t, key));
        t->aliases--;
    }
    if (c->has_other_context) {
        key_in_context(c->key, c->other_context, key);
        leave_key(t, c, table_tag(t, key));
    }
}

void table_list_append(struct table *t, struct conn *c, enum conn_list list)
{
    struct table_list *l = &t->lists[list];
    struct table_slot *s = c->place;
    s->list = (uint8_t)list;
    s->next = NO_SLOT;
    s->prev = l->tail;
    if (l->tail != NO_SLOT) {
        table_slot_at(t, l->tail)->next = c->slot;
    } else {
        l->head = c->slot;
    }
    l->tail = c->slot;
    l->count++;
}

void table_list_remove(struct table *t, struct conn *c)
{
    struct table_slot *s = c->place;
    if (s->list == LIST_COUNT) {
        return;
    }
    struct table_list *l = &t->lists[s->list];
    if (s->prev != NO_SLOT) {
        table_slot_at(t, s->prev)->next = s->next;
    } else {
        l->head = s->next;
    }
    if (s->next != NO_SLOT) {
        table_slot_at(t, s->next)->prev = s->prev;
    } else {
        l->tail = s->prev;
    }
    s->next = s->prev = NO_SLOT;
    s->list = LIST_COUNT;
    l->count--;
}

/* Its head becomes its tail. */
static void rotate_list(struct table *t, struct table_list *l)
{
    uint32_t slot = l->head;
    struct table_slot *s = table_slot_at(t, slot);
    if (slot == l->tail) {
        return;
    }
    l->head = s->next;
    table_slot_at(t, l->head)->prev = NO_SLOT;
    table_slot_at(t, l->tail)->next = slot;
    s->prev = l->tail;
    s->next = NO_SLOT;
    l->tail = slot;
}

struct conn *table_victim(struct table *t)
{
    static const enum conn_list order[] = {LIST_CLOSED, LIST_EMBRYONIC, LIST_TIME_WAIT, LIST_OPEN};

    for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
        struct table_list *l = &t->lists[order[i]];
        bool ordered = order[i] == LIST_CLOSED || order[i] == LIST_TIME_WAIT;
        for (uint32_t chances = l->count < 64 ? l->count : 64; l->count;) {
            struct table_slot *s = table_slot_at(t, l->head);
            if (ordered || !s->touched || !chances--) {
                return table_at(t, l->head);
            }
            s->touched = 0;
            rotate_list(t, l);
        }
    }
    return NULL;
}
