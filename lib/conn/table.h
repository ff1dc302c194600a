/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection table: where all connections of an engine live.
 *
 * Model: a slot number names a connection for its life. Its slot holds its place on a list, and
 * where it is: hot, a struct conn in a pool of limited size, or cold, packed (cold.h). Using a
 * connection makes it hot; what rests is packed in time, and when the pool is used up, what wasn't
 * used lately. A pointer to a connection is good until table_make_room().
 *
 * An open-addressing index leads from key to the newest incarnation's slot: linear probing,
 * backward-shift deletion, at most three quarters full, hash tag beside the slot so that a probe
 * touches one cache line. The hash is keyed and symmetric: both directions of a connection fall to
 * the same entry.
 *
 * Each connection is on one list: EMBRYONIC (handshake incomplete), OPEN, TIME_WAIT, or CLOSED
 * (kept a while for late segments). The last two are in the order in which they came there. The
 * first two are in clock order for eviction: a connection that was touched gets a second chance.
 *
 * The context (tunnel, VLAN) is part of the key. On asymmetric paths the two directions have
 * different ones: a connection with a context is also found by its 4-tuple alone (an alias), and
 * may be given the second context; the caller judges whether the segment fits.
 */
#ifndef LIFELINE_CONN_TABLE_H
#define LIFELINE_CONN_TABLE_H

#include "conn/conn.h"
#include "model/hash.h"

#define CACHE_LINE_BYTES 64 /* on most processors */

#define TABLE_CHUNK     1024
#define TABLE_RECENT    64
#define TABLE_SPARE_HOT 64 /* what may become hot between two calls of table_make_room() */
#define TABLE_IDLE_NS   (10 * INT64_C(1000000000))

/* How many are hot before what rests is packed: of idle ones, as many as fit the second-level
 * cache; of closed ones, which are mostly looked at once more, as many as take 40 MB. */
#define DEFAULT_UNPACKED        512
#define DEFAULT_UNPACKED_CLOSED 32768

struct table_list {
    uint32_t head, tail;
    uint32_t count;
};

struct table_index {
    uint32_t tag, slot;
};

struct table_slot {
    union {
        struct conn *hot;
        unsigned char *cold;
    } at;                /* NULL: a free slot */
    uint32_t next, prev; /* on its list; next of a free slot: the next free one */
    uint8_t list;        /* enum conn_list; LIST_COUNT: none */
    uint8_t is_cold;
    uint8_t touched; /* since its list's clock passed */
};

/* The pool of hot connections, in blocks that never move. */
struct table_pool {
    struct conn **blocks;
    void **slabs; /* memory of several blocks */
    uint32_t slab_count;
    uint32_t count, free_count;
    uint32_t capacity; /* a multiple of a block's */
    uint32_t free;     /* chained through conn.tag; conn.slot is NO_SLOT */
    uint32_t hand;
    uint32_t max_idle, max_closed; /* hot ones below which such are left hot */
    int64_t look_ns;               /* when the hand moves on, where time is left */
};

struct table {
    struct conn *recent[TABLE_RECENT]; /* found last, each where its tag's last digits say */
    struct table_slot **chunks;
    uint32_t chunk_count, chunk_capacity;
    uint32_t free_slot;
    uint32_t live;
    struct table_pool pool;
    struct table_index *index;
    uint32_t index_mask, index_used;
    uint32_t aliases;
    struct table_list lists[LIST_COUNT];
    struct hash_tag_key key;
    uint64_t memory_bytes, limit_bytes;
    uint32_t max_live; /* 0: as memory allows */
    int64_t now_ns;    /* the engine's */
};

struct lookup {
    uint64_t key[5];
    uint32_t tag;
    uint32_t expected;     /* the slot where it is likely to be found, or NO_SLOT */
    uint8_t source_is_low; /* the segment's source is the key's first end */
};

bool table_init(struct table *t, uint64_t limit_bytes, uint32_t max_live, uint32_t max_unpacked);
void table_fini(struct table *t);

/* Packs one that rests, if the clock comes by it, then until some may be made hot. False: no memory
 * to pack one; evict, then retry. */
bool table_make_room(struct table *t);
/* Is the clock's hand not due, or are there few hot ones? For idle connections alone it is enough
 * when it comes round several times before one is called so. */
static inline bool table_is_tidy(const struct table *t)
{
    const struct table_pool *pool = &t->pool;
    bool due = t->now_ns >= pool->look_ns || pool->look_ns - t->now_ns >= TABLE_IDLE_NS;
    return (!due && t->live < pool->max_closed) || pool->count - pool->free_count < pool->max_idle;
}
/* Whether table_make_room() has nothing to do. */
static inline bool table_has_room(const struct table *t)
{
    return table_is_tidy(t) && t->pool.free_count >= TABLE_SPARE_HOT;
}

/* The hash of a key, within its context. */
static inline uint32_t table_tag(const struct table *t, const uint64_t key[5])
{
    if (!(key[4] & 1)) {
        uint64_t words[2] = {key[0] << 32 | (key[2] & UINT32_MAX), key[4]};
        return hash_tag(&t->key, words, 2);
    }
    uint64_t words[6] = {key[0], key[1], key[2], key[3], key[4], 0};
    return hash_tag(&t->key, words, 6);
}

void table_key(const struct table *t, const struct lifeline_segment *segment, struct lookup *out);
struct conn *table_find(struct table *t, const struct lookup *lookup);

/* Asks memory for what will be read soon. */
static inline void memory_expect(const void *object, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += CACHE_LINE_BYTES) {
        __builtin_prefetch((const char *)object + at);
    }
}

/* What table_find() will read soon is asked of memory, a step at a time, each a while after the one
 * before: the index; the slot; the connection, with its closing or without. Nothing changes. */
void table_expect_index(const struct table *t, const struct lookup *lookup);
void table_expect_slot(const struct table *t, struct lookup *lookup);
void table_expect_conn(const struct table *t, const struct lookup *lookup, bool closing);

/* A zeroed object, not yet indexed or listed; NULL when the limit is reached: evict, then retry. */
struct conn *table_alloc(struct table *t);
void table_release(struct table *t, struct conn *c);

/* Enters c, the first of its key. False: no memory. */
bool table_enter(struct table *t, struct conn *c, const struct lookup *lookup);
/* c is the newer incarnation: all that led to old leads to it. */
void table_succeed(struct table *t, struct conn *c, const struct conn *old);
/* Takes c's entries away. */
void table_leave(struct table *t, const struct conn *c);
/* The connection of the same 4-tuple in another context, or NULL. */
struct conn *table_find_elsewhere(struct table *t, const struct lookup *lookup);
/* Makes the lookup's context c's second one. */
bool table_join_context(struct table *t, struct conn *c, const struct lookup *lookup);

void table_list_append(struct table *t, struct conn *c, enum conn_list list);
void table_list_remove(struct table *t, struct conn *c);
/* The connection to give up first: closed ones, then unanswered handshakes, then TIME-WAIT, then
 * the ones idle longest. NULL when the table is empty. */
struct conn *table_victim(struct table *t);

static inline uint32_t table_slots(const struct table *t)
{
    return t->chunk_count * TABLE_CHUNK;
}

static inline struct table_slot *table_slot_at(const struct table *t, uint32_t slot)
{
    return &t->chunks[slot / TABLE_CHUNK][slot % TABLE_CHUNK];
}

/* Is there a connection with this number in the slot? It is left as it is, hot or cold. */
bool table_holds(const struct table *t, uint32_t slot, uint64_t number);
/* The number of the connection in a slot that isn't free. */
uint64_t table_number_at(const struct table *t, uint32_t slot);

/* Is the connection in a slot that isn't free cold, and without a stream that is followed? */
bool table_rests(const struct table *t, uint32_t slot);

/* What the cold connection in a slot is. It stays cold; a flow that rests stays with it. */
void table_unpack(const struct table *t, uint32_t slot, struct conn *c);
/* Takes the cold connection in a slot away, when the table is used no more: lists and index keep
 * what they say of it. */
void table_drop_packed(struct table *t, uint32_t slot);

struct conn *table_warm(struct table *t, uint32_t slot);

/* The connection in a slot that isn't free. */
static inline struct conn *table_at(struct table *t, uint32_t slot)
{
    struct table_slot *s = table_slot_at(t, slot);
    return s->is_cold ? table_warm(t, slot) : s->at.hot;
}

static inline enum conn_list table_list_of(const struct conn *c)
{
    return (enum conn_list)c->place->list;
}

#endif
