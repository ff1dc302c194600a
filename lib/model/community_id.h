/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Community ID v1: the flow hash by which records join with Zeek's and Suricata's. */
#ifndef LIFELINE_COMMUNITY_ID_H
#define LIFELINE_COMMUNITY_ID_H

#include "lifeline.h"

#define COMMUNITY_ID_SIZE 32 /* "1:", 28 digits of base64, NUL; one octet of room */

/* Writes the Community ID (seed 0) of a TCP flow, the same for both directions.
 * The addresses are of one family. */
void community_id_text(const struct lifeline_address *a, uint16_t port_a,
                       const struct lifeline_address *b, uint16_t port_b,
                       char out[COMMUNITY_ID_SIZE]);

#endif
