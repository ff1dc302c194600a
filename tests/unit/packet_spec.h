/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packets from a line of text, for tests of the decoder: headers from the outermost in, separated
 * by blanks, each with its argument behind a colon. Lengths and checksums come out right.
 *
 *   "eth:0800 ip4:17 udp:4789 hex:0800000000000500 eth:0800 ip4:6 tcp"
 *
 *   eth:TYPE    Ethernet addresses and type (hexadecimal)
 *   ip4:PROTO   IPv4; with protocol 6 from 10.0.0.1 to 10.0.0.2, else 192.0.2.1 to 192.0.2.2
 *   ip6:NEXT    IPv6; next header 6: 2001:db8::1 to ::2, else 2001:db8:ffff::1 to ::2
 *   udp:PORT    from port 50000
 *   len16:N     two octets: the length of what follows, plus N (decimal, may be negative)
 *   pad:N       N octets of 0xee
 *   trail:N     the same behind the packet, in none of its lengths
 *   hex:...     octets as they are
 *   tcp         the segment below, 52 octets of header and payload
 */
#ifndef LIFELINE_TESTS_PACKET_SPEC_H
#define LIFELINE_TESTS_PACKET_SPEC_H

#include "lifeline.h"
#include "wire/wire.h"

#define SPEC_SRC_PORT      40000
#define SPEC_DST_PORT      80
#define SPEC_SEQ           0x01020304
#define SPEC_ACK           0x0a0b0c0d
#define SPEC_FLAGS         (LIFELINE_PSH | LIFELINE_ACK)
#define SPEC_WINDOW        0x7210
#define SPEC_TIMESTAMP     0x11121314
#define SPEC_ECHO          0x21222324
#define SPEC_SACK_LEFT     0x31323334
#define SPEC_SACK_RIGHT    0x41424344
#define SPEC_PAYLOAD       "hello, world"
#define SPEC_PAYLOAD_BYTES 12
#define SPEC_TCP_BYTES     (20 + 24 + SPEC_PAYLOAD_BYTES)
#define SPEC_TTL           61
#define SPEC_IP_ID         0x1a2b

struct spec_packet {
    uint8_t data[4096];
    uint32_t length, trailer;
};

/* Ends the program with a message when the text isn't understood. */
void spec_build(const char *spec, struct spec_packet *packet);

/* What a decoder said about one frame. */
struct spec_result {
    unsigned count;
    struct lifeline_segment segments[8];
    char contexts[8][256];
};

/* Decodes the first captured_bytes octets, from memory of exactly that size, of a frame that had
 * wire_bytes. Payload pointers of the result are void after. */
void spec_decode(struct wire_decoder *decoder, uint16_t link_type, const uint8_t *data,
                 uint32_t captured_bytes, uint32_t wire_bytes, struct spec_result *result);

/* Checks that the packet gives `segments` segments like the one of "tcp", all in that context; and
 * that cut at every length it gives nothing else. */
void spec_check(uint16_t link_type, const char *spec, unsigned segments, const char *context);

/* The Internet checksum over the pseudo-header and a TCP segment, 0 where it is right. For IPv4
 * (address_bytes 4) or IPv6 (16). */
uint16_t spec_tcp_checksum(const uint8_t *src, const uint8_t *dst, unsigned address_bytes,
                           const uint8_t *tcp, uint32_t length);

#endif
