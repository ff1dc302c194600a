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
 * Limits: what Wireshark doesn't decrypt (no keys, lost segments) stays unknown. With the TCP
 * preference "reassemble out-of-order segments" off, Wireshark stops decrypting where segments
 * were reordered. DTLS and QUIC are no TCP.
 */
#include "tls.h"

#include "layers.h"

#ifdef COMPAT_TLS

void tls_each_record(const packet_info *pinfo,
                     void (*call)(void *user, const uint8_t *bytes, uint32_t length), void *user)
{
    static struct layer tls = LAYER("tls");

    if (!layers_have(pinfo, &tls)) /* quicker than to ask for its data, nearly always in vain */
        return;
    for (uint32_t layer = 0; layer <= pinfo->curr_layer_num; layer++) {
        const SslPacketInfo *info = (const SslPacketInfo *)p_get_proto_data(
            wmem_file_scope(), (packet_info *)pinfo, tls.proto, layer);
        const SslRecordInfo *record = info != NULL ? info->records : NULL;

        for (; record != NULL; record = record->next) {
            if (record->type == SSL_ID_APP_DATA && record->data_len > 0)
                call(user, record->plain_data, record->data_len);
        }
    }
}

#else

void tls_each_record(const packet_info *pinfo,
                     void (*call)(void *user, const uint8_t *bytes, uint32_t length), void *user)
{
    (void)pinfo;
    (void)call;
    (void)user;
}

#endif
