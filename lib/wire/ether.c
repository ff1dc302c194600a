/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet, IEEE 802.3 with LLC and SNAP, and the table of Ethernet types.
 *
 * A type field of at most 1500 is a length (IEEE 802.3 3.2.6): LLC follows, and what is behind that
 * length is padding.
 */
#include "packet.h"

#define ETHERNET_HEADER_BYTES 14
#define MAX_8023_LENGTH       1500
#define ISL_HEADER_BYTES      26

static const struct {
    uint16_t type;
    wire_step *step;
} types[] = {
    {0x0800, wire_ipv4},
    {0x86dd, wire_ipv6},
    {0x8100, wire_vlan},           /* IEEE 802.1Q */
    {0x88a8, wire_vlan},           /* IEEE 802.1ad */
    {0x9100, wire_vlan},           /* QinQ before 802.1ad */
    {0x9200, wire_vlan},           /* the same */
    {0x9300, wire_vlan},           /* the same */
    {0x8847, wire_mpls},           /* RFC 3032 */
    {0x8848, wire_mpls},           /* RFC 5332 */
    {0x8864, wire_pppoe},          /* RFC 2516, session */
    {0x880b, wire_ppp},            /* in GRE, RFC 2637 */
    {0x6558, wire_ethernet},       /* transparent Ethernet bridging, RFC 7637 */
    {0x88e5, wire_macsec},         /* IEEE 802.1AE */
    {0x88e7, wire_itag},           /* IEEE 802.1ah */
    {0x8926, wire_vntag},          /* Cisco VN-tag */
    {0x8909, wire_cisco_metadata}, /* Cisco TrustSec */
    {0x8903, wire_fabricpath},     /* Cisco FabricPath */
    {0x22f3, wire_trill},          /* RFC 6325 */
    {0x892f, wire_hsr},            /* IEC 62439-3 */
    {0x894f, wire_nsh},            /* RFC 8300 */
};

static wire_step *step_of(uint16_t type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == type)
            return types[i].step;
    return NULL;
}

bool wire_ethertype_known(uint16_t type)
{
    return step_of(type) != NULL;
}

void wire_ethertype(struct packet *packet, uint16_t type, struct bytes b)
{
    wire_step *step;

    if (type <= MAX_8023_LENGTH) {
        packet->bounded = true;
        wire_llc(packet, bytes_limit(b, type));
        return;
    }
    step = step_of(type);
    if (step != NULL && (type == 0x0800 || type == 0x86dd || wire_enter(packet)))
        step(packet, b);
}

void wire_ethernet(struct packet *packet, struct bytes b)
{
    uint32_t multicast = bytes_u32(b, 0);
    uint16_t type = bytes_u16(b, 12);

    packet->bounded = false;
    if (!bytes_has(b, ETHERNET_HEADER_BYTES)) {
        wire_malformed(packet);
        return;
    }
    if (type == 0x0800) {
        wire_ipv4(packet, bytes_from(b, ETHERNET_HEADER_BYTES));
        return;
    }
    /* Cisco ISL: its own destination address, a header, then the whole Ethernet frame. */
    if ((multicast == 0x01000c00 || multicast == 0x03000c00) && bytes_u8(b, 4) == 0 &&
        type <= MAX_8023_LENGTH && bytes_u32(b, 14) >> 8 == 0xaaaa03) {
        if (wire_enter_vlan(packet, bytes_u16(b, 20) >> 1))
            wire_ethernet(packet, bytes_from(b, ISL_HEADER_BYTES));
        return;
    }
    wire_ethertype(packet, type, bytes_from(b, ETHERNET_HEADER_BYTES));
}

/* SNAP (RFC 1042): organisation, protocol. b is behind the control octet. */
static void snap(struct packet *packet, struct bytes b)
{
    uint32_t organisation = bytes_u32(b, 0) >> 8;
    uint16_t protocol = bytes_u16(b, 3);

    if (!bytes_has(b, 5)) {
        wire_malformed(packet);
        return;
    }
    b = bytes_from(b, 5);
    if (organisation == 0x000000 || organisation == 0x0000f8) {
        if (protocol > MAX_8023_LENGTH)
            wire_ethertype(packet, protocol, b);
    } else if (organisation == 0x0080c2 && (protocol == 1 || protocol == 7)) {
        /* Bridged Ethernet, RFC 2684: two octets of padding. */
        if (wire_enter(packet))
            wire_ethernet(packet, bytes_from(b, 2));
    }
}

void wire_llc(struct packet *packet, struct bytes b)
{
    uint16_t saps = bytes_u16(b, 0);
    struct bytes information = bytes_from(b, 3);

    if (!bytes_has(b, 3)) {
        wire_malformed(packet);
        return;
    }
    if (bytes_u8(b, 2) != 0x03) /* unnumbered information is all that carries IP */
        return;
    if (saps == 0xaaaa && wire_enter(packet))
        snap(packet, information);
    else if (saps == 0x0606)
        wire_ipv4(packet, information);
    else if (saps == 0xfefe && bytes_u8(information, 0) == 0xcc) /* ISO NLPID, RFC 2684 */
        wire_ipv4(packet, bytes_from(information, 1));
    else if (saps == 0xfefe && bytes_u8(information, 0) == 0x8e)
        wire_ipv6(packet, bytes_from(information, 1));
}
