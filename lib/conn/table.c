/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn/table.h"

#include <stdlib.h>
#include <string.h>

#define SLAB_COUNT  1024
#define ANY_CONTEXT 0x7fffffff /* of aliases; the decoder gives no such number */

bool table_init(struct table *t, uint64_t limit_bytes, uint32_t max_live)
{
    memset(t, 0, sizeof *t);
    t->key = hash_random_key();
    t->limit_bytes = limit_bytes;
    t->max_live = max_live;
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
    return true;
}

void table_fini(struct table *t)
{
    for (uint32_t i = 0; i < t->slab_count; i++) {
        free(t->slabs[i]);
    }
    free(t->slabs);
    free(t->index);
}

static void address_words(const struct lifeline_address *a, uint64_t out[2])
{
    memcpy(out, a->bytes, 16);
}

/* The 4-tuple's hash within its context. */
static uint32_t tag_of(const struct table *t, const uint64_t key[5])
{
    if (!(key[4] & 1)) {
        uint64_t words[2] = {key[0] << 32 | (key[2] & UINT32_MAX), key[4]};
        return (uint32_t)hash_words(&t->key, words, 2);
    }
    return (uint32_t)hash_words(&t->key, key, 5);
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
    out->tag = tag_of(t, out->key);
}

/* key is c's, in one of its contexts or as an alias? */
static bool is_key_of(const struct conn *c, const uint64_t key[5])
{
    if (memcmp(c->key, key, 4 * sizeof *key) != 0) {
        return false;
    }
    if (c->key[4] == key[4]) {
        return true;
    }
    if ((c->key[4] ^ key[4]) >> 32 || (c->key[4] & 1) != (key[4] & 1)) {
        return false;
    }
    uint32_t context = (uint32_t)key[4] >> 1;
    return (c->aliased && context == ANY_CONTEXT) ||
           (c->has_other_context && context == c->other_context);
}

static struct conn *find_key(const struct table *t, const uint64_t key[5], uint32_t tag)
{
    for (uint32_t i = tag & t->index_mask;; i = (i + 1) & t->index_mask) {
        if (t->index[i].slot == NO_SLOT) {
            return NULL;
        }
        if (t->index[i].tag == tag) {
            struct conn *c = table_at(t, t->index[i].slot);
            if (is_key_of(c, key)) {
                return c;
            }
        }
    }
}

struct conn *table_find(const struct table *t, const struct lookup *lookup)
{
    return find_key(t, lookup->key, lookup->tag);
}

static void key_in_context(const uint64_t key[5], uint32_t context, uint64_t out[5])
{
    memcpy(out, key, 5 * sizeof *out);
    out[4] = (key[4] >> 32 << 32) | (uint32_t)(context << 1) | (key[4] & 1);
}

struct conn *table_find_elsewhere(const struct table *t, const struct lookup *lookup)
{
    uint64_t key[5];
    if ((uint32_t)lookup->key[4] >> 1) {
        key_in_context(lookup->key, 0, key);
        struct conn *plain = find_key(t, key, tag_of(t, key));
        if (plain) {
            return plain;
        }
    }
    if (!t->aliases) {
        return NULL;
    }
    key_in_context(lookup->key, ANY_CONTEXT, key);
    return find_key(t, key, tag_of(t, key));
}

static bool table_grow_slabs(struct table *t)
{
    uint64_t bytes = SLAB_COUNT * sizeof(struct conn);
    if (t->slab_count && t->memory_bytes + bytes > t->limit_bytes) {
        return false;
    }
    if (t->slab_count == t->slab_capacity) {
        uint32_t capacity = t->slab_capacity ? t->slab_capacity * 2 : 64;
        struct conn **slabs = realloc(t->slabs, capacity * sizeof *slabs);
        if (!slabs) {
            return false;
        }
        t->slabs = slabs;
        t->slab_capacity = capacity;
    }
    struct conn *slab = malloc(bytes);
    if (!slab) {
        return false;
    }
    t->slabs[t->slab_count] = slab;
    for (uint32_t i = SLAB_COUNT; i-- > 0;) {
        slab[i].in_use = 0;
        slab[i].next = t->free_slot;
        slab[i].slot = t->free_slot = t->slab_count * SLAB_COUNT + i;
    }
    t->slab_count++;
    t->memory_bytes += bytes;
    return true;
}

struct conn *table_alloc(struct table *t)
{
    if (t->max_live && t->live >= t->max_live) {
        return NULL;
    }
    if (t->free_slot == NO_SLOT && !table_grow_slabs(t)) {
        return NULL;
    }
    uint32_t slot = t->free_slot;
    struct conn *c = table_at(t, slot);
    t->free_slot = c->next;
    memset(c, 0, sizeof *c);
    c->slot = slot;
    c->in_use = 1;
    c->next = c->prev = c->older = c->newer = NO_SLOT;
    c->list = LIST_COUNT;
    t->live++;
    return c;
}

void table_release(struct table *t, struct conn *c)
{
    c->in_use = 0;
    c->next = t->free_slot;
    t->free_slot = c->slot;
    t->live--;
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

static bool enter_key(struct table *t, const struct conn *c, const uint64_t key[5])
{
    if ((uint64_t)t->index_used * 4 >= (uint64_t)(t->index_mask + 1) * 3 && !table_grow_index(t)) {
        return false;
    }
    uint32_t tag = tag_of(t, key);
    uint32_t i = tag & t->index_mask;
    while (t->index[i].slot != NO_SLOT) {
        if (t->index[i].tag == tag && is_key_of(table_at(t, t->index[i].slot), key)) {
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
    if (!enter_key(t, c, c->key)) {
        return false;
    }
    if ((uint32_t)c->key[4] >> 1) {
        uint64_t key[5];
        key_in_context(c->key, ANY_CONTEXT, key);
        if (enter_key(t, c, key)) {
            c->aliased = 1;
            t->aliases++;
        }
    }
    return true;
}

bool table_join_context(struct table *t, struct conn *c, const struct lookup *lookup)
{
    if (c->has_other_context || !enter_key(t, c, lookup->key)) {
        return false;
    }
    c->has_other_context = 1;
    c->other_context = (uint32_t)lookup->key[4] >> 1;
    return true;
}

static void leave_key(struct table *t, const struct conn *c, const uint64_t key[5])
{
    uint32_t i = tag_of(t, key) & t->index_mask, tag = tag_of(t, key);
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
    leave_key(t, c, c->key);
    if (c->aliased) {
        key_in_context(c->key, ANY_CONTEXT, key);
        leave_key(t, c, key);
        t->aliases--;
    }
    if (c->has_other_context) {
        key_in_context(c->key, c->other_context, key);
        leave_key(t, c, key);
    }
}

void table_list_append(struct table *t, struct conn *c, enum conn_list list)
{
    struct table_list *l = &t->lists[list];
    c->list = (uint8_t)list;
    c->next = NO_SLOT;
    c->prev = l->tail;
    if (l->tail != NO_SLOT) {
        table_at(t, l->tail)->next = c->slot;
    } else {
        l->head = c->slot;
    }
    l->tail = c->slot;
    l->count++;
}

void table_list_remove(struct table *t, struct conn *c)
{
    if (c->list == LIST_COUNT) {
        return;
    }
    struct table_list *l = &t->lists[c->list];
    if (c->prev != NO_SLOT) {
        table_at(t, c->prev)->next = c->next;
    } else {
        l->head = c->next;
    }
    if (c->next != NO_SLOT) {
        table_at(t, c->next)->prev = c->prev;
    } else {
        l->tail = c->prev;
    }
    c->next = c->prev = NO_SLOT;
    c->list = LIST_COUNT;
    l->count--;
}

struct conn *table_victim(struct table *t)
{
    static const enum conn_list order[] = {LIST_CLOSED, LIST_EMBRYONIC, LIST_TIME_WAIT, LIST_OPEN};

    for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
        struct table_list *l = &t->lists[order[i]];
        bool ordered = order[i] == LIST_CLOSED || order[i] == LIST_TIME_WAIT;
        for (uint32_t chances = l->count < 64 ? l->count : 64; l->count;) {
            struct conn *c = table_at(t, l->head);
            if (ordered || !c->touched || !chances--) {
                return c;
            }
            c->touched = 0;
            table_list_remove(t, c);
            table_list_append(t, c, order[i]);
        }
    }
    return NULL;
}
