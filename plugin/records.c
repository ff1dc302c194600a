/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records: which TLS records passed, whether or not anybody can decrypt them (RFC 8446 5.1).
 *
 * Their headers are in the clear, so a direction can be followed from header to header, in the
 * order of sequence numbers: what comes behind a hole is held. Octets that the capture cut don't
 * matter but in a header. When the thread is lost, it is found again where a segment begins as a
 * record does.
 *
 * Limits: MAX_AHEAD_BYTES are held per direction; then the hole is given up.
 */
#include "records.h"

#define APPLICATION_DATA 23
#define MAX_RECORD_BYTES (16384 + 2048) /* RFC 5246 6.2.3; later ones are shorter */
#define MAX_AHEAD_BYTES  ((size_t)256 * 1024)

struct records_segment {
    uint32_t seq, captured, bytes;
    uint8_t payload[];
};

static bool is_header(const uint8_t *header)
{
    unsigned length = (unsigned)header[3] << 8 | header[4];

    return header[0] >= 20 && header[0] <= 24 && header[1] == 3 && header[2] <= 4 &&
           length <= MAX_RECORD_BYTES;
}

bool records_begin(const uint8_t *bytes, uint32_t length)
{
    return length >= 5 && is_header(bytes);
}

/* Records begin, or go on, at this sequence number. */
static void open_records(struct records *records, uint32_t seq)
{
    records->begun = records->framed = true;
    records->header_bytes = 0;
    records->left = 0;
    records->next = seq;
}

/* A sequence number's distance from next: negative below. */
static int32_t ahead_of(const struct records *records, uint32_t seq)
{
    return (int32_t)(seq - records->next);
}

static void lose(struct records *records)
{
    records->framed = false;
    records->lost = true;
}

static void end_record(struct records *records)
{
    if (!records->framed || records->header_bytes < sizeof(records->header) || records->left > 0)
        return;
    records->complete += records->header[0] == APPLICATION_DATA;
    records->header_bytes = 0;
}

static void add_to_header(struct records *records, uint8_t octet)
{
    records->header[records->header_bytes++] = octet;
    if (records->header_bytes < sizeof(records->header))
        return;
    if (is_header(records->header))
        records->left = (uint16_t)(records->header[3] << 8 | records->header[4]);
    else
        lose(records);
}

/* Octets that follow those before. */
static void walk(struct records *records, const uint8_t *p, uint32_t captured, uint32_t bytes)
{
    records->next += bytes;
    for (uint32_t at = 0, n; at < bytes && records->framed; at += n) {
        n = 1;
        if (records->left > 0) {
            n = MIN(records->left, bytes - at);
            records->left = (uint16_t)(records->left - n);
        } else if (at < captured) {
            add_to_header(records, p[at]);
        } else {
            lose(records);
        }
        end_record(records);
    }
}

/* A segment that is no further ahead than next, or where the thread is to be found. */
static void take(struct records *records, uint32_t seq, const uint8_t *payload, uint32_t captured,
                 uint32_t bytes)
{
    uint32_t known;

    if (ahead_of(records, seq + bytes) <= 0)
        return;
    if (!records->framed && records_begin(payload, captured))
        open_records(records, seq);
    if (!records->framed) {
        records->next = seq + bytes;
        return;
    }
    known = records->next - seq;
    if (captured > known)
        walk(records, payload + known, captured - known, bytes - known);
    else
        walk(records, NULL, 0, bytes - known);
}

/* Takes what was held and is next now. */
static void take_ahead(struct records *records)
{
    struct records_segment *held;

    while ((held = (struct records_segment *)g_queue_peek_head(&records->ahead)) != NULL &&
           ahead_of(records, held->seq) <= 0) {
        g_queue_pop_head(&records->ahead);
        records->ahead_bytes -= sizeof(*held) + held->captured;
        take(records, held->seq, held->payload, held->captured, held->bytes);
        g_free(held);
    }
}

static gint by_seq(gconstpointer a, gconstpointer b, gpointer user)
{
    (void)user;
    return (int32_t)(((const struct records_segment *)a)->seq -
                     ((const struct records_segment *)b)->seq);
}

static void hold(struct records *records, uint32_t seq, const uint8_t *payload, uint32_t captured,
                 uint32_t bytes)
{
    struct records_segment *held = (struct records_segment *)g_malloc(sizeof(*held) + captured);

    held->seq = seq;
    held->captured = captured;
    held->bytes = bytes;
    if (captured > 0)
        memcpy(held->payload, payload, captured);
    g_queue_insert_sorted(&records->ahead, held, by_seq, NULL);
    records->ahead_bytes += sizeof(*held) + captured;
    if (records->ahead_bytes > MAX_AHEAD_BYTES) {
        records_skip(records);
        records->lost = true;
    }
}

void records_segment(struct records *records, uint32_t seq, const uint8_t *payload,
                     uint32_t captured, uint32_t bytes)
{
    if (bytes == 0)
        return;
    if (!records->begun) {
        open_records(records, seq);
        records->acked = seq;
    }
    if (records->framed && ahead_of(records, seq) > 0) {
        hold(records, seq, payload, captured, bytes);
        return;
    }
    take(records, seq, payload, captured, bytes);
    take_ahead(records);
}

void records_acked(struct records *records, uint32_t ack)
{
    if (!records->begun) {
        open_records(records, ack);
        records->acked = ack;
    } else if ((int32_t)(ack - records->acked) > 0) {
        records->acked = ack;
    }
}

bool records_miss(const struct records *records)
{
    /* One more than all octets is the FIN. */
    return records->lost || (records->begun && ahead_of(records, records->acked) > 1);
}

void records_skip(struct records *records)
{
    const struct records_segment *held =
        (const struct records_segment *)g_queue_peek_head(&records->ahead);

    records->lost = false;
    if (held != NULL)
        records->next = held->seq;
    else if (ahead_of(records, records->acked) > 1)
        records->next = records->acked;
    else
        return;
    records->framed = false;
    take_ahead(records);
}

void records_free(struct records *records)
{
    g_queue_clear_full(&records->ahead, g_free);
}
