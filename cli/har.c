/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HTTP Archive 1.2 (w3c.github.io/web-performance/specs/HAR).
 *
 * Times are in milliseconds as seen from the capture point, each entry's one after the other, so
 * that a viewer's waterfall is the capture's: "connect" is the handshake, for the first exchange of
 * a connection, drawn right before its request; "blocked", "dns" and "ssl" are unknown to a passive
 * observer, hence -1. "send" ends where the response begins, if that comes first. HAR knows no
 * unknown "send", "wait" or "receive": they are 0 then, and a comment says so. "time" is the sum.
 * A response that wasn't captured has status 0, as in browsers. Members that begin with '_' are
 * ours, as the format allows.
 *
 * Order: by startedDateTime, as the format prefers. Exchanges come when they are complete; entries
 * wait for earlier ones as long as all that wait take less than max_bytes.
 */
#include "har.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <glib.h>

#include "coding.h"
#include "har_part.h"
#include "json.h"

#define ENTRY_COST 200 /* what an entry takes beside its text */

struct entry {
    int64_t start_ns;
    uint64_t connection, index;
    size_t length;
    char *text;
};

struct har {
    struct out *out;
    bool live, begun;
    guint max_body_bytes;
    GSequence *waiting; /* of struct entry, by start */
    size_t waiting_bytes, max_bytes;
    struct out *scratch; /* writes an entry's text */
};

static void free_entry(void *data)
{
    struct entry *entry = data;

    free(entry->text);
    g_free(entry);
}

static int compare_entries(const void *a, const void *b, void *user)
{
    const struct entry *x = a, *y = b;

    (void)user;
    if (x->start_ns != y->start_ns)
        return x->start_ns < y->start_ns ? -1 : 1;
    if (x->connection != y->connection)
        return x->connection < y->connection ? -1 : 1;
    return x->index < y->index ? -1 : x->index > y->index;
}

struct har *har_new(struct out *out, bool live, size_t max_bytes, unsigned max_body_bytes)
{
    struct har *har = g_new0(struct har, 1);

    har->out = out;
    har->live = live;
    har->max_bytes = max_bytes;
    har->max_body_bytes = max_body_bytes;
    har->waiting = g_sequence_new(free_entry);
    har->scratch = out_new(NULL, false);
    out_text(out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"lifeline\",\"version\":");
    json_text(out, LIFELINE_VERSION);
    out_text(out, "},\"pages\":[],\"entries\":[");
    return har;
}

static void print_first(struct har *har)
{
    GSequenceIter *iter = g_sequence_get_begin_iter(har->waiting);
    const struct entry *entry = g_sequence_get(iter);

    out_text(har->out, har->begun ? ",\n" : "\n");
    out_bytes(har->out, entry->text, entry->length);
    har->begun = true;
    har->waiting_bytes -= entry->length + ENTRY_COST;
    g_sequence_remove(iter);
}

void har_free(struct har *har)
{
    while (!g_sequence_is_empty(har->waiting))
        print_first(har);
    out_text(har->out, "\n]}}\n");
    g_sequence_free(har->waiting);
    out_free(har->scratch);
    g_free(har);
}

/* ---- times ----------------------------------------------------------------------------------- */

/* Nanoseconds as exact decimal milliseconds. */
static void put_ms(struct out *out, const char *key, int64_t ns)
{
    out_format(out, "\"%s\":", key);
    if (ns < 0) {
        out_text(out, "-1");
        return;
    }
    out_u64(out, (uint64_t)ns / 1000000);
    if (ns % 1000000) {
        char fraction[16];
        int length = g_snprintf(fraction, sizeof(fraction), ".%06d", (int)(ns % 1000000));

        while (fraction[length - 1] == '0')
            length--;
        out_bytes(out, fraction, (size_t)length);
    }
}

static void put_share(struct out *out, const char *key, double share)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    out_format(out, ",\"%s\":%s", key, g_ascii_formatd(text, sizeof(text), "%.6g", share));
}

/* RFC 3339 with microseconds: more digits are too many for some readers. */
static void put_start(struct out *out, int64_t ns)
{
    char *p = out_reserve(out, 40);

    *p++ = '"';
    p = put_time(&out->date, p, ns) - 4; /* "123Z" */
    *p++ = 'Z';
    *p++ = '"';
    out_commit(out, p);
}

struct times {
    int64_t start_ns, connect_ns, send_ns, wait_ns, receive_ns;
};

static int64_t span(int64_t from, int64_t to)
{
    return from == LIFELINE_UNKNOWN_NS || to == LIFELINE_UNKNOWN_NS ? LIFELINE_UNKNOWN_NS
                                                                    : MAX(to - from, 0);
}

static void find_times(const struct lifeline_exchange *x, const struct lifeline_connection *c,
                       struct times *t)
{
    const struct lifeline_http_message *request = &x->request, *response = &x->response;
    int64_t sent = request->last_ns;

    if (response->first_ns != LIFELINE_UNKNOWN_NS && response->first_ns < sent)
        sent = response->first_ns;
    t->start_ns = request->first_ns != LIFELINE_UNKNOWN_NS ? request->first_ns : response->first_ns;
    t->send_ns = span(request->first_ns, sent);
    t->wait_ns = span(sent, response->first_ns);
    t->receive_ns = span(response->first_ns, response->last_ns);
    t->connect_ns = x->connect_ns < 0 ? -1 : x->connect_ns;
    if (t->start_ns == LIFELINE_UNKNOWN_NS)
        t->start_ns = 0;
    /* With Fast Open the request is sent while the connection is being made. */
    if (t->connect_ns > 0 && c && t->start_ns - t->connect_ns < c->start_ns)
        t->connect_ns = MAX(t->start_ns - c->start_ns, 0);
    t->start_ns -= MAX(t->connect_ns, 0);
}

static void put_timings(struct out *out, const struct times *t)
{
    int64_t sum =
        MAX(t->connect_ns, 0) + MAX(t->send_ns, 0) + MAX(t->wait_ns, 0) + MAX(t->receive_ns, 0);

    out_char(out, ',');
    put_ms(out, "time", sum);
    out_text(out, ",\"timings\":{\"blocked\":-1,\"dns\":-1,\"ssl\":-1,");
    put_ms(out, "connect", t->connect_ns);
    out_char(out, ',');
    put_ms(out, "send", MAX(t->send_ns, 0));
    out_char(out, ',');
    put_ms(out, "wait", MAX(t->wait_ns, 0));
    out_char(out, ',');
    put_ms(out, "receive", MAX(t->receive_ns, 0));
    if (t->send_ns < 0)
        out_text(out, ",\"comment\":\"send and wait aren't known\"");
    else if (t->wait_ns < 0)
        out_text(out, ",\"comment\":\"wait and receive aren't known\"");
    out_char(out, '}');
}

/* ---- entries --------------------------------------------------------------------------------- */

static void put_ours(struct out *out, const struct lifeline_exchange *x)
{
    har_text(out, "_outcome", lifeline_name_of(lifeline_exchange_names, x->outcome));
    har_text(out, "_confidence", lifeline_name_of(lifeline_confidence_names, x->confidence));
    har_size(out, "_index", x->index);
    if (x->stream != LIFELINE_UNKNOWN_COUNT)
        har_size(out, "_stream", x->stream);
    if (x->request.first_frame)
        har_size(out, "_request_frame", x->request.first_frame);
    if (x->response.first_frame)
        har_size(out, "_response_frame", x->response.first_frame);
    if (x->retransmission_ns > 0) {
        out_char(out, ',');
        put_ms(out, "_retransmission", x->retransmission_ns);
        if (!isnan(x->retransmission_share))
            put_share(out, "_retransmission_share", x->retransmission_share);
    }
    if (x->flagged)
        har_text(out, "_flag", x->flag_text);
    if (x->interim_count)
        out_text(out, ",\"_interim\":[");
    for (unsigned i = 0; i < x->interim_count; i++)
        out_format(out, "%u%c", x->interim[i], i + 1 < x->interim_count ? ',' : ']');
}

/* A body that was asked for and isn't there: memory had no room. */
static void note_missing(const char *which, const struct lifeline_http_message *m, GString *note)
{
    if (m->body_bytes != LIFELINE_UNKNOWN_COUNT && m->body_bytes && !m->body)
        coding_note(note, "%s body: it wasn't kept", which);
}

static void write_entry(struct har *har, struct out *out, const struct lifeline_exchange *x,
                        const struct lifeline_connection *c, const struct times *times)
{
    GString *note = g_string_new(NULL);
    char address[48];

    out_text(out, "{\"startedDateTime\":");
    put_start(out, times->start_ns);
    put_timings(out, times);
    har_request(out, x, c, har->max_body_bytes, note);
    har_response(out, x, har->max_body_bytes, note);
    if (har->max_body_bytes) {
        note_missing("request", &x->request, note);
        note_missing("response", &x->response, note);
    }
    out_text(out, ",\"cache\":{}");
    if (c) {
        lifeline_address_text(&c->server.ip, address, sizeof(address));
        har_text(out, "serverIPAddress", address);
    }
    /* Chrome takes a number for the server's port. What it calls the connection's is its own. */
    out_format(out, ",\"connection\":\"#%" G_GUINT64_FORMAT "\"", (guint64)x->connection);
    out_format(out, ",\"_connectionId\":\"%" G_GUINT64_FORMAT "\"", (guint64)x->connection);
    put_ours(out, x);
    har_comment(out, note);
    out_char(out, '}');
    g_string_free(note, TRUE);
}

void har_entry(struct har *har, const struct lifeline_exchange *x,
               const struct lifeline_connection *c)
{
    struct entry *entry;
    struct times times;

    find_times(x, c, &times);
    if (har->live) {
        out_text(har->out, har->begun ? ",\n" : "\n");
        write_entry(har, har->out, x, c, &times);
        har->begun = true;
        out_line(har->out);
        return;
    }
    entry = g_new0(struct entry, 1);
    entry->start_ns = times.start_ns;
    entry->connection = x->connection;
    entry->index = x->index;
    har->scratch->file = open_memstream(&entry->text, &entry->length);
    if (!har->scratch->file)
        g_error("out of memory");
    write_entry(har, har->scratch, x, c, &times);
    out_flush(har->scratch);
    fclose(har->scratch->file);
    har->scratch->file = NULL;
    har->waiting_bytes += entry->length + ENTRY_COST;
    g_sequence_insert_sorted(har->waiting, entry, compare_entries, NULL);
    while (har->waiting_bytes > har->max_bytes)
        print_first(har);
}
