/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_SHOW_H
#define LIFELINE_PLUGIN_SHOW_H

#include "fields.h"

/* Adds the fields of a record that belong to a group: those that somebody sees or asks for, with a
 * value that is known. */
void show_group(proto_tree *tree, tvbuff_t *tvb, enum field_group group, const void *record);

/* Single items; nothing when the value is unknown. frame is as the engine counts. */
void show_frame(proto_tree *tree, tvbuff_t *tvb, int hf, uint64_t frame);
void show_duration(proto_tree *tree, tvbuff_t *tvb, int hf, int64_t duration_ns);
proto_item *show_string(proto_tree *tree, tvbuff_t *tvb, int hf, const char *text);
proto_item *show_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value);

/* A value with its name alone as its text. */
void show_enum(proto_tree *tree, tvbuff_t *tvb, int hf, const struct lifeline_name *names,
               uint8_t value);

/* Adds a group's item and returns its subtree. */
proto_tree *show_subtree(proto_tree *tree, tvbuff_t *tvb, enum own_field item, uint8_t group,
                         const char *text);

#endif
