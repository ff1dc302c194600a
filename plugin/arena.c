/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arena: memory for the many small things that live as long as the capture file.
 *
 * Notes and lives are never freed one by one, nor resized, so pieces are cut one behind the other
 * from large blocks, without a header. It isn't Wireshark's file scope, since the worker cuts
 * pieces too, and Wireshark's allocators belong to Wireshark's thread. Who holds the sink's state
 * (see annotations.c) may call.
 *
 * Records repeat the same texts ("GET", the advice of a finding), so a small cache by length and
 * some octets finds the last copy of most. A text that isn't found is copied once more.
 */
#include "arena.h"

#define BLOCK_BYTES ((size_t)1024 * 1024)
#define ALIGNMENT   sizeof(uint64_t)

static struct {
    char *next;
    size_t left_bytes;
    GSList *blocks;
} arena;

static const char *texts[256]; /* last copies, by text_slot() */

void arena_free(void)
{
    g_slist_free_full(arena.blocks, g_free);
    memset(&arena, 0, sizeof(arena));
    memset(texts, 0, sizeof(texts));
}

static char *new_block(size_t bytes)
{
    char *block = (char *)g_malloc(bytes);

    arena.blocks = g_slist_prepend(arena.blocks, block);
    return block;
}

void *arena_alloc(size_t bytes)
{
    char *piece;

    bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes > arena.left_bytes) {
        if (bytes > BLOCK_BYTES / 8)
            return new_block(bytes);
        arena.next = new_block(BLOCK_BYTES);
        arena.left_bytes = BLOCK_BYTES;
    }
    piece = arena.next;
    arena.next += bytes;
    arena.left_bytes -= bytes;
    return piece;
}

void *arena_copy(const void *from, size_t bytes)
{
    void *copy = arena_alloc(bytes);

    if (bytes > 0)
        memcpy(copy, from, bytes);
    return copy;
}

static unsigned text_slot(const char *text, size_t length)
{
    unsigned hash = (unsigned)length;

    if (length > 0)
        hash += 31u * (unsigned char)text[0] + 61u * (unsigned char)text[length / 2] +
                127u * (unsigned char)text[length - 1];
    return hash % G_N_ELEMENTS(texts);
}

const char *arena_text(const char *text)
{
    const char **slot;
    size_t length;

    if (text == NULL)
        return NULL;
    length = strlen(text);
    slot = &texts[text_slot(text, length)];
    if (*slot == NULL || strcmp(*slot, text) != 0)
        *slot = (const char *)arena_copy(text, length + 1);
    return *slot;
}
