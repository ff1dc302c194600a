/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Community ID v1 (github.com/corelight/community-id-spec).
 *
 * Purpose: the same identifier that Zeek, Suricata, Arkime and Wireshark give to a flow.
 * Model: base64(SHA-1(seed, lower address, higher address, 6, 0, lower port, higher port)), where
 * "lower" orders the endpoints by address, then by port. The message has 16 octets (IPv4) or 40
 * (IPv6), which is one SHA-1 block.
 * Limits: ignores incarnations and tunnels, as the specification does; seed 0 only.
 */
#include "model/community_id.h"

#include <string.h>

#include "model/sha1_block.h"

/* Base64 of 20 octets: 28 digits, the last "=". */
static void base64_digest(const uint8_t digest[20], char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (unsigned i = 0; i < 18; i += 3) {
        uint32_t bits = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8 | digest[i + 2];

        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = digits[bits >> 6 & 63];
        *out++ = digits[bits & 63];
    }
    *out++ = digits[digest[18] >> 2];
    *out++ = digits[(digest[18] & 3) << 4 | digest[19] >> 4];
    *out++ = digits[(digest[19] & 15) << 2];
    *out++ = '=';
    *out = '\0';
}

void community_id_text(const struct lifeline_address *a, uint16_t port_a,
                       const struct lifeline_address *b, uint16_t port_b,
                       char out[COMMUNITY_ID_SIZE])
{
    size_t size = a->family == 6 ? 16 : 4;
    int order = memcmp(a->bytes, b->bytes, size);
    uint8_t block[64] = {0}, digest[20], *p = block + 2; /* the seed is 0 */
    size_t length;

    if (order > 0 || (order == 0 && port_a > port_b)) {
        const struct lifeline_address *address = a;
        uint16_t port = port_a;

        a = b;
        port_a = port_b;
        b = address;
        port_b = port;
    }
    memcpy(p, a->bytes, size);
    memcpy(p + size, b->bytes, size);
    p += 2 * size;
    *p++ = 6; /* TCP; then one octet of padding */
    p++;
    *p++ = (uint8_t)(port_a >> 8);
    *p++ = (uint8_t)port_a;
    *p++ = (uint8_t)(port_b >> 8);
    *p++ = (uint8_t)port_b;
    length = (size_t)(p - block);
    *p = 0x80;
    block[62] = (uint8_t)(length * 8 >> 8);
    block[63] = (uint8_t)(length * 8);
    sha1_block(block, digest);
    memcpy(out, "1:", 2);
    base64_digest(digest, out + 2);
}
