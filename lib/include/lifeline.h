/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lifeline: the life of TCP connections, from captured segments.
 *
 * Theory of operation
 *
 * An engine is fed frames (raw packets of a known link type) or ready-made TCP segments, in capture
 * order. It keeps one small object per connection, derives both endpoints' RFC 9293 states from
 * what a passive observer can prove, follows HTTP exchanges in the byte streams, and calls a sink:
 *
 *     frame -> decode -> segment -> connection -> events -> streams -> exchanges -> records -> sink
 *
 *   event       one per TCP segment, at once, in capture order; also timers and corrections
 *   message     an HTTP request or response begins or ends at a byte of a frame
 *   exchange    a request/response pair, when it is complete or can no longer become so
 *   finding     a judgement with its evidence, when it is certain
 *   connection  the whole life of one incarnation, when nothing more can be added to it
 *
 * A record is complete when given and forgotten after: everything a callback receives, strings
 * and payload pointers included, is valid only during the call. There is no queue and no copy.
 * The engine holds no global state; it allocates within a stated bound (see max_memory_bytes)
 * and never calls exit() or prints. It is not thread-safe: use one engine per thread.
 *
 * Unknown is said, never guessed: each type below has an "unknown" value, printed as null.
 *
 * Standards: RFC 9293 (TCP), RFC 5961 (blind attacks, challenge ACKs), RFC 1337 (TIME-WAIT
 * assassination), RFC 6191 and RFC 7323 (timestamps), RFC 7413 (Fast Open), RFC 9112 (HTTP/1.1).
 */
#ifndef LIFELINE_H
#define LIFELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- unknown values ------------------------------------------------------------------------- */

#define LIFELINE_UNKNOWN_NS    INT64_MIN  /* a time or a duration that the capture doesn't show */
#define LIFELINE_UNKNOWN_COUNT UINT64_MAX /* a count or a length that the capture doesn't show */
#define LIFELINE_UNKNOWN       0xff       /* an enumeration or a boolean (uint8_t) */
#define LIFELINE_NO_FRAME      0          /* frames are 1-based; 0 is "none seen" */

/* ---- enumerations: names and help texts in lib/model/names.c --------------------------------- */

/* RFC 9293 3.3.2, in the order of its figure 5. */
enum lifeline_state {
    LIFELINE_CLOSED,
    LIFELINE_LISTEN,
    LIFELINE_SYN_SENT,
    LIFELINE_SYN_RECEIVED,
    LIFELINE_ESTABLISHED,
    LIFELINE_FIN_WAIT_1,
    LIFELINE_FIN_WAIT_2,
    LIFELINE_CLOSE_WAIT,
    LIFELINE_CLOSING,
    LIFELINE_LAST_ACK,
    LIFELINE_TIME_WAIT,
    LIFELINE_STATE_UNKNOWN, /* before the first proof: the capture began in mid-stream */
    LIFELINE_STATE_COUNT
};

/* Why a transition is claimed. */
enum lifeline_evidence {
    LIFELINE_SENT, /* the endpoint sent a segment that it sends only in or on entering the state */
    LIFELINE_DELIVERED, /* a segment that causes it passed on its way to the endpoint */
    LIFELINE_TIMER,     /* time alone */
    LIFELINE_IMPLIED,   /* not in the capture; later segments prove it */
};

enum lifeline_role {
    LIFELINE_CLIENT, /* the active opener */
    LIFELINE_SERVER,
    LIFELINE_BOTH, /* only as active closer, or as holder of TIME-WAIT */
    LIFELINE_NOBODY = LIFELINE_UNKNOWN,
};

/* What decided who is the client, best first. */
enum lifeline_role_evidence {
    LIFELINE_ROLE_BY_SYN,
    LIFELINE_ROLE_BY_SYN_ACK,
    LIFELINE_ROLE_BY_HTTP,
    LIFELINE_ROLE_BY_PORT,
};

/* Bits of lifeline_event.steps: what a segment is in the connection's life. */
enum lifeline_step {
    LIFELINE_STEP_HANDSHAKE_1 = 1 << 0, /* SYN */
    LIFELINE_STEP_HANDSHAKE_2 = 1 << 1, /* SYN,ACK */
    LIFELINE_STEP_HANDSHAKE_3 = 1 << 2, /* ACK of the SYN,ACK */
    LIFELINE_STEP_TEARDOWN_1 = 1 << 3,  /* first FIN */
    LIFELINE_STEP_TEARDOWN_2 = 1 << 4,  /* its ACK */
    LIFELINE_STEP_TEARDOWN_3 = 1 << 5,  /* the other FIN */
    LIFELINE_STEP_TEARDOWN_4 = 1 << 6,  /* its ACK */
    LIFELINE_STEP_TIME_WAIT = 1 << 7,   /* TIME-WAIT is entered, restarted, or ends here */
    LIFELINE_STEP_RESET = 1 << 8,       /* RST, whatever became of it */
    LIFELINE_STEP_DATA = 1 << 9,        /* new payload */
    LIFELINE_STEP_WITHDRAWAL = 1 << 10, /* an earlier delivered transition is taken back */
    LIFELINE_STEP_ROLE = 1 << 11,       /* client and server were taken for each other until here */
    LIFELINE_STEP_OPEN = 1 << 12, /* first segment of a connection that began before the capture */
    LIFELINE_STEP_ICMP = 1 << 13, /* no segment: an ICMP error about one */
};

/* Bits of lifeline_event.marks: what is remarkable about a segment, beside its step. */
enum lifeline_mark {
    LIFELINE_MARK_RETRANSMISSION = 1 << 0, /* all of its sequence space was seen before */
    LIFELINE_MARK_PARTIAL_RETRANSMISSION = 1 << 1,
    LIFELINE_MARK_OUT_OF_ORDER = 1 << 2, /* fills a hole that a later segment left */
    LIFELINE_MARK_GAP_BEFORE =
        1 << 3, /* sequence space between this and the last is missing so far */
    LIFELINE_MARK_ACKED_UNSEEN = 1 << 4, /* acknowledges what the capture doesn't hold */
    LIFELINE_MARK_DUPLICATE_ACK = 1 << 5,
    LIFELINE_MARK_KEEP_ALIVE = 1 << 6, /* probe one octet below the next, RFC 9293 3.8.4 */
    LIFELINE_MARK_KEEP_ALIVE_ACK = 1 << 7,
    LIFELINE_MARK_ZERO_WINDOW = 1 << 8,
    LIFELINE_MARK_WINDOW_PROBE = 1 << 9,
    LIFELINE_MARK_CHALLENGE_ACK = 1 << 10, /* RFC 5961 */
    LIFELINE_MARK_OLD_DUPLICATE = 1 << 11, /* of an earlier incarnation, or late in TIME-WAIT */
    LIFELINE_MARK_OUT_OF_WINDOW = 1 << 12,
    LIFELINE_MARK_BAD_CHECKSUM = 1 << 13,   /* seen wrong; still used: see ARCHITECTURE.md */
    LIFELINE_MARK_TRUNCATED = 1 << 14,      /* the snap length cut the payload */
    LIFELINE_MARK_UNEXPECTED_SYN = 1 << 15, /* neither a retry nor (yet) a new incarnation */
    LIFELINE_MARK_COPY = 1 << 16, /* of a segment that passed: the same packet, not sent again */
    LIFELINE_MARK_WINDOW_OPEN = 1 << 17, /* the first to give room after a zero window */
};

enum lifeline_handshake_kind {
    LIFELINE_HANDSHAKE_THREE_WAY,
    LIFELINE_HANDSHAKE_SIMULTANEOUS_OPEN,
    LIFELINE_HANDSHAKE_FAST_OPEN,
    LIFELINE_HANDSHAKE_REFUSED,
    LIFELINE_HANDSHAKE_UNANSWERED,
    LIFELINE_HANDSHAKE_HALF_OPEN,
    LIFELINE_HANDSHAKE_ABORTED,
    LIFELINE_HANDSHAKE_MISSED,
};

enum lifeline_teardown_kind {
    LIFELINE_TEARDOWN_FOUR_WAY,
    LIFELINE_TEARDOWN_THREE_WAY,
    LIFELINE_TEARDOWN_SIMULTANEOUS,
    LIFELINE_TEARDOWN_RESET,
    LIFELINE_TEARDOWN_RESET_AFTER_FIN,
    LIFELINE_TEARDOWN_HALF_CLOSED,
    LIFELINE_TEARDOWN_NONE,
};

/* How an RST fares, RFC 9293 3.10.7 with RFC 5961 3.2. */
enum lifeline_reset_verdict {
    LIFELINE_RESET_ACCEPTABLE,    /* exactly the next expected octet (or acknowledges the SYN) */
    LIFELINE_RESET_CHALLENGED,    /* in the window, not exact: a challenge ACK is the answer */
    LIFELINE_RESET_OUT_OF_WINDOW, /* ignored */
    LIFELINE_RESET_REFUTED,       /* looked acceptable, but its receiver went on */
    LIFELINE_RESET_MOOT,          /* its receiver was closed already */
};

/* Why an endpoint sent an RST, where the evidence tells; LIFELINE_UNKNOWN otherwise. */
enum lifeline_reset_cause {
    LIFELINE_CAUSE_REFUSED,         /* answers a SYN: no listener */
    LIFELINE_CAUSE_HANDSHAKE_ABORT, /* answers a SYN,ACK: the opener doesn't want it (any more) */
    LIFELINE_CAUSE_UNREAD_DATA,     /* closed with received data unread, RFC 2525 2.17 */
    LIFELINE_CAUSE_CLOSED_SOCKET,   /* answers data sent to a socket closed for reading */
    LIFELINE_CAUSE_HALF_OPEN_PEER,  /* answers a segment of a connection it doesn't know */
    LIFELINE_CAUSE_ABORT,           /* unprovoked: SO_LINGER 0 or a killed process */
    LIFELINE_CAUSE_INJECTED,        /* suspected: other TTL/IP-ID than its supposed sender */
    LIFELINE_CAUSE_TIME_WAIT_ACK,   /* answers an ACK that a TIME-WAIT endpoint sent */
    LIFELINE_CAUSE_NO_TIME_WAIT,    /* answers a retransmitted FIN: no TIME-WAIT was held */
    LIFELINE_CAUSE_KEEP_ALIVE,      /* its keep-alive wasn't answered */
};

enum lifeline_time_wait_outcome {
    LIFELINE_TIME_WAIT_RUNNING,
    LIFELINE_TIME_WAIT_EXPIRED,
    LIFELINE_TIME_WAIT_REUSED,
    LIFELINE_TIME_WAIT_ASSASSINATED,
};

/* By what a SYN may reopen a connection in TIME-WAIT. */
enum lifeline_reuse_rule {
    LIFELINE_REUSE_BY_SEQUENCE,  /* ISN above the old incarnation's, RFC 9293 MAY-2 */
    LIFELINE_REUSE_BY_TIMESTAMP, /* newer timestamp, RFC 6191 */
    LIFELINE_REUSE_UNSAFE,       /* accepted, though neither rule allows it */
};

enum lifeline_exchange_outcome {
    LIFELINE_EXCHANGE_COMPLETE,
    LIFELINE_EXCHANGE_NO_RESPONSE, /* the connection or the capture ended without one */
    LIFELINE_EXCHANGE_NO_REQUEST,  /* a response that answers nothing captured */
    LIFELINE_EXCHANGE_TRUNCATED,   /* cut by a close or by the end of the capture */
    LIFELINE_EXCHANGE_RESET,       /* cut by an RST */
    LIFELINE_EXCHANGE_UPGRADED,    /* 101, or 2xx to CONNECT: opaque from here */
    LIFELINE_EXCHANGE_GAP,         /* bytes are missing from the capture inside it */
    LIFELINE_EXCHANGE_CANCELLED,   /* HTTP/2: RST_STREAM, or beyond GOAWAY's last stream */
    LIFELINE_EXCHANGE_OPEN,        /* running when the capture ended */
    LIFELINE_EXCHANGE_NOT_HTTP,    /* what the server sent belongs to another protocol */
};

/* How sure a pairing is. */
enum lifeline_confidence {
    LIFELINE_PROVEN,
    LIFELINE_LIKELY, /* behind a gap, resynchronised at a message start that can be proven */
};

/* ICMP errors, RFC 792, RFC 1122 3.2.2.1, RFC 1812 5.2.7.1, RFC 4443 3: both versions' in one. */
enum lifeline_icmp_error {
    /* the codes of ICMPv4's "destination unreachable" */
    LIFELINE_ICMP_NET_UNREACHABLE, /* of ICMPv6: no route */
    LIFELINE_ICMP_HOST_UNREACHABLE,
    LIFELINE_ICMP_PROTOCOL_UNREACHABLE,
    LIFELINE_ICMP_PORT_UNREACHABLE,
    LIFELINE_ICMP_PACKET_TOO_BIG, /* fragmentation needed and DF set */
    LIFELINE_ICMP_SOURCE_ROUTE_FAILED,
    LIFELINE_ICMP_NET_UNKNOWN,
    LIFELINE_ICMP_HOST_UNKNOWN,
    LIFELINE_ICMP_SOURCE_ISOLATED,
    LIFELINE_ICMP_NET_PROHIBITED,
    LIFELINE_ICMP_HOST_PROHIBITED,
    LIFELINE_ICMP_NET_UNREACHABLE_FOR_TOS,
    LIFELINE_ICMP_HOST_UNREACHABLE_FOR_TOS,
    LIFELINE_ICMP_ADMIN_PROHIBITED,
    LIFELINE_ICMP_PRECEDENCE_VIOLATION,
    LIFELINE_ICMP_PRECEDENCE_CUTOFF,
    /* others */
    LIFELINE_ICMP_BEYOND_SCOPE,
    LIFELINE_ICMP_SOURCE_POLICY,
    LIFELINE_ICMP_REJECT_ROUTE,
    LIFELINE_ICMP_HOP_LIMIT_EXCEEDED,
    LIFELINE_ICMP_REASSEMBLY_TIME_EXCEEDED,
    LIFELINE_ICMP_PARAMETER_PROBLEM,
};

enum lifeline_severity {
    LIFELINE_NOTE,
    LIFELINE_WARNING,
    LIFELINE_ERROR,
};

enum lifeline_stack {
    LIFELINE_STACK_LINUX,
    LIFELINE_STACK_RFC,
    LIFELINE_STACK_WINDOWS,
    LIFELINE_STACK_MACOS,
    LIFELINE_STACK_FREEBSD,
    LIFELINE_STACK_COUNT
};

/* ---- input ----------------------------------------------------------------------------------- */

struct lifeline_address {
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest are zero */
    uint8_t family;    /* 4 or 6 */
};

enum lifeline_tcp_flag {
    LIFELINE_FIN = 0x01,
    LIFELINE_SYN = 0x02,
    LIFELINE_RST = 0x04,
    LIFELINE_PSH = 0x08,
    LIFELINE_ACK = 0x10,
    LIFELINE_URG = 0x20,
    LIFELINE_ECE = 0x40,
    LIFELINE_CWR = 0x80,
    LIFELINE_AE = 0x100,
    /* Alone: it is no segment, but an ICMP error. See lifeline_icmp_of(). */
    LIFELINE_ICMP = 0x8000,
};

/* Bits of lifeline_segment.options: which TCP options the segment carries. */
enum lifeline_tcp_option {
    LIFELINE_OPT_MSS = 1 << 0,
    LIFELINE_OPT_WINDOW_SCALE = 1 << 1,
    LIFELINE_OPT_SACK_PERMITTED = 1 << 2,
    LIFELINE_OPT_SACK = 1 << 3,
    LIFELINE_OPT_TIMESTAMP = 1 << 4,
    LIFELINE_OPT_FAST_OPEN_REQUEST = 1 << 5, /* TFO option without a cookie */
    LIFELINE_OPT_FAST_OPEN_COOKIE = 1 << 6,
    LIFELINE_OPT_MULTIPATH = 1 << 7,
    LIFELINE_OPT_MD5_OR_AO = 1 << 8,
    LIFELINE_OPT_CUT = 1 << 9,         /* not all of its options are in the capture */
    LIFELINE_OPT_WINDOW_CUT = 1 << 10, /* nor is its window */
};

/* One TCP segment as it passed the capture point. Borrowed pointers; the feeder owns them. */
struct lifeline_segment {
    uint64_t frame;   /* 1-based position in the input */
    int64_t time_ns;  /* since 1970-01-01 UTC; the engine holds it between then and 2116 */
    uint32_t context; /* tunnel and VLAN context: lifeline_context_text() */
    uint8_t layer;    /* 0 for the frame's outermost TCP header, 1 for the next... */
    uint8_t ttl;      /* IPv4 TTL or IPv6 hop limit */
    uint16_t ip_id;   /* IPv4 identification; 0 for IPv6 */
    struct lifeline_address src, dst;
    uint16_t src_port, dst_port;
    uint32_t seq, ack;
    uint16_t flags;   /* enum lifeline_tcp_flag */
    uint16_t window;  /* unscaled, as on the wire */
    uint16_t options; /* enum lifeline_tcp_option */
    uint16_t mss;
    uint8_t window_scale;
    uint8_t bad_checksum; /* 1 only when verified and wrong */
    uint32_t timestamp_value, timestamp_echo;
    uint32_t sack_left, sack_right; /* first SACK block */
    uint32_t payload_bytes;         /* on the wire */
    uint32_t captured_bytes;        /* of the payload; fewer when the snap length cut it */
    const uint8_t *payload;         /* captured_bytes octets */
};

/* An ICMP error about a segment. */
struct lifeline_icmp {
    uint8_t error;       /* enum lifeline_icmp_error; LIFELINE_UNKNOWN: there is none */
    uint8_t to;          /* enum lifeline_role: the sender of the segment that it quotes */
    uint64_t mtu;        /* of the link that the packet was too big for; unknown otherwise */
    uint64_t quoted_seq; /* of an event: relative to that sender's ISN */
    struct lifeline_address sender; /* family 0: there is none */
};
#define LIFELINE_NO_ICMP                                                                           \
    {                                                                                              \
        .error = LIFELINE_UNKNOWN, .to = LIFELINE_NOBODY, .mtu = LIFELINE_UNKNOWN_COUNT,           \
        .quoted_seq = LIFELINE_UNKNOWN_COUNT                                                       \
    }

/* One captured packet. link_type is a LINKTYPE_ number (tcpdump.org/linktypes.html). */
struct lifeline_frame {
    uint64_t number;
    int64_t time_ns;
    uint32_t captured_bytes, wire_bytes;
    uint16_t link_type;
    const uint8_t *data;
};

/* ---- output ---------------------------------------------------------------------------------- */

struct lifeline_transition {
    uint8_t endpoint; /* enum lifeline_role: client or server */
    uint8_t from, to; /* enum lifeline_state */
    uint8_t evidence; /* enum lifeline_evidence */
    uint8_t row;      /* of the state table: lifeline_row() tells section and reason */
};
#define LIFELINE_MAX_TRANSITIONS 8

struct lifeline_event {
    uint64_t connection;
    uint32_t incarnation;
    uint64_t frame; /* LIFELINE_NO_FRAME for a timer */
    int64_t time_ns;
    /* NULL for a timer, an ICMP error, and where the frame's segment is of another incarnation but
     * changes this one: that ends the TIME-WAIT that was left, or shows that it lives. */
    const struct lifeline_segment *segment;
    uint8_t from; /* role of the sender; LIFELINE_NOBODY without segment */
    uint8_t layer;
    uint64_t seq;          /* relative to the sender's ISN; LIFELINE_UNKNOWN_COUNT for a timer */
    uint64_t ack;          /* relative to the peer's ISN; unknown without ACK */
    uint64_t window_bytes; /* scaled; unknown when the scale wasn't captured */
    uint32_t steps;        /* enum lifeline_step */
    uint32_t marks;        /* enum lifeline_mark */
    uint8_t transition_count;
    struct lifeline_transition transitions[LIFELINE_MAX_TRANSITIONS];
    uint8_t client_state, server_state; /* after the frame */
    uint8_t reset_verdict, reset_cause; /* for an RST; LIFELINE_UNKNOWN otherwise */
    uint8_t time_wait_holder;           /* enum lifeline_role; LIFELINE_NOBODY if none is in it */
    uint64_t withdrawn_frame;  /* with LIFELINE_STEP_WITHDRAWAL: the segment that was lost */
    uint32_t old_incarnation;  /* with LIFELINE_MARK_OLD_DUPLICATE: its incarnation */
    struct lifeline_icmp icmp; /* with LIFELINE_STEP_ICMP; all unknown without */
    uint32_t slot;             /* for lifeline_peek() */
    bool first;                /* first event of its connection */
    bool last_word;            /* a timer event after which the record follows */
};

struct lifeline_endpoint {
    struct lifeline_address ip;
    uint16_t port;
    uint8_t state; /* at the end of the capture, or of the connection */
    uint8_t state_count;
    uint8_t states[16];          /* history, as it stands at the end */
    uint8_t states_evidence[16]; /* [i] is how states[i] was entered; [0] is LIFELINE_IMPLIED */
    uint64_t segments;
    uint64_t payload_bytes; /* new ones: retransmitted octets count once */
    uint64_t retransmitted_segments;
    uint64_t retransmitted_bytes;
    uint64_t out_of_order_segments;
    uint64_t zero_windows;
    uint64_t missing_bytes; /* acknowledged or passed over, yet not in the capture */
    uint64_t unacked_bytes; /* sent, FIN included, and not acknowledged at the end; for findings */
    uint64_t acked; /* the next of its numbers that its peer expects, from the ISN; for findings */
    uint64_t isn;   /* absolute; unknown without a SYN */
    uint64_t mss;   /* unknown without a SYN */
    uint64_t window_scale; /* shift count; unknown when not offered or not seen */
    uint8_t sack_permitted, timestamps, fast_open; /* offered on its SYN: 0, 1, unknown */
    uint8_t ttl;                                   /* of its first segment; 0 if it sent none */
    uint64_t fin_frame;                            /* its first FIN that stands */
    uint64_t fin_acked_frame;
    uint64_t reset_frame; /* the first RST it sent */
    uint8_t reset_verdict, reset_cause;
};

struct lifeline_handshake {
    uint8_t kind;
    uint8_t complete; /* all three steps are in the capture: 0, 1 */
    uint64_t syn_frame, synack_frame, ack_frame;
    int64_t syn_to_synack_ns, synack_to_ack_ns, rtt_ns; /* unknown where ambiguous */
    int64_t connect_ns; /* from the first SYN to step 3, waits for what was lost included */
    uint64_t syn_retransmissions, synack_retransmissions;
};

struct lifeline_teardown {
    uint8_t kind;
    uint8_t complete;      /* both FINs are acknowledged, or an RST was accepted: 0, 1 */
    uint8_t active_closer; /* enum lifeline_role */
    uint8_t reset_by;      /* enum lifeline_role: sender of the RST that stands */
    uint64_t fin1_frame, ack1_frame, fin2_frame, ack2_frame; /* steps 1 to 4 */
    int64_t fin1_ns, ack1_ns, fin2_ns, ack2_ns;              /* their times; unknown if not seen */
    uint64_t reset_frame;
    int64_t reset_ns; /* unknown without */
    uint8_t reset_verdict, reset_cause;
    int64_t half_close_ns;     /* from step 2 to step 3 */
    uint64_t half_close_bytes; /* new payload of the passive closer after step 1 was delivered */
    uint64_t lost_bytes; /* of half_close_bytes, what the sender of the RST never acknowledged */
    uint64_t fin_retransmissions;
};

struct lifeline_time_wait {
    uint8_t endpoint; /* client or server */
    uint8_t outcome;
    uint8_t reuse_rule; /* with outcome reused */
    uint64_t entered_frame;
    int64_t entered_ns;
    int64_t expires_ns; /* by the stack that is assumed */
    /* On the quickest and the slowest of the systems that the holder may be: see
     * lifeline_host_stack(). Both are expires_ns where the user said which it is. */
    int64_t earliest_ns, latest_ns;
    uint8_t stack;        /* what the user said that the holder is; LIFELINE_UNKNOWN: nothing */
    int64_t ended_ns;     /* unknown while running */
    uint64_t ended_frame; /* of the SYN or RST that ended it */
    int64_t remaining_ns; /* with outcome running; unknown otherwise */
    uint64_t restarts;    /* retransmitted FINs that were answered by an ACK */
    uint64_t absorbed;    /* old duplicates */
};

struct lifeline_connection {
    uint64_t connection;
    uint32_t incarnation;
    uint32_t context;
    const char *context_text; /* "vlan 10", "" when plain */
    const char *community_id; /* "1:..." */
    struct lifeline_endpoint client, server;
    uint8_t role_evidence;
    uint64_t first_frame, last_frame;
    int64_t start_ns, end_ns, duration_ns;
    int64_t first_data_ns, last_data_ns;
    struct lifeline_handshake handshake;
    struct lifeline_teardown teardown;
    uint8_t time_wait_count;
    struct lifeline_time_wait time_wait[2];
    uint64_t withdrawals;
    uint64_t icmp_errors; /* that an end had reason to believe: they quote what it had under way */
    struct lifeline_icmp icmp; /* the last one, or the one that closed its receiver */
    uint64_t icmp_frame;
    uint64_t old_duplicates;
    uint64_t keep_alives;
    uint64_t exchanges;
    uint64_t finding_count;
    const char *const *findings; /* names, in the order found */
    bool only_controls;          /* FINs were captured, but no ACK without SYN, FIN or RST */
    uint8_t incomplete;          /* 1: evicted, or cut by a limit, or frames are missing */
};

struct lifeline_http_header {
    const char *name, *value; /* decoded from obs-fold; not NUL-safe: see the lengths */
    uint32_t name_bytes, value_bytes;
};

/* One side of an exchange. Strings are NUL-terminated copies, bounded by the header limit. */
struct lifeline_http_message {
    uint64_t first_frame, last_frame;
    int64_t first_ns, last_ns;
    uint64_t header_bytes, body_bytes; /* on the wire; body without chunk framing */
    uint64_t wire_body_bytes;          /* with it */
    uint8_t complete;
    uint64_t header_count; /* only with options.keep_headers */
    const struct lifeline_http_header *headers;
    const uint8_t *body; /* its first octets, up to a limit or a hole; with keep_body_bytes */
    uint64_t body_kept_bytes;
};

#define LIFELINE_MAX_INTERIM 32

struct lifeline_exchange {
    uint64_t connection;
    uint32_t incarnation;
    uint64_t index;                            /* on its connection, from 0 */
    uint64_t stream;                           /* HTTP/2 stream; unknown for HTTP/1 */
    const char *method, *uri, *host, *version; /* NULL when unknown */
    uint64_t status;                           /* unknown without a response */
    const char *reason, *content_type, *response_version;
    uint8_t interim_count;
    uint16_t interim[LIFELINE_MAX_INTERIM]; /* the first ones */
    struct lifeline_http_message request, response;
    uint8_t outcome, confidence;
    uint8_t pipelined, reused, raced_close; /* 0, 1 */
    uint8_t answered_before; /* sent with a response at hand that answered nothing: 0, 1 */
    uint8_t flagged;         /* smuggling-shaped framing: 0, 1 */
    const char *flag_text;   /* what is wrong with it; NULL */
    int64_t blocked_ns;      /* of wait, how long the response before was still coming; 0: not */
    int64_t connect_ns, send_ns, wait_ns, receive_ns, idle_ns;
    uint64_t retransmitted_segments; /* that carried its bytes */
    int64_t retransmission_ns;       /* of its time, how long it waited for those */
    int64_t wait_retransmission_ns;  /* of wait_ns alone */
    uint8_t ended_short;  /* HTTP/2: the response's end came before its Content-Length: 0, 1 */
    uint8_t broken_off;   /* HTTP/2: the server's RST_STREAM ended it for good: 0, 1 */
    uint8_t behind_close; /* unanswered behind a response with "Connection: close": 0, 1 */
    double retransmission_share; /* the same as a part of all its time, 0 to 1; NaN: unknown */
    uint32_t slot;
};

/* A message begins or ends. Given while its frame's segment is processed, after its event. */
struct lifeline_message {
    uint64_t connection;
    uint32_t incarnation;
    uint64_t index; /* of the exchange */
    uint8_t from;   /* role */
    uint8_t is_response;
    uint8_t is_end;
    uint64_t frame; /* that carries the first (or last) byte: may be an earlier one */
    uint8_t layer;
    int64_t time_ns;
    const char *method, *uri, *reason; /* NULL when unknown */
    uint64_t status;
    uint32_t slot;
};

/* What findings of a name have in common. Strings are static, English, and message ids. */
struct lifeline_finding_kind {
    const char *name;      /* stable identifier */
    uint8_t severity;      /* the worst it has; a finding may be milder */
    const char *title;     /* what it is, without names and numbers */
    const char *why;       /* what TCP or HTTP does here and why it matters */
    const char *advice;    /* what to do */
    const char *reference; /* "RFC 9293 3.6" */
};
/* NULL past the last. */
const struct lifeline_finding_kind *lifeline_finding_kind(unsigned index);

struct lifeline_finding {
    uint64_t connection;  /* LIFELINE_UNKNOWN_COUNT for one about a host */
    uint64_t incarnation; /* the same */
    const char *name;     /* stable identifier */
    uint8_t severity;
    uint8_t endpoint; /* whom it is about, LIFELINE_NOBODY if both or none */
    uint8_t frame_count;
    uint64_t frames[8]; /* ascending, each once */
    int64_t time_ns;
    const char *text; /* template with its values filled in; NULL with options.bare_findings */
    uint32_t slot;
    const struct lifeline_finding_kind *kind;
    const char *why, *advice, *reference; /* the kind's */
    const char *subject; /* whose doing it is: "10.0.0.5:8080", "10.0.0.5"; NULL if nobody's */
    const char *peer;    /* the other; NULL */
    int64_t duration_ns; /* how long it took, or lasted; LIFELINE_UNKNOWN_NS if no matter */
    uint64_t count;      /* of what the text says; LIFELINE_UNKNOWN_COUNT if no matter */
    uint64_t exchange;   /* index on its connection; LIFELINE_UNKNOWN_COUNT */
    const char *request; /* "GET /"; NULL */
    struct lifeline_icmp icmp;  /* the ICMP error that the text is about */
    const char *text_template;  /* message ids for lifeline_finding_render() */
    const char *group_template; /* the same for many findings alike: no numbers of one alone */
};

/* Fills a template's {subject}, {peer}, {duration}, {count}, {request}, {icmp}, {sender} with the
 * finding's values; {count|time|times} chooses by number. text_template may be a translation.
 * Returns the length, cut to size, which is at least 1. */
size_t lifeline_finding_render(const struct lifeline_finding *finding, const char *text_template,
                               char *out, size_t size);

/* How many endpoints of a host hold TIME-WAIT towards one remote socket, at a time. */
struct lifeline_census {
    int64_t time_ns;
    struct lifeline_address ip, remote_ip; /* remote_ip: family 0 in a host's total */
    uint64_t remote_port; /* unknown in a host's total, and where a server holds: ports vary */
    uint64_t count;
    double port_share; /* of the ephemeral port range, 0 to 1; NaN unless a client holds */
};

/* One TIME-WAIT with whose it is. */
struct lifeline_holder {
    uint64_t connection;
    uint32_t incarnation;
    struct lifeline_address ip, remote_ip;
    uint16_t port, remote_port;
    struct lifeline_time_wait time_wait;
};

/* The census of one pair (or of one host, see struct lifeline_census) over the capture. */
struct lifeline_census_pair {
    struct lifeline_address ip, remote_ip;
    uint64_t remote_port;
    uint8_t holder;   /* enum lifeline_role; LIFELINE_BOTH in a host's total */
    uint64_t entered; /* TIME-WAITs in all */
    uint64_t peak, at_end;
    int64_t peak_ns, first_ns, last_ns; /* first_ns and last_ns: of entries */
    double rate;        /* entries per second, from the first to the last; 0: within a second */
    uint32_t ports;     /* in the host's ephemeral range */
    bool ports_assumed; /* Linux's default: nobody said what the host runs */
    double peak_share, end_share; /* of the ephemeral ports; NaN unless a client holds */
    double sustainable_rate;      /* entries per second at which the ports last for ever */
    double seconds_left;          /* at this rate, from the capture's end; negative: for ever */
    int64_t start_ns, step_ns;    /* of the samples: counts[i] is the highest count in the step
                                     that ends at start_ns + (i + 1) * step_ns, but not
                                     behind end_ns */
    int64_t end_ns;
    uint32_t sample_count;
    const uint32_t *counts;
};

/* All callbacks may be NULL. */
struct lifeline_sink {
    void *user;
    void (*event)(void *user, const struct lifeline_event *event);
    void (*message)(void *user, const struct lifeline_message *message);
    void (*exchange)(void *user, const struct lifeline_exchange *exchange);
    void (*finding)(void *user, const struct lifeline_finding *finding);
    void (*connection)(void *user, const struct lifeline_connection *connection);
    /* The first shard's: records of the other shards' connections, to count what only all together
     * show. */
    void (*elsewhere)(void *user, const struct lifeline_connection *connection);
    /* In place of a connection's record and its findings, for who tells them later: gives room for
     * so many octets, aligned for any type, which the engine fills for lifeline_tell(). NULL when
     * there is none: then they are told at once. Records are made only where connection or finding
     * is given, too. */
    void *(*untold)(void *user, size_t bytes);
};

/* ---- options and counters -------------------------------------------------------------------- */

/* Thresholds of the findings, each 0 for its default (lib/findings/thresholds.c). */
struct lifeline_thresholds {
    int64_t slow_handshake_ns;  /* SYN to third segment: handshake-slow */
    int64_t slow_response_ns;   /* request to first octet of the response: http-slow-response */
    int64_t close_wait_ns;      /* nothing sent in CLOSE-WAIT: close-wait-stuck */
    int64_t fin_wait_2_ns;      /* nothing received in FIN-WAIT-2: fin-wait-2-stuck */
    int64_t zero_window_ns;     /* no room for what the peer has to send: zero-window-stall */
    int64_t idle_race_ns;       /* FIN to request: a race up to here, a stale connection beyond */
    double port_share;          /* of the ephemeral ports, 0 to 1: port-exhaustion-risk */
    uint64_t short_connections; /* of one exchange, client to server: connection-not-reused */
};

/* What the hosts of a network run. */
struct lifeline_network {
    struct lifeline_address address;
    uint8_t prefix_bits;  /* of address that count: 0 to 32, or to 128 */
    uint8_t stack;        /* enum lifeline_stack */
    int64_t time_wait_ns; /* 0: the stack's own */
};

struct lifeline_options {
    uint8_t stack;        /* enum lifeline_stack */
    bool stack_known;     /* hosts are that; false: it is assumed, see lifeline_host_stack() */
    int64_t time_wait_ns; /* 0: the stack's own, which isn't known for certain unless it is said */
    uint32_t ports;       /* in every host's ephemeral range; 0: the stack's own */
    const struct lifeline_network *networks; /* of other stacks; the longest prefix wins */
    uint32_t network_count;
    uint64_t max_memory_bytes;  /* for all the engine holds; 0: 512 MiB */
    uint64_t max_connections;   /* 0: as memory allows */
    uint32_t max_unpacked;      /* resting connections kept as structs; 0: 512, 32768 if closed */
    uint32_t max_stream_bytes;  /* reassembly, per direction; 0: 8 MiB */
    uint64_t max_streams_bytes; /* reassembly, all together; 0: an eighth of max_memory_bytes */
    uint32_t max_fragments;     /* IP datagrams in reassembly; 0: 1024 */
    uint32_t max_header_bytes;  /* of one HTTP message; 0: 64 KiB */
    uint32_t max_pipeline;      /* requests in flight per connection; 0: 1024 */
    uint8_t max_tunnel_depth;   /* 0: 8 */
    uint32_t max_contexts;      /* VLANs and tunnels that have a name; 0: 65,536, and no more; what
                                 * takes a 64th of max_memory_bytes at most */
    uint32_t max_hosts;         /* pairs of client and server that findings count; 0: 4096; what
                                 * takes an eighth of max_memory_bytes at most */
    uint8_t shard, shard_count; /* 1-based; 0 of 0: all. Numbers are those of the whole capture */
    bool no_http;
    bool keep_headers;
    bool bare_findings;       /* without text: who shows one calls lifeline_finding_render() */
    uint32_t keep_body_bytes; /* of each body; 0: none */
    bool verify_checksums;    /* mark segments whose TCP checksum is wrong */
    bool ignore_vlan;         /* VLAN tags don't separate connections */
    struct lifeline_thresholds thresholds; /* zero: defaults */
};

/* max_memory_bytes, or the default. */
static inline uint64_t lifeline_max_memory_bytes(const struct lifeline_options *options)
{
    return options->max_memory_bytes ? options->max_memory_bytes : UINT64_C(512) << 20;
}

struct lifeline_counters {
    uint64_t frames, segments, connections, open_connections;
    uint64_t frames_without_tcp, frames_malformed, frames_unknown_link;
    uint64_t icmp_quoted, fragments, fragments_dropped, tunnels_too_deep, bad_checksums;
    uint64_t connections_evicted, events_dropped, stream_bytes_dropped, headers_dropped;
    uint64_t pipeline_dropped;
    uint64_t contexts_unnamed; /* VLANs and tunnels that frames went through, past max_contexts */
    uint64_t times_replaced;   /* segments with times that the engine can't hold */
    uint64_t hosts_dropped;    /* connections and TIME-WAITs that no pair counted, past max_hosts */
    uint64_t facts_dropped;    /* for findings: there was no memory for what proves them */
    uint64_t body_bytes_dropped; /* that keep_body_bytes asked for, and memory had no room for */
    uint64_t memory_bytes, memory_peak_bytes;
};

/* ---- calls ----------------------------------------------------------------------------------- */

struct lifeline_engine;

/* A new engine, or NULL when memory is short. Copies options (NULL: defaults), the networks they
 * point to, and sink.
 * Ownership: the caller's; end with lifeline_free(). */
struct lifeline_engine *lifeline_new(const struct lifeline_options *options,
                                     const struct lifeline_sink *sink);
/* Without lifeline_finish() before: what it holds is freed, and nothing is said of it. */
void lifeline_free(struct lifeline_engine *engine);

/* Feeds one captured packet; decodes it and pushes each TCP segment in it. */
void lifeline_push_frame(struct lifeline_engine *engine, const struct lifeline_frame *frame);

/* Feeds one ready-made segment. */
void lifeline_push_segment(struct lifeline_engine *engine, const struct lifeline_segment *segment);
/* The same for several, in order; faster, the more of them. */
void lifeline_push_segments(struct lifeline_engine *engine, const struct lifeline_segment *segments,
                            size_t count);

/* Feeds octets of a connection's stream that another layer made of it, such as a decrypted TLS
 * stream: exchanges on them are followed as on plain ones, and from the first such call on the TCP
 * payload itself isn't looked at any more. from: enum lifeline_role. The octets follow the last
 * ones given for that role; frame, time_ns and layer are those of the segment that completed them,
 * which was pushed before. slot and connection are an event's; nothing happens when slot no longer
 * holds it. */
void lifeline_push_stream(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                          uint8_t from, uint64_t frame, int64_t time_ns, uint8_t layer,
                          const uint8_t *bytes, size_t length);
/* Says that octets are missing behind the last ones given for that role, nobody knows how many:
 * what the other layer couldn't make out, such as records that weren't decrypted. */
void lifeline_push_stream_gap(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                              uint8_t from, uint64_t frame, int64_t time_ns, uint8_t layer);

/* Lets capture time pass without a segment: timers up to time_ns fire. It never goes back by this.
 */
void lifeline_advance(struct lifeline_engine *engine, int64_t time_ns);

/* The capture ends: every connection's record is given, in the order of their numbers. */
void lifeline_finish(struct lifeline_engine *engine);

/* The record of a connection as it stands, as if the capture ended now. False when slot no longer
 * holds it (its record was given already). Valid until the next call with this engine. */
bool lifeline_peek(struct lifeline_engine *engine, uint32_t slot, uint64_t connection,
                   struct lifeline_connection *out);

/* What that record says of TIME-WAIT alone, at a fraction of the cost. out: room for two. Returns
 * how many there are; 0 also when slot no longer holds the connection. */
unsigned lifeline_peek_time_waits(const struct lifeline_engine *engine, uint32_t slot,
                                  uint64_t connection, struct lifeline_time_wait *out);

/* Calls the sink with the findings and the record of what was left untold, which it takes apart.
 * The engine must live, but may be in use: any thread may tell. */
void lifeline_tell(void *untold, const struct lifeline_sink *sink);

/* What was counted so far, and what the engine holds now and held at most, in octets. At any time
 * between other calls; after lifeline_finish() it is of the whole capture. */
void lifeline_get_counters(const struct lifeline_engine *engine, struct lifeline_counters *out);

/* The engine's decoder alone: calls back for each segment in the frame, interns its context in the
 * engine. For a feeder that has segments of its own and wants their context, or that decodes in one
 * thread and pushes in another: the two may run at the same time, for one engine, if each segment
 * is handed over by something that orders memory, such as a mutex. Then no other call until both
 * are done. */
typedef void (*lifeline_segment_fn)(void *user, const struct lifeline_segment *segment);
void lifeline_decode(struct lifeline_engine *engine, const struct lifeline_frame *frame,
                     lifeline_segment_fn call, void *user);
/* The tunnels and VLANs that a segment's context stands for, "" for none: the text of a
 * connection's context_text. The engine's; it lives as long. */
const char *lifeline_context_text(const struct lifeline_engine *engine, uint32_t context);

/* Reads a TCP header and its options (RFC 9293 3.1) into a segment, for a feeder that gets its
 * packets from another decoder: fills in ports to payload, the rest stays the caller's. tcp points
 * to captured_bytes octets of a segment (header and payload) that had wire_bytes on the wire, not
 * fewer. False when it is no whole TCP header. */
bool lifeline_parse_tcp(const uint8_t *tcp, uint32_t captured_bytes, uint32_t wire_bytes,
                        struct lifeline_segment *segment);

/* Reads what the decoder handed on with LIFELINE_ICMP in flags: an ICMP error on its way to dst,
 * about what dst sent to src. Such a one is pushed like a segment and makes an event of the
 * connection, if there is one. quoted_seq is the number on the wire here, to is nobody. */
void lifeline_icmp_of(const struct lifeline_segment *segment, struct lifeline_icmp *out);
/* The reverse, for a feeder with a decoder of its own: sets flags, and what they mean. frame,
 * time_ns, context, layer, addresses and ports stay the caller's. */
void lifeline_icmp_put(struct lifeline_segment *segment, const struct lifeline_icmp *icmp);

/* ---- census ---------------------------------------------------------------------------------- */

/*
 * TIME-WAITs over time, from connection records; see lib/census/census.c.
 *
 * options (NULL: defaults; copied) tell how long TIME-WAIT lasts and how many ports a host has.
 * Counts are sampled at 512 points at most, of one width for all pairs; memory is bounded by
 * max_pairs (0: 4096, and no more than take an eighth of max_memory_bytes): what exceeds them is
 * counted in lifeline_census_dropped().
 */
struct lifeline_census_book;
/* NULL when memory is short. Ownership: the caller's; end with lifeline_census_free(). */
struct lifeline_census_book *lifeline_census_new(const struct lifeline_options *options,
                                                 uint32_t max_pairs);
void lifeline_census_free(struct lifeline_census_book *book); /* NULL: nothing */
/* Counts the TIME-WAITs of a record, which is borrowed for the call. */
void lifeline_census_add(struct lifeline_census_book *book,
                         const struct lifeline_connection *connection);
/* Calls back for each pair and each host, largest peak first; borrowed. end_ns: the capture's last
 * time; LIFELINE_UNKNOWN_NS takes the latest that the records showed. */
void lifeline_census_each(struct lifeline_census_book *book, int64_t end_ns,
                          void (*call)(void *user, const struct lifeline_census_pair *pair),
                          void *user);
/* TIME-WAITs that aren't in the counts, for max_pairs or for want of memory. */
uint64_t lifeline_census_dropped(const struct lifeline_census_book *book);

/* ---- names ----------------------------------------------------------------------------------- */

struct lifeline_name {
    uint32_t value;
    const char *name, *help;
};
/* A table ends with a NULL name. */
extern const struct lifeline_name lifeline_state_names[], lifeline_evidence_names[],
    lifeline_role_names[], lifeline_role_evidence_names[], lifeline_step_names[],
    lifeline_mark_names[], lifeline_handshake_names[], lifeline_teardown_names[],
    lifeline_reset_verdict_names[], lifeline_reset_cause_names[], lifeline_time_wait_names[],
    lifeline_reuse_names[], lifeline_exchange_names[], lifeline_confidence_names[],
    lifeline_severity_names[], lifeline_stack_names[], lifeline_tcp_flag_names[],
    lifeline_icmp_names[];

/* NULL when the table has no such value. */
const char *lifeline_name_of(const struct lifeline_name *table, uint32_t value);
/* Writes the names of the bits of mask, joined by separator; returns the length, cut to size. */
size_t lifeline_names_of_bits(const struct lifeline_name *table, uint32_t mask,
                              const char *separator, char *out, size_t size);

/* One row of the RFC 9293 state table. */
struct lifeline_row {
    uint8_t from, to;
    const char *stimulus; /* "sends FIN" */
    const char *section;  /* "RFC 9293 3.10.4" */
    const char *reason;   /* one sentence, for people */
};
/* NULL past the last. */
const struct lifeline_row *lifeline_row(unsigned row);

/* TIME-WAIT duration and ephemeral port range of a system. */
struct lifeline_stack_facts {
    const char *name;
    int64_t time_wait_ns;
    uint16_t first_port, last_port;
    uint8_t first_ttl; /* with which it sends; 0: no rule of its own */
    const char *source;
};
/* Static; NULL when there is no such stack. */
const struct lifeline_stack_facts *lifeline_stack_facts(enum lifeline_stack stack);

/* What is said, or else assumed, of one host: lib/model/stacks.c. */
struct lifeline_host_stack {
    uint8_t stack;
    bool known;           /* said by the user; false: the rest is assumed */
    int64_t time_wait_ns; /* how long its TIME-WAITs last */
    int64_t shortest_ns;  /* on the quickest and the slowest system that it may be; both are */
    int64_t longest_ns;   /* time_wait_ns where it is known */
    uint32_t ports;       /* in its ephemeral range */
    uint32_t network;     /* index of the network that says so; options->network_count: none */
};
/* options: NULL for defaults. ttl: of a segment of the host as captured, 0 if none was. */
void lifeline_host_stack(const struct lifeline_options *options,
                         const struct lifeline_address *host, uint8_t ttl,
                         struct lifeline_host_stack *out);

/* Reads "10.0.0.0/8=windows" or "2001:db8::/32=90" (seconds, with Linux's ports). False: the text
 * is neither, and *out is undefined; so with the next. */
bool lifeline_network_read(const char *text, struct lifeline_network *out);
/* Reads "10.0.0.1", "10.0.0.0/8", "2001:db8::/32"; *prefix_bits: 32 or 128 without a slash. */
bool lifeline_address_read(const char *text, struct lifeline_address *address,
                           unsigned *prefix_bits);

/* "1.2.3.4", "2001:db8::1" (RFC 5952). size >= 46. Returns the length. */
size_t lifeline_address_text(const struct lifeline_address *address, char *out, size_t size);
/* "FIN,ACK": the names of a segment's flags in the order SYN FIN RST PSH ACK URG. */
size_t lifeline_flags_text(uint16_t flags, char *out, size_t size);

/* ---- schema: the single source of field names, types, units and help ------------------------- */

enum lifeline_record_kind {
    LIFELINE_RECORD_CONNECTION,
    LIFELINE_RECORD_EVENT,
    LIFELINE_RECORD_EXCHANGE,
    LIFELINE_RECORD_FINDING,
    LIFELINE_RECORD_TIME_WAIT,
    LIFELINE_RECORD_CENSUS,
    LIFELINE_RECORD_HOLDER,
    LIFELINE_RECORD_COUNT
};

enum lifeline_field_type {
    LIFELINE_FIELD_U8,
    LIFELINE_FIELD_U16,
    LIFELINE_FIELD_U32,
    LIFELINE_FIELD_U64,      /* LIFELINE_UNKNOWN_COUNT is null */
    LIFELINE_FIELD_FRAME,    /* uint64_t, 0 is null */
    LIFELINE_FIELD_TTL,      /* uint8_t, 0 is null */
    LIFELINE_FIELD_BOOL,     /* uint8_t, LIFELINE_UNKNOWN is null */
    LIFELINE_FIELD_ENUM,     /* uint8_t through names; not in the table is null */
    LIFELINE_FIELD_TIME,     /* int64_t ns, printed as RFC 3339 */
    LIFELINE_FIELD_DURATION, /* int64_t ns, printed as seconds */
    LIFELINE_FIELD_DOUBLE,
    LIFELINE_FIELD_STRING,   /* const char *, NULL is null */
    LIFELINE_FIELD_ADDRESS,  /* struct lifeline_address */
    LIFELINE_FIELD_BITS,     /* uint32_t through names, a string joined by '+', null when empty */
    LIFELINE_FIELD_BIT_LIST, /* uint32_t through names, a JSON list of strings */
    LIFELINE_FIELD_CUSTOM,   /* a list or an object with code of its own in the writer, by path */
};

struct lifeline_field {
    const char *path; /* "client.state": JSON nesting, CSV column, Wireshark filter suffix */
    uint8_t type;
    uint16_t offset;                   /* in the record's struct */
    const struct lifeline_name *names; /* for ENUM, BITS, BIT_LIST */
    const char *title;                 /* "Client state" */
    const char *help;                  /* one sentence */
    const char *reference;             /* "RFC 9293 3.3.2", or NULL */
};
/* The fields of a record in printing order; ends with a NULL path. */
const struct lifeline_field *lifeline_fields(enum lifeline_record_kind kind);

#ifdef __cplusplus
}
#endif
#endif
