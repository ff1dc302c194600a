/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CSV from the schema: one column a field, named by its path.
 *
 * Model: a value is printed as JSON prints it, without quotes; null is an empty cell; a list is
 * joined by '|'; a list of objects stays JSON, as a quoted cell. HTTP headers have no column.
 *
 * Rules for text from packets: control characters and octets that are no UTF-8 are escaped as
 * text_append_safe() does, so that a record is one line. A spreadsheet takes a cell that begins
 * with
 * '=', '+', '-' or '@' for a formula: such text gets an apostrophe before it. (Tab and return,
 * which have the same effect, are escaped anyway.) Numbers, names and times are ours and need none.
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
    for (; text < end; text++) {
        if (*text == '"')
            out_char(out, '"');
        out_char(out, *text);
    }
    out_char(out, '"');
}

/* A list of scalars: ["a","b",null] is a|b| . */
static void put_list(struct out *out, const char *value, size_t length)
{
    for (size_t i = 1; i + 1 < length; i++) {
        if (value[i] == ',')
            out_char(out, '|');
        else if (strncmp(value + i, "null", 4) == 0)
            i += 3;
        else if (value[i] != '"')
            out_char(out, value[i]);
    }
}

static void put_string(struct csv *csv, const char *value)
{
    g_string_truncate(csv->text, 0);
    if (*value && strchr("=+-@", *value))
        g_string_append_c(csv->text, '\'');
    text_append_safe(csv->text, value, strlen(value), false);
    put_cell(csv->out, csv->text->str, csv->text->len);
}

void csv_record(struct csv *csv, const void *record)
{
    const struct plan *plan = &csv->json->plans[csv->kind];

    for (size_t i = 0; i < plan->count; i++) {
        const struct op *op = &plan->ops[i];
        const char *value, *string;
        size_t length;

        if (i)
            out_char(csv->out, ',');
        if (op->type == LIFELINE_FIELD_STRING) {
            string = *(char *const *)(const void *)((const char *)record + op->offset);
            if (string)
                put_string(csv, string);
            continue;
        }
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
    out_text(csv->out, "\r\n");
    out_line(csv->out);
}
