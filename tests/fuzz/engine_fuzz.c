/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a capture file, through the whole engine with tight limits. Callbacks check what
 * the header promises: numbers in order, states within their table, records once.
 */
#include <string.h>

#include <glib.h>

#include "fuzz.h"
#include "lifeline.h"
#include "memory_file.h"
#include "source.h"

struct check {
    struct lifeline_engine *engine;
    uint64_t frame; /* being pushed */
    uint64_t records;
};

static void require(bool condition)
{
    if (!condition)
        abort();
}

static void on_event(void *user, const struct lifeline_event *event)
{
    struct check *check = user;
    char text[256];
    require(event->frame <= check->frame); /* a correction may be about an earlier one */
    require(event->client_state < LIFELINE_STATE_COUNT);
    require(event->server_state < LIFELINE_STATE_COUNT);
    require(event->transition_count <= LIFELINE_MAX_TRANSITIONS);
    for (unsigned i = 0; i < event->transition_count; i++)
        require(event->transitions[i].to < LIFELINE_STATE_COUNT &&
                lifeline_name_of(lifeline_evidence_names, event->transitions[i].evidence));
    lifeline_names_of_bits(lifeline_step_names, event->steps, "+", text, sizeof text);
    require(strlen(text) < sizeof text);
    struct lifeline_connection connection;
    if (check->engine && lifeline_peek(check->engine, event->slot, event->connection, &connection))
        require(connection.connection == event->connection);
}

/* Touches a string from end to end, for the sanitizer. */
static void on_exchange(void *user, const struct lifeline_exchange *exchange)
{
    (void)user;
    const char *const strings[] = {exchange->method,   exchange->uri,    exchange->host,
                                   exchange->version,  exchange->reason, exchange->content_type,
                                   exchange->flag_text};
    size_t length = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(strings); i++)
        length += strings[i] ? strlen(strings[i]) : 0;
    require(length < 16 * 1024 * 1024);
    require(lifeline_name_of(lifeline_exchange_names, exchange->outcome) != NULL);
    const struct lifeline_http_message *message = &exchange->response;
    for (uint64_t i = 0; message->headers && i < message->header_count; i++)
        require(strlen(message->headers[i].name) <= message->headers[i].name_bytes);
}

static void on_message(void *user, const struct lifeline_message *message)
{
    const struct check *check = user;
    require(message->frame <= check->frame);
}

static void on_finding(void *user, const struct lifeline_finding *finding)
{
    const struct check *check = user;
    require(finding->name && finding->text && finding->frame_count <= 8);
    for (unsigned i = 0; i < finding->frame_count; i++)
        require(finding->frames[i] <= check->frame);
}

static void on_connection(void *user, const struct lifeline_connection *connection)
{
    struct check *check = user;
    check->records++;
    require(connection->client.state_count <= G_N_ELEMENTS(connection->client.states));
    require(connection->server.state_count <= G_N_ELEMENTS(connection->server.states));
    require(connection->time_wait_count <= 2);
    require(connection->first_frame <= connection->last_frame);
    for (uint64_t i = 0; i < connection->finding_count; i++)
        require(connection->findings[i] != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[40];
    int fd = memory_file(data, bytes, path);
    char *error = NULL;
    struct source *source = source_open(path, NULL, &error);
    g_free(error);
    if (source) {
        struct check check = {0};
        struct lifeline_options options = {.max_memory_bytes = 4 * 1024 * 1024,
                                           .max_connections = 16,
                                           .max_stream_bytes = 16 * 1024,
                                           .max_fragments = 8,
                                           .max_header_bytes = 4096,
                                           .max_pipeline = 8,
                                           .keep_headers = true,
                                           .keep_body_bytes = 256,
                                           .verify_checksums = true};
        struct lifeline_sink sink = {.user = &check,
                                     .event = on_event,
                                     .message = on_message,
                                     .exchange = on_exchange,
                                     .finding = on_finding,
                                     .connection = on_connection};
        check.engine = lifeline_new(&options, &sink);
        require(check.engine != NULL);
        struct lifeline_frame frame;
        while (source_next(source, &frame) == SOURCE_FRAME) {
            check.frame = frame.number;
            /* A copy of just the packet's size: the window around it would hide an overread. */
            uint8_t *exact = g_memdup2(frame.data, frame.captured_bytes);
            frame.data = exact ? exact : (const uint8_t *)"";
            lifeline_push_frame(check.engine, &frame);
            g_free(exact);
        }
        lifeline_finish(check.engine);
        struct lifeline_counters counters;
        lifeline_get_counters(check.engine, &counters);
        require(check.records == counters.connections);
        lifeline_free(check.engine);
        source_close(source);
    }
    close(fd);
    return 0;
}
