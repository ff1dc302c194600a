/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pseudo link layers that a host's capture interface makes up: loopback, "any", logs, taps. */
#include "packet.h"

/* AF_INET6 has another number on each system: Linux, Windows, NetBSD and OpenBSD, Solaris, FreeBSD,
 * macOS. AF_INET is 2 on all. */
static bool is_inet6(uint32_t family)
{
    return family == 10 || family == 23 || family == 24 || family == 26 || family == 28 ||
           family == 30;
}

/* The family is in the byte order of the capturing host (NULL) or the network's (LOOP). */
void wire_null(struct packet *packet, struct bytes b)
{
    uint32_t family = bytes_u32(b, 0);

    if (!bytes_has(b, 4)) {
        wire_malformed(packet);
        return;
    }
    if (family > UINT16_MAX)
        family = bytes_u32le(b, 0);
    b = bytes_from(b, 4);
    if (family == 2)
        wire_ipv4(packet, b);
    else if (is_inet6(family))
        wire_ipv6(packet, b);
}

/* The header says its own length; the packet is aligned to 4 behind it. */
void wire_pflog(struct packet *packet, struct bytes b)
{
    wire_ip(packet, bytes_from(b, (bytes_u8(b, 0) + 3u) & ~3u));
}

/* Family, SPI and flags of OpenBSD's enc(4). */
void wire_enc(struct packet *packet, struct bytes b)
{
    wire_ip(packet, bytes_from(b, 12));
}

/* Solaris: version, family, hardware type, length, interfaces and zones. */
void wire_ipnet(struct packet *packet, struct bytes b)
{
    wire_ip(packet, bytes_from(b, 24));
}

#define NFLOG_PAYLOAD 9

/* Family, version and resource, then attributes: length and type in the byte order of the capturing
 * host, padded to 4. A length that fits in one order hardly fits in the other. */
void wire_nflog(struct packet *packet, struct bytes b)
{
    uint8_t family = bytes_u8(b, 0);

    b = bytes_from(b, 4);
    while (bytes_has(b, 4)) {
        uint32_t length = bytes_u16le(b, 0), type = bytes_u16le(b, 2);

        if (type > UINT8_MAX) {
            length = bytes_u16(b, 0);
            type = bytes_u16(b, 2);
        }
        if (length < 4)
            break;
        if ((type & 0x7fff) == NFLOG_PAYLOAD) {
            b = bytes_from(bytes_limit(b, length), 4);
            if (family == 2)
                wire_ipv4(packet, b);
            else if (family == 10)
                wire_ipv6(packet, b);
            else if (family == 7 || family == 0) /* bridge tables: from the network header on */
                wire_ip(packet, b);
            return;
        }
        b = bytes_from(b, (length + 3) & ~3u);
    }
    wire_malformed(packet);
}

/* "Cooked" captures: the protocol is an Ethernet type, or one of Linux's own small numbers; the
 * hardware type matters where frames have their own header all the same. */
static void cooked(struct packet *packet, uint16_t hardware, uint16_t protocol, struct bytes b)
{
    if (hardware == 803)
        wire_radiotap(packet, b);
    else if (hardware == 802)
        wire_prism(packet, b);
    else if (hardware == 801)
        wire_ieee80211(packet, b);
    else if (protocol == 0x0004)
        wire_llc(packet, b);
    else if (protocol > 1500 && hardware != 824) /* 824: netlink */
        wire_ethertype(packet, protocol, b);
}

void wire_sll(struct packet *packet, struct bytes b)
{
    if (bytes_has(b, 16))
        cooked(packet, bytes_u16(b, 2), bytes_u16(b, 14), bytes_from(b, 16));
    else
        wire_malformed(packet);
}

void wire_sll2(struct packet *packet, struct bytes b)
{
    if (bytes_has(b, 20))
        cooked(packet, bytes_u16(b, 8), bytes_u16(b, 0), bytes_from(b, 20));
    else
        wire_malformed(packet);
}

/* macOS: a header that says its length and the link type of what follows, little endian. */
void wire_pktap(struct packet *packet, struct bytes b)
{
    uint32_t header_bytes = bytes_u32le(b, 0);
    wire_step *step = wire_link_step(bytes_u32le(b, 8));

    if (!bytes_has(b, 12) || header_bytes < 12) {
        wire_malformed(packet);
        return;
    }
    if (step != NULL && wire_enter(packet))
        step(packet, bytes_from(b, header_bytes));
}
