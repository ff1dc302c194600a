/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --where: a condition over the fields of connection records.
 *
 *     or         := and { "or" and }                       also ||
 *     and        := not { "and" not }                      also &&
 *     not        := "not" not | "(" or ")" | comparison    also !
 *     comparison := field [ operator value ]
 *     operator   := == | != | < | <= | > | >= | ~
 *     value      := word | "text" | 'text'
 *
 * Fields are the paths of the schema ("teardown.kind"); words of their kinds, numbers, addresses
 * ("10.0.0.0/8" is a network), and times (RFC 3339) are compared as what they are; ~ looks for a
 * substring, whatever the case. A list (findings, client.states) compares as any of its elements.
 * An unknown field equals nothing but null. A field alone asks whether it is known and not zero.
 */
#ifndef LIFELINE_WHERE_H
#define LIFELINE_WHERE_H

#include <stdbool.h>

#include "lifeline.h"

struct where;

/* NULL, with *error set to a g_malloc'ed message, when the text is not a condition. */
struct where *where_parse(const char *text, char **error);
void where_free(struct where *where);
bool where_matches(const struct where *where, const struct lifeline_connection *connection);

/* Prints the fields with their help on standard output. */
void where_print_fields(void);

#endif
