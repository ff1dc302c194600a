/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Scenarios: a TCP conversation as a document, with what lifeline must say about it beside each
 * segment. README.md is the language's manual. The stages of the runner:
 *
 *   parse.c, parse_segment.c, parse_expect.c   text -> struct scenario
 *   build.c                                    action -> lifeline_segment and packet bytes
 *   pcap.c                                     scenario -> capture file
 *   play.c                                     scenario -> engine -> struct tape (copies)
 *   value.c                                    record field by schema path -> text
 *   check.c, invariant.c, properties.c         struct tape against the expectations
 *   run.c                                      the command line and its modes
 */
#ifndef SCENARIO_H
#define SCENARIO_H

#include "lifeline.h"

#include <stdio.h>

enum limits {
    MAX_ACTIONS = 160,
    MAX_ITEMS = 12,
    MAX_EXPECTED_FIELDS = 400,
    MAX_TEXT = 2048,
    MAX_FRAME_BYTES = 16384,
};

enum side { CLIENT_SIDE, SERVER_SIDE, SIDE_COUNT };

/* What a scenario may set for each side; "client isn 7" may come again later in the file. */
struct side_settings {
    struct lifeline_address address4, address6;
    uint16_t port, window;
    uint8_t ttl;
    uint32_t isn;
    uint8_t stack; /* LIFELINE_UNKNOWN: as all */
};

/* One demand on the event of a segment or a timer. */
enum item_kind {
    ITEM_STEPS,      /* steps: exactly these, but "data" is demanded only when named */
    ITEM_TRANSITION, /* all transitions of the event are listed, in order for each endpoint */
    ITEM_STATE,      /* the endpoint's state after the frame */
    ITEM_MARK,       /* the mark is set */
    ITEM_NO_MARK,
    ITEM_WITHDRAWS, /* number: the frame that was lost */
    ITEM_FIELD,     /* a field of the event record by its schema path */
};

struct item {
    enum item_kind kind;
    int line;
    uint32_t bits; /* steps or marks */
    uint8_t endpoint, from, to, evidence, state;
    uint64_t number;
    char path[64], value[128];
};

/* ACTION_AGAIN: a segment that was told before is told again, now as part of another connection. */
enum action_kind { ACTION_SEGMENT, ACTION_CLOCK, ACTION_TIMER, ACTION_AGAIN };

struct action {
    enum action_kind kind;
    int line;
    int64_t time_ns;     /* since the scenario's zero */
    uint64_t frame;      /* 0: not captured, or a timer */
    bool lost;           /* behind the capture point */
    bool not_captured;   /* the network saw it, the capture did not */
    bool explained;      /* has a "=>" part */
    bool told_elsewhere; /* "=> ...": nothing is demanded here */
    enum side from;
    uint16_t port[SIDE_COUNT];
    uint8_t ttl;
    uint16_t ip_id, window;
    struct lifeline_icmp icmp; /* with LIFELINE_ICMP; seq is what it quotes */
    uint16_t flags;
    uint32_t seq, ack; /* absolute, unshifted */
    uint16_t options;  /* enum lifeline_tcp_option */
    uint16_t mss;
    uint8_t window_scale;
    uint32_t timestamp_value, timestamp_echo, sack_left, sack_right;
    uint32_t payload_bytes, captured_bytes;
    uint8_t payload[MAX_TEXT];
    unsigned item_count;
    struct item items[MAX_ITEMS];
};

/* "path = value" about a whole record. */
struct expected_field {
    int line;
    enum lifeline_record_kind kind; /* connection or exchange */
    uint64_t connection, index;     /* index: of the exchange */
    enum { FIELD_EQUALS, FIELD_HAS, FIELD_LACKS } relation;
    char path[64], value[256];
};

struct scenario {
    const char *path;
    char title[256];
    uint8_t family; /* 4 or 6; 0 when the scenario leaves it open */
    uint8_t stack;
    bool stack_known;   /* the scenario says it */
    bool no_copies;     /* a copy behind other segments is another story */
    bool fixed_numbers; /* with other ISNs it is another story */
    int64_t time_wait_ns;
    struct side_settings side[SIDE_COUNT];
    unsigned action_count;
    struct action actions[MAX_ACTIONS];
    unsigned field_count;
    struct expected_field fields[MAX_EXPECTED_FIELDS];
};

/* Parses the file. On an error prints "file:line: message" to stderr and returns false.
 * path is borrowed. */
bool scenario_read(struct scenario *scenario, const char *path);

/* ---- between the parser's files ---- */

struct cursor {
    const char *path;
    int line;
    const char *at;
};

bool parse_fail(const struct cursor *cursor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void skip_blanks(struct cursor *cursor);
bool at_end(struct cursor *cursor);
/* Consumes word when it comes next as a whole word. */
bool take_word(struct cursor *cursor, const char *word);
/* Copies the next run of characters without blanks and without any of stop. */
bool take_token(struct cursor *cursor, const char *stop, char *out, size_t size);
bool take_number(struct cursor *cursor, uint64_t max, uint64_t *out);
bool take_seconds(struct cursor *cursor, int64_t *out_ns);
bool take_side(struct cursor *cursor, enum side *out);
/* The value of a name in one of the library's tables; false when there is none. */
bool find_name(const struct lifeline_name *table, const char *name, uint32_t *out);

bool parse_segment(struct cursor *cursor, const struct scenario *scenario, struct action *action);
bool parse_items(struct cursor *cursor, struct action *action);
bool parse_timer(struct cursor *cursor, struct action *action);

/* ---- building ---- */

/* How a scenario is played: the expectations hold for every variant. */
struct variant {
    const char *name;
    bool as_frames;     /* push packets through the decoder, not ready-made segments */
    bool swap_hosts;    /* the client gets the server's address and the reverse */
    uint8_t family;     /* 0: the scenario's, or 4 */
    uint32_t isn_shift; /* added to all sequence numbers of both sides */
};

int64_t scenario_epoch_ns(void);
/* Fills a segment for the action; payload is borrowed from it. */
void build_segment(const struct scenario *scenario, const struct variant *variant,
                   const struct action *action, struct lifeline_segment *out);
struct lifeline_address address_of(const struct scenario *scenario, const struct variant *variant,
                                   enum side side);
/* Ethernet packet of the segment with right checksums; returns the length of the whole packet,
 * of which *captured_bytes are in the capture. out holds MAX_FRAME_BYTES. */
size_t build_frame(const struct lifeline_segment *segment, uint8_t *out, size_t *captured_bytes);
/* Is this an address of the bystander who makes the clock tick? */
bool is_bystander(const struct lifeline_address *address);

bool pcap_write(const struct scenario *scenario, const struct variant *variant, const char *path);

/* ---- playing ---- */

/* All that an engine said; strings and lists are copies, which the tape owns. */
struct tape {
    unsigned event_count, event_room;
    struct lifeline_event *events; /* segment is NULL; bystander's events are left out */
    unsigned connection_count, connection_room;
    struct lifeline_connection *connections;
    unsigned exchange_count, exchange_room;
    struct lifeline_exchange *exchanges;
    unsigned finding_count, finding_room;
    struct lifeline_finding *findings; /* their strings but the names are left out */
    unsigned string_count, string_room;
    void **strings;
};

#define NONE (-1)
#define ALL  (-2)

/* What of a scenario is fed; {.to = MAX_ACTIONS, NONE...} is all of it, see whole_scenario(). */
struct cut {
    unsigned from, to; /* actions from <= i < to */
    int missing;       /* an action that isn't fed, or NONE */
    int twice;         /* an action that is fed twice in a row, ALL or NONE */
    int late, after;   /* a copy of action late is fed behind action after, or NONE */
};
struct cut whole_scenario(void);

/* Feeds the scenario to a new engine and copies what it says. The tape is freed by tape_free().
 * Frames are numbered as they are fed: a copy moves those after it. */
bool play(const struct scenario *scenario, const struct variant *variant, const struct cut *cut,
          struct tape *out);
void tape_free(struct tape *tape);

/* ---- checking ---- */

/* Text of a record's field, as the JSON writer would print it without quotes; lists are joined by
 * blanks. False when the record has no such path. */
bool value_text(enum lifeline_record_kind kind, const void *record, const char *path, char *out,
                size_t size);
/* The same for "NAME.FIELD" of a connection's first finding of that name. */
bool finding_text(const struct tape *tape, uint64_t connection, const char *path, char *out,
                  size_t size);
/* Equal as text, or as numbers within a nanosecond. */
bool value_equals(const char *expected, const char *actual);

/* All return the number of failures, each printed to stderr as file:line: message. */
unsigned check_events(const struct scenario *scenario, const struct variant *variant,
                      const struct tape *tape);
unsigned check_records(const struct scenario *scenario, const struct variant *variant,
                       const struct tape *tape);
/* What must hold for any input: states follow from transitions, rows tell the same, the record's
 * history is the sum of the events. */
unsigned check_invariants(const struct scenario *scenario, const struct variant *variant,
                          const struct tape *tape);
/* Same histories and kinds in both tapes. */
unsigned check_same_story(const struct scenario *scenario, const struct tape *expected,
                          const struct tape *actual, const char *what);

/* properties.c: what must hold for changes of any scenario. */
unsigned check_duplicates(const struct scenario *scenario);
unsigned check_cuts(const struct scenario *scenario);

void fail(const struct scenario *scenario, const struct variant *variant, int line,
          const char *format, ...) __attribute__((format(printf, 4, 5)));
const char *state_name(uint8_t state);
const char *role_name(uint8_t role);

#endif
