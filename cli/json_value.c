/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Values as JSON, one or all of a plan. */
#include <glib.h>

#include "json_plan.h"

#define AT(type) (*(const type *)(const void *)((const char *)record + op->offset))

static char *put_bits(char *p, const struct op *op, uint32_t mask)
{
    bool list = op->type == LIFELINE_FIELD_BIT_LIST;

    if (!mask)
        return list ? mempcpy(p, "[]", 2) : put_null(p);
    *p++ = list ? '[' : '"';
    for (bool first = true; mask; mask &= mask - 1, first = false) {
        const struct quoted *name = &op->names[__builtin_ctz(mask)];

        if (!first)
            *p++ = list ? ',' : '+';
        p = list ? put_literal(p, name->text, name->length)
                 : put_literal(p, name->text + 1, name->length - 2);
    }
    *p++ = list ? ']' : '"';
    return p;
}

static char *put_double(char *p, double value)
{
    if (value == 0.0) {
        *p++ = '0';
        return p;
    }
    if (value - value != 0.0) /* not finite: JSON has no word for it */
        return put_null(p);
    g_ascii_formatd(p, 40, "%.9g", value);
    return p + strlen(p);
}

/* Writes one value at p. */
static inline __attribute__((always_inline)) char *
put_value(struct json *json, char *p, const struct op *op, const void *record)
{
    switch (op->type) {
    case LIFELINE_FIELD_U8:
        return put_u64(p, AT(uint8_t));
    case LIFELINE_FIELD_U16:
        return put_u64(p, AT(uint16_t));
    case LIFELINE_FIELD_U32:
        return put_u64(p, AT(uint32_t));
    case LIFELINE_FIELD_U64:
        return AT(uint64_t) == LIFELINE_UNKNOWN_COUNT ? put_null(p) : put_u64(p, AT(uint64_t));
    case LIFELINE_FIELD_FRAME:
        return put_frame(p, AT(uint64_t));
    case LIFELINE_FIELD_TTL:
        return AT(uint8_t) ? put_u64(p, AT(uint8_t)) : put_null(p);
    case LIFELINE_FIELD_BOOL:
        if (AT(uint8_t) == LIFELINE_UNKNOWN)
            return put_null(p);
        return AT(uint8_t) ? mempcpy(p, "true", 4) : mempcpy(p, "false", 5);
    case LIFELINE_FIELD_ENUM:
        return put_name(p, op->names, AT(uint8_t));
    case LIFELINE_FIELD_TIME:
        if (AT(int64_t) == LIFELINE_UNKNOWN_NS)
            return put_null(p);
        *p++ = '"';
        p = put_time(&json->out->date, p, AT(int64_t));
        *p++ = '"';
        return p;
    case LIFELINE_FIELD_DURATION:
        return AT(int64_t) == LIFELINE_UNKNOWN_NS ? put_null(p) : put_seconds(p, AT(int64_t));
    case LIFELINE_FIELD_DOUBLE:
        return put_double(p, AT(double));
    case LIFELINE_FIELD_STRING:
        if (!AT(char *))
            return put_null(p);
        out_commit(json->out, p);
        json_text(json->out, AT(char *));
        return out_reserve(json->out, OUT_MAX_RESERVE);
    case LIFELINE_FIELD_ADDRESS:
        if (!AT(struct lifeline_address).family)
            return put_null(p);
        *p++ = '"';
        p += lifeline_address_text(&AT(struct lifeline_address), p, 46);
        *p++ = '"';
        return p;
    case LIFELINE_FIELD_BITS:
    case LIFELINE_FIELD_BIT_LIST:
        return put_bits(p, op, AT(uint32_t));
    case LIFELINE_FIELD_CUSTOM:
        return op->custom(json, p, record);
    }
    return p;
}

void json_put_plan(struct json *json, const struct plan *plan, const void *record)
{
    char *p = out_reserve(json->out, OUT_MAX_RESERVE);

    for (const struct op *op = plan->ops, *end = op + plan->count; op < end; op++) {
        p = put_literal(p, op->literal, op->length);
        p = put_value(json, p, op, record);
    }
    out_commit(json->out, put_literal(p, plan->tail, plan->tail_length));
}

void json_put_value(struct json *json, const struct op *op, const void *record)
{
    char *p = out_reserve(json->out, OUT_MAX_RESERVE);

    out_commit(json->out, put_value(json, p, op, record));
}

char *json_put_short(struct json *json, char *p, const struct op *op, const void *record)
{
    return put_value(json, p, op, record);
}
