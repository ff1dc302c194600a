/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel: what one thread makes, in order, for another.
 *
 * Model: items are written one behind the other into batches, memory of a quarter of a megabyte. A
 * full batch is handed over; a used one comes back. There are so many batches: who is ahead waits.
 * What an item is, and where its parts are, is between the two threads; it begins at an address
 * that suits any type, and stays there until its receiver asks for the next.
 */
#ifndef LIFELINE_CHANNEL_H
#define LIFELINE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

struct channel;

/* Never returns NULL: running out of memory ends the program. */
struct channel *channel_new(void);
/* After both threads are done with it. */
void channel_free(struct channel *channel);

/* Sender: room for an item of so many octets, which the next call of it or channel_end() sends. */
void *channel_item(struct channel *channel, size_t bytes);
/* Sender: there will be no more. */
void channel_end(struct channel *channel);

/* Receiver: the next item; waits for it. NULL: there will be no more. */
void *channel_receive(struct channel *channel);

#endif
