/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_LIFE_H
#define LIFELINE_PLUGIN_LIFE_H

#include "plugin.h"
#include "sparse.h"

/* The frames from the earliest to the latest that carry an end of a message; last is
 * LIFELINE_NO_FRAME while it is open. */
struct message_span {
    uint32_t index; /* of the exchange */
    uint32_t first, last;
    uint8_t from; /* enum lifeline_role: HTTP/2 servers push requests too */
};

struct message_spans {
    struct message_span *all; /* by first */
    uint32_t count, room;
};

/* A connection: what its frames share, and learn later. In the arena. */
struct life {
    uint64_t connection;
    uint32_t incarnation;
    uint32_t slot;                        /* for lifeline_peek() while record is NULL */
    const struct sparse *record;          /* NULL until the engine gives it */
    struct lifeline_exchange **exchanges; /* by index; NULL where none is known */
    uint32_t exchange_count, exchange_room;
    struct message_spans spans[2]; /* requests, responses */
    uint32_t roles_known; /* in this frame client and server turned out to be each other; or none */
};

/* All lives of a capture file. */
struct lives;
struct lives *lives_new(void);
void lives_free(struct lives *lives);

/* The life of a connection; made when it isn't there. */
struct life *lives_get(struct lives *lives, uint64_t connection, uint32_t incarnation);

/* Take over what the engine says; everything is copied. */
void life_message(struct life *life, const struct lifeline_message *message);
void life_exchange(struct life *life, const struct lifeline_exchange *exchange);
void life_connection(struct life *life, const struct lifeline_connection *connection);
/* Its texts that aren't constants of the library are copied too. */
const struct sparse *life_copy_finding(const struct lifeline_finding *finding);

/* Called for an exchange of which a byte may be in a frame: of its request or its response. */
typedef void (*life_exchange_fn)(void *user, const struct lifeline_exchange *exchange,
                                 bool response);

/* Calls back for each message from this role that the frame carries, requests first, in order. */
void life_exchanges_at(const struct life *life, uint64_t frame, uint8_t from, life_exchange_fn call,
                       void *user);

#endif
