/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-1 (FIPS 180-4) of a message that fits one block: for identifiers, not for security. */
#ifndef LIFELINE_SHA1_BLOCK_H
#define LIFELINE_SHA1_BLOCK_H

#include <stdint.h>

/* block: the padded message. */
void sha1_block(const uint8_t block[64], uint8_t digest[20]);

#endif
