/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "linktype.h"

#include <stdio.h>

#include <pcap/pcap.h>

static const struct {
    uint16_t link_type;
    int dlt;
} different[] = {
    {50, DLT_PPP_SERIAL},  {51, DLT_PPP_ETHER},  {100, DLT_ATM_RFC1483}, {101, DLT_RAW},
    {102, DLT_SLIP_BSDOS}, {103, DLT_PPP_BSDOS}, {104, DLT_C_HDLC},      {106, DLT_ATM_CLIP},
    {107, DLT_FRELAY},     {109, DLT_ENC},
};

int linktype_to_dlt(uint16_t link_type)
{
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        if (different[i].link_type == link_type)
            return different[i].dlt;
    return link_type;
}

uint16_t linktype_from_dlt(int dlt)
{
    for (size_t i = 0; i < sizeof different / sizeof *different; i++)
        if (different[i].dlt == dlt)
            return different[i].link_type;
    return (uint16_t)dlt;
}

const char *linktype_text(uint16_t link_type)
{
    static char text[32];
    const char *name = pcap_datalink_val_to_description(linktype_to_dlt(link_type));
    if (name)
        return name;
    snprintf(text, sizeof text, "link type %u", link_type);
    return text;
}
