/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory for libnghttp2 that is counted.
 *
 * A dynamic table's size is what its sender makes of it, RFC 7541 4.1, and that is not what it
 * takes: entries without a name and value cost three octets on the wire, 32 of the table's size,
 * and five times that here. Guessing would let a crafted capture take memory without bound.
 */
#ifndef LIFELINE_APP_COUNTED_MEMORY_H
#define LIFELINE_APP_COUNTED_MEMORY_H

#include <nghttp2/nghttp2.h>

/* An allocator that keeps *held_bytes at what it gave and didn't get back. What is made with it
 * keeps a pointer to it. */
nghttp2_mem counted_memory(uint64_t *held_bytes);

#endif
