/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a capture file, through the whole engine with tight limits. Callbacks check what
 * the header promises: numbers in order, states within their table, records once. Of inputs of odd
 * length connections are told late. The last octet may say that Ethernet's frames get a VLAN each
 * (enum vlans): mutations hardly ever give the two directions of a connection one of their own.
 */
#include <string.h>

#include <glib.h>

#include "fuzz.h"
#include "lifeline.h"
#include "memory_file.h"
#include "source.h"

#define TOGETHER 24 /* segments: more than an engine looks ahead */

#define LINK_ETHERNET  1
#define MACS_BYTES     12
#define TAG_BYTES      4
#define IPV4_SOURCE_AT 26

enum vlans { VLANS_BY_DIRECTION = 0xa1, VLANS_THAT_CHANGE, VLANS_AT_RANDOM };

struct check {
    struct lifeline_engine *engine;
    uint8_t vlans;  /* enum vlans; another number: as they are */
    uint64_t frame; /* the last one that was decoded */
    uint64_t records;

    /* Segments that wait to be pushed together, and the frames that they point into. */
    struct lifeline_segment segments[TOGETHER];
    size_t count;
    GPtrArray *frames;
    struct lifeline_frame decoded;

    GPtrArray *untold;
    struct lifeline_sink teller;
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

static void *leave_untold(void *user, size_t bytes)
{
    struct check *check = user;
    void *room = g_malloc(bytes);
    g_ptr_array_add(check->untold, room);
    return room;
}

static void tell_all(struct check *check)
{
    for (guint i = 0; i < check->untold->len; i++)
        lifeline_tell(check->untold->pdata[i], &check->teller);
    g_ptr_array_set_size(check->untold, 0);
}

static void push_waiting(struct check *check)
{
    lifeline_push_segments(check->engine, check->segments, check->count);
    check->count = 0;
    tell_all(check);
}

static void on_segment(void *user, const struct lifeline_segment *segment)
{
    struct check *check = user;
    const struct lifeline_frame *frame = &check->decoded;
    bool in_frame =
        segment->payload >= frame->data && segment->payload < frame->data + frame->captured_bytes;
    check->segments[check->count++] = *segment;
    if (check->count == TOGETHER || !in_frame) /* what was put together is the decoder's */
        push_waiting(check);
}

static uint8_t vlan_of(const struct check *check, const struct lifeline_frame *frame)
{
    const uint8_t *source = frame->data + IPV4_SOURCE_AT;
    uint8_t direction = memcmp(source, source + 4, 4) < 0, period = frame->number / 8 % 4;
    switch (check->vlans) {
    case VLANS_BY_DIRECTION:
        return direction;
    case VLANS_THAT_CHANGE: /* one for both, one for each, the other way round */
        return period ? direction ^ (period & 1) : 2;
    default:
        return (uint8_t)(frame->number * UINT64_C(0x9e3779b97f4a7c15) >> 62);
    }
}

/* A copy of just the packet's size: the window around it would hide an overread. */
static void *copy_of(const struct check *check, const struct lifeline_frame *frame, uint32_t *bytes)
{
    *bytes = frame->captured_bytes;
    if (check->vlans < VLANS_BY_DIRECTION || check->vlans > VLANS_AT_RANDOM ||
        frame->link_type != LINK_ETHERNET || *bytes < IPV4_SOURCE_AT + 8)
        return g_memdup2(frame->data, *bytes);
    *bytes += TAG_BYTES;
    uint8_t *tagged = g_malloc(*bytes), tag[TAG_BYTES] = {0x81, 0, 0, vlan_of(check, frame)};
    memcpy(tagged, frame->data, MACS_BYTES);
    memcpy(tagged + MACS_BYTES, tag, TAG_BYTES);
    memcpy(tagged + MACS_BYTES + TAG_BYTES, frame->data + MACS_BYTES,
           *bytes - MACS_BYTES - TAG_BYTES);
    return tagged;
}

static void decode(struct check *check, const struct lifeline_frame *frame)
{
    check->frame = frame->number;
    check->decoded = *frame;
    uint8_t *exact = copy_of(check, frame, &check->decoded.captured_bytes);
    check->decoded.wire_bytes += check->decoded.captured_bytes - frame->captured_bytes;
    check->decoded.data = exact ? exact : (const uint8_t *)"";
    g_ptr_array_add(check->frames, exact);
    lifeline_decode(check->engine, &check->decoded, on_segment, check);
    if (check->count == 0)
        g_ptr_array_set_size(check->frames, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char path[40];
    int fd = memory_file(data, bytes, path);
    char *error = NULL;
    struct source *source = source_open(path, NULL, SOURCE_WINDOW_BYTES, &error);
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
        check.teller = sink;
        check.untold = g_ptr_array_new_with_free_func(g_free);
        if (bytes % 2)
            sink.untold = leave_untold;
        check.vlans = bytes ? data[bytes - 1] : 0;
        check.engine = lifeline_new(&options, &sink);
        require(check.engine != NULL);
        struct lifeline_frame frame;
        check.frames = g_ptr_array_new_with_free_func(g_free);
        while (source_next(source, &frame) == SOURCE_FRAME)
            decode(&check, &frame);
        push_waiting(&check);
        g_ptr_array_free(check.frames, TRUE);
        lifeline_finish(check.engine);
        tell_all(&check);
        g_ptr_array_free(check.untold, TRUE);
        struct lifeline_counters counters;
        lifeline_get_counters(check.engine, &counters);
        require(check.records == counters.connections);
        lifeline_free(check.engine);
        source_close(source);
    }
    close(fd);
    return 0;
}
