/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reader.h"

#include <string.h>

#include <glib.h>

#include "channel.h"

struct reader {
    struct input *input;
    struct lifeline_engine *engine;
    struct channel *channel;
};

/* The payload goes along: the frame is gone when the segment is received. */
static void send_segment(void *user, const struct lifeline_segment *segment)
{
    size_t bytes = sizeof *segment + segment->captured_bytes;
    struct lifeline_segment *copy =
        (struct lifeline_segment *)channel_item((struct channel *)user, bytes);
    *copy = *segment;
    copy->payload = (const uint8_t *)(copy + 1);
    if (segment->captured_bytes)
        memcpy(copy + 1, segment->payload, segment->captured_bytes);
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
    struct reader reader = {.input = input, .engine = engine, .channel = channel_new()};
    input->segment = send_segment;
    input->segment_user = reader.channel;
    GThread *thread = g_thread_new("reader", read_all, &reader);
    const struct lifeline_segment *segment;
    while ((segment = (const struct lifeline_segment *)channel_receive(reader.channel)))
        lifeline_push_segment(engine, segment);
    g_thread_join(thread);
    channel_free(reader.channel);
    return input->status;
}
