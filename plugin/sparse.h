/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_SPARSE_H
#define LIFELINE_PLUGIN_SPARSE_H

#include "plugin.h"

/* The kinds of structs that are kept so. */
enum sparse_kind {
    SPARSE_CONNECTION, /* struct lifeline_connection */
    SPARSE_FINDING,    /* struct lifeline_finding */
    SPARSE_KINDS
};

/* A struct as it is kept, in the arena. */
struct sparse;

/* Forgets all that was kept: the arena, which holds it, is freed. */
void sparse_forget(void);

/* Keeps a copy; what the struct points to isn't copied. */
const struct sparse *sparse_keep(enum sparse_kind kind, const void *object);

/* Writes the struct as it was kept to out. */
void sparse_read(enum sparse_kind kind, const struct sparse *kept, void *out);

#endif
