/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chunked bodies, RFC 9112 7.1: one octet of state, nothing buffered, data skipped by length. */
#include <string.h>

#include "app/http1.h"

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The size line is over. */
static void size_known(struct http1_side *side)
{
    side->place = side->left ? HTTP1_CHUNK_DATA : HTTP1_TRAILER;
    side->line_used = false;
}

static uint32_t size_digits(struct http1_side *side, const uint8_t *bytes, uint32_t length)
{
    uint32_t i = 0;
    for (; i < length; i++) {
        int digit = hex(bytes[i]);
        if (digit >= 0 && side->left >> 58 == 0) {
            side->left = side->left << 4 | (uint64_t)digit;
            side->digits = true;
            continue;
        }
        bool ends = bytes[i] == ';' || bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\r';
        if (side->digits && bytes[i] == '\n')
            size_known(side);
        else if (side->digits && ends)
            side->place = HTTP1_CHUNK_EXT;
        else
            side->place = HTTP1_LOST;
        return i + 1;
    }
    return i;
}

/* Up to and with the next LF, or all. */
static uint32_t to_line_end(const uint8_t *bytes, uint32_t length, bool *found)
{
    const uint8_t *lf = memchr(bytes, '\n', length);
    *found = lf != NULL;
    return lf ? (uint32_t)(lf + 1 - bytes) : length;
}

uint32_t http1_chunk(struct http1_side *side, const uint8_t *bytes, uint32_t length,
                     uint32_t *data_bytes)
{
    uint32_t n;
    bool found;
    *data_bytes = 0;
    switch (side->place) {
    case HTTP1_CHUNK_SIZE:
        return size_digits(side, bytes, length);
    case HTTP1_CHUNK_EXT:
        n = to_line_end(bytes, length, &found);
        if (found)
            size_known(side);
        return n;
    case HTTP1_CHUNK_DATA:
        n = side->left < length ? (uint32_t)side->left : length;
        *data_bytes = n;
        side->left -= n;
        if (!side->left)
            side->place = HTTP1_CHUNK_END;
        return n;
    case HTTP1_CHUNK_END:
        if (*bytes == '\n') {
            side->place = HTTP1_CHUNK_SIZE;
            side->left = 0;
            side->digits = false;
        } else if (*bytes != '\r') {
            side->place = HTTP1_LOST;
        }
        return 1;
    default: /* HTTP1_TRAILER: field lines up to an empty one */
        n = to_line_end(bytes, length, &found);
        for (uint32_t i = 0; i < n && !side->line_used; i++)
            side->line_used = bytes[i] != '\r' && bytes[i] != '\n';
        if (found && !side->line_used)
            side->place = HTTP1_START;
        if (found)
            side->line_used = false;
        return n;
    }
}
