/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Annotations: the engine's sink. Keeps what the engine says, where the display finds it.
 *
 * Theory of operation
 *
 * Wireshark dissects each frame in order once (the first pass), then any frame at any time. The
 * engine runs in the first pass only. What it says about a segment at once is kept as a note at the
 * frame; what it says about a connection later goes to the life that the connection's notes share
 * (life.c), and is shown at all of its frames from then on: in the GUI and in tshark -2. Until a
 * connection's record is given, lifeline_peek() tells how it stands; this is what one pass of
 * tshark shows, and a live capture.
 *
 * The capture ends where Wireshark says that the sequential pass is over, or, when it dissects a
 * file anew (a preference changed), after the last frame of it, or, if the user ignores that one,
 * when a frame is looked at later. tshark with one pass never says so.
 *
 * A SYN may turn out later to begin a new incarnation of the connection that it was counted to. Its
 * frame then gets a second note, of the new connection; the first stays, as in the program's
 * timeline. One pass of tshark has printed the frame before and shows the first only.
 *
 * Client and server may turn out later to be each other, when a request comes where only ports had
 * told; or a segment to be lost, or forged. Earlier notes stay as they were written: what is shown
 * of them is put right (annotations_corrected(), note_more.refuted_by).
 *
 * While nobody looks, segments wait and are fed some at a time by the worker (worker.c), beside
 * Wireshark: the engine costs little of its time then, and finds its own data in the caches. Who
 * wants to see something settles first, so what is shown is the same; a plain packet list of
 * tshark shows nothing. All that the sink touches is the worker's until then.
 *
 * Notes are found by frame number, in an array: cheaper than p_add_proto_data(), which searches a
 * list per frame, and not only in Wireshark's thread. A frame that a read filter rejected leaves
 * its number to the next one (numbers.c), so each frame of the first pass begins with an empty
 * place.
 *
 * Memory: a note of some 90 octets per segment, in the arena; with lives, exchanges and the
 * engine about 230 octets per packet of short connections.
 */
#include "annotations.h"

#include "arena.h"
#include "gui.h"
#include "numbers.h"
#include "prefs.h"
#include "worker.h"

/* A frame that proves a finding. */
struct proof {
    uint64_t frame;
    const struct sparse *finding;
};

/* Of the capture file at hand. */
static struct {
    struct lifeline_engine *engine;
    bool silent;   /* without an engine: the protocol is disabled, or there is no memory */
    bool gui;      /* gui_is_there() */
    bool finished; /* the engine has had the last frame */
    uint32_t end;  /* the last frame's number, when it is known beforehand */
    struct lives *lives;
    GArray *proofs;      /* struct proof: findings to be hung at their frames */
    struct note **notes; /* by Wireshark's frame number */
    uint32_t notes_size;
    const struct lifeline_segment *segment; /* the one at hand, or NULL */
    struct note *note;                      /* its note, once there is one */
    struct touched *touched;                /* connections that changed before it */
} session;

static void (*call_last_word)(void);

/* Segments that were pushed and wait to be fed, and copies of their payload. One batch is filled
 * while the worker has the other. */
#ifndef LIFELINE_MAX_WAITING
#define LIFELINE_MAX_WAITING 1024 /* waking the worker costs as much as some hundred segments */
#endif
#define MAX_WAITING_BYTES ((size_t)256 * 1024)
static struct batch {
    unsigned count;
    size_t payload_bytes;
    struct lifeline_segment segments[LIFELINE_MAX_WAITING];
    uint8_t payload[MAX_WAITING_BYTES];
} batches[2], *waiting = batches;

/* ---- the sink -------------------------------------------------------------------------------- */

static struct note_more *more_of(struct note *note)
{
    if (note->more == NULL)
        note->more = arena_new0(struct note_more);
    return note->more;
}

static struct note *make_note(const struct lifeline_event *event, struct life *life)
{
    size_t transitions_size = event->transition_count * sizeof(event->transitions[0]);
    struct note *note = (struct note *)arena_alloc(sizeof(*note) + transitions_size);

    *note = (struct note){
        .life = life,
        .frame = (uint32_t)event->frame,
        .time_ns = event->time_ns,
        .seq = event->seq,
        .ack = event->ack,
        .window_bytes = (uint32_t)MIN(event->window_bytes, UINT32_MAX),
        .payload_bytes = event->segment != NULL ? event->segment->payload_bytes : 0,
        .steps = event->steps,
        .marks = event->marks,
        .flags = event->segment != NULL ? event->segment->flags : LIFELINE_ICMP,
        .layer = event->layer,
        .from = event->from,
        .client_state = event->client_state,
        .server_state = event->server_state,
        .reset_verdict = event->reset_verdict,
        .reset_cause = event->reset_cause,
        .time_wait_holder = event->time_wait_holder,
        .transition_count = event->transition_count,
    };
    memcpy(note->transitions, event->transitions, transitions_size);
    if (event->withdrawn_frame != LIFELINE_NO_FRAME || event->old_incarnation != 0) {
        struct note_more *more = more_of(note);

        more->withdrawn_frame = event->withdrawn_frame;
        more->old_incarnation = event->old_incarnation;
    }
    if (event->segment == NULL)
        more_of(note)->icmp =
            (const struct lifeline_icmp *)arena_copy(&event->icmp, sizeof(event->icmp));
    return note;
}

/* Another connection changed while a segment is at hand. */
static void touch(struct life *life)
{
    struct touched *touched;

    if (session.segment == NULL)
        return; /* the capture's end */
    touched = arena_new0(struct touched);
    touched->life = life;
    touched->next = session.touched;
    session.touched = touched;
}

/* Is it of a frame that shows it, a segment of the connection or an ICMP error about one? Time
 * alone passes otherwise, or a segment of another incarnation, which has a note of its own, tells.
 */
static bool has_own_frame(const struct lifeline_event *event)
{
    return event->segment != NULL || (event->steps & LIFELINE_STEP_ICMP) != 0;
}

static bool is_of_segment_at_hand(const struct lifeline_event *event)
{
    return session.segment != NULL && session.note == NULL &&
           event->frame == session.segment->frame && event->layer == session.segment->layer;
}

/* Puts a note behind the others of its frame; nowhere when a read filter rejected the frame. */
static void hang_note(struct note *note)
{
    uint32_t number = numbers_shown(note->frame);
    struct note **place;

    if (number == LIFELINE_NO_FRAME || number >= session.notes_size)
        return;
    for (place = &session.notes[number]; *place != NULL; place = &(*place)->next)
        ;
    *place = note;
}

static uint8_t other_role(uint8_t role)
{
    if (role != LIFELINE_CLIENT && role != LIFELINE_SERVER)
        return role;
    return role == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT;
}

/* The sender's role, as known now. */
static uint8_t sender_of(const struct note *note)
{
    return note->frame < note->life->roles_known ? other_role(note->from) : note->from;
}

/* Tells the frame that was lost, or the RST that was forged or not accepted, which one shows it. */
static void link_withdrawn(struct note *note)
{
    uint64_t frame = note->more != NULL ? note->more->withdrawn_frame : LIFELINE_NO_FRAME;
    uint32_t number = numbers_shown(frame);
    struct note *lost = NULL;

    if (number != LIFELINE_NO_FRAME && number < session.notes_size)
        lost = session.notes[number];
    while (lost != NULL && (lost->life != note->life || lost->frame != frame))
        lost = lost->next;
    if (lost == NULL)
        return;
    note->more->withdrawn = lost;
    more_of(lost)->refuted_by = note;
    lost->more->forged = (lost->flags & LIFELINE_RST) != 0 && sender_of(lost) == sender_of(note);
}

static void on_event(void *user, const struct lifeline_event *event)
{
    struct life *life = lives_get(session.lives, event->connection, event->incarnation);

    (void)user;
    life->slot = event->slot;
    if (event->steps & LIFELINE_STEP_ROLE)
        life->roles_known = (uint32_t)event->frame;
    if (has_own_frame(event) && is_of_segment_at_hand(event)) {
        session.note = make_note(event, life);
        return;
    }
    if (has_own_frame(event))
        hang_note(make_note(event, life));
    touch(life);
}

static void on_message(void *user, const struct lifeline_message *message)
{
    (void)user;
    life_message(lives_get(session.lives, message->connection, message->incarnation), message);
}

static void on_exchange(void *user, const struct lifeline_exchange *exchange)
{
    (void)user;
    life_exchange(lives_get(session.lives, exchange->connection, exchange->incarnation), exchange);
}

static void on_connection(void *user, const struct lifeline_connection *connection)
{
    struct life *life = lives_get(session.lives, connection->connection, connection->incarnation);

    (void)user;
    life_connection(life, connection);
    touch(life);
}

/* Old notes are touched when somebody looks, not now. */
static void add_proof(uint64_t frame, const struct sparse *finding)
{
    struct proof proof = {frame, finding};

    g_array_append_val(session.proofs, proof);
}

/* Hangs a finding at the first note of a frame; nowhere when the frame has none to show it. */
static void hang_finding(const struct proof *proof)
{
    uint32_t number = numbers_shown(proof->frame);
    struct note *first = number < session.notes_size ? session.notes[number] : NULL;
    struct finding_note *note, **place;

    if (first == NULL)
        return;
    note = arena_new0(struct finding_note);
    note->finding = proof->finding;
    for (place = &more_of(first)->findings; *place != NULL; place = &(*place)->next)
        ;
    *place = note;
}

static void on_finding(void *user, const struct lifeline_finding *finding)
{
    const struct sparse *kept = life_copy_finding(finding);

    (void)user;
    for (unsigned i = 0; i < finding->frame_count; i++)
        add_proof(finding->frames[i], kept);
}

/* ---- the capture file ------------------------------------------------------------------------ */

static void cleanup(void)
{
    worker_stop();
    waiting->count = 0;
    waiting->payload_bytes = 0;
    lives_free(session.lives);
    sparse_forget();
    arena_free();
    lifeline_free(session.engine);
    if (session.proofs != NULL)
        g_array_free(session.proofs, TRUE);
    memset(&session, 0, sizeof(session));
    numbers_forget();
}

struct lifeline_engine *annotations_engine(void)
{
    static const struct lifeline_sink sink = {
        .event = on_event,
        .message = on_message,
        .exchange = on_exchange,
        .finding = on_finding,
        .connection = on_connection,
    };
    struct lifeline_options options;

    if (session.engine != NULL || session.silent)
        return session.engine;
    /* Enabling or disabling makes Wireshark dissect anew, so it is asked once. */
    session.silent = !proto_is_protocol_enabled(find_protocol_by_id(proto_lifeline));
    if (session.silent)
        return NULL;
    options = prefs_options();
    session.engine = lifeline_new(&options, &sink);
    session.end = gui_redissected_frames();
    session.gui = gui_is_there();
    session.silent = session.engine == NULL;
    session.lives = lives_new();
    session.proofs = g_array_new(FALSE, FALSE, sizeof(struct proof));
    return session.engine;
}

/* ---- frames ---------------------------------------------------------------------------------- */

bool annotations_in_gui(void)
{
    return session.gui;
}

struct note *annotations_of(const packet_info *pinfo)
{
    return pinfo->num < session.notes_size ? session.notes[pinfo->num] : NULL;
}

static void make_room(uint32_t number)
{
    uint32_t size = MAX(session.notes_size, 1024);

    while (size <= number)
        size *= 2;
    worker_wait();
    session.notes = (struct note **)wmem_realloc(wmem_file_scope(), session.notes,
                                                 size * sizeof(session.notes[0]));
    memset(session.notes + session.notes_size, 0,
           (size - session.notes_size) * sizeof(session.notes[0]));
    session.notes_size = size;
}

uint64_t annotations_begin_frame(const packet_info *pinfo)
{
    bool again;
    uint64_t frame;

    if (pinfo->num >= session.notes_size)
        make_room(pinfo->num);
    frame = numbers_begin(pinfo, &again);
    if (again) {
        worker_wait();
        session.notes[pinfo->num] = NULL;
    }
    return frame;
}

/* A TIME-WAIT's begin and restarts as of this frame: the record only has how it stands last. */
static void note_time_waits(struct note *note)
{
    struct note_more *more = more_of(note);
    struct lifeline_time_wait time_wait[2];

    more->time_wait_count = lifeline_peek_time_waits(session.engine, note->life->slot,
                                                     note->life->connection, time_wait);
    more->time_wait = (const struct lifeline_time_wait *)arena_copy(
        time_wait, more->time_wait_count * sizeof(time_wait[0]));
}

static void feed(const struct lifeline_segment *segment)
{
    session.segment = segment;
    session.note = NULL;
    session.touched = NULL;
    lifeline_push_segment(session.engine, segment);
    session.segment = NULL;
    if (session.note == NULL)
        return;
    if (session.touched != NULL)
        more_of(session.note)->touched = session.touched;
    if (session.note->time_wait_holder != LIFELINE_NOBODY)
        note_time_waits(session.note);
    hang_note(session.note);
    link_withdrawn(session.note);
}

static void feed_batch(void *data)
{
    struct batch *batch = (struct batch *)data;

    for (unsigned i = 0; i < batch->count; i++)
        feed(&batch->segments[i]);
    batch->count = 0;
    batch->payload_bytes = 0;
}

/* Lets the worker feed what waits. */
static void hand_over(void)
{
    struct batch *full = waiting;

    waiting = &batches[waiting == batches];
    worker_run(feed_batch, full);
}

/* Feeds what waits, here. */
static void feed_waiting(void)
{
    worker_wait();
    feed_batch(waiting);
}

void annotations_settle(void)
{
    feed_waiting();
    for (guint i = 0; session.proofs != NULL && i < session.proofs->len; i++)
        hang_finding(&g_array_index(session.proofs, struct proof, i));
    if (session.proofs != NULL)
        g_array_set_size(session.proofs, 0);
}

static void finish(void)
{
    if (session.engine == NULL || session.finished)
        return;
    feed_waiting();
    call_last_word();
    session.finished = true;
    lifeline_finish(session.engine);
}

void annotations_look(const packet_info *pinfo)
{
    numbers_look(pinfo);
    /* The last frame of a file that was dissected anew is ignored: it never came. */
    if (session.end != 0 && !session.finished && gui_redissected_frames() == 0)
        finish();
}

void annotations_push(const struct lifeline_segment *segment)
{
    struct lifeline_segment *last;

    if (session.finished)
        return;
    if (segment->captured_bytes > MAX_WAITING_BYTES) {
        feed_waiting();
        feed(segment);
        return;
    }
    if (waiting->count == LIFELINE_MAX_WAITING ||
        segment->captured_bytes > MAX_WAITING_BYTES - waiting->payload_bytes)
        hand_over();
    last = &waiting->segments[waiting->count++];
    *last = *segment;
    if (segment->captured_bytes > 0)
        last->payload = (const uint8_t *)memcpy(waiting->payload + waiting->payload_bytes,
                                                segment->payload, segment->captured_bytes);
    waiting->payload_bytes += segment->captured_bytes;
}

void annotations_push_stream(const struct note *note, const uint8_t *bytes, size_t length)
{
    if (!session.finished)
        lifeline_push_stream(session.engine, note->life->slot, note->life->connection, note->from,
                             note->frame, note->time_ns, note->layer, bytes, length);
}

void annotations_push_stream_gap(const struct note *note, bool of_peer)
{
    uint8_t from = of_peer ? other_role(note->from) : note->from;

    if (!session.finished)
        lifeline_push_stream_gap(session.engine, note->life->slot, note->life->connection, from,
                                 note->frame, note->time_ns, note->layer);
}

void annotations_end_frame(const packet_info *pinfo)
{
    if (pinfo->num == session.end)
        finish();
}

void annotations_register(void (*last_word)(void))
{
    call_last_word = last_word;
    register_cleanup_routine(cleanup);
    register_postseq_cleanup_routine(finish);
}

/* ---- for the display ------------------------------------------------------------------------- */

static struct note_more *exchange_holders(wmem_allocator_t *scope, const struct note_more *more)
{
    struct note_more *right = (struct note_more *)wmem_memdup(scope, more, sizeof(*more));
    size_t size = more->time_wait_count * sizeof(more->time_wait[0]);
    struct lifeline_time_wait *time_wait = (struct lifeline_time_wait *)wmem_alloc(scope, size);

    for (uint32_t i = 0; i < more->time_wait_count; i++) {
        time_wait[i] = more->time_wait[i];
        time_wait[i].endpoint = other_role(time_wait[i].endpoint);
    }
    right->time_wait = time_wait;
    return right;
}

const struct note *annotations_corrected(wmem_allocator_t *scope, const struct note *note)
{
    size_t transitions_size = note->transition_count * sizeof(note->transitions[0]);
    struct note *right;

    if (note->frame >= note->life->roles_known)
        return note;
    right = (struct note *)wmem_memdup(scope, note, sizeof(*note) + transitions_size);
    right->from = sender_of(note);
    right->client_state = note->server_state;
    right->server_state = note->client_state;
    right->time_wait_holder = other_role(note->time_wait_holder);
    for (unsigned i = 0; i < note->transition_count; i++)
        right->transitions[i].endpoint = other_role(note->transitions[i].endpoint);
    if (note->more != NULL)
        right->more = exchange_holders(scope, note->more);
    if (note->flags & LIFELINE_ICMP) {
        struct lifeline_icmp *icmp =
            (struct lifeline_icmp *)wmem_memdup(scope, note->more->icmp, sizeof(*icmp));

        icmp->to = other_role(icmp->to);
        right->more->icmp = icmp;
    }
    return right;
}

bool annotations_record(const struct life *life, struct lifeline_connection *out)
{
    if (life->record != NULL) {
        sparse_read(SPARSE_CONNECTION, life->record, out);
        return true;
    }
    return session.engine != NULL &&
           lifeline_peek(session.engine, life->slot, life->connection, out);
}

void annotations_changed(const struct note *note,
                         void (*call)(void *user, const struct life *life, bool is_own), void *user)
{
    const struct touched *touched = note->more != NULL ? note->more->touched : NULL;

    call(user, note->life, true);
    for (; touched != NULL; touched = touched->next)
        call(user, touched->life, false);
}

const struct finding_note *annotations_findings(const struct note *first)
{
    return first != NULL && first->more != NULL ? first->more->findings : NULL;
}
