/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LINKTYPE_ numbers, which files hold and the engine takes, and DLT_ numbers, which libpcap's calls
 * take. They are the same but for a few old ones, whose DLT_ differs between systems.
 */
#ifndef LIFELINE_LINKTYPE_H
#define LIFELINE_LINKTYPE_H

#include <stdint.h>

int linktype_to_dlt(uint16_t link_type);
uint16_t linktype_from_dlt(int dlt);

/* "Ethernet", or "link type 147": for messages. Valid until the next call. */
const char *linktype_text(uint16_t link_type);

#endif
