/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of link types: LINKTYPE_ numbers (tcpdump.org/linktypes.html), and the DLT_ numbers
 * that differ from them on some systems where they don't collide.
 */
#include "packet.h"

static wire_step *const links[] = {
    [0] = wire_null,                      /* NULL */
    [1] = wire_ethernet,                  /* ETHERNET */
    [6] = wire_token_ring,                /* IEEE802_5 */
    [7] = wire_arcnet,                    /* ARCNET_BSD */
    [8] = wire_slip,                      /* SLIP */
    [9] = wire_ppp_serial,                /* PPP */
    [10] = wire_fddi,                     /* FDDI */
    [11] = wire_atm_llc,                  /* DLT_ATM_RFC1483 */
    [12] = wire_ip,                       /* DLT_RAW */
    [13] = wire_ip,                       /* DLT_RAW of BSD/OS */
    [14] = wire_ip,                       /* DLT_RAW of OpenBSD */
    [15] = wire_slip_bsdos,               /* DLT_SLIP_BSDOS */
    [50] = wire_ppp_serial,               /* PPP_HDLC */
    [51] = wire_pppoe,                    /* PPP_ETHER */
    [100] = wire_atm_llc,                 /* ATM_RFC1483 */
    [101] = wire_ip,                      /* RAW */
    [102] = wire_slip_bsdos,              /* SLIP_BSDOS */
    [103] = wire_ppp_serial,              /* PPP_BSDOS */
    [104] = wire_cisco_hdlc,              /* C_HDLC */
    [105] = wire_ieee80211,               /* IEEE802_11 */
    [106] = wire_atm_llc,                 /* ATM_CLIP */
    [107] = wire_frame_relay,             /* FRELAY */
    [108] = wire_null,                    /* LOOP */
    [109] = wire_enc,                     /* ENC */
    [113] = wire_sll,                     /* LINUX_SLL */
    [117] = wire_pflog,                   /* PFLOG */
    [119] = wire_prism,                   /* IEEE802_11_PRISM */
    [122] = wire_ip_over_fc,              /* IP_OVER_FC */
    [123] = wire_sunatm,                  /* SUNATM */
    [127] = wire_radiotap,                /* IEEE802_11_RADIOTAP */
    [129] = wire_arcnet_linux,            /* ARCNET_LINUX */
    [138] = wire_ieee1394,                /* APPLE_IP_OVER_IEEE1394 */
    [143] = wire_docsis,                  /* DOCSIS */
    [149] = wire_pktap,                   /* USER2, which macOS takes for PKTAP */
    [163] = wire_avs,                     /* IEEE802_11_AVS */
    [166] = wire_ppp_with_direction,      /* PPP_PPPD */
    [178] = wire_juniper_ether,           /* JUNIPER_ETHER */
    [192] = wire_ppi,                     /* PPI */
    [197] = wire_erf,                     /* ERF */
    [204] = wire_ppp_with_direction,      /* PPP_WITH_DIR */
    [219] = wire_mpls,                    /* MPLS */
    [226] = wire_ipnet,                   /* IPNET */
    [228] = wire_ipv4,                    /* IPV4 */
    [229] = wire_ipv6,                    /* IPV6 */
    [239] = wire_nflog,                   /* NFLOG */
    [240] = wire_netanalyzer,             /* NETANALYZER */
    [241] = wire_netanalyzer_transparent, /* NETANALYZER_TRANSPARENT */
    [242] = wire_ipoib,                   /* IPOIB */
    [258] = wire_pktap,                   /* PKTAP */
    [274] = wire_mpacket,                 /* ETHERNET_MPACKET */
    [276] = wire_sll2,                    /* LINUX_SLL2 */
    [281] = wire_brcm_tag,                /* DSA_TAG_BRCM */
    [282] = wire_brcm_prepend,            /* DSA_TAG_BRCM_PREPEND */
    [283] = wire_dsa,                     /* DSA_TAG_DSA */
    [284] = wire_edsa,                    /* DSA_TAG_EDSA */
};

wire_step *wire_link_step(uint32_t link_type)
{
    return link_type < sizeof(links) / sizeof(links[0]) ? links[link_type] : NULL;
}
