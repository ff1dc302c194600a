/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of an HTTP/1 message: start line and field lines, RFC 9112 2 to 5, from octets to facts.
 *
 * Pure functions over a piece of memory; they allocate nothing and keep nothing. Only the fields
 * that decide framing and what a record shows are looked at; the others cost one search for their
 * line's end.
 *
 * Lenient where RFC 9112 2.2 and 3 allow a recipient to be: bare LF, empty lines before the start
 * line, several spaces in it, obs-fold. What an attacker could use to make two recipients disagree
 * about a message's end is accepted as RFC 9112 6.3 frames it, and flagged.
 */
#ifndef LIFELINE_APP_HTTP_HEAD_H
#define LIFELINE_APP_HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lifeline.h"

/* A piece of the head; at is NULL when it isn't there. */
struct http_text {
    const char *at;
    uint32_t bytes;
};

enum http_line { HTTP_LINE_BAD, HTTP_LINE_INCOMPLETE, HTTP_LINE_OK };

/* How a body is framed, RFC 9112 6.3, as far as the head alone decides. */
enum http_framing {
    HTTP_FRAMED_NOT, /* neither length nor transfer coding */
    HTTP_FRAMED_LENGTH,
    HTTP_FRAMED_CHUNKED,
    HTTP_FRAMED_UNKNOWN, /* invalid length, or a transfer coding that isn't chunked at the end */
};

struct http_head {
    struct http_text method, target; /* of a request */
    struct http_text version;        /* "1.1"; without at: HTTP/0.9 */
    struct http_text reason;         /* of a response */
    uint16_t status;
    uint8_t framing; /* enum http_framing */
    uint64_t content_length;
    struct http_text host, content_type;
    bool has_length, has_coding;
    bool upgrade_h2c, expects_continue;
    bool closes, keeps_alive; /* what Connection says in a response */
    const char *flag_text;    /* static; NULL when nothing is wrong with the framing */
};

/* Parses a request or status line, which ends in LF; head gets its pieces. *line_bytes: with the
 * LF. HTTP_LINE_INCOMPLETE when there is no LF in length octets and what is there may become one.
 */
enum http_line http_parse_request_line(const uint8_t *bytes, size_t length, struct http_head *head,
                                       size_t *line_bytes);
enum http_line http_parse_status_line(const uint8_t *bytes, size_t length, struct http_head *head,
                                      size_t *line_bytes);

/* Parses the field lines that follow a start line of head.version, up to and with the empty line.
 * Returns their length, or 0 when the empty line isn't there; then head holds what was found in the
 * complete lines. */
size_t http_parse_fields(const uint8_t *bytes, size_t length, struct http_head *head);

/* Finds the end of a head whose first *scanned octets, all complete lines, are known not to hold it
 * (0 at first; moved on). Returns its length, or 0 when it isn't there. */
size_t http_find_head_end(const uint8_t *bytes, size_t length, size_t *scanned);

typedef void (*http_field_fn)(void *user, struct http_text name, struct http_text value);
/* Calls back for each of the field lines in a complete head's fields. */
void http_each_field(const uint8_t *fields, size_t length, http_field_fn call, void *user);

/* Is this the whole of a name, ASCII case aside? lower is in lower case. */
bool http_text_is(struct http_text text, const char *lower);

/* A Content-Length that is one number, or LIFELINE_UNKNOWN_COUNT. */
uint64_t http_length(struct http_text value);

/* The method as a string constant, or NULL when it isn't a registered one. */
const char *http_known_method(struct http_text method);

/* Is the method the end of a registered one's name, or all of it? */
bool http_ends_known_method(struct http_text method);

#endif
