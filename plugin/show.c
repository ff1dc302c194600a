/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records -> tree items: the plugin's writer for the library's schema, as the JSON and CSV writers
 * are the program's.
 *
 * Every item is marked as generated (in brackets in the GUI): it is no part of the packet. Unknown
 * values make no item, as JSON prints null for them.
 */
#include "show.h"

#include <math.h>

#include "annotations.h"
#include "numbers.h"
#include "text.h"

#define MAX_LINE_BYTES 120

/* Nanoseconds as Wireshark holds times; rounds to below, as seconds may be negative. */
static nstime_t nstime_of(int64_t ns)
{
    int64_t seconds = ns / 1000000000, rest = ns % 1000000000;

    if (rest < 0) {
        seconds--;
        rest += 1000000000;
    }
    return (nstime_t){(time_t)seconds, (int)rest};
}

void show_frame(proto_tree *tree, tvbuff_t *tvb, int hf, uint64_t frame)
{
    uint32_t number = numbers_shown(frame);

    if (number != LIFELINE_NO_FRAME)
        proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, number));
}

void show_duration(proto_tree *tree, tvbuff_t *tvb, int hf, int64_t duration_ns)
{
    nstime_t time;

    if (duration_ns == LIFELINE_UNKNOWN_NS)
        return;
    /* A relative time's parts have one sign. */
    time.secs = (time_t)(duration_ns / 1000000000);
    time.nsecs = (int)(duration_ns % 1000000000);
    proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &time));
}

proto_item *show_string(proto_tree *tree, tvbuff_t *tvb, int hf, const char *text)
{
    proto_item *item;

    if (text == NULL)
        return NULL;
    if (text[0] == '\0')
        item = proto_tree_add_string_format_value(tree, hf, tvb, 0, 0, text, "(none)");
    else
        item = proto_tree_add_string(tree, hf, tvb, 0, 0, text_valid(PNODE_POOL(tree), text));
    proto_item_set_generated(item);
    return item;
}

/* A text whose label Wireshark would cut has its whole below, in lines. They are for eyes only: the
 * item's value is whole. */
static void show_text(proto_tree *tree, tvbuff_t *tvb, const struct plugin_field *field,
                      const char *text)
{
    proto_item *item = show_string(tree, tvb, field->hf, text);
    proto_tree *lines;

    if (item == NULL || !PTREE_DATA(tree)->visible ||
        strlen("[: ]") + strlen(field->schema->title) + strlen(text) < ITEM_LABEL_LENGTH)
        return;
    lines = proto_item_add_subtree(item, ett_group[GROUP_TEXT]);
    while (*text != '\0') {
        size_t length = text_line(text, MAX_LINE_BYTES);
        const char *shown =
            text_shown(PNODE_POOL(tree), wmem_strndup(PNODE_POOL(tree), text, length));
        proto_tree *line =
            proto_tree_add_subtree(lines, tvb, 0, 0, ett_group[GROUP_TEXT], NULL, shown);

        proto_item_set_generated(proto_tree_get_parent(line));
        text += length;
        text += *text == ' ';
    }
}

proto_item *show_uint(proto_tree *tree, tvbuff_t *tvb, int hf, uint32_t value)
{
    proto_item *item = proto_tree_add_uint(tree, hf, tvb, 0, 0, value);

    proto_item_set_generated(item);
    return item;
}

void show_enum(proto_tree *tree, tvbuff_t *tvb, int hf, const struct lifeline_name *names,
               uint8_t value)
{
    const char *name = lifeline_name_of(names, value);

    if (name != NULL)
        show_uint(tree, tvb, hf, value);
}

proto_tree *show_subtree(proto_tree *tree, tvbuff_t *tvb, enum own_field item, uint8_t group,
                         const char *text)
{
    proto_item *added = proto_tree_add_none_format(tree, hf_own[item], tvb, 0, 0, "%s", text);

    proto_item_set_generated(added);
    return proto_item_add_subtree(added, ett_group[group]);
}

static void show_bits(proto_tree *tree, tvbuff_t *tvb, const struct plugin_field *field,
                      uint32_t mask)
{
    for (unsigned bit = 0; bit < 32; bit++) {
        if (mask & (1u << bit))
            show_string(tree, tvb, field->hf, lifeline_name_of(field->schema->names, 1u << bit));
    }
}

static void show_u64(proto_tree *tree, tvbuff_t *tvb, int hf, uint64_t value)
{
    if (value != LIFELINE_UNKNOWN_COUNT)
        proto_item_set_generated(proto_tree_add_uint64(tree, hf, tvb, 0, 0, value));
}

static void show_boolean(proto_tree *tree, tvbuff_t *tvb, int hf, uint8_t value)
{
    if (value != LIFELINE_UNKNOWN)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf, tvb, 0, 0, value));
}

/* NAN: unknown. */
static void show_double(proto_tree *tree, tvbuff_t *tvb, int hf, double value)
{
    if (!isnan(value))
        proto_item_set_generated(proto_tree_add_double(tree, hf, tvb, 0, 0, value));
}

static void show_time(proto_tree *tree, tvbuff_t *tvb, int hf, int64_t time_ns)
{
    nstime_t time = nstime_of(time_ns);

    if (time_ns != LIFELINE_UNKNOWN_NS)
        proto_item_set_generated(proto_tree_add_time(tree, hf, tvb, 0, 0, &time));
}

static void show_address(proto_tree *tree, tvbuff_t *tvb, int hf,
                         const struct lifeline_address *address)
{
    char text[64];

    if (address->family == 0)
        return;
    lifeline_address_text(address, text, sizeof(text));
    show_string(tree, tvb, hf, text);
}

/* Adds a field of a record to the tree; nothing when its value is unknown. */
static void show_field(proto_tree *tree, tvbuff_t *tvb, const struct plugin_field *field,
                       const void *record)
{
    const void *member = (const char *)record + field->schema->offset;
    int hf = field->hf;

    switch ((enum lifeline_field_type)field->schema->type) {
    case LIFELINE_FIELD_U8:
        show_uint(tree, tvb, hf, *(const uint8_t *)member);
        break;
    case LIFELINE_FIELD_TTL:
        if (*(const uint8_t *)member != 0)
            show_uint(tree, tvb, hf, *(const uint8_t *)member);
        break;
    case LIFELINE_FIELD_U16:
        show_uint(tree, tvb, hf, *(const uint16_t *)member);
        break;
    case LIFELINE_FIELD_U32:
        show_uint(tree, tvb, hf, *(const uint32_t *)member);
        break;
    case LIFELINE_FIELD_U64:
        show_u64(tree, tvb, hf, *(const uint64_t *)member);
        break;
    case LIFELINE_FIELD_FRAME:
        show_frame(tree, tvb, hf, *(const uint64_t *)member);
        break;
    case LIFELINE_FIELD_BOOL:
        show_boolean(tree, tvb, hf, *(const uint8_t *)member);
        break;
    case LIFELINE_FIELD_ENUM:
        show_enum(tree, tvb, hf, field->schema->names, *(const uint8_t *)member);
        break;
    case LIFELINE_FIELD_TIME:
        show_time(tree, tvb, hf, *(const int64_t *)member);
        break;
    case LIFELINE_FIELD_DURATION:
        show_duration(tree, tvb, hf, *(const int64_t *)member);
        break;
    case LIFELINE_FIELD_DOUBLE:
        show_double(tree, tvb, hf, *(const double *)member);
        break;
    case LIFELINE_FIELD_STRING:
        show_text(tree, tvb, field, *(const char *const *)member);
        break;
    case LIFELINE_FIELD_ADDRESS:
        show_address(tree, tvb, hf, (const struct lifeline_address *)member);
        break;
    case LIFELINE_FIELD_BITS:
    case LIFELINE_FIELD_BIT_LIST:
        show_bits(tree, tvb, field, *(const uint32_t *)member);
        break;
    case LIFELINE_FIELD_CUSTOM:
        field->custom(tree, tvb, hf, record);
        break;
    }
}

void show_group(proto_tree *tree, tvbuff_t *tvb, enum field_group group, const void *record)
{
    for (const struct plugin_field *field = fields_of(group); field->schema != NULL; field++) {
        /* Wireshark would make no item: spared is what making one takes. */
        if (proto_field_is_referenced(tree, field->hf))
            show_field(tree, tvb, field, record);
    }
}
