/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_ANNOTATIONS_H
#define LIFELINE_PLUGIN_ANNOTATIONS_H

#include "life.h"
#include "plugin.h"

/* Time passes for all: a frame may change connections that it isn't part of. */
struct touched {
    struct touched *next;
    struct life *life;
};

/* A finding, as it hangs at each of its frames. */
struct finding_note {
    struct finding_note *next;
    const struct sparse *finding; /* SPARSE_FINDING */
};

/* What few notes have. */
struct note_more {
    struct touched *touched;          /* other connections that changed with this frame */
    struct finding_note *findings;    /* that the frame proves; at its first note */
    uint64_t withdrawn_frame;         /* as in struct lifeline_event */
    const struct note *withdrawn;     /* that frame's note; NULL: none */
    const struct note *refuted_by;    /* whose withdrawn this is; NULL: none */
    bool forged;                      /* with refuted_by: this is an RST that somebody else sent */
    uint32_t old_incarnation;         /* as in struct lifeline_event */
    const struct lifeline_icmp *icmp; /* of a note with LIFELINE_ICMP in flags */
    uint32_t time_wait_count;         /* who is in TIME-WAIT, and how it stood at this frame */
    const struct lifeline_time_wait *time_wait;
};

/* What one segment is to its connection: the engine's event, packed, as there is one per segment.
 * In the arena, written in the first pass only. */
struct note {
    struct note *next; /* of the same frame: TCP layers, outermost first; then belated ones */
    struct life *life;
    struct note_more *more; /* NULL: nothing */
    int64_t time_ns;        /* as it was then: the user may shift times later */
    uint64_t seq, ack;
    uint32_t frame;        /* as the engine counts: see numbers_shown() */
    uint32_t window_bytes; /* UINT32_MAX: unknown */
    uint32_t payload_bytes, steps, marks;
    uint16_t flags; /* LIFELINE_ICMP: it is about an ICMP error, from is nobody */
    uint8_t layer, from, client_state, server_state;
    uint8_t reset_verdict, reset_cause, time_wait_holder, transition_count;
    struct lifeline_transition transitions[];
};

/* last_word is called when no more frames come, before the engine is told so. */
void annotations_register(void (*last_word)(void));

/* The engine of this capture file; made when first asked for. NULL when the protocol is disabled or
 * memory is short. */
struct lifeline_engine *annotations_engine(void);

/* Is the file at hand one of the GUI? */
bool annotations_in_gui(void);

/* The notes of a frame, outermost layer first; NULL when it has no TCP layer of a connection, nor
 * an ICMP error about one. */
struct note *annotations_of(const packet_info *pinfo);

/* A note as it is to be shown: what was noted before client and server turned out to be each other
 * is put right, in a copy. */
const struct note *annotations_corrected(wmem_allocator_t *scope, const struct note *note);

/* Begins a frame of the first pass: once per frame, with or without TCP. Returns the number that
 * the engine is to know it by: its own, unless a read filter rejected frames before. */
uint64_t annotations_begin_frame(const packet_info *pinfo);

/* Feeds a segment of the frame that was begun, and keeps what the engine says; both may wait until
 * annotations_settle(). */
void annotations_push(const struct lifeline_segment *segment);

/* Feeds what waits. To be called before anything is asked about frames. */
void annotations_settle(void);

/* Feeds, settled before, octets that another layer made of the segment's payload: see
 * lifeline_push_stream(). */
void annotations_push_stream(const struct note *note, const uint8_t *bytes, size_t length);

/* Says, settled before, that such octets are missing: of the segment's sender, or of its peer. See
 * lifeline_push_stream_gap(). */
void annotations_push_stream_gap(const struct note *note, bool of_peer);

/* Ends a frame of the first pass. When it is known to be the last, the engine has its last word. */
void annotations_end_frame(const packet_info *pinfo);

/* Begins to look at a frame of a later pass: which frames a read filter rejected is known then. */
void annotations_look(const packet_info *pinfo);

/* The connection's record as known now: final, or as if the capture ended here. False if there is
 * none. What it points to is valid until the next call into the engine. */
bool annotations_record(const struct life *life, struct lifeline_connection *out);

/* Calls back for the note's own connection, and then for those that changed with it. */
void annotations_changed(const struct note *note,
                         void (*call)(void *user, const struct life *life, bool is_own),
                         void *user);

/* The findings that a frame proves, given its first note; NULL when none. */
const struct finding_note *annotations_findings(const struct note *first);

#endif
