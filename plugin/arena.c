/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Arena: memory in file scope for the many small things that live as long as the capture file.
 *
 * Wireshark's allocator keeps a header before each piece, so that it can be freed or resized; notes
 * and lives never are. Here pieces are cut one behind the other from blocks, which are freed when
 * the file's scope ends. A small capture takes a few small blocks of that allocator. All further
 * ones are huge pages, where the kernel has them: to make a page costs more than to fill it with
 * notes, and there are 512 times fewer of these.
 */
#include "arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define SMALL_BLOCK_BYTES ((size_t)64 * 1024)
#define SMALL_BLOCKS      16
#define LARGE_BLOCK_BYTES ((size_t)2 * 1024 * 1024) /* and its alignment: a huge page */
#define ALIGNMENT         sizeof(uint64_t)

struct large_block {
    struct large_block *before;
    char pieces[LARGE_BLOCK_BYTES - sizeof(struct large_block *)];
};

static struct {
    char *next;
    size_t left_bytes;
    unsigned small_blocks;
    struct large_block *large; /* the last one */
} arena;

static compat_bool on_scope_end(wmem_allocator_t *scope, wmem_cb_event_t event, void *user)
{
    (void)scope;
    (void)event;
    (void)user;
    while (arena.large != NULL) {
        struct large_block *before = arena.large->before;

        free(arena.large);
        arena.large = before;
    }
    memset(&arena, 0, sizeof(arena));
    return FALSE; /* the next file's first block registers it again */
}

/* False: there is no memory for it. */
static bool take_large_block(void)
{
    struct large_block *block =
        (struct large_block *)aligned_alloc(LARGE_BLOCK_BYTES, sizeof(*block));

    if (block == NULL)
        return false;
#ifdef MADV_HUGEPAGE
    madvise(block, sizeof(*block), MADV_HUGEPAGE); /* a wish: without it it is slower */
#endif
    block->before = arena.large;
    arena.large = block;
    arena.next = block->pieces;
    arena.left_bytes = sizeof(block->pieces);
    return true;
}

static void take_block(void)
{
    if (arena.small_blocks >= SMALL_BLOCKS && take_large_block())
        return;
    if (arena.small_blocks++ == 0)
        wmem_register_callback(wmem_file_scope(), on_scope_end, NULL);
    /* Wireshark's allocator ends the program when there is no memory. */
    arena.next = (char *)wmem_alloc(wmem_file_scope(), SMALL_BLOCK_BYTES);
    arena.left_bytes = SMALL_BLOCK_BYTES;
}

void *arena_alloc(size_t bytes)
{
    void *piece;

    bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    if (bytes > arena.left_bytes) {
        if (bytes > SMALL_BLOCK_BYTES / 8)
            return wmem_alloc(wmem_file_scope(), bytes);
        take_block();
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
