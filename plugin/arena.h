/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_ARENA_H
#define LIFELINE_PLUGIN_ARENA_H

#include <stdint.h>
#include <string.h>

#include <glib.h>

/* Frees all. */
void arena_free(void);

/* Memory for anything, not zeroed. */
void *arena_alloc(size_t bytes);

/* The same, zeroed, for one object of a type. */
#define arena_new0(type) ((type *)memset(arena_alloc(sizeof(type)), 0, sizeof(type)))

/* A copy. */
void *arena_copy(const void *from, size_t bytes);

/* A copy of a text, shared with equal ones; NULL for NULL. */
const char *arena_text(const char *text);

#endif
