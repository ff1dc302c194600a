/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "channel.h"

#include <pthread.h>
#include <stdint.h>

#include <glib.h>

#define ENOUGH           (CHANNEL_SLOTS / 2) /* whoever had to wait goes on with that many at hand */
#define CACHE_LINE_BYTES 64

/* POSIX threads' mutex and not GLib's, which the thread sanitizer can't see into. Slots go round:
 * [taken, sent) wait for the receiver, or are with it; the others are the sender's. Waking the
 * other thread costs as much as a hundred segments: so it sleeps until there is enough to do. */
struct channel {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t sent, taken;              /* counts of slots; under the mutex */
    bool ended;                        /* under the mutex */
    bool sender_waits, receiver_waits; /* under the mutex */
    bool receiving;                    /* receiver's: it has a slot */
    size_t slot_bytes;
    char *slots;
};

static void *slot_at(const struct channel *channel, uint64_t count)
{
    return channel->slots + count % CHANNEL_SLOTS * channel->slot_bytes;
}

struct channel *channel_new(size_t slot_bytes)
{
    struct channel *channel = g_new0(struct channel, 1);
    pthread_mutex_init(&channel->mutex, NULL);
    pthread_cond_init(&channel->changed, NULL);
    /* One line more, so that two slots never share one wherever the first begins. */
    channel->slot_bytes =
        ((slot_bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES + 1) * CACHE_LINE_BYTES;
    channel->slots = (char *)g_malloc0(CHANNEL_SLOTS * channel->slot_bytes);
    return channel;
}

void channel_free(struct channel *channel, void (*clear)(void *slot))
{
    for (unsigned i = 0; i < CHANNEL_SLOTS; i++)
        clear(slot_at(channel, i));
    pthread_mutex_destroy(&channel->mutex);
    pthread_cond_destroy(&channel->changed);
    g_free(channel->slots);
    g_free(channel);
}

void *channel_slot(struct channel *channel)
{
    return slot_at(channel, channel->sent);
}

bool channel_send(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    channel->sent++;
    bool is_slower = channel->sent - channel->taken > ENOUGH;
    if (channel->receiver_waits && channel->sent - channel->taken >= ENOUGH)
        pthread_cond_signal(&channel->changed);
    if (channel->sent - channel->taken >= CHANNEL_SLOTS) {
        channel->sender_waits = true;
        while (channel->sent - channel->taken > CHANNEL_SLOTS - ENOUGH)
            pthread_cond_wait(&channel->changed, &channel->mutex);
        channel->sender_waits = false;
    }
    pthread_mutex_unlock(&channel->mutex);
    return is_slower;
}

void channel_end(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    channel->ended = true;
    pthread_cond_signal(&channel->changed);
    pthread_mutex_unlock(&channel->mutex);
}

void *channel_receive(struct channel *channel)
{
    pthread_mutex_lock(&channel->mutex);
    if (channel->receiving) {
        channel->taken++;
        if (channel->sender_waits && channel->sent - channel->taken <= CHANNEL_SLOTS - ENOUGH)
            pthread_cond_signal(&channel->changed);
    }
    if (channel->sent == channel->taken) {
        channel->receiver_waits = true;
        while (channel->sent - channel->taken < ENOUGH && !channel->ended)
            pthread_cond_wait(&channel->changed, &channel->mutex);
        channel->receiver_waits = false;
    }
    channel->receiving = channel->sent != channel->taken;
    void *slot = channel->receiving ? slot_at(channel, channel->taken) : NULL;
    pthread_mutex_unlock(&channel->mutex);
    return slot;
}
