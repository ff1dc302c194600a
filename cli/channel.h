/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A channel: what one thread makes, in order, for another.
 *
 * Model: a ring of slots. The sender fills one and sends it; the receiver has it until it asks for
 * the next, then the sender may fill it again. Who is ahead waits. What a slot holds is between the
 * two threads: a quarter of a megabyte or so of work, for each handing over may put a thread to
 * sleep and wake the other.
 */
#ifndef LIFELINE_CHANNEL_H
#define LIFELINE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#define CHANNEL_SLOTS 4

struct channel;

/* Slots begin as zeros, each in cache lines of its own. Never returns NULL: running out of memory
 * ends the program. */
struct channel *channel_new(size_t slot_bytes);
/* After both threads are done with it; clear is called for what each slot holds. */
void channel_free(struct channel *channel, void (*clear)(void *slot));

/* Sender: the slot to fill. */
void *channel_slot(struct channel *channel);
/* Sender: hands the slot over, and waits until there is another one to fill. True: the receiver is
 * the slower of the two, more waits for it than it would wait for. */
bool channel_send(struct channel *channel);
/* Sender: there will be no more. */
void channel_end(struct channel *channel);

/* Receiver: the next slot; waits for it. NULL: there will be no more. */
void *channel_receive(struct channel *channel);

#endif
