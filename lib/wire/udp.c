/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * UDP (RFC 768) and the table of tunnels by port.
 *
 * A port is a hint: each decoder checks that its header is one before it goes on. The destination
 * port decides first; the source port counts for protocols that answer from it.
 */
#include "packet.h"

static const struct {
    uint16_t port;
    bool either; /* answers come from the port */
    wire_step *step;
} tunnels[] = {
    {4789, false, wire_vxlan},     /* RFC 7348 */
    {8472, false, wire_vxlan},     /* Linux's default before the RFC */
    {4790, false, wire_vxlan_gpe}, /* draft-ietf-nvo3-vxlan-gpe */
    {6081, false, wire_geneve},    /* RFC 8926 */
    {2152, true, wire_gtp},        /* 3GPP TS 29.281 */
    {3386, true, wire_gtp},        /* version 0, GSM 09.60 */
    {1701, true, wire_l2tp},       /* RFC 2661, RFC 3931 */
    {5247, true, wire_capwap},     /* RFC 5415 */
    {4754, false, wire_gre_in_udp}, {6635, false, wire_mpls_in_udp}, /* RFC 7510 */
    {6080, false, wire_gue},                                         /* draft-ietf-intarea-gue */
    {4341, false, wire_lisp},                                        /* RFC 9300 */
    {5072, true, wire_ayiya},                                        /* draft-massar-v6ops-ayiya */
    {37008, false, wire_tzsp},      {3544, true, wire_teredo},       /* RFC 4380 */
};

static wire_step *step_of(uint16_t src_port, uint16_t dst_port)
{
    const size_t count = sizeof(tunnels) / sizeof(tunnels[0]);

    for (size_t i = 0; i < count; i++)
        if (tunnels[i].port == dst_port)
            return tunnels[i].step;
    for (size_t i = 0; i < count; i++)
        if (tunnels[i].either && tunnels[i].port == src_port)
            return tunnels[i].step;
    return NULL;
}

void wire_udp(struct packet *packet, struct bytes b)
{
    uint16_t length = bytes_u16(b, 4);
    wire_step *step = step_of(bytes_u16(b, 0), bytes_u16(b, 2));

    if (!bytes_has(b, 8)) {
        wire_malformed(packet);
        return;
    }
    /* 0: a segmentation offload's, or a jumbogram's. */
    if (length >= 8)
        b = bytes_limit(b, length);
    b = bytes_from(b, 8);
    if (step != NULL)
        step(packet, b);
    else if (wire_looks_like_teredo(b))
        wire_teredo(packet, b);
}
