/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A rule finds one thing. Rules stand in tables by theme (rules_*.c), which findings.c lists: a new
 * finding is one function and one row; a new theme is one file and one line.
 *
 * Texts are templates, see lifeline_finding_render(), and message ids: N_() marks them for the
 * catalogues of translations.
 */
#ifndef LIFELINE_FINDINGS_RULE_H
#define LIFELINE_FINDINGS_RULE_H

#include "findings/findings.h"
#include "findings/hosts.h"

#define N_(text) text

/* What events show and records leave out. */
enum noted_what {
    NOTED_SYN_AGAIN,     /* the client's, or the other opener's */
    NOTED_SYN_ACK_AGAIN, /* the server's */
    NOTED_THIRD_IGNORED, /* SYN,ACK repeated though the third segment passed */
    NOTED_FIN_AGAIN,
    NOTED_FIN_ACK_LOST,  /* FIN repeated though its ACK passed: frame of that ACK, then the FIN */
    NOTED_OLD_DUPLICATE, /* payload, SYN or FIN of an earlier incarnation */
    NOTED_ABSORBED,      /* late in TIME-WAIT */
    NOTED_RESET,
    NOTED_ZERO_WINDOW, /* last_frame is 0 when it was open again later */
    NOTED_SHUT,        /* a window of zero that isn't open yet: from first to last */
    NOTED_PROBED,      /* meanwhile, by the peer, which has more to send */
    NOTED_STALL,       /* the longest of those that were probed, until it was open again */
    NOTED_STALL_PROBED,
    NOTED_LARGE_AGAIN,   /* of large: with as many octets, each a timeout after the one before */
    NOTED_SMALLER,       /* with fewer */
    NOTED_SMALLER_ACKED, /* then what follows those */
    NOTED_NEXT_SMALLER,  /* and the next large segment in smaller ones, too */
    NOTED_SELECTIVE_ACK, /* near the begin of the peer's stream */
    NOTED_COUNT
};

struct noted {
    uint64_t first_frame, last_frame;
    int64_t first_ns, last_ns;
    uint32_t count;
    uint8_t what, from; /* enum noted_what; the role that sent it */
};

/* A role's segment that was sent again, with more octets than its stream had before it: none as
 * large was acknowledged. Numbers are relative to the ISN. */
struct large {
    uint32_t seq, bytes; /* bytes 0: there is none */
    uint32_t smaller;    /* with how many octets it was sent again later; 0: never with fewer */
    /* What selective ACKs say when all up to there is acknowledged: the largest block's octets. */
    uint32_t acked, block_bytes;
};

struct finding_facts {
    uint64_t found; /* bits: rules that its exchanges proved */
    struct large large[2];
    uint32_t unseen_ends[2]; /* by role: one past what its peer last acknowledged unseen; or 0 */
    uint32_t shut_acks[2];   /* by role: up to there it had received when its window was shut */
    uint8_t reset_ttl[2];    /* of the last RST, by role */
    uint8_t count, capacity;
    struct noted noted[];
};

extern const struct noted nothing_noted;
const struct noted *noted_among(const struct finding_facts *facts, enum noted_what what,
                                uint8_t from);
/* What was noted; never NULL, count is 0 when nothing was, as of nearly all connections. */
static inline const struct noted *noted_of(const struct finding_facts *facts, enum noted_what what,
                                           uint8_t from)
{
    return facts->count ? noted_among(facts, what, from) : &nothing_noted;
}

/* From the first to the last. */
static inline int64_t noted_ns(const struct noted *n)
{
    return n->last_ns - n->first_ns;
}

/* What a rule may look at. Pointers that don't belong to its scope are NULL. */
struct scene {
    const struct lifeline_thresholds *thresholds; /* none is 0 */
    const struct lifeline_connection *record;
    const struct finding_facts *facts; /* never NULL with a record */
    const struct lifeline_exchange *exchange;
    const struct host_pair *pair;
    const struct lifeline_host_stack *client_stack; /* of the pair's client */
    int64_t now_ns;                                 /* capture time */
    bool capture_ended;
};

enum scope { SCOPE_CONNECTION, SCOPE_EXCHANGE, SCOPE_PAIR, SCOPE_COUNT };

struct rule {
    struct lifeline_finding_kind kind;
    enum scope scope;
    /* True when it is so: then text_template is set, and what it names. Preset: severity and
     * advice from the kind, nobody as endpoint, unknown counts, no ICMP error. */
    bool (*find)(const struct scene *scene, struct lifeline_finding *out);
};

struct rule_table {
    const struct rule *rules;
    unsigned count;
};
extern const struct rule_table handshake_rules, icmp_rules, reset_rules, teardown_rules,
    time_wait_rules, window_rules, http_rules, host_rules, capture_rules;
#define RULE_TABLE(name, array) const struct rule_table name = {array, sizeof array / sizeof *array}

/* rule.c */
/* Adds a frame, if there is one, in order and once. */
void finding_frame(struct lifeline_finding *out, uint64_t frame);
/* text for one, group for many; group NULL: the same. */
void finding_says(struct lifeline_finding *out, const char *text, const char *group);

static inline const struct lifeline_endpoint *endpoint_of(const struct lifeline_connection *record,
                                                          uint8_t role)
{
    return role == LIFELINE_CLIENT ? &record->client : &record->server;
}
static inline uint8_t other_role(uint8_t role)
{
    return role == LIFELINE_CLIENT ? LIFELINE_SERVER : LIFELINE_CLIENT;
}

/* rules_icmp.c: does an ICMP error, other than about the packet's size, tell that what that end
 * sent didn't get there? Then the finding names it. */
bool icmp_explains(const struct scene *s, uint8_t role, struct lifeline_finding *out);
/* Does somebody forbid it, rather than not find the way? */
bool icmp_rejects(uint8_t error);

/* rules_capture.c: what the index-th limit left out of the capture, to be told by the name of the
 * rule capture-incomplete; count is 0 when it was never reached. False past the last. */
bool capture_limit(unsigned index, const struct lifeline_counters *counters,
                   struct lifeline_finding *out);

/* facts.c: at most limit_bytes for all together. */
struct facts_pool {
    uint64_t held_bytes, limit_bytes;
    uint64_t *dropped; /* counts what found no room */
};
void facts_note(struct facts_pool *pool, struct finding_facts **facts,
                const struct lifeline_event *event, int64_t turnaround_ns);
/* Makes facts if there are none; false when there is no room. */
bool facts_make(struct facts_pool *pool, struct finding_facts **facts);
void facts_free(struct facts_pool *pool, struct finding_facts *facts);

/* thresholds.c: the given ones, defaults where 0. */
void thresholds_fill(struct lifeline_thresholds *out, const struct lifeline_thresholds *given);

#endif
