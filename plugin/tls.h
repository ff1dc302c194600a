/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LIFELINE_PLUGIN_TLS_H
#define LIFELINE_PLUGIN_TLS_H

#include "plugin.h"

void tls_register(void);

/* Each segment of the first pass, before it is pushed. */
void tls_segment(const struct lifeline_segment *segment);

/* Pushes the application octets that Wireshark's TLS decrypted in the frame at hand, in the order
 * of the sender's stream. First pass only. */
void tls_end_frame(const packet_info *pinfo);

/* No more frames come: says what is missing. All was fed before. */
void tls_finish(void);

#endif
