/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_CUSTOM_H
#define LIFELINE_PLUGIN_CUSTOM_H

#include "plugin.h"

/* How a CUSTOM field of the schema is shown. */
struct custom_field {
    uint8_t kind; /* enum lifeline_record_kind */
    const char *path;
    enum ftenum type;
    int display;
    void (*add)(proto_tree *tree, tvbuff_t *tvb, int hf, const void *record);
};

/* NULL when the field has no row: it isn't shown. */
const struct custom_field *custom_field(enum lifeline_record_kind kind, const char *path);

#endif
