/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a relay hands to the thread that prints outlives what it was made of: each string that the
 * schema knows of a record. */
#include <string.h>

#include "check.h"
#include "relay.h"

/* The i-th string of a record, by the schema; NULL past the last. */
static const char **string_of(enum lifeline_record_kind kind, void *record, unsigned i)
{
    for (const struct lifeline_field *field = lifeline_fields(kind); field->path; field++)
        if (field->type == LIFELINE_FIELD_STRING && i-- == 0)
            return (const char **)(void *)((char *)record + field->offset);
    return NULL;
}

static char texts[32][16];

static void fill(enum lifeline_record_kind kind, void *record)
{
    const char **string;
    for (unsigned i = 0; (string = string_of(kind, record, i)); i++) {
        snprintf(texts[i], sizeof texts[i], "string %u", i);
        *string = texts[i];
    }
}

static void check(enum lifeline_record_kind kind, const void *record)
{
    const char **string;
    unsigned i = 0;
    for (; (string = string_of(kind, (void *)record, i)); i++) {
        char wanted[16];
        snprintf(wanted, sizeof wanted, "string %u", i);
        CHECK_TEXT(*string, wanted);
    }
    CHECK(i > 0);
}

static void on_exchange(void *user, const struct lifeline_exchange *exchange)
{
    (void)user;
    check(LIFELINE_RECORD_EXCHANGE, exchange);
}

static void on_connection(void *user, const struct lifeline_connection *connection)
{
    (void)user;
    check(LIFELINE_RECORD_CONNECTION, connection);
}

static void strings_are_copied(void)
{
    const struct lifeline_sink view = {.exchange = on_exchange, .connection = on_connection};
    struct relay *relay = relay_new(&view);
    struct lifeline_sink sink = relay_sink(relay);
    struct lifeline_exchange exchange = {0};
    struct lifeline_connection connection = {0};

    fill(LIFELINE_RECORD_EXCHANGE, &exchange);
    sink.exchange(sink.user, &exchange);
    memset(texts, 0, sizeof texts);
    fill(LIFELINE_RECORD_CONNECTION, &connection);
    sink.connection(sink.user, &connection);
    memset(texts, 0, sizeof texts);
    relay_finish(relay);
}

int main(void)
{
    RUN(strings_are_copied);
    return check_report();
}
