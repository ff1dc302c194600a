/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One comparison of --where: a field of the connection record, an op, a value. */
#ifndef LIFELINE_WHERE_VALUE_H
#define LIFELINE_WHERE_VALUE_H

#include <stdbool.h>

#include "lifeline.h"

enum where_operator {
    WHERE_KNOWN, /* no op: is it known and not zero? */
    WHERE_EQUAL,
    WHERE_NOT_EQUAL,
    WHERE_LESS,
    WHERE_LESS_EQUAL,
    WHERE_GREATER,
    WHERE_GREATER_EQUAL,
    WHERE_CONTAINS,
};

/* Where the elements of a field are. */
enum where_list {
    WHERE_SINGLE,
    WHERE_FINDINGS,
    WHERE_STATES, /* uint8_t[16] of client or server */
    WHERE_HANDSHAKE_FRAMES,
    WHERE_TEARDOWN_FRAMES,
    WHERE_TIME_WAITS, /* a field of struct lifeline_time_wait */
};

struct where_comparison {
    const struct lifeline_field *field;
    enum where_list list;
    uint8_t type; /* enum lifeline_field_type of an element */
    enum where_operator op;
    bool null;  /* the value is null */
    char *text; /* the value as given; for strings and ~ */
    double number;
    int64_t ns; /* of a time or a duration */
    uint64_t integer;
    struct lifeline_address address;
    unsigned prefix_bits;
};

/* Finds the field. False, with *error set to a g_malloc'ed message, when there is none. */
bool where_find_field(struct where_comparison *comparison, const char *path, char **error);

/* "three-way, four-way": the words that the field's values are; "" when they can be any. */
char *where_list_words(const struct lifeline_field *field);

/* Takes op and value, which must suit the field. Copies text. */
bool where_set_value(struct where_comparison *comparison, enum where_operator op, const char *text,
                     char **error);

bool where_compare(const struct where_comparison *comparison,
                   const struct lifeline_connection *connection);

#endif
