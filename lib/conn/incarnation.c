/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which incarnation of its 4-tuple a segment belongs to.
 *
 * Rules (RFC 9293 3.6.1, 3.10.7.4; RFC 6191):
 *  - A SYN opens a new incarnation when its sender's end of the old one is gone: CLOSED, TIME-WAIT,
 *    or SYN-SENT with another number and no answer; or when nothing of the old one lives.
 *  - A SYN with the old one's number is its retry, or a duplicate. Once both ends are gone it opens
 *    a new one when its timestamp is newer than all of the old, or when an answer with another
 *    number is acknowledged: a late copy may be answered, but nobody acknowledges that.
 *  - Any other SYN is a candidate: it becomes a new incarnation when the peer answers it as new
 *    (then it counts from the SYN on), when its sender goes on as if it had been, or when it is
 *    repeated after the old one died.
 *  - A SYN,ACK with another number than the one known from that end opens a new incarnation whose
 *    SYN isn't in the capture, unless it answers the candidate, or was taken for one that crossed.
 *  - Both ends going on with other numbers behind a FIN are a new one, too, whose opening isn't in
 *    the capture, and so is one's text when both had closed (unseen.c).
 * An old incarnation whose TIME-WAIT still runs stays until the new SYN is accepted or time is up.
 */
#include "conn/incarnation.h"

#include <stdlib.h>
#include <string.h>

#include "conn/emit.h"
#include "conn/ending.h"
#include "conn/facts.h"
#include "conn/forgotten.h"
#include "conn/handshake.h"
#include "conn/icmp.h"
#include "conn/pool.h"
#include "conn/roles.h"
#include "conn/time_wait_hold.h"
#include "conn/unseen.h"
#include "model/address.h"

#define FLIGHT_BYTES     65536     /* what may be lost before the capture while a handshake ends */
#define OTHER_HALF_BYTES 1048576   /* how far a direction's numbers may be from its peer's */
#define MID_STREAM_BYTES (1 << 26) /* the same, of what may be under way when a capture begins */

static bool gone(const struct end *x)
{
    return x->state == LIFELINE_CLOSED || x->state == LIFELINE_TIME_WAIT;
}

static bool dead(const struct conn *c)
{
    bool unknown0 = c->end[0].state == LIFELINE_STATE_UNKNOWN;
    bool unknown1 = c->end[1].state == LIFELINE_STATE_UNKNOWN;
    return (gone(&c->end[0]) || unknown0) && (gone(&c->end[1]) || unknown1) &&
           !(unknown0 && unknown1);
}

/* What the next incarnation keeps of the one before. */
static void inherit(struct conn *c, struct conn *old)
{
    bool same = old->swapped == c->swapped;
    c->incarnation = old->incarnation + 1;
    for (unsigned i = 0; i < 2; i++) {
        const struct end *was = &old->end[same ? i : !i];
        c->previous_known |= (uint8_t)(was->flags & END_SEQ_KNOWN ? 1U << i : 0);
        c->previous_isn[i] = was->isn;
        c->previous_next[i] = was->next;
    }
    old->superseded = 1;
}

/* The one before is over, or is kept beside c while its TIME-WAIT runs; so is the one before that,
 * but two of them aren't. */
static void leave_behind(struct lifeline_engine *engine, struct conn *c, struct conn *old)
{
    struct table *t = &engine->table;
    bool waits = time_wait_running(old, 0) || time_wait_running(old, 1);
    struct conn *oldest = old->older == NO_SLOT ? NULL : table_at(t, old->older);

    old->older = NO_SLOT;
    if (waits) {
        if (oldest) {
            oldest->newer = NO_SLOT;
            ending_finish(engine, oldest, false);
        }
        c->older = old->slot;
        old->newer = c->slot;
        return;
    }
    if (oldest) {
        c->older = oldest->slot;
        oldest->newer = c->slot;
    }
    ending_finish(engine, old, false);
}

static struct conn *new_conn(struct lifeline_engine *engine, const struct lifeline_segment *s,
                             const struct lookup *lookup, struct conn *old)
{
    struct table *t = &engine->table;
    struct conn *c = table_alloc(t);
    while (!c) {
        struct conn *victim = table_victim(t);
        if (!victim) {
            return NULL;
        }
        if (victim == old) {
            old = NULL;
        }
        ending_evict(engine, victim);
        c = table_alloc(t);
    }
    c->number = engine->next_number++;
    c->swapped = !lookup->source_is_low;
    c->first_frame = s->frame;
    c->start_ns = c->last_ns = s->time_ns;
    c->first_data_ns = c->last_data_ns = LIFELINE_UNKNOWN_NS;
    c->syn_to_synack_ns = c->synack_to_ack_ns = LIFELINE_UNKNOWN_NS;
    bool is_peer = s->src_port == s->dst_port && address_is(&s->src, &s->dst);
    for (unsigned i = 0; i < 2; i++) {
        c->end[i].flags = is_peer ? END_IS_PEER : 0U;
        c->end[i].state = LIFELINE_STATE_UNKNOWN;
        c->end[i].reset_verdict = c->end[i].reset_cause = LIFELINE_UNKNOWN;
    }
    if (old) {
        inherit(c, old);
    } else {
        c->incarnation = forgotten_next(engine, lookup);
    }
    if (engine->options.shard_count > 1) {
        static const struct hash_key fixed = {0x6c6966656c696e65U, 0x7368617264U};
        uint64_t h = hash_words(&fixed, lookup->key, 5);
        c->muted = h % engine->options.shard_count != engine->options.shard - 1U;
    }
    if (old) {
        table_succeed(t, c, old);
    } else if (!table_enter(t, c, lookup)) {
        table_release(t, c);
        return NULL;
    }
    table_list_append(t, c, LIST_EMBRYONIC);
    engine->counters.connections++;
    if (old) {
        leave_behind(engine, c, old);
    }
    return c;
}

/* Gives the new incarnation a segment that came before it was known: its SYN, or the answer. */
static void replay(struct lifeline_engine *engine, struct conn *c, unsigned e,
                   const struct lifeline_segment *s)
{
    struct pass pass = {
        .engine = engine,
        .conn = c,
        .segment = s,
        .time_ns = s->time_ns,
        .e = e,
        .p = !e,
        .from = &c->end[e],
        .to = &c->end[!e],
        .mark = frame_mark(c, s->frame),
        .payload_seq = s->seq + 1,
        .seq_end = s->seq + 1,
        .syn = true,
        .ack = (s->flags & LIFELINE_ACK) != 0,
        .first = !(s->flags & LIFELINE_ACK),
        .reset_verdict = LIFELINE_UNKNOWN,
        .reset_cause = LIFELINE_UNKNOWN,
    };
    if (pass.first) {
        roles_guess(&pass);
    }
    facts_read(&pass);
    if (pass.ack) {
        handshake_syn_ack(&pass);
    } else {
        handshake_syn(&pass);
    }
    c->last_frame = pass.mark;
    emit_event(&pass);
}

/* Is it the old SYN's number? */
static bool same_number(const struct end *opener, const struct candidate *waiting)
{
    return (opener->flags & END_ISN_KNOWN) && waiting->segment.seq == opener->isn;
}

/* What the old incarnation was told of the candidate and its answer is none of its own. */
static void disown(struct conn *old, const struct candidate *waiting, unsigned opener)
{
    const struct lifeline_segment *last = waiting->answered ? &waiting->answer : &waiting->segment;
    struct end *x = &old->end[opener], *y = &old->end[!opener];
    if (frame_of(old, old->last_frame) == last->frame) {
        old->last_frame = frame_mark(old, waiting->last_frame);
        old->last_ns = waiting->last_ns;
    }
    x->segments -= x->segments != 0;
    y->segments -= waiting->answered;
    if (!same_number(x, waiting)) {
        return;
    }
    x->retransmitted_segments -= x->retransmitted_segments != 0;
    if (waiting->absorbed && old->closing->time_wait[!opener].absorbed) {
        old->closing->time_wait[!opener].absorbed--;
        old->old_duplicates--;
    }
}

/* The candidate SYN was answered as new: it becomes an incarnation of its own, from itself on. */
static struct conn *promote(struct lifeline_engine *engine, const struct lookup *lookup,
                            struct conn *old)
{
    struct candidate waiting = *old->candidate;
    const struct lifeline_segment *syn = &waiting.segment;
    bool syn_from_low =
        !memcmp(&lookup->key[0], syn->src.bytes, 16) && (lookup->key[4] >> 48) == syn->src_port;
    disown(old, &waiting, syn_from_low == !old->swapped ? 0 : 1);
    pool_forget_candidate(&engine->table, old);

    struct lookup from_syn = *lookup;
    from_syn.source_is_low = syn_from_low;
    struct conn *c = new_conn(engine, syn, &from_syn, old);
    if (c) {
        replay(engine, c, 0, syn);
    }
    if (c && waiting.refused) {
        icmp_replay(engine, c, &waiting.icmp);
    }
    if (c && waiting.answered) {
        replay(engine, c, 1, &waiting.answer);
    }
    return c;
}

static void forget_payload(struct lifeline_segment *s)
{
    s->payload = NULL;
    s->payload_bytes = s->captured_bytes = 0;
}

/* renew: of several with the same number the last counts; what came before may have been copies. */
static void propose(struct table *t, struct conn *c, const struct lifeline_segment *s, bool renew,
                    bool absorbed)
{
    bool again = c->candidate && c->candidate->segment.seq == s->seq;
    renew &= again && !c->candidate->answered &&
             s->time_ns - c->candidate->segment.time_ns >= COPY_WINDOW_NS;
    if (again && !renew) {
        return;
    }
    if (!c->candidate) {
        c->candidate = pool_candidate(t);
        if (!c->candidate) {
            return;
        }
        renew = true;
    }
    if (renew) {
        c->candidate->last_frame = frame_of(c, c->last_frame);
        c->candidate->last_ns = c->last_ns;
    }
    c->candidate->answered = c->candidate->refused = false;
    c->candidate->absorbed = absorbed;
    c->candidate->segment = *s;
    forget_payload(&c->candidate->segment);
}

static bool syn_is_known(const struct end *x, const struct lifeline_segment *s)
{
    return (x->flags & END_SEQ_KNOWN) && s->seq == x->isn;
}

/* A SYN with the number of one that was answered and acknowledged, in a connection that is over:
 * not repeated by its sender, so a late copy, or a new one of a host that has but one number. */
static bool starts_over(const struct conn *c, const struct end *from, const struct end *to,
                        const struct lifeline_segment *s)
{
    return syn_is_known(from, s) && dead(c) && (to->flags & END_ISN_KNOWN) &&
           (from->flags & END_ACKED_KNOWN);
}

/* Its timestamp is newer than all of its sender's: no copy has that. */
static bool is_newest(const struct end *from, const struct lifeline_segment *s)
{
    return (s->options & LIFELINE_OPT_TIMESTAMP) && (from->flags & END_TIMESTAMPS) &&
           seq_gt(s->timestamp_value, from->last_tsval);
}

/* The connection whose other direction this is, when its path has another tunnel or VLAN: that end
 * has not been heard, and its numbers fit. */
static struct conn *other_half(struct lifeline_engine *engine,
                               const struct lifeline_segment *segment, const struct lookup *lookup)
{
    struct conn *c = table_find_elsewhere(&engine->table, lookup);
    if (!c) {
        return NULL;
    }
    unsigned e = lookup->source_is_low == !c->swapped ? 0 : 1;
    const struct end *from = &c->end[e], *to = &c->end[!e];
    if ((from->flags & END_SENT) || !(to->flags & END_SEQ_KNOWN)) {
        return NULL;
    }
    int32_t distance = seq_diff(segment->seq, from->next);
    if (!(segment->flags & LIFELINE_ACK)) {
        /* An RST without ACK has the number that the segment acknowledged which it answers. */
        bool answers =
            (segment->flags & LIFELINE_RST) && (from->flags & END_SEQ_KNOWN) && !distance;
        return answers && table_join_context(&engine->table, c, lookup) ? c : NULL;
    }
    /* In mid-stream the first octet captured isn't the first that is under way, and a long fast
     * path holds a lot. */
    bool opened = to->flags & END_ISN_KNOWN;
    int32_t reach = opened ? OTHER_HALF_BYTES : MID_STREAM_BYTES;
    if (seq_diff(segment->ack, to->isn) <= (opened ? 0 : -reach) ||
        seq_diff(segment->ack, to->next) > OTHER_HALF_BYTES ||
        ((from->flags & END_SEQ_KNOWN) && (distance > reach || distance < -reach))) {
        return NULL;
    }
    return table_join_context(&engine->table, c, lookup) ? c : NULL;
}

/* The candidate's sender sends the third segment, or aborts in its place, or is further on where
 * those were lost before the capture; or its RST has the number that only an answer to that SYN
 * gives: the SYN was answered, out of the capture. */
static bool goes_on_as_new(const struct conn *c, const struct end *from, const struct end *to,
                           const struct lifeline_segment *segment)
{
    if (!c->candidate || (segment->flags & LIFELINE_SYN) ||
        !candidate_sends(c->candidate, segment)) {
        return false;
    }
    uint32_t sent = segment->seq - (c->candidate->segment.seq + 1);
    if (!(segment->flags & LIFELINE_ACK)) {
        return (segment->flags & LIFELINE_RST) && !sent &&
               (!(from->flags & END_SEQ_KNOWN) || seq_diff(segment->seq, from->next) > 0);
    }
    int32_t old = seq_diff(segment->seq, from->next);
    bool of_old = !(from->flags & END_SEQ_KNOWN) || (old < FLIGHT_BYTES && old > -FLIGHT_BYTES);
    if (sent && (of_old || sent >= FLIGHT_BYTES)) {
        return false;
    }
    /* And acknowledges what the old peer never sent. */
    return !(to->flags & END_SEQ_KNOWN) || seq_gt(segment->ack, to->next + 1) ||
           seq_leq(segment->ack, to->isn);
}

/* Where a segment belongs: a connection, and which end of it is the sender. */
struct place {
    struct conn *conn;
    unsigned end;
    bool is_new;
};

static struct place stays(struct conn *c, unsigned e)
{
    return (struct place){.conn = c, .end = e};
}

static struct place opens(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                          const struct lookup *lookup, struct conn *old)
{
    return (struct place){.conn = new_conn(engine, segment, lookup, old), .is_new = true};
}

/* Does the peer of the candidate's sender acknowledge just that SYN? */
static bool answers_candidate(const struct conn *c, const struct lifeline_segment *segment)
{
    return c->candidate && segment->ack - 1 == c->candidate->segment.seq &&
           !candidate_sends(c->candidate, segment);
}

/* Their SYNs crossed, and nobody has acknowledged one. */
static bool both_opening(const struct conn *c)
{
    return c->end[0].state == LIFELINE_SYN_SENT && c->end[1].state == LIFELINE_SYN_SENT;
}

static struct place place_syn_ack(struct lifeline_engine *engine, const struct lookup *lookup,
                                  const struct lifeline_segment *segment, struct conn *c,
                                  unsigned e)
{
    const struct end *from = &c->end[e], *to = &c->end[!e];
    if (answers_candidate(c, segment)) {
        if (!same_number(to, c->candidate)) {
            return stays(promote(engine, lookup, c), 1);
        }
        if (segment->seq != from->isn && !c->candidate->answered) {
            c->candidate->answered = true;
            c->candidate->answer = *segment;
            forget_payload(&c->candidate->answer);
        }
        return stays(c, e); /* until somebody acknowledges that */
    }
    bool other = (from->flags & END_SEQ_KNOWN) && segment->seq != from->isn;
    bool answers = (to->flags & END_ISN_KNOWN) && seq_gt(segment->ack, to->isn) &&
                   seq_leq(segment->ack, to->next);
    bool never_opened = !(to->flags & END_ISN_KNOWN) || dead(c);
    /* Without the opener's direction: it answered this SYN before, and now a late copy of it. */
    bool copied =
        (from->flags & END_ISN_KNOWN) && (to->flags & END_SEQ_KNOWN) && segment->ack == to->isn + 1;
    if (other && ((!answers && !copied && never_opened) || both_opening(c))) {
        return opens(engine, segment, lookup, c);
    }
    return stays(c, e);
}

static struct place place_syn(struct lifeline_engine *engine, const struct lookup *lookup,
                              const struct lifeline_segment *segment, struct conn *c, unsigned e)
{
    const struct end *from = &c->end[e], *to = &c->end[!e];
    bool over = starts_over(c, from, to, segment);
    if (syn_is_known(from, segment) && !(over && is_newest(from, segment))) {
        if (over) {
            propose(&engine->table, c, segment, true, time_wait_running(c, !e));
        }
        return stays(c, e);
    }
    bool unanswered = from->state == LIFELINE_SYN_SENT && !(to->flags & END_SENT);
    bool again = c->candidate && c->candidate->segment.seq == segment->seq && !over &&
                 segment->time_ns - c->candidate->segment.time_ns >= COPY_WINDOW_NS &&
                 c->candidate->segment.src_port == segment->src_port;
    if (gone(from) || dead(c) || unanswered || (again && gone(to))) {
        return again ? stays(promote(engine, lookup, c), 0) : opens(engine, segment, lookup, c);
    }
    bool crossing = to->state == LIFELINE_SYN_SENT && from->state == LIFELINE_STATE_UNKNOWN;
    if (!crossing) {
        propose(&engine->table, c, segment, false, false);
    }
    return stays(c, e);
}

struct conn *incarnation_for(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                             const struct lookup *lookup, unsigned *end, bool *is_new)
{
    struct conn *c = table_find(&engine->table, lookup);

    *is_new = false;
    if (!c) {
        c = other_half(engine, segment, lookup);
    }
    if (!c) {
        *is_new = true;
        *end = 0;
        return new_conn(engine, segment, lookup, NULL);
    }
    unsigned e = lookup->source_is_low == !c->swapped ? 0 : 1;
    const struct end *from = &c->end[e];
    *end = e;
    if (goes_on_as_new(c, from, &c->end[!e], segment)) {
        *end = 0;
        return promote(engine, lookup, c);
    }
    if ((segment->flags & LIFELINE_RST) && (segment->flags & LIFELINE_ACK) && both_opening(c) &&
        answers_candidate(c, segment)) {
        *end = 1; /* its own SYN was given up: it refuses the other's next one */
        return promote(engine, lookup, c);
    }
    if ((c->stray_from && unseen_is_later(c, e, segment)) ||
        (c->closing && segment->payload_bytes && unseen_is_later_text(c, e, segment))) {
        struct place later = opens(engine, segment, lookup, c);
        *end = later.end;
        *is_new = true;
        return later.conn;
    }
    if (!(segment->flags & LIFELINE_SYN) || (segment->flags & LIFELINE_RST)) {
        return c;
    }
    bool is_syn_ack = segment->flags & LIFELINE_ACK;
    if ((c->previous_known >> e & 1) && segment->seq == c->previous_isn[e] &&
        !syn_is_known(from, segment)) {
        /* A late copy; a SYN that is answered all the same was none. */
        if (!is_syn_ack) {
            propose(&engine->table, c, segment, false, false);
        }
        return c;
    }
    struct place place = is_syn_ack ? place_syn_ack(engine, lookup, segment, c, e)
                                    : place_syn(engine, lookup, segment, c, e);
    *end = place.end;
    *is_new = place.is_new;
    return place.conn;
}
