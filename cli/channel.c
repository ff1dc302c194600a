/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include <pthread.h>
#include <stdint.h>

#include <glib.h>

#define BATCHES     8
#define ENOUGH      (BATCHES / 2) /* whoever had to wait goes on with that many at hand */
#define BATCH_BYTES 262144
#define ALIGNMENT   16

struct batch {
    char *bytes;
    size_t room, used;
};

/* Before each item. */
struct item {
    size_t bytes; /* of the item, this included, aligned */
    size_t unused;
};
_Static_assert(sizeof(struct item) == ALIGNMENT, "items begin where any type may");

/* POSIX threads' mutex and not GLib's, which the thread sanitizer can't see into. Batches go round:
 * [taken, sent) wait for the receiver, the others are the sender's. Waking the other thread costs
 * as much as a hundred items: so it sleeps until there is enough to do. */
struct channel {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t sent, taken;              /* counts of batches; under the mutex */
    bool ended;                        /* under the mutex */
    bool sender_waits, receiver_waits; /* under the mutex */
    size_t read;                       /* receiver's: octets of its batch that were received */
    bool receiving;                    /* receiver's: it has a batch */
    struct batch batches[BATCHES];
};

struct channel *channel_new(void)
{
    struct channel *channel = g_new0(struct channel, 1);
    pthread_mutex_init(&channel->mutex, NULL);
    pthread_cond_init(&channel->changed, NULL);
    return channel;
}

void channel_free(struct channel *channel)
{
    for (unsigned i = 0; i < BATCHES; i++)
        g_free(channel->batches[i].bytes);
    pthread_mutex_destroy(&channel->mutex);
    pthread_cond_destroy(&channel->changed);
    g_free(channel);
}

/* Hands the sender's batch over and waits for one to write to. */
static struct batch *hand_over(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    channel->sent++;
    if (channel->receiver_waits && channel->sent - channel->taken >= ENOUGH)
        pthread_cond_signal(&channel->changed);
    if (channel->sent - channel->taken >= BATCHES) {
        channel->sender_waits = true;
        while (channel->sent - channel->taken > BATCHES - ENOUGH)
            pthread_cond_wait(&channel->changed, &channel->mutex);
        channel->sender_waits = false;
    }
    pthread_mutex_unlock(&channel->mutex);
    struct batch *batch = &channel->batches[channel->sent % BATCHES];
    batch->used = 0;
    return batch;
}

void *channel_item(struct channel *channel, size_t bytes)
{
    struct batch *batch = &channel->batches[channel->sent % BATCHES];
    bytes = (bytes + sizeof(struct item) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (batch->used && batch->room - batch->used < bytes)
        batch = hand_over(channel);
    if (batch->room < bytes) {
        g_free(batch->bytes);
        batch->room = MAX(bytes, BATCH_BYTES);
        batch->bytes = (char *)g_malloc(batch->room);
    }
    struct item *item = (struct item *)(void *)(batch->bytes + batch->used);
    item->bytes = bytes;
    batch->used += bytes;
    return item + 1;
}

void channel_end(struct channel *channel)
{
    if (channel->batches[channel->sent % BATCHES].used)
        hand_over(channel);
    pthread_mutex_lock(&channel->mutex);
    channel->ended = true;
    pthread_cond_signal(&channel->changed);
    pthread_mutex_unlock(&channel->mutex);
}

/* Gives the receiver's batch back, if it has one, and waits for the next. */
static bool next_batch(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    if (channel->receiving) {
        channel->taken++;
        if (channel->sender_waits && channel->sent - channel->taken <= BATCHES - ENOUGH)
            pthread_cond_signal(&channel->changed);
    }
    if (channel->sent == channel->taken) {
        channel->receiver_waits = true;
        while (channel->sent - channel->taken < ENOUGH && !channel->ended)
            pthread_cond_wait(&channel->changed, &channel->mutex);
        channel->receiver_waits = false;
    }
    channel->receiving = channel->sent != channel->taken;
    pthread_mutex_unlock(&channel->mutex);
    channel->read = 0;
    return channel->receiving;
}

void *channel_receive(struct channel *channel)
{
    struct batch *batch = &channel->batches[channel->taken % BATCHES];
    if (!channel->receiving || channel->read == batch->used) {
        if (!next_batch(channel))
            return NULL;
        batch = &channel->batches[channel->taken % BATCHES];
    }
    struct item *item = (struct item *)(void *)(batch->bytes + channel->read);
    channel->read += item->bytes;
    return item + 1;
}
