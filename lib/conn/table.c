/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn/table.h"

#include <stdlib.h>
#include <string.h>

#define SLAB_COUNT 1024

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
    uint64_t h;
    if (segment->src.family == 4) {
        uint64_t words[2] = {out->key[0] << 32 | (out->key[2] & UINT32_MAX), out->key[4]};
        h = hash_words(&t->key, words, 2);
    } else {
        h = hash_words(&t->key, out->key, 5);
    }
    out->tag = (uint32_t)h;
}

struct conn *table_find(const struct table *t, const struct lookup *lookup)
{
    for (uint32_t i = lookup->tag & t->index_mask;; i = (i + 1) & t->index_mask) {
        if (t->index[i].slot == NO_SLOT) {
            return NULL;
        }
        if (t->index[i].tag == lookup->tag) {
            struct conn *c = table_at(t, t->index[i].slot);
            if (!memcmp(c->key, lookup->key, sizeof c->key)) {
                return c;
            }
        }
    }
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

bool table_enter(struct table *t, struct conn *c, const struct lookup *lookup)
{
    memcpy(c->key, lookup->key, sizeof c->key);
    if ((uint64_t)t->index_used * 4 >= (uint64_t)(t->index_mask + 1) * 3 && !table_grow_index(t)) {
        return false;
    }
    uint32_t i = lookup->tag & t->index_mask;
    while (t->index[i].slot != NO_SLOT) {
        if (t->index[i].tag == lookup->tag &&
            !memcmp(table_at(t, t->index[i].slot)->key, c->key, sizeof c->key)) {
            t->index[i].slot = c->slot;
            return true;
        }
        i = (i + 1) & t->index_mask;
    }
    t->index[i].tag = lookup->tag;
    t->index[i].slot = c->slot;
    t->index_used++;
    return true;
}

static uint32_t tag_of(const struct table *t, const struct conn *c)
{
    if (!(c->key[4] & 1)) {
        uint64_t words[2] = {c->key[0] << 32 | (c->key[2] & UINT32_MAX), c->key[4]};
        return (uint32_t)hash_words(&t->key, words, 2);
    }
    return (uint32_t)hash_words(&t->key, c->key, 5);
}

void table_leave(struct table *t, const struct conn *c)
{
    uint32_t i = tag_of(t, c) & t->index_mask;
    while (t->index[i].slot != c->slot) {
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
    static const enum conn_list order[] = {LIST_EMBRYONIC, LIST_TIMED, LIST_OPEN};

    if (t->lists[LIST_TIMED].count) {
        struct conn *c = table_at(t, t->lists[LIST_TIMED].head);
        if (end_closed(&c->end[0]) && end_closed(&c->end[1])) {
            return c;
        }
    }
    for (unsigned i = 0; i < sizeof order / sizeof *order; i++) {
        struct table_list *l = &t->lists[order[i]];
        for (uint32_t chances = l->count < 64 ? l->count : 64; l->count;) {
            struct conn *c = table_at(t, l->head);
            if (order[i] == LIST_TIMED || !c->touched || !chances--) {
                return c;
            }
            c->touched = 0;
            table_list_remove(t, c);
            table_list_append(t, c, order[i]);
        }
    }
    return NULL;
}
