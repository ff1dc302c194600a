/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "app/counted_memory.h"

#include <stdlib.h>
#include <string.h>

/* Before each piece: its size, and alignment for whatever lies in it. */
#define HEAD_BYTES      16
#define ALLOCATOR_BYTES 16 /* what malloc() adds to a piece */

static uint64_t cost(size_t bytes)
{
    return bytes + HEAD_BYTES + ALLOCATOR_BYTES;
}

static void *counted_realloc(void *old, size_t bytes, void *user)
{
    uint64_t *held = user;
    unsigned char *piece = old ? (unsigned char *)old - HEAD_BYTES : NULL;
    size_t old_bytes = 0;
    if (piece)
        memcpy(&old_bytes, piece, sizeof old_bytes);
    unsigned char *given =
        bytes > SIZE_MAX - HEAD_BYTES ? NULL : realloc(piece, bytes + HEAD_BYTES);
    if (!given)
        return NULL;
    *held += cost(bytes) - (piece ? cost(old_bytes) : 0);
    memcpy(given, &bytes, sizeof bytes);
    return given + HEAD_BYTES;
}

static void *counted_malloc(size_t bytes, void *user)
{
    return counted_realloc(NULL, bytes, user);
}

static void *counted_calloc(size_t count, size_t bytes, void *user)
{
    if (bytes && count > SIZE_MAX / bytes)
        return NULL;
    void *given = counted_realloc(NULL, count * bytes, user);
    return given ? memset(given, 0, count * bytes) : NULL;
}

static void counted_free(void *given, void *user)
{
    uint64_t *held = user;
    size_t bytes;
    if (!given)
        return;
    unsigned char *piece = (unsigned char *)given - HEAD_BYTES;
    memcpy(&bytes, piece, sizeof bytes);
    *held -= cost(bytes);
    free(piece);
}

nghttp2_mem counted_memory(uint64_t *held_bytes)
{
    return (nghttp2_mem){held_bytes, counted_malloc, counted_free, counted_calloc, counted_realloc};
}
