/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arena: memory in file scope for the many small things that live as long as the capture file.
 *
 * Wireshark's allocator keeps a header before each piece, so that it can be freed or resized; notes
 * and lives never are. Here pieces are cut one behind the other from blocks of that allocator,
 * which frees the blocks when the file is closed.
 *
 * Records repeat the same texts ("GET", the advice of a finding), so a small cache by length and
 * some octets finds the last copy of most. A text that isn't found is copied once more.
 */
#include "arena.h"

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT   sizeof(uint64_t)

static struct {
    char *next;
    size_t left_bytes;
} block;

static const char *texts[256]; /* last copies, by text_slot() */

static void forget(void)
{
    block.left_bytes = 0;
    memset(texts, 0, sizeof(texts));
}

void arena_register(void)
{
    register_cleanup_routine(forget);
}

void *arena_alloc(size_t bytes)
{
    void *piece;

    bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes > block.left_bytes) {
        if (bytes > BLOCK_BYTES / 8)
            return wmem_alloc(wmem_file_scope(), bytes);
        block.next = (char *)wmem_alloc(wmem_file_scope(), BLOCK_BYTES);
        block.left_bytes = BLOCK_BYTES;
    }
    piece = block.next;
    block.next += bytes;
    block.left_bytes -= bytes;
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
