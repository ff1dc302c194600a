/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of a HAR entry: what har.c puts together. */
#ifndef LIFELINE_HAR_PART_H
#define LIFELINE_HAR_PART_H

#include <glib.h>

#include "out.h"

/* ,"key":"value"; NULL is "". */
void har_text(struct out *out, const char *key, const char *value);
/* ,"key":bytes, or -1 where they are unknown, as HAR says it. */
void har_size(struct out *out, const char *key, uint64_t bytes);
/* ,"comment":"note", unless there is none. */
void har_comment(struct out *out, const GString *note);

/* Does a field have that name? */
bool har_is_field(const struct lifeline_http_header *field, const char *name);
/* The first field of that name, or NULL. */
const struct lifeline_http_header *har_field(const struct lifeline_http_message *message,
                                             const char *name);

/* [{"name":...,"value":...},...] of application/x-www-form-urlencoded, up to length or a '#':
 * a query or a form. Of very many the first HAR_MAX_PAIRS; all are in the text that they are from.
 */
#define HAR_MAX_PAIRS 1000
void har_pairs(struct out *out, const char *text, size_t length);

/* ,"request":{...} and ,"response":{...}. max_body_bytes: up to which a body is decoded. note takes
 * what a reader must know about them. */
void har_request(struct out *out, const struct lifeline_exchange *exchange,
                 const struct lifeline_connection *connection, guint max_body_bytes, GString *note);
void har_response(struct out *out, const struct lifeline_exchange *exchange, guint max_body_bytes,
                  GString *note);

/* ,"content":{...} of a response; ,"postData":{...} of a request that has a body that is kept. */
void har_content(struct out *out, const struct lifeline_exchange *exchange, guint max_body_bytes,
                 GString *note);
void har_post_data(struct out *out, const struct lifeline_http_message *request,
                   guint max_body_bytes, GString *note);

#endif
