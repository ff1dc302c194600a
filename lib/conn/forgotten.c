/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Of 4-tuples that left the table the number of their last incarnation is kept for a while. */
#include "conn/forgotten.h"

static struct incarnation_memory *memory_of(const struct lifeline_engine *engine,
                                            const uint64_t key[5], uint64_t *hash)
{
    static const struct hash_key fixed = {1, 2};
    *hash = hash_words(&fixed, key, 5) | 1;
    return &engine->memory[*hash >> 48 & (INCARNATION_MEMORY - 1)];
}

void forgotten_keep(struct lifeline_engine *engine, const struct conn *c)
{
    uint64_t hash;
    struct incarnation_memory *m = memory_of(engine, c->key, &hash);
    *m = (struct incarnation_memory){hash, c->incarnation};
}

uint32_t forgotten_next(const struct lifeline_engine *engine, const struct lookup *lookup)
{
    uint64_t hash;
    const struct incarnation_memory *m = memory_of(engine, lookup->key, &hash);
    return m->hash == hash ? m->incarnation + 1 : 0;
}
