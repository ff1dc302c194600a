/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sparse: structs of which there are many alike, kept as what they differ in.
 *
 * A record of a connection has about a hundred words, most of which are unknown, zero, or the same
 * as in its neighbours. What each capture file costs beyond Wireshark's own work is to a good part
 * the first touch of memory, so only the words that differ from the first struct of the kind are
 * kept, behind a bitmap that tells which they are.
 */
#include "sparse.h"

#include "arena.h"

#define MAX_WORDS 128
#define MAP_WORDS (MAX_WORDS / 64)

struct sparse {
    uint64_t map[MAP_WORDS]; /* a bit for each word that differs */
    uint64_t words[];        /* those, in order */
};

static const size_t sizes[SPARSE_KINDS] = {
    [SPARSE_CONNECTION] = sizeof(struct lifeline_connection),
    [SPARSE_FINDING] = sizeof(struct lifeline_finding),
};
_Static_assert(sizeof(struct lifeline_connection) <= MAX_WORDS * sizeof(uint64_t), "too large");
_Static_assert(sizeof(struct lifeline_connection) % sizeof(uint64_t) == 0, "not of words");
_Static_assert(sizeof(struct lifeline_finding) % sizeof(uint64_t) == 0, "not of words");

static const uint64_t *likes[SPARSE_KINDS]; /* the first of its kind in this file, or NULL */

void sparse_forget(void)
{
    memset(likes, 0, sizeof(likes));
}

const struct sparse *sparse_keep(enum sparse_kind kind, const void *object)
{
    size_t size = sizes[kind], count = 0;
    uint64_t map[MAP_WORDS] = {0}, words[MAX_WORDS];
    struct sparse *kept;

    if (likes[kind] == NULL)
        likes[kind] = (const uint64_t *)arena_copy(object, size);
    for (size_t i = 0; i < size / sizeof(uint64_t); i++) {
        uint64_t word;

        memcpy(&word, (const char *)object + i * sizeof(word), sizeof(word));
        if (word == likes[kind][i])
            continue;
        map[i / 64] |= (uint64_t)1 << i % 64;
        words[count++] = word;
    }
    kept = (struct sparse *)arena_alloc(sizeof(*kept) + count * sizeof(words[0]));
    memcpy(kept->map, map, sizeof(map));
    memcpy(kept->words, words, count * sizeof(words[0]));
    return kept;
}

void sparse_read(enum sparse_kind kind, const struct sparse *kept, void *out)
{
    const uint64_t *next = kept->words;

    memcpy(out, likes[kind], sizes[kind]);
    for (size_t i = 0; i < sizes[kind] / sizeof(uint64_t); i++) {
        if (kept->map[i / 64] >> i % 64 & 1)
            memcpy((char *)out + i * sizeof(*next), next++, sizeof(*next));
    }
}
