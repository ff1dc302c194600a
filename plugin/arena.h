/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_ARENA_H
#define LIFELINE_PLUGIN_ARENA_H

#include <string.h>

#include "plugin.h"

void arena_register(void);

/* Memory in file scope, for anything; neither zeroed nor ever freed by itself. */
void *arena_alloc(size_t bytes);

/* The same, zeroed, for one object of a type. */
#define arena_new0(type) ((type *)memset(arena_alloc(sizeof(type)), 0, sizeof(type)))

/* A copy in file scope. */
void *arena_copy(const void *from, size_t bytes);

/* A copy of a text in file scope, shared with equal ones; NULL for NULL. */
const char *arena_text(const char *text);

#endif
