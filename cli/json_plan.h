/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What json.c, json_value.c and json_lists.c share: the plan that is made from the schema. */
#ifndef LIFELINE_JSON_PLAN_H
#define LIFELINE_JSON_PLAN_H

#include <glib.h>

#include "json.h"

#define SET_NAMES    32 /* values of an enumeration, or bits of a set */
#define LITERAL_COPY 32 /* octets copied at once: longer than nearly all literals */

/* Octets of a list with a bound, at most: MAX_LIST states or frames, all marks, 8 transitions. */
#define MAX_LIST       16
#define MAX_LIST_VALUE 1024

struct quoted {
    const char *text; /* "\"three-way\"", or "null"; LITERAL_COPY octets can be read */
    size_t length;
};

/* Writes a value at p and returns the end. Up to MAX_LIST_VALUE octets are reserved. */
typedef char *(*custom_fn)(struct json *json, char *p, const void *record);

struct op {
    const struct lifeline_field *field;
    const char *literal; /* LITERAL_COPY octets can be read */
    uint32_t length;
    uint16_t offset;
    uint8_t type;               /* enum lifeline_field_type */
    const struct quoted *names; /* SET_NAMES of them */
    custom_fn custom;
};

struct plan {
    struct op *ops;
    size_t count;
    const char *tail;
    size_t tail_length;
};

struct json {
    struct out *out;
    struct plan plans[LIFELINE_RECORD_COUNT];
    struct plan time_wait; /* as part of a connection */
    GStringChunk *chunk;   /* literals and quoted names */
    GHashTable *names;     /* of a table of names: its struct quoted[SET_NAMES] */
    const struct quoted *states, *evidence, *roles;
};

/* How the CUSTOM fields are written. */
struct custom {
    uint8_t kind; /* enum lifeline_record_kind */
    bool headers; /* only when headers are kept */
    const char *path;
    custom_fn put;
};

const struct custom *json_find_custom(unsigned kind, const char *path);
void json_put_plan(struct json *json, const struct plan *plan, const void *record);
/* One value, without its key. */
void json_put_value(struct json *json, const struct op *op, const void *record);
/* The same at p, where OUT_MAX_RESERVE octets are reserved for all such values of a record; neither
 * a string nor a list. Returns the end. */
char *json_put_short(struct json *json, char *p, const struct op *op, const void *record);

/* Copies a fixed number of octets, for that is faster than asking how many. */
static inline char *put_literal(char *p, const char *text, size_t length)
{
    memcpy(p, text, LITERAL_COPY);
    if (length > LITERAL_COPY)
        memcpy(p + LITERAL_COPY, text + LITERAL_COPY, length - LITERAL_COPY);
    return p + length;
}

static inline char *put_null(char *p)
{
    memcpy(p, "null", 4);
    return p + 4;
}

static inline char *put_name(char *p, const struct quoted *names, unsigned value)
{
    return value < SET_NAMES ? put_literal(p, names[value].text, names[value].length) : put_null(p);
}

static inline char *put_frame(char *p, uint64_t frame)
{
    return frame == LIFELINE_NO_FRAME ? put_null(p) : put_u64(p, frame);
}

#endif
