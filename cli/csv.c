/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSV from the schema: one column a field, named by its path.
 *
 * Model: a value is printed as JSON prints it, without quotes; null is an empty cell; a list is
 * joined by '|'; a list of objects stays JSON, as a quoted cell. HTTP headers have no column.
 *
 * Rules for text from packets: control characters and octets that are no UTF-8 are escaped as
 * text_append_safe() does, so that a record is one line. A spreadsheet takes a cell that begins
 * with '=', '+', '-' or '@', of full width too, for a formula: such text gets an apostrophe before
 * it. (Tab and return, which have the same effect, are escaped anyway.) Numbers, names and times
 * are ours and need none.
 */
#include "csv.h"

#include <glib.h>

#include "json_plan.h"
#include "text.h"

struct csv {
    struct out *out, *scratch;
    struct json *json; /* writes values to scratch */
    enum lifeline_record_kind kind;
    GString *text;
};

struct csv *csv_new(struct out *out, enum lifeline_record_kind kind)
{
    struct csv *csv = g_new0(struct csv, 1);
    const struct plan *plan;

    csv->out = out;
    csv->scratch = out_new(NULL, false);
    csv->json = json_new(csv->scratch, false);
    csv->kind = kind;
    csv->text = g_string_new(NULL);
    plan = &csv->json->plans[kind];
    for (size_t i = 0; i < plan->count; i++) {
        if (i)
            out_char(out, ',');
        out_text(out, plan->ops[i].field->path);
    }
    out_text(out, "\r\n");
    out_line(out);
    return csv;
}

void csv_free(struct csv *csv)
{
    json_free(csv->json);
    csv->scratch->used = 0;
    out_free(csv->scratch);
    g_string_free(csv->text, TRUE);
    g_free(csv);
}

static void put_cell(struct out *out, const char *text, size_t length)
{
    const char *end = text + length;

    if (strcspn(text, ",\"\r\n") >= length) {
        out_bytes(out, text, length);
        return;
    }
    out_char(out, '"');
    while (text < end) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        const char *stop = quote ? quote + 1 : end;

        out_bytes(out, text, (size_t)(stop - text));
        if (quote)
            out_char(out, '"');
        text = stop;
    }
    out_char(out, '"');
}

/* A list of scalars: ["a","b",null] is a|b| . */
static void put_list(struct out *out, const char *value, size_t length)
{
    char *p = out_reserve(out, length);

    for (const char *at = value + 1, *end = value + length - 1; at < end;) {
        if (*at == '"') {
            const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));

            p = mempcpy(p, at + 1, (size_t)(close - at - 1));
            at = close + 1;
        } else if (*at == 'n') {
            at += 4; /* null */
        } else {
            *p++ = *at == ',' ? '|' : *at;
            at++;
        }
    }
    out_commit(out, p);
}

/* A value that may be long, or a list. */
static void put_any(struct csv *csv, const struct op *op, const void *record)
{
    const char *value;
    size_t length;

    csv->scratch->used = 0;
    json_put_value(csv->json, op, record);
    out_char(csv->scratch, '\0');
    value = csv->scratch->data;
    length = csv->scratch->used - 1;
    if (value[0] == '[' && value[1] == '{')
        put_cell(csv->out, value, length);
    else if (value[0] == '[')
        put_list(csv->out, value, length);
    else if (value[0] == '"')
        put_cell(csv->out, value + 1, length - 2);
    else if (strcmp(value, "null") != 0)
        out_bytes(csv->out, value, length);
}

/* A number, or a name, time or address of ours, in which nothing needs a quote. */
static char *put_short(struct csv *csv, char *p, const struct op *op, const void *record)
{
    char *end = json_put_short(csv->json, p, op, record);

    if (*p == 'n')
        return p; /* null */
    if (*p != '"')
        return end;
    memmove(p, p + 1, (size_t)(end - p) - 2);
    return end - 2;
}

static bool begins_formula(const char *value)
{
    static const char *const wide[] = {"\uff1d", "\uff0b", "\uff0d", "\uff20"};
    if (*value && strchr("=+-@", *value))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(wide); i++)
        if (g_str_has_prefix(value, wide[i]))
            return true;
    return false;
}

static void put_string(struct csv *csv, const char *value)
{
    if (!value)
        return;
    g_string_truncate(csv->text, 0);
    if (begins_formula(value))
        g_string_append_c(csv->text, '\'');
    text_append_safe(csv->text, value, strlen(value), false);
    put_cell(csv->out, csv->text->str, csv->text->len);
}

void csv_record(struct csv *csv, const void *record)
{
    const struct plan *plan = &csv->json->plans[csv->kind];
    char *p = out_reserve(csv->out, OUT_MAX_RESERVE);

    for (size_t i = 0; i < plan->count; i++) {
        const struct op *op = &plan->ops[i];
        bool is_string = op->type == LIFELINE_FIELD_STRING;

        if (i)
            *p++ = ',';
        if (!is_string && op->type != LIFELINE_FIELD_BIT_LIST && !op->custom) {
            p = put_short(csv, p, op, record);
            continue;
        }
        out_commit(csv->out, p);
        if (is_string) {
            put_string(csv, *(char *const *)(const void *)((const char *)record + op->offset));
        } else {
            put_any(csv, op, record);
        }
        p = out_reserve(csv->out, OUT_MAX_RESERVE);
    }
    *p++ = '\r';
    *p++ = '\n';
    out_commit(csv->out, p);
    out_line(csv->out);
}
