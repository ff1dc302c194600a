/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS: what Wireshark decrypts, so that HTTP inside TLS is followed as any other.
 *
 * Theory of operation
 *
 * Wireshark's TLS dissector decrypts a record in the first pass, in the frame that completes it,
 * when it has the keys: a key log (tls.keylog_file), a private key, or secrets that the capture
 * itself carries. It keeps the octets with the frame, under the number of the protocol layer. They
 * are read from there, after the frame was dissected: before reassembly into HTTP messages, so that
 * the engine sees a message's first octets in the frame in which they came.
 *
 * What isn't decrypted isn't silence: a segment is lost or cut, or reassembly is switched off. So
 * the records that pass are counted beside (records.c). Those of application data for which
 * Wireshark has no octets are owed. A direction that owes something, or whose receiver has what the
 * capture hasn't, is said to have a gap when that matters: before the next decrypted octets of
 * either direction, before what follows a FIN, before an RST, and at the end. It may take that long
 * until it is clear: a record is no loss before it is complete.
 *
 * The first octets that are decrypted in a direction prove that nothing is missing before them: a
 * record is authenticated with the number of those before it. (In TLS 1.3 records of the handshake
 * look like application data, and one may have keys for the latter only.)
 *
 * Limits: nothing is said of connections of which nothing was decrypted. With the TCP preference
 * "reassemble out-of-order segments" off, Wireshark stops decrypting where segments were reordered.
 * DTLS and QUIC are no TCP.
 */
#include "tls.h"

#ifdef COMPAT_TLS

#include <string.h>

#include "annotations.h"
#include "layers.h"
#include "records.h"

/* One incarnation of a TCP connection that begins as TLS does. */
struct session_key {
    struct lifeline_address ip[2];
    uint16_t port[2];
    uint32_t context;
};

struct session {
    struct session_key key;
    struct records records[2]; /* by sender, as in the key */
    uint32_t counted[2];       /* of records.complete, as of the last frame */
    uint32_t owed[2];          /* records of application data without their octets */
    bool fed[2];               /* octets were pushed */
    const struct note *note;   /* the last segment that carried such, NULL: none */
    unsigned note_sender;
    bool closing; /* a FIN or an RST passed */
};

static GHashTable *sessions; /* struct session_key * -> struct session * */

/* The frame's last segment with payload. */
static struct {
    struct session *session; /* NULL: none that may be TLS */
    unsigned sender;
} current;

/* ---- sessions -------------------------------------------------------------------------------- */

static guint hash_key(gconstpointer key)
{
    return wmem_strong_hash((const guint8 *)key, sizeof(struct session_key));
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(struct session_key)) == 0;
}

static void free_session(gpointer data)
{
    struct session *session = (struct session *)data;

    records_free(&session->records[0]);
    records_free(&session->records[1]);
    g_free(session);
}

/* The connection's key, the same for both directions. Returns which of both the segment's is. */
static unsigned make_key(const struct lifeline_segment *segment, struct session_key *key)
{
    int order = memcmp(&segment->src, &segment->dst, sizeof(segment->src));
    unsigned sender = order > 0 || (order == 0 && segment->src_port > segment->dst_port);

    memset(key, 0, sizeof(*key));
    key->ip[sender] = segment->src;
    key->ip[!sender] = segment->dst;
    key->port[sender] = segment->src_port;
    key->port[!sender] = segment->dst_port;
    key->context = segment->context;
    return sender;
}

static struct session *open_session(const struct session_key *key)
{
    struct session *session = g_new0(struct session, 1);

    session->key = *key;
    if (sessions == NULL)
        sessions = g_hash_table_new_full(hash_key, equal_keys, NULL, free_session);
    g_hash_table_insert(sessions, &session->key, session);
    return session;
}

/* ---- gaps ------------------------------------------------------------------------------------ */

static void say_gap(struct session *session, unsigned sender)
{
    struct records *records = &session->records[sender];

    if (session->note == NULL || (session->owed[sender] == 0 && !records_miss(records)))
        return;
    annotations_settle();
    annotations_push_stream_gap(session->note, sender != session->note_sender);
    records_skip(records);
    session->owed[sender] = 0;
    session->counted[sender] = records->complete;
}

static void say_gaps(struct session *session)
{
    say_gap(session, session->note_sender);
    say_gap(session, !session->note_sender);
}

/* So many records, of any kind, were decrypted in the frame at hand. */
static void settle_debts(struct session *session, unsigned sender, uint32_t decrypted)
{
    uint32_t complete = session->records[sender].complete;
    uint32_t owed = session->owed[sender] + complete - session->counted[sender];

    session->counted[sender] = complete;
    session->owed[sender] = owed > decrypted ? owed - decrypted : 0;
}

/* Octets of this sender are about to be pushed, which came with the noted segment. */
static void begin_feeding(struct session *session, unsigned sender, const struct note *note)
{
    if (!session->fed[sender]) {
        session->owed[sender] = 0;
        session->records[sender].lost = false;
    }
    session->note = note;
    session->note_sender = sender;
    session->fed[sender] = true;
    say_gaps(session);
}

/* ---- segments -------------------------------------------------------------------------------- */

void tls_segment(const struct lifeline_segment *segment)
{
    bool begins = records_begin(segment->payload, segment->captured_bytes);
    struct session_key key;
    struct session *session;
    unsigned sender;

    if (segment->payload_bytes > 0)
        current.session = NULL;
    if (sessions == NULL && !begins)
        return;
    sender = make_key(segment, &key);
    session = sessions != NULL ? (struct session *)g_hash_table_lookup(sessions, &key) : NULL;
    if (session != NULL && (session->closing || segment->flags & LIFELINE_RST))
        say_gaps(session);
    if (segment->flags & LIFELINE_SYN && session != NULL) {
        g_hash_table_remove(sessions, &key);
        session = NULL;
    }
    if (session == NULL && begins)
        session = open_session(&key);
    if (session == NULL)
        return;
    if (segment->flags & LIFELINE_ACK)
        records_acked(&session->records[!sender], segment->ack);
    records_segment(&session->records[sender],
                    segment->seq + (segment->flags & LIFELINE_SYN ? 1 : 0), segment->payload,
                    segment->captured_bytes, segment->payload_bytes);
    session->closing |= (segment->flags & (LIFELINE_FIN | LIFELINE_RST)) != 0;
    if (segment->payload_bytes > 0) {
        current.session = session;
        current.sender = sender;
    }
}

/* ---- frames ---------------------------------------------------------------------------------- */

struct decrypted {
    uint32_t records, application; /* of any kind, and those with application octets */
};

/* Calls back for each record that was decrypted in the frame. */
static void each_record(const packet_info *pinfo,
                        void (*call)(void *user, const SslRecordInfo *record), void *user)
{
    static struct layer tls = LAYER("tls");

    if (!layers_have(pinfo, &tls)) /* quicker than to ask for its data, nearly always in vain */
        return;
    for (uint32_t layer = 0; layer <= pinfo->curr_layer_num; layer++) {
        const SslPacketInfo *info = (const SslPacketInfo *)p_get_proto_data(
            wmem_file_scope(), (packet_info *)pinfo, tls.proto, layer);
        const SslRecordInfo *record = info != NULL ? info->records : NULL;

        for (; record != NULL; record = record->next)
            call(user, record);
    }
}

static bool is_application(const SslRecordInfo *record)
{
    return record->type == SSL_ID_APP_DATA && record->data_len > 0;
}

static void count(void *user, const SslRecordInfo *record)
{
    struct decrypted *decrypted = (struct decrypted *)user;

    decrypted->records++;
    decrypted->application += is_application(record);
}

static void push(void *user, const SslRecordInfo *record)
{
    if (is_application(record))
        annotations_push_stream((const struct note *)user, record->plain_data, record->data_len);
}

/* What TLS made of the frame's payload belongs to its innermost segment. */
static const struct note *find_carrier(const packet_info *pinfo)
{
    const struct note *carrier = NULL;

    for (const struct note *note = annotations_of(pinfo); note != NULL; note = note->next) {
        if (note->payload_bytes > 0)
            carrier = note;
    }
    return carrier;
}

void tls_end_frame(const packet_info *pinfo)
{
    struct session *session = current.session;
    struct decrypted decrypted = {0};
    const struct note *carrier;

    current.session = NULL;
    each_record(pinfo, count, &decrypted);
    if (session != NULL)
        settle_debts(session, current.sender, decrypted.records);
    if (decrypted.application == 0)
        return;
    annotations_settle();
    carrier = find_carrier(pinfo);
    if (carrier == NULL)
        return;
    if (session != NULL)
        begin_feeding(session, current.sender, carrier);
    each_record(pinfo, push, (void *)carrier);
}

void tls_finish(void)
{
    GHashTableIter at;
    gpointer session;

    if (sessions == NULL)
        return;
    g_hash_table_iter_init(&at, sessions);
    while (g_hash_table_iter_next(&at, NULL, &session))
        say_gaps((struct session *)session);
}

static void forget(void)
{
    if (sessions != NULL)
        g_hash_table_destroy(sessions);
    sessions = NULL;
    current.session = NULL;
}

void tls_register(void)
{
    register_cleanup_routine(forget);
}

#else

void tls_register(void)
{
}

void tls_segment(const struct lifeline_segment *segment)
{
    (void)segment;
}

void tls_end_frame(const packet_info *pinfo)
{
    (void)pinfo;
}

void tls_finish(void)
{
}

#endif
