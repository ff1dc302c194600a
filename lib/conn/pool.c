/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "conn/pool.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "app/app.h"
#include "conn/cold.h"

#define MAX_HOT      (1 << 20) /* however much memory is allowed */
#define MALLOC_BYTES 16        /* of its own, an estimate */

#define BLOCK_BYTES   (POOL_BLOCK * sizeof(struct conn))
#define SINGLE_BLOCKS 2                 /* before there are slabs */
#define SLAB_BYTES    ((size_t)2 << 20) /* a huge page, on most processors */
#define SLAB_BLOCKS   (SLAB_BYTES / BLOCK_BYTES)
_Static_assert(POOL_GROWTH_BYTES >= COLD_MAX_BYTES, "packing one is paid for");

static struct conn *pool_at(const struct table_pool *pool, uint32_t i)
{
    return &pool->blocks[i / POOL_BLOCK][i % POOL_BLOCK];
}

static void give(struct table_pool *pool, struct conn *c, uint32_t i)
{
    c->slot = NO_SLOT;
    c->tag = pool->free;
    pool->free = i;
    pool->free_count++;
}

void pool_give(struct table *t, struct conn *c)
{
    give(&t->pool, c, c->pool_index);
}

/* Memory for a block: one by one at first; when there are many, a slab for several, which the
 * kernel may back with a huge page, so that few page faults and few misses of the TLB come of it.
 */
static struct conn *new_block(struct table *t)
{
    struct table_pool *pool = &t->pool;
    uint32_t i = pool->count / POOL_BLOCK;
    if (i < SINGLE_BLOCKS) {
        struct conn *block = malloc(BLOCK_BYTES);
        t->memory_bytes += block ? BLOCK_BYTES : 0;
        return block;
    }
    uint32_t in_slab = (i - SINGLE_BLOCKS) % SLAB_BLOCKS;
    if (in_slab == 0) {
        void *slab = aligned_alloc(SLAB_BYTES, SLAB_BYTES);
        if (!slab) {
            return NULL;
        }
#ifdef MADV_HUGEPAGE
        madvise(slab, SLAB_BYTES, MADV_HUGEPAGE);
#endif
        pool->slabs[pool->slab_count++] = slab;
        t->memory_bytes += SLAB_BYTES;
    }
    return (struct conn *)pool->slabs[pool->slab_count - 1] + in_slab * POOL_BLOCK;
}

static bool pool_grow(struct table *t)
{
    struct table_pool *pool = &t->pool;
    if (pool->count == pool->capacity) {
        return false;
    }
    struct conn *block = new_block(t);
    if (!block) {
        return false;
    }
    pool->blocks[pool->count / POOL_BLOCK] = block;
    for (uint32_t i = POOL_BLOCK; i-- > 0;) {
        give(pool, &block[i], pool->count + i);
    }
    pool->count += POOL_BLOCK;
    return true;
}

struct conn *pool_take(struct table *t)
{
    struct table_pool *pool = &t->pool;
    if (pool->free == NO_SLOT && !pool_grow(t)) {
        abort(); /* one segment concerns a few connections only */
    }
    uint32_t i = pool->free;
    struct conn *c = pool_at(pool, i);
    pool->free = c->tag;
    pool->free_count--;
    memset(c, 0, offsetof(struct conn, own_closing));
    c->pool_index = i;
    c->recent = 1;
    return c;
}

void pool_forget_candidate(struct table *t, struct conn *c)
{
    if (c->candidate) {
        t->memory_bytes -= sizeof *c->candidate + MALLOC_BYTES;
        free(c->candidate);
        c->candidate = NULL;
    }
}

struct candidate *pool_candidate(struct table *t)
{
    struct candidate *candidate = malloc(sizeof *candidate);
    t->memory_bytes += candidate ? sizeof *candidate + MALLOC_BYTES : 0;
    return candidate;
}

static bool freeze(struct table *t, struct conn *c)
{
    unsigned char packed[COLD_MAX_BYTES];
    pool_forget_candidate(t, c);
    size_t bytes = cold_pack(c, packed);
    unsigned char *cold = malloc(bytes);
    if (!cold) {
        return false;
    }
    memcpy(cold, packed, bytes);
    t->memory_bytes += bytes + MALLOC_BYTES;
    if (app_can_rest(c->flow)) {
        app_put_away(c->flow);
    }
    struct table_slot *s = c->place;
    s->at.cold = cold;
    s->is_cold = 1;
    pool_give(t, c);
    return true;
}

static void free_packed(struct table *t, unsigned char *cold)
{
    t->memory_bytes -= cold_bytes(cold) + MALLOC_BYTES;
    free(cold);
}

struct conn *table_warm(struct table *t, uint32_t slot)
{
    struct table_slot *s = table_slot_at(t, slot);
    unsigned char *cold = s->at.cold;
    struct conn *c = pool_take(t);
    uint32_t i = c->pool_index;

    cold_revive(cold, c);
    c->slot = slot;
    c->place = s;
    c->pool_index = i;
    c->tag = table_tag(t, c->key);
    c->recent = 1;
    free_packed(t, cold);
    s->at.hot = c;
    s->is_cold = 0;
    return c;
}

void table_unpack(const struct table *t, uint32_t slot, struct conn *c)
{
    struct table_slot *s = table_slot_at(t, slot);
    memset(c, 0, offsetof(struct conn, own_closing));
    c->slot = slot;
    c->place = s;
    cold_unpack(s->at.cold, c);
}

void table_drop_packed(struct table *t, uint32_t slot)
{
    struct table_slot *s = table_slot_at(t, slot);
    free_packed(t, s->at.cold);
    s->at.hot = NULL;
    s->is_cold = 0;
    t->live--;
}

static struct conn *next_of(struct table_pool *pool)
{
    struct conn *c = pool_at(pool, pool->hand);
    pool->hand = (pool->hand + 1) % pool->count;
    __builtin_prefetch(pool_at(pool, pool->hand));
    return c;
}

/* Is it likely that nothing comes for it soon? Of closed ones the caller says so, unless a SYN
 * waits there for an answer. */
static bool is_at_rest(const struct table *t, const struct conn *c, bool closed)
{
    bool waits = table_list_of(c) < LIST_TIME_WAIT || c->candidate;
    return waits ? t->now_ns - c->last_ns > TABLE_IDLE_NS : closed;
}

/* One more that the hand comes by: of many, what rests is packed before memory calls for it. */
static void tidy(struct table *t)
{
    struct table_pool *pool = &t->pool;
    if (table_is_tidy(t)) {
        return;
    }
    bool closed = t->live >= pool->max_closed; /* then they are packed as well */
    if (!closed) {
        pool->look_ns = t->now_ns + TABLE_IDLE_NS / 4 / pool->count;
    }
    struct conn *c = next_of(pool);
    if (c->slot == NO_SLOT) {
        return;
    }
    if (c->recent) {
        c->recent = 0;
    } else if (is_at_rest(t, c, closed)) {
        freeze(t, c); /* no memory: then later */
    }
}

bool table_make_room(struct table *t)
{
    struct table_pool *pool = &t->pool;
    tidy(t);
    while (pool->free_count < TABLE_SPARE_HOT && !pool_grow(t)) {
        bool found = false;
        for (uint32_t tries = 0; tries < 2 * pool->count && !found; tries++) {
            struct conn *c = next_of(pool);
            if (c->slot == NO_SLOT) {
                continue;
            }
            if (c->recent) {
                c->recent = 0;
                continue;
            }
            if (!freeze(t, c)) {
                return false;
            }
            found = true;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

bool table_holds(const struct table *t, uint32_t slot, uint64_t number)
{
    return slot < table_slots(t) && table_slot_at(t, slot)->at.hot &&
           table_number_at(t, slot) == number;
}

bool table_rests(const struct table *t, uint32_t slot)
{
    const struct table_slot *s = table_slot_at(t, slot);
    return s->is_cold && !cold_has_flow(s->at.cold);
}

uint64_t table_number_at(const struct table *t, uint32_t slot)
{
    const struct table_slot *s = table_slot_at(t, slot);
    return s->is_cold ? cold_number(s->at.cold) : s->at.hot->number;
}

bool pool_init(struct table *t)
{
    struct table_pool *pool = &t->pool;
    uint64_t hot = t->limit_bytes / 4 / sizeof(struct conn) / POOL_BLOCK * POOL_BLOCK;
    pool->free = NO_SLOT;
    pool->capacity = hot < POOL_BLOCK ? POOL_BLOCK : hot > MAX_HOT ? MAX_HOT : (uint32_t)hot;
    uint32_t blocks = pool->capacity / POOL_BLOCK;
    pool->blocks = calloc(blocks, sizeof *pool->blocks);
    pool->slabs = calloc(blocks / SLAB_BLOCKS + 1, sizeof *pool->slabs);
    return pool->blocks && pool->slabs && pool_grow(t);
}

void pool_fini(struct table *t)
{
    struct table_pool *pool = &t->pool;
    for (uint32_t slot = 0; slot < table_slots(t); slot++) {
        struct table_slot *s = table_slot_at(t, slot);
        if (s->is_cold) {
            free(s->at.cold);
        }
    }
    for (uint32_t i = 0; pool->blocks && i < pool->count / POOL_BLOCK && i < SINGLE_BLOCKS; i++) {
        free(pool->blocks[i]);
    }
    for (uint32_t i = 0; i < pool->slab_count; i++) {
        free(pool->slabs[i]);
    }
    free(pool->blocks);
    free(pool->slabs);
}
