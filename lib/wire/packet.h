/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Internal to lib/wire: what the decoders of one packet share, and their names.
 *
 * A decoder has the type wire_step: it reads its header at the begin of the view and calls the
 * decoder of what follows. Tables name the next one: link types in link.c, Ethernet types in
 * ether.c, IP protocols in ip.c, UDP ports in udp.c. A new encapsulation is one function and one
 * row.
 */
#ifndef LIFELINE_WIRE_PACKET_H
#define LIFELINE_WIRE_PACKET_H

#include "bytes.h"
#include "context.h"
#include "fragment.h"
#include "wire.h"

/* Encapsulations of any kind in one frame, VLAN tags and MPLS stacks too: bounds the recursion. */
#define WIRE_MAX_NESTING 32

struct wire_decoder {
    struct lifeline_counters *counters;
    struct wire_contexts *contexts;
    struct wire_fragments *fragments;
    uint8_t max_tunnel_depth;
    bool verify_checksums;
    bool ignore_vlan;
};

/* One frame on its way through the decoders. */
struct packet {
    struct wire_decoder *decoder;
    lifeline_segment_fn call;
    void *user;
    uint8_t nesting; /* encapsulations entered */
    uint8_t depth;   /* those that have an IP header outside */
    uint8_t layer;   /* TCP headers seen */
    bool malformed, unknown_link, too_deep;
    bool bounded; /* a header inside the innermost frame said how long what follows is */
    /* Filled from outside in: src, dst, ttl and ip_id are those of the innermost IP header so far,
     * context is that of the tags and tunnels so far. */
    struct lifeline_segment segment;
};

typedef void wire_step(struct packet *packet, struct bytes b);

/* The header at hand isn't what it must be, or isn't all there. */
static inline void wire_malformed(struct packet *packet)
{
    packet->malformed = true;
}

/* The datagram at b, whose header says that it has count octets. A length in an enclosing header
 * (PPPoE, 802.3, an outer IP) limits it: what is behind that can't be its own. The mere end of the
 * frame doesn't: see wire.c. */
static inline struct bytes wire_claim(struct packet *packet, struct bytes b, uint32_t count)
{
    b = packet->bounded ? bytes_limit(b, count) : bytes_claim(b, count);
    packet->bounded = true;
    return b;
}

/* Enters an encapsulation that says nothing about the context (MPLS, PPPoE, pseudowires). These
 * three are false when there are too many; the frame's decoding ends there then. */
bool wire_enter(struct packet *packet);

/* Goes into a tag or tunnel: the segment's context becomes one inside the one so far. */
void wire_enter_context(struct packet *packet, enum wire_tunnel kind, uint32_t id,
                        const struct lifeline_address *a, const struct lifeline_address *b);

/* Enters a VLAN: id 0 is a mere priority tag. */
bool wire_enter_vlan(struct packet *packet, uint16_t tci);

/* Enters a tunnel through the IP datagram at hand. id is 0 for kinds without one. */
bool wire_enter_tunnel(struct packet *packet, enum wire_tunnel kind, uint32_t id);

/* link.c: by LINKTYPE_ number, with its DLT_ aliases. */
wire_step *wire_link_step(uint32_t link_type);
/* link_wlan.c */
wire_step wire_ieee80211, wire_ieee80211_capwap, wire_radiotap, wire_prism, wire_avs, wire_ppi;
/* One per link type, see the table in link.c. link_host.c */
wire_step wire_null, wire_pflog, wire_enc, wire_nflog, wire_sll, wire_sll2, wire_pktap, wire_ipnet;
/* link_net.c */
wire_step wire_arcnet, wire_arcnet_linux, wire_fddi, wire_token_ring, wire_ip_over_fc,
    wire_ieee1394, wire_ipoib, wire_atm_llc, wire_sunatm, wire_frame_relay, wire_slip,
    wire_slip_bsdos, wire_docsis, wire_erf, wire_netanalyzer, wire_netanalyzer_transparent,
    wire_mpacket, wire_brcm_tag, wire_brcm_prepend, wire_dsa, wire_edsa, wire_juniper_ether;

/* ether.c */
wire_step wire_ethernet, wire_llc;
void wire_ethertype(struct packet *packet, uint16_t type, struct bytes b);
bool wire_ethertype_known(uint16_t type);
/* tag.c: what stands between an Ethernet type and IP */
wire_step wire_vlan, wire_mpls, wire_vntag, wire_cisco_metadata, wire_macsec, wire_itag, wire_trill,
    wire_fabricpath, wire_hsr, wire_nsh;
/* ppp.c */
wire_step wire_ppp, wire_ppp_serial, wire_ppp_with_direction, wire_cisco_hdlc, wire_pppoe;

/* ip.c */
wire_step wire_ip, wire_ipv4, wire_ipv6;
void wire_ip_protocol(struct packet *packet, uint8_t protocol, struct bytes b);
/* ipv6_ext.c: walks the extension headers and calls the protocol's decoder. */
void wire_ipv6_payload(struct packet *packet, uint8_t next_header, struct bytes b);
/* A fragment at b (behind the header that says so); what becomes whole is decoded. */
void wire_fragment(struct packet *packet, const struct wire_fragment *fragment, struct bytes b);

/* tcp.c */
wire_step wire_tcp;
/* icmp.c */
wire_step wire_icmp, wire_icmpv6;
/* gre.c */
wire_step wire_gre;
/* udp.c */
wire_step wire_udp;
/* tunnel.c: those inside IP; l2tp.c */
wire_step wire_ip_in_ip, wire_ipv6_in_ip, wire_etherip, wire_mpls_in_ip, wire_ethernet_in_ip,
    wire_minimal, wire_l2tp_in_ip;
/* udp_tunnel.c: those inside UDP; l2tp.c, capwap.c */
wire_step wire_vxlan, wire_vxlan_gpe, wire_geneve, wire_gtp, wire_teredo, wire_l2tp,
    wire_gre_in_udp, wire_mpls_in_udp, wire_gue, wire_lisp, wire_ayiya, wire_tzsp, wire_capwap;
/* Is this a whole IPv6 datagram of a Teredo client, RFC 4380? */
bool wire_looks_like_teredo(struct bytes b);

#endif
