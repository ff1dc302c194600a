/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_TLS_H
#define LIFELINE_PLUGIN_TLS_H

#include "plugin.h"

/* Calls back for each run of application octets that Wireshark's TLS decrypted in the frame at
 * hand, in the order of the sender's stream. Borrowed; first pass only. */
void tls_each_record(const packet_info *pinfo,
                     void (*call)(void *user, const uint8_t *bytes, uint32_t length), void *user);

#endif
