/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ladder: what happened on a connection, in rows, for every view that draws it.
 *
 * Purpose: the events of a connection come one by one, while others go on; a drawing needs them
 * together, and an event may change what earlier rows say (a lost segment, exchanged roles).
 * Model: a row is a segment, a run of data segments of one direction folded together, a timer, or a
 * withdrawal. HTTP messages hang on the row whose segment carries them. The rows are complete when
 * the connection's record is given.
 * Limits: a connection keeps the first and the last LADDER_MAX_ROWS / 2 of its rows. All together
 * keep options.max_bytes: after that, rows are only counted, and a connection that begins has no
 * ladder but an empty one. What is missing is said.
 */
#ifndef LIFELINE_LADDER_H
#define LIFELINE_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "lifeline.h"

#define LADDER_MAX_ROWS     10000
#define LADDER_MAX_FINDINGS 32
#define LADDER_MAX_TEXT     1024 /* octets kept of a message's first line */
#define LADDER_MAX_MESSAGES 64   /* told of a row; the others are counted */

#define LADDER_MISSING_BYTES 80

/* An HTTP message that begins in a row; in the row of an ICMP error, a line of what it says. */
struct ladder_message {
    struct ladder_message *next;
    uint64_t index; /* of the exchange on its connection */
    uint64_t status;
    int64_t wait_ns; /* of a response: since the end of its request */
    bool is_response;
    uint32_t length;
    char text[]; /* "GET /index.html", "OK": as captured, not safe to print */
};

struct ladder_row {
    uint64_t frame, last_frame; /* LIFELINE_NO_FRAME for a timer */
    int64_t time_ns, last_ns;
    uint64_t seq, ack, window_bytes; /* of the first segment */
    uint64_t bytes;                  /* of payload, all together */
    uint64_t withdrawn_frame;
    struct ladder_message *messages; /* in order; owned */
    uint32_t message_count;          /* in messages */
    uint32_t more_messages;          /* that aren't */
    uint32_t count;                  /* of segments; 0 for a timer, a withdrawal, ICMP */
    uint32_t last_bytes;             /* of the last segment */
    uint32_t steps, marks;           /* of enum lifeline_step, lifeline_mark; of all segments */
    uint32_t old_incarnation;
    uint16_t flags;           /* of the first segment; LIFELINE_ICMP */
    uint16_t withdrawn_flags; /* of the segment in withdrawn_frame */
    uint8_t from;             /* enum lifeline_role */
    uint8_t reset_verdict, reset_cause;
    uint8_t transition_count;
    bool lost;    /* withdrawn later: it never arrived, or wasn't accepted */
    bool late;    /* ... or came after what an RST shows */
    bool forged;  /* an RST whose supposed sender goes on */
    bool closed;  /* a message ended here: the next segment begins a row */
    uint8_t room; /* transitions that it has memory for: rows are many, transitions few */
    struct lifeline_transition transitions[LIFELINE_MAX_TRANSITIONS];
};

struct ladder_finding {
    uint8_t severity;
    char *name, *text;
};

struct ladder {
    uint64_t connection;
    uint32_t incarnation;
    uint8_t first_states[2]; /* before the first row: client, server */
    GPtrArray *head;         /* struct ladder_row *: the first half */
    GPtrArray *tail;         /* the last half, a ring once it is full; NULL until it's needed */
    unsigned tail_start;
    uint64_t elided_rows; /* between head and tail, or for want of memory */
    bool left_out;        /* there was no room for it: empty */
    uint64_t acks;        /* pure acknowledgments without a row */
    GArray *findings;     /* struct ladder_finding; NULL while there is none */
    struct {
        uint64_t index;
        int64_t time_ns;
    } request_ends[4]; /* for the wait of responses */
    GList *link;       /* in the list of open ladders */
};

/* Options of collecting. */
struct ladder_options {
    bool every_segment; /* no folding, pure acknowledgments too */
    bool lifecycle;     /* only segments with a step other than data, or a transition */
    size_t max_bytes;   /* that all ladders hold */
};

struct ladders;

struct ladders *ladders_new(const struct ladder_options *options);
void ladders_free(struct ladders *ladders);

void ladders_event(struct ladders *ladders, const struct lifeline_event *event);
void ladders_message(struct ladders *ladders, const struct lifeline_message *message);
void ladders_finding(struct ladders *ladders, const struct lifeline_finding *finding);

/* Takes a connection's ladder out, to be given to ladder_free(). An empty one, left_out, if there
 * was no room for it. */
struct ladder *ladders_take(struct ladders *ladders, uint64_t connection);
void ladder_free(struct ladders *ladders, struct ladder *ladder);

/* The smallest number of a connection that has a ladder; LIFELINE_UNKNOWN_COUNT if there is none.
 */
uint64_t ladders_first(struct ladders *ladders);

size_t ladder_length(const struct ladder *ladder);
/* index < ladder_length(). */
const struct ladder_row *ladder_row(const struct ladder *ladder, size_t index);

/* How many rows are missing before one; index ladder_length(): at the end. */
uint64_t ladder_missing_before(const struct ladder *ladder, size_t index);
/* Where so many are missing, what to say of them. False: nothing. */
bool ladder_tell_missing(const struct ladder *ladder, uint64_t rows,
                         char text[LADDER_MISSING_BYTES]);

#endif
