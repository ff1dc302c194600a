/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reader.h"

#include <string.h>

#include <glib.h>

#include "channel.h"

/* The segments of one window of the input, with the window: their payload stays where it is. Of
 * those put together from fragments it doesn't lie there, and is copied. */
struct piece {
    struct lifeline_segment *segments;
    size_t count, room;
    struct window window;
    GPtrArray *copies; /* NULL: none */
};

struct reader {
    struct input *input;
    struct lifeline_engine *engine;
    struct channel *channel;
};

static void clear_piece(void *slot)
{
    struct piece *piece = (struct piece *)slot;
    g_free(piece->segments);
    g_free(piece->window.at);
    if (piece->copies)
        g_ptr_array_free(piece->copies, TRUE);
}

static void keep_copy(struct piece *piece, struct lifeline_segment *segment)
{
    uint8_t *copy = (uint8_t *)g_malloc(segment->captured_bytes);
    memcpy(copy, segment->payload, segment->captured_bytes);
    segment->payload = copy;
    if (!piece->copies)
        piece->copies = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(piece->copies, copy);
}

static void add_segment(void *user, const struct lifeline_segment *segment)
{
    struct reader *reader = (struct reader *)user;
    struct piece *piece = (struct piece *)channel_slot(reader->channel);
    if (piece->count == piece->room) {
        piece->room = MAX(1024, 2 * piece->room);
        piece->segments = g_renew(struct lifeline_segment, piece->segments, piece->room);
    }
    struct lifeline_segment *kept = &piece->segments[piece->count++];
    *kept = *segment;
    if (!input_holds(reader->input, segment))
        keep_copy(piece, kept);
}

/* The window goes with its segments; the one that the next piece had goes to the input. */
static struct window send_piece(void *user, struct window window)
{
    struct reader *reader = (struct reader *)user;
    struct piece *piece = (struct piece *)channel_slot(reader->channel);
    if (piece->count == 0)
        return window;
    piece->window = window;
    channel_send(reader->channel);
    piece = (struct piece *)channel_slot(reader->channel);
    window = piece->window;
    piece->window = (struct window){NULL, 0};
    piece->count = 0;
    if (piece->copies)
        g_ptr_array_set_size(piece->copies, 0);
    return window;
}

static void *read_all(void *user)
{
    struct reader *reader = (struct reader *)user;
    input_read(reader->input, reader->engine);
    channel_end(reader->channel);
    return NULL;
}

int reader_run(struct input *input, struct lifeline_engine *engine)
{
    struct reader reader = {
        .input = input, .engine = engine, .channel = channel_new(sizeof(struct piece))};
    const struct segment_taker taker = {add_segment, send_piece, &reader};
    input->taker = &taker;
    GThread *thread = g_thread_new("reader", read_all, &reader);
    const struct piece *piece;
    while ((piece = (const struct piece *)channel_receive(reader.channel)))
        lifeline_push_segments(engine, piece->segments, piece->count);
    g_thread_join(thread);
    channel_free(reader.channel, clear_piece);
    input->taker = NULL;
    return input->status;
}
