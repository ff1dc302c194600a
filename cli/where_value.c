/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "where_value.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "suggest.h"

/* ---- fields ---------------------------------------------------------------------------------- */

#define TIME_WAIT_PREFIX "time_wait."

static const struct lifeline_field *find_in(enum lifeline_record_kind kind, const char *path)
{
    for (const struct lifeline_field *field = lifeline_fields(kind); field->path; field++)
        if (strcmp(field->path, path) == 0)
            return field;
    return NULL;
}

/* " (path?)" of the field that a misspelt path may have meant; NULL: none is near. */
static char *suggest_path(const char *path)
{
    bool time_wait = g_str_has_prefix(path, TIME_WAIT_PREFIX);
    struct suggestion suggestion = {.text = time_wait ? path + strlen(TIME_WAIT_PREFIX) : path};
    const struct lifeline_field *field =
        lifeline_fields(time_wait ? LIFELINE_RECORD_TIME_WAIT : LIFELINE_RECORD_CONNECTION);
    for (; field->path; field++)
        suggest_offer(&suggestion, field->path);
    return suggestion.word
               ? g_strconcat(" (", time_wait ? TIME_WAIT_PREFIX : "", suggestion.word, "?)", NULL)
               : NULL;
}

/* The lists of the record that can be compared, by path: the schema leaves their form to us. */
static const struct {
    const char *path;
    enum where_list list;
    enum lifeline_field_type type;
} lists[] = {
    {"findings", WHERE_FINDINGS, LIFELINE_FIELD_STRING},
    {"client.states", WHERE_STATES, LIFELINE_FIELD_ENUM},
    {"server.states", WHERE_STATES, LIFELINE_FIELD_ENUM},
    {"client.states_evidence", WHERE_STATES, LIFELINE_FIELD_ENUM},
    {"server.states_evidence", WHERE_STATES, LIFELINE_FIELD_ENUM},
    {"handshake.frames", WHERE_HANDSHAKE_FRAMES, LIFELINE_FIELD_FRAME},
    {"teardown.frames", WHERE_TEARDOWN_FRAMES, LIFELINE_FIELD_FRAME},
};

bool where_find_field(struct where_comparison *comparison, const char *path, char **error)
{
    bool time_wait = g_str_has_prefix(path, TIME_WAIT_PREFIX);
    const struct lifeline_field *field =
        time_wait ? find_in(LIFELINE_RECORD_TIME_WAIT, path + strlen(TIME_WAIT_PREFIX))
                  : find_in(LIFELINE_RECORD_CONNECTION, path);
    if (!field) {
        char *meant = suggest_path(path);
        *error = g_strdup_printf("a connection has no field '%s'%s; --where help lists them", path,
                                 meant ? meant : "");
        g_free(meant);
        return false;
    }
    comparison->field = field;
    comparison->list = time_wait ? WHERE_TIME_WAITS : WHERE_SINGLE;
    comparison->type = field->type;
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        if (!time_wait && strcmp(lists[i].path, path) == 0) {
            comparison->list = lists[i].list;
            comparison->type = (uint8_t)lists[i].type;
        }
    }
    if (comparison->type == LIFELINE_FIELD_CUSTOM) {
        *error = g_strdup_printf("'%s' is a list of records: name one of their fields, such as "
                                 "%s.outcome",
                                 path, path);
        return false;
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------------------- */

static bool is_text(uint8_t type)
{
    return type == LIFELINE_FIELD_STRING || type == LIFELINE_FIELD_ENUM ||
           type == LIFELINE_FIELD_ADDRESS || type == LIFELINE_FIELD_BITS ||
           type == LIFELINE_FIELD_BIT_LIST;
}

static bool read_number(const char *text, double *number, uint64_t *integer)
{
    char *end;
    *number = g_ascii_strtod(text, &end);
    if (end == text || *end || !isfinite(*number))
        return false;
    errno = 0;
    *integer = g_ascii_strtoull(text, &end, 0);
    return true;
}

/* RFC 3339, or seconds since 1970. */
static bool read_time(const char *text, int64_t *ns)
{
    double number;
    uint64_t integer;
    if (read_number(text, &number, &integer) && fabs(number) < 9e9) {
        *ns = llround(number * 1e9);
        return true;
    }
    GTimeZone *utc = g_time_zone_new_utc();
    GDateTime *time = g_date_time_new_from_iso8601(text, utc);
    g_time_zone_unref(utc);
    if (!time)
        return false;
    int64_t seconds = g_date_time_to_unix(time);
    g_date_time_unref(time);
    /* GLib keeps microseconds; the digits themselves have the rest. */
    int64_t fraction_ns = 0, digit_ns = 100000000;
    const char *point = strpbrk(text, ".,");
    for (; point && g_ascii_isdigit(*++point); digit_ns /= 10)
        fraction_ns += digit_ns * (*point - '0');
    *ns = CLAMP(seconds, -9000000000, 9000000000) * 1000000000 + fraction_ns;
    return true;
}

static bool read_bool(const char *text, uint64_t *integer)
{
    *integer = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
    return *integer || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

/* A word of the field's own: as it stands in the table, whatever the case. */
static bool read_word(const struct lifeline_name *names, const char *text, uint64_t *integer)
{
    for (; names && names->name; names++) {
        if (g_ascii_strcasecmp(names->name, text) == 0) {
            *integer = names->value;
            return true;
        }
    }
    return false;
}

static bool is_finding(const char *text)
{
    const struct lifeline_finding_kind *kind;
    for (unsigned i = 0; (kind = lifeline_finding_kind(i)); i++)
        if (strcmp(kind->name, text) == 0)
            return true;
    return false;
}

char *where_list_words(const struct lifeline_field *field)
{
    GString *words = g_string_new(NULL);
    const struct lifeline_finding_kind *kind;
    bool findings = strcmp(field->path, "findings") == 0;
    for (unsigned i = 0; findings && (kind = lifeline_finding_kind(i)); i++)
        g_string_append_printf(words, "%s%s", words->len ? ", " : "", kind->name);
    for (const struct lifeline_name *names = field->names; names && names->name; names++)
        g_string_append_printf(words, "%s%s", words->len ? ", " : "", names->name);
    return g_string_free(words, FALSE);
}

static bool read_value(struct where_comparison *comparison, const char *text, const char **wanted)
{
    switch (comparison->type) {
    case LIFELINE_FIELD_STRING:
        *wanted = "the name of a finding; --where help lists them";
        return comparison->list != WHERE_FINDINGS || is_finding(text);
    case LIFELINE_FIELD_BITS:
    case LIFELINE_FIELD_BIT_LIST:
        return true;
    case LIFELINE_FIELD_ENUM:
        *wanted = NULL;
        return read_word(comparison->field->names, text, &comparison->integer);
    case LIFELINE_FIELD_ADDRESS:
        *wanted = "an IP address or a network";
        return lifeline_address_read(text, &comparison->address, &comparison->prefix_bits);
    case LIFELINE_FIELD_BOOL:
        *wanted = "true or false";
        return read_bool(text, &comparison->integer);
    case LIFELINE_FIELD_TIME:
        *wanted = "a time such as 2026-11-22T10:00:00Z";
        return read_time(text, &comparison->ns);
    case LIFELINE_FIELD_DURATION:
        *wanted = "a number of seconds";
        if (!read_number(text, &comparison->number, &comparison->integer) ||
            fabs(comparison->number) >= 9e9)
            return false;
        comparison->ns = llround(comparison->number * 1e9);
        return true;
    default:
        *wanted = "a number";
        return read_number(text, &comparison->number, &comparison->integer);
    }
}

bool where_set_value(struct where_comparison *comparison, enum where_operator op, const char *text,
                     char **error)
{
    const struct lifeline_field *field = comparison->field;
    comparison->op = op;
    comparison->text = g_strdup(text);
    bool orders = op >= WHERE_LESS && op <= WHERE_GREATER_EQUAL;
    if (op == WHERE_CONTAINS && !is_text(comparison->type)) {
        *error = g_strdup_printf("~ looks into text, which %s is not", field->path);
        return false;
    }
    if (orders && is_text(comparison->type)) {
        *error = g_strdup_printf("%s has no order: compare it with ==, != or ~", field->path);
        return false;
    }
    if (op == WHERE_CONTAINS)
        return true;
    comparison->null = strcmp(text, "null") == 0;
    if (comparison->null && orders) {
        *error = g_strdup("null has no order: compare with == or !=");
        return false;
    }
    const char *wanted = NULL;
    if (comparison->null || read_value(comparison, text, &wanted))
        return true;
    char *words = wanted ? g_strdup(wanted) : where_list_words(field);
    *error =
        g_strdup_printf("%s: '%s' is not %s%s", field->path, text, wanted ? "" : "one of ", words);
    g_free(words);
    return false;
}

/* ---- comparing ------------------------------------------------------------------------------- */

static bool ordered(enum where_operator op, int order)
{
    switch (op) {
    case WHERE_EQUAL:
    case WHERE_NOT_EQUAL: /* negated by the caller, over all elements of a list */
        return order == 0;
    case WHERE_LESS:
        return order < 0;
    case WHERE_LESS_EQUAL:
        return order <= 0;
    case WHERE_GREATER:
        return order > 0;
    case WHERE_GREATER_EQUAL:
        return order >= 0;
    default:
        return false;
    }
}

static bool contains(const char *text, const char *part)
{
    char *folded_text = g_ascii_strdown(text, -1), *folded_part = g_ascii_strdown(part, -1);
    bool found = strstr(folded_text, folded_part) != NULL;
    g_free(folded_text);
    g_free(folded_part);
    return found;
}

static bool compare_text(const struct where_comparison *comparison, const char *text)
{
    if (!text)
        return comparison->null;
    if (comparison->op == WHERE_KNOWN)
        return *text != '\0';
    if (comparison->op == WHERE_CONTAINS)
        return contains(text, comparison->text);
    return !comparison->null && strcmp(text, comparison->text) == 0;
}

static bool compare_integer(const struct where_comparison *comparison, bool known, uint64_t value)
{
    if (!known)
        return comparison->null;
    if (comparison->op == WHERE_KNOWN)
        return value != 0;
    if (comparison->null)
        return false;
    /* A fraction or a negative number is compared as such, all else exactly. */
    double number = comparison->number;
    bool whole =
        comparison->type == LIFELINE_FIELD_BOOL || (number >= 0 && number == floor(number));
    if (whole)
        return ordered(comparison->op,
                       (value > comparison->integer) - (value < comparison->integer));
    return ordered(comparison->op, ((double)value > number) - ((double)value < number));
}

static bool compare_ns(const struct where_comparison *comparison, int64_t ns)
{
    if (ns == LIFELINE_UNKNOWN_NS)
        return comparison->null;
    if (comparison->op == WHERE_KNOWN)
        return ns != 0;
    return !comparison->null &&
           ordered(comparison->op, (ns > comparison->ns) - (ns < comparison->ns));
}

static bool compare_enum(const struct where_comparison *comparison, uint8_t value)
{
    const char *name = lifeline_name_of(comparison->field->names, value);
    if (!name || comparison->null || comparison->op == WHERE_CONTAINS)
        return compare_text(comparison, name);
    return comparison->op == WHERE_KNOWN || value == comparison->integer;
}

static bool compare_bits(const struct where_comparison *comparison, uint32_t bits)
{
    char text[512];
    lifeline_names_of_bits(comparison->field->names, bits, "+", text, sizeof text);
    return compare_text(comparison, bits ? text : NULL);
}

static bool compare_address(const struct where_comparison *comparison,
                            const struct lifeline_address *address)
{
    char text[64];
    if (comparison->op == WHERE_KNOWN)
        return address->family != 0;
    if (comparison->op == WHERE_CONTAINS) {
        lifeline_address_text(address, text, sizeof text);
        return contains(text, comparison->text);
    }
    if (comparison->null || address->family != comparison->address.family)
        return false;
    unsigned bytes = comparison->prefix_bits / 8, bits = comparison->prefix_bits % 8;
    if (memcmp(address->bytes, comparison->address.bytes, bytes) != 0)
        return false;
    return bits == 0 ||
           (address->bytes[bytes] ^ comparison->address.bytes[bytes]) >> (8 - bits) == 0;
}

/* One element. Not equal is said of the whole list by the caller. */
static bool compare_element(const struct where_comparison *comparison, const void *at)
{
    switch (comparison->type) {
    case LIFELINE_FIELD_U8:
        return compare_integer(comparison, true, *(const uint8_t *)at);
    case LIFELINE_FIELD_U16:
        return compare_integer(comparison, true, *(const uint16_t *)at);
    case LIFELINE_FIELD_U32:
        return compare_integer(comparison, true, *(const uint32_t *)at);
    case LIFELINE_FIELD_U64: {
        uint64_t value = *(const uint64_t *)at;
        return compare_integer(comparison, value != LIFELINE_UNKNOWN_COUNT, value);
    }
    case LIFELINE_FIELD_FRAME: {
        uint64_t value = *(const uint64_t *)at;
        return compare_integer(comparison, value != LIFELINE_NO_FRAME, value);
    }
    case LIFELINE_FIELD_TTL: {
        uint8_t value = *(const uint8_t *)at;
        return compare_integer(comparison, value != 0, value);
    }
    case LIFELINE_FIELD_BOOL: {
        uint8_t value = *(const uint8_t *)at;
        return compare_integer(comparison, value != LIFELINE_UNKNOWN, value);
    }
    case LIFELINE_FIELD_ENUM:
        return compare_enum(comparison, *(const uint8_t *)at);
    case LIFELINE_FIELD_TIME:
    case LIFELINE_FIELD_DURATION:
        return compare_ns(comparison, *(const int64_t *)at);
    case LIFELINE_FIELD_DOUBLE: {
        double value = *(const double *)at;
        if (comparison->op == WHERE_KNOWN)
            return value != 0;
        return !comparison->null &&
               ordered(comparison->op, (value > comparison->number) - (value < comparison->number));
    }
    case LIFELINE_FIELD_STRING:
        return compare_text(comparison, *(const char *const *)at);
    case LIFELINE_FIELD_ADDRESS:
        return compare_address(comparison, at);
    case LIFELINE_FIELD_BITS:
    case LIFELINE_FIELD_BIT_LIST:
        return compare_bits(comparison, *(const uint32_t *)at);
    default:
        return false;
    }
}

/* Is it so for any element? An empty list has none, so it equals null alone. */
static bool compare_array(const struct where_comparison *comparison, const void *first,
                          size_t count, size_t stride)
{
    for (size_t i = 0; i < count; i++)
        if (compare_element(comparison, (const char *)first + i * stride))
            return true;
    return count == 0 && comparison->null;
}

static bool compare_field(const struct where_comparison *comparison,
                          const struct lifeline_connection *connection)
{
    const char *at = (const char *)connection + comparison->field->offset;
    switch (comparison->list) {
    case WHERE_SINGLE:
        return compare_element(comparison, at);
    case WHERE_FINDINGS:
        return compare_array(comparison, connection->findings, connection->finding_count,
                             sizeof *connection->findings);
    case WHERE_STATES: {
        bool client = g_str_has_prefix(comparison->field->path, "client.");
        const struct lifeline_endpoint *end = client ? &connection->client : &connection->server;
        return compare_array(comparison, at, MIN(end->state_count, G_N_ELEMENTS(end->states)),
                             sizeof *end->states);
    }
    case WHERE_HANDSHAKE_FRAMES:
        return compare_array(comparison, at, 3, sizeof(uint64_t));
    case WHERE_TEARDOWN_FRAMES:
        return compare_array(comparison, at, 4, sizeof(uint64_t));
    case WHERE_TIME_WAITS:
        return compare_array(comparison,
                             (const char *)connection->time_wait + comparison->field->offset,
                             connection->time_wait_count, sizeof *connection->time_wait);
    }
    return false;
}

bool where_compare(const struct where_comparison *comparison,
                   const struct lifeline_connection *connection)
{
    bool result = compare_field(comparison, connection);
    return comparison->op == WHERE_NOT_EQUAL ? !result : result;
}
