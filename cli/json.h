/* SPDX-License-Identifier: GPL-2.0-or-later */
/* json: records as JSON, driven by the schema; and the pieces for other JSON documents. */
#ifndef LIFELINE_JSON_H
#define LIFELINE_JSON_H

#include "lifeline.h"
#include "out.h"

/* What JSON Lines writers share: the output and the plan made from the schema. */
struct json;

/* headers: exchanges have request_headers and response_headers. out is borrowed. */
struct json *json_new(struct out *out, bool headers);
void json_free(struct json *json);

/* One line: {"record":"<name>",...}. record is the struct that belongs to the kind. */
void json_record(struct json *json, enum lifeline_record_kind kind, const void *record);

/* A JSON string with quotes. Always valid UTF-8, whatever text holds: an octet that is no part of
 * valid UTF-8 becomes U+FFFD; control characters (C0, DEL, C1) and the line separators U+2028 and
 * U+2029 are escaped, so that one record is one line for every reader. */
void json_string(struct out *out, const char *text, size_t length);
/* NULL is null. */
void json_text(struct out *out, const char *text);
/* [{"name":"Host","value":"example.test"},...], as HAR has it too. */
void json_headers(struct out *out, const struct lifeline_http_message *message);

#endif
