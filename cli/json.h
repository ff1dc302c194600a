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

/* The same in two halves, for a record with further members: json_begin() leaves the object open
 * after the schema's fields, json_end() closes it and the line. */
void json_begin(struct json *json, enum lifeline_record_kind kind, const void *record);
void json_end(struct json *json);

/* A JSON string with quotes, always valid UTF-8; text may hold anything. */
void json_string(struct out *out, const char *text, size_t length);
/* NULL is null. */
void json_text(struct out *out, const char *text);

#endif
