/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The engine's inside, shared by the files of lib/conn. */
#ifndef LIFELINE_CONN_ENGINE_H
#define LIFELINE_CONN_ENGINE_H

#include "app/app.h"
#include "conn/conn.h"
#include "conn/seq.h"
#include "conn/table.h"
#include "findings/findings.h"
#include "wire/wire.h"

#define INCARNATION_MEMORY  65536     /* forgotten 4-tuples whose incarnation count is kept */
#define COPY_WINDOW_NS      5000000   /* no retransmission timer is that short */
#define SHORTEST_TIMEOUT_NS 200000000 /* no common one is shorter */
#define LINGER_NS           (120 * INT64_C(1000000000)) /* a closed connection is kept: one MSL */

struct incarnation_memory {
    uint64_t hash;
    uint32_t incarnation;
};

/* What the decoder counts, which may run in another thread: in cache lines of its own, or each
 * count here would make each segment there wait. */
struct decoder_counters {
    char before[CACHE_LINE_BYTES];
    struct lifeline_counters counters;
    char behind[CACHE_LINE_BYTES];
};

struct lifeline_engine {
    struct wire_decoder *wire; /* here, behind nothing that is written for each segment */
    struct decoder_counters *decoded;
    struct lifeline_options options; /* its networks are the engine's copy */
    struct lifeline_sink sink;
    struct lifeline_counters counters; /* without the decoder's */
    struct table table;
    uint64_t limit_bytes;     /* of all that it holds */
    uint64_t next_look_bytes; /* of HTTP: when so much is held, all is looked at before its turn */
    struct app *app;
    struct findings *findings;     /* NULL when nobody asks for them */
    struct lifeline_sink app_sink; /* the sink, by way of the findings */
    uint64_t next_number;
    int64_t now_ns;
    struct timers *timers;
    int64_t wake_ns;                   /* expiry_run() has nothing to do before */
    struct incarnation_memory *memory; /* direct-mapped, INCARNATION_MEMORY entries */
    bool finished, finishing;
    bool acks_seen, fins_seen; /* segments other than SYN, FIN and RST; FINs */
    bool counts_all; /* HTTP of other shards' connections is followed too, for findings about hosts
                      */
};

/* Is the capture filtered down to SYN, FIN and RST, as far as can be seen? There are FINs, but not
 * one of the ACKs that go before any. */
static inline bool engine_lacks_acks(const struct lifeline_engine *engine)
{
    return engine->fins_seen && !engine->acks_seen;
}

/* What a record and findings are made of besides the connection; nothing of it changes later. */
struct telling {
    const struct lifeline_options *options;
    const struct findings *findings;
    const char *context_text;
    int64_t time_ns;
    bool capture_ended, only_controls;
};

/* One segment on its way through the stages: what it is, and what it did. */
struct pass {
    struct lifeline_engine *engine;
    struct conn *conn;
    const struct lifeline_segment *segment; /* NULL when time alone passes, or with the next two: */
    const struct lifeline_segment *icmp;    /* an ICMP error in place of a segment */
    const struct lifeline_segment *foreign; /* one of another incarnation tells of this one */
    int64_t time_ns;
    int64_t sent_ns; /* at most time_ns: by its sender's clock, where that is known */
    unsigned e, p;   /* ends: sender and its peer */
    struct end *from, *to;
    uint32_t mark;        /* frame_mark() of the segment */
    uint32_t payload_seq; /* of its first payload octet */
    uint32_t seq_end;     /* one past its last, SYN and FIN included */
    uint32_t new_bytes;   /* of payload, not seen before */
    bool syn, ack, fin, rst;
    bool first;         /* of its connection */
    bool fits;          /* its sequence number belongs to this incarnation */
    bool repeated;      /* carries sequence space, all of it seen before */
    bool twice;         /* the last segment again, captured twice and not sent again */
    bool ack_fits;      /* ack is plausible: at most what the peer sent */
    bool stale;         /* its timestamp is older than its sender's last: late on its way */
    bool same_tick;     /* its timestamp is its sender's last: both were sent at about one time */
    bool hears;         /* acknowledges more than its sender did before */
    bool reset_crossed; /* sent before the RST that passed earlier reached its sender */
    uint32_t steps, marks;
    uint64_t withdrawn_frame;
    uint32_t old_incarnation;
    uint8_t reset_verdict, reset_cause;
    uint8_t transition_count;
    struct lifeline_transition transitions[LIFELINE_MAX_TRANSITIONS]; /* so many are set */
};

/* numbers.c: where an end is in its sequence space */
/* Can the segment's number be of this incarnation? */
bool numbers_fit(const struct pass *pass);
/* Can the end have sent this number, at most its next? */
bool numbers_were_sent(const struct end *x, uint32_t seq);
/* The end has sent up to that number. */
void numbers_advance(struct end *end, uint32_t to);

/* facts.c: sequence analysis */
void facts_read(struct pass *pass);
bool facts_of_earlier_incarnation(const struct pass *pass);
void facts_learn(struct end *end, uint32_t seq, bool is_syn);
/* The same packet again, not a retransmission? Compares with the sender's last SYN or FIN. */
bool facts_is_copy(const struct pass *pass);
/* The same packet as the last that came again or late, at another interface? Notes this one. */
bool facts_is_captured_again(const struct pass *pass);
/* Was it late on its way, by its timestamp or by an ACK below one that its sender gave before? */
bool facts_is_old(const struct pass *pass);
void facts_note_control(struct pass *pass);
/* Its timestamp is its sender's newest. */
void facts_note_clock(struct pass *pass);
/* The time in which what the end sent before it got a passing segment can still pass. */
int64_t facts_turnaround_ns(const struct conn *c, unsigned end);

/* What the end acknowledged before, or says again late on its way: an RST may answer it. */
void facts_note_older_ack(struct end *x, uint32_t ack);
/* It carries pass->new_bytes of text, one at least. */
void facts_note_data(struct pass *pass);
/* The window that it announces. */
uint32_t facts_window_bytes(const struct pass *pass);

/* holes.c: what was captured of an end's stream */
/* [start, end) of it was captured. Returns how many octets of that are new; adds to the marks. */
uint32_t holes_cover(struct end *x, uint32_t start, uint32_t end, uint32_t *marks);
/* The peer has all of it below ack, next at most: what of that wasn't captured is missing. */
void holes_acked(struct end *x, uint32_t ack);

/* unseen.c: numbers beyond all that was captured */
#define WINDOW_SLACK_BYTES 65536 /* beyond an announced window */
/* Can an ACK beyond all that was captured be true? */
bool unseen_ack_fits(struct pass *pass);
/* Is the number of an RST the ACK of a SYN,ACK of another incarnation, which came last? */
bool unseen_answered(const struct pass *pass);
/* Does this segment, with numbers far off, agree with the peer's last such one? Then both streams
 * go on from there; else it is remembered. */
bool unseen_agree(struct pass *pass);
/* Is that so behind a FIN? Then the segment, of end e, is of a later incarnation. */
bool unseen_is_later(const struct conn *c, unsigned e, const struct lifeline_segment *segment);
/* Such an ACK is believed. */
void unseen_claim(struct pass *pass);
/* A segment that fits: does it start what its peer claimed to have? */
void unseen_refute(struct pass *pass);

/* plain.c */
/* Is it the next segment of an open connection and nothing else? Then all is done that the stages
 * would do; otherwise nothing. */
bool plain_segment(struct pass *pass);

/* history.c: the states that an end went through */
/* Its first state, if it has none. */
void history_begin(struct end *end, enum lifeline_state state);
void history_push(struct end *end, uint8_t state, uint8_t evidence);
void history_pop(struct end *end);
/* LIFELINE_STATE_UNKNOWN beyond the last. */
uint8_t history_at(const struct end *end, unsigned index);
/* How the end's state was entered, or one of its history. */
uint8_t history_evidence(const struct end *end);
uint8_t history_evidence_at(const struct end *end, unsigned index);

/* apply.c: changing states */
bool apply(struct pass *pass, unsigned end, enum stimulus stimulus);
/* Takes the end's last transition back; frame_mark of the segment that proved lost. */
void apply_withdrawal(struct pass *pass, unsigned end, uint32_t lost_mark);

/* handshake.c */
void handshake_syn(struct pass *pass);
void handshake_syn_ack(struct pass *pass);
void handshake_other(struct pass *pass);
/* Before the facts are read: a SYN,ACK with another number than its sender was thought to have.
 * What passed after the SYN and isn't its answer was somebody else's, and is taken back. */
void handshake_refute(struct pass *pass);

/* icmp.c */
/* An ICMP error in place of a segment; lookup is its key's. */
void icmp_push(struct lifeline_engine *engine, const struct lifeline_segment *segment,
               const struct lookup *lookup);
/* A segment of an end that one was thought to have closed. */
void icmp_reconsider(struct pass *pass);

/* closing.c */
struct closing *closing_of(struct pass *pass);
/* As before the first FIN or RST. */
void closing_begin(struct closing *k);

/* teardown.c */
/* A segment past its sender's own FIN: does it refute the FIN? */
void teardown_reconsider(struct pass *pass);
/* The sender's FIN, from FIN-WAIT-1, CLOSING or LAST-ACK on, was somebody else's. */
void teardown_forget_fin(struct pass *pass);
/* The sender hasn't taken the peer's FIN, as its ACK of less shows: that is undone. */
void teardown_fin_not_taken(struct pass *pass);
void teardown_ack(struct pass *pass);
void teardown_fin(struct pass *pass);

/* reset.c */
void reset_segment(struct pass *pass);
/* The end takes an RST. False: in its state that changes nothing. */
bool reset_taken(struct pass *pass, unsigned end);

/* reset_after.c */
/* A segment other than RST after one: does it refute the RST? */
void reset_reconsider(struct pass *pass);
/* After a segment that was sent before an RST came: the RST closes its sender. */
void reset_overtaken(struct pass *pass);

/* time_wait_hold.c */
void time_wait_enter(struct pass *pass, unsigned end);
/* Its time runs as of its since_ns, and it counts for its host. */
void time_wait_start(struct lifeline_engine *engine, struct conn *c, unsigned end);
bool time_wait_running(const struct conn *c, unsigned end);
bool time_wait_killed(const struct conn *c, unsigned end); /* by an RST, as far as is known */
/* By outcome, one of LIFELINE_TIME_WAIT_..., and a segment, or 0. */
void time_wait_end(struct lifeline_engine *engine, struct conn *c, unsigned end, uint8_t outcome,
                   int64_t time_ns, uint32_t mark);
/* It was none: the transition is taken back. */
void time_wait_withdraw(struct lifeline_engine *engine, struct conn *c, unsigned end);
/* The connection goes; nothing more is said of it. */
void time_wait_forget(struct lifeline_engine *engine, struct conn *c);

/* time_wait.c */
void time_wait_late_segment(struct pass *pass);
void time_wait_skipped(struct pass *pass);
void time_wait_restart(struct pass *pass, unsigned end);
void time_wait_reused(struct lifeline_engine *engine, struct conn *old, const struct conn *by);
void time_wait_assassinated(struct pass *pass, unsigned end);
/* Of the incarnation before: an RST ends it; an ACK shows that it lives. */
void time_wait_killed_behind(struct pass *pass);
void time_wait_answers_behind(struct pass *pass);
/* Its holder sends RST: its time was up. */
void time_wait_was_over(struct pass *pass);
/* A segment of an end whose TIME-WAIT an RST was thought to have ended: it lives. */
void time_wait_reconsider(struct pass *pass);
void time_wait_expire(struct lifeline_engine *engine, struct conn *c, unsigned end,
                      int64_t time_ns);

/* timers.c */
struct timers *timers_new(const struct lifeline_options *options);
void timers_free(struct timers *timers);
uint64_t timers_memory_bytes(const struct timers *timers);
/* Starts the timer of an end's TIME-WAIT as of its since_ns; anew if it runs. */
void timer_start(struct lifeline_engine *engine, struct conn *c, unsigned end);
void timer_stop(struct lifeline_engine *engine, struct conn *c, unsigned end);
/* The next to fire; false: none runs, *due_ns is INT64_MAX. */
bool timers_next(const struct timers *timers, int64_t *due_ns, uint32_t *slot, unsigned *end);
/* expiry_run() has something to do then. */
void timers_wake_by(struct lifeline_engine *engine, int64_t time_ns);

/* expiry.c */
/* Fires all timers due at now_ns, and forgets those that closed long before. */
void expiry_run(struct lifeline_engine *engine, int64_t now_ns);

/* incarnation.c */
/* The connection that a segment belongs to, made if need be; NULL when memory is short. *is_new. */
struct conn *incarnation_for(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                             const struct lookup *lookup, unsigned *end, bool *is_new);

/* forgotten.c */
/* A 4-tuple's table entry goes: its incarnation's number is kept. */
void forgotten_keep(struct lifeline_engine *engine, const struct conn *c);
/* The number of a new one's incarnation. */
uint32_t forgotten_next(const struct lifeline_engine *engine, const struct lookup *lookup);

/* roles.c */
void roles_guess(struct pass *pass);
void roles_by_content(struct pass *pass);

/* emit.c */
/* The event, if somebody wants it. */
void emit_event(struct pass *pass);
void emit_exchange(void *user, const struct lifeline_exchange *exchange);
void emit_message(void *user, const struct lifeline_message *message);

/* app_link.c */
void app_link_of(const struct conn *c, struct app_link *out);

/* record.c */
/* port: NULL if it is no matter. */
void record_address(const struct conn *c, unsigned end, struct lifeline_address *ip,
                    uint16_t *port);
void record_stack(const struct lifeline_options *options, const struct conn *c, unsigned end,
                  struct lifeline_host_stack *out);
/* Of its handshake. */
int64_t record_rtt_ns(const struct conn *c);
/* From its first SYN to its third step: waiting for what was lost is part of it. */
int64_t record_connect_ns(const struct conn *c);
void record_fill(const struct telling *now, const struct conn *c, struct lifeline_connection *out);
/* Its TIME-WAITs alone; returns how many of the two there are. */
unsigned record_time_waits(const struct telling *now, const struct conn *c,
                           struct lifeline_time_wait *out);
static inline uint32_t record_context(const struct conn *c)
{
    return (uint32_t)c->key[4] >> 1;
}

/* tell.c */
/* For a connection as it stands now. */
struct telling tell_now(const struct lifeline_engine *engine, const struct conn *c);
/* Its record and its findings, to the sink. */
void tell_connection(struct lifeline_engine *engine, const struct conn *c);

/* engine.c */
/* One segment through all stages; lookup is its key's. */
void engine_push(struct lifeline_engine *engine, const struct lifeline_segment *segment,
                 const struct lookup *lookup);

/* ending.c */
/* Into the list of what becomes of it next. */
void ending_relist(struct lifeline_engine *engine, struct conn *c);
/* Tells it, and frees it. */
void ending_finish(struct lifeline_engine *engine, struct conn *c, bool capture_ended);
/* Gives a connection up because memory is short. */
void ending_evict(struct lifeline_engine *engine, struct conn *victim);
/* Frees it; nobody is told. */
void ending_drop(struct lifeline_engine *engine, struct conn *c);
/* Both ends are gone, so far as they are known. */
bool ending_is_over(const struct conn *c);

/* held.c */
/* What counts against the limit: all but the decoder's. */
uint64_t held_bytes(const struct lifeline_engine *engine);

/* limit.c */
/* Once all is allocated that the engine needs at any rate. */
void limit_set(struct lifeline_engine *engine);
/* Before a segment: gives connections up until there is room for one more. */
void limit_keep(struct lifeline_engine *engine);

#endif
