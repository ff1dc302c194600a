/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Spans of octets that can't be delivered yet: see stream.h. */
#include "stream/stream.h"

#include <stdlib.h>
#include <string.h>

/* What a span costs beside its octets: a peer that sends single octets out of order must not be
 * able to make us hold much more than the limit says. */
static uint32_t span_cost(uint32_t captured)
{
    return captured + (uint32_t)sizeof(struct stream_span);
}

/* Makes a span of a part of a segment and links it at *at. */
static bool insert(struct stream *s, struct stream_pool *pool, struct stream_span **at,
                   int64_t offset, uint32_t bytes, uint32_t captured, const uint8_t *data,
                   const struct stream_origin *origin)
{
    uint32_t cost = span_cost(captured);
    if (s->span_count >= STREAM_MAX_SPANS || s->held_bytes + cost > pool->max_stream_bytes ||
        pool->held_bytes + cost > pool->max_held_bytes)
        return false;
    struct stream_span *span = malloc(sizeof *span + captured);
    if (!span)
        return false;
    span->next = *at;
    span->offset = offset;
    span->bytes = bytes;
    span->captured = captured;
    span->origin = *origin;
    if (captured)
        memcpy(span->data, data, captured);
    *at = span;
    if (!span->next)
        s->last = span;
    s->span_count++;
    s->held_bytes += cost;
    pool->held_bytes += cost;
    return true;
}

bool stream_hold(struct stream *s, struct stream_pool *pool, int64_t offset, uint32_t bytes,
                 uint32_t captured, const uint8_t *data, const struct stream_origin *origin)
{
    int64_t end = offset + bytes;
    int64_t at = offset > s->next ? offset : s->next;
    if (end > s->end)
        end = s->end;
    struct stream_span **link = &s->spans;
    if (s->last && s->last->offset + s->last->bytes <= at) /* behind a hole all else is in order */
        link = &s->last->next;
    while (at < end) {
        struct stream_span *span = *link;
        if (span && span->offset + span->bytes <= at) {
            link = &span->next;
            continue;
        }
        if (span && span->offset <= at) { /* the first octets seen win */
            if (span->origin.repeats < UINT16_MAX)
                span->origin.repeats++;
            at = span->offset + span->bytes;
            link = &span->next;
            continue;
        }
        int64_t stop = span && span->offset < end ? span->offset : end;
        uint32_t skip = (uint32_t)(at - offset), length = (uint32_t)(stop - at);
        uint32_t held = captured <= skip ? 0 : captured - skip < length ? captured - skip : length;
        if (!insert(s, pool, link, at, length, held, held ? data + skip : NULL, origin))
            return false;
        link = &(*link)->next;
        at = stop;
    }
    return true;
}

struct stream_span *stream_take(struct stream *s)
{
    struct stream_span *span = s->spans;
    if (!span || span->offset != s->next)
        return NULL;
    s->spans = span->next;
    if (!s->spans)
        s->last = NULL;
    s->span_count--;
    return span;
}

void stream_release(struct stream *s, struct stream_pool *pool, struct stream_span *span)
{
    uint32_t cost = span_cost(span->captured);
    s->held_bytes -= cost;
    pool->held_bytes -= cost;
    free(span);
}

void stream_clear(struct stream *s, struct stream_pool *pool)
{
    while (s->spans) {
        struct stream_span *span = s->spans;
        s->spans = span->next;
        stream_release(s, pool, span);
    }
    s->last = NULL;
    s->span_count = 0;
}
