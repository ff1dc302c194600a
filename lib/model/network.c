/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Networks as text: what a user says that the hosts of one run. */
#include "lifeline.h"

#include <arpa/inet.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_SECONDS 1e9

/* A number without sign, of digits alone. */
static bool read_bits(const char *text, unsigned most, unsigned *bits)
{
    *bits = 0;
    if (!*text) {
        return false;
    }
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || *bits > most) {
            return false;
        }
        *bits = *bits * 10 + (unsigned)(*text - '0');
    }
    return *bits <= most;
}

bool lifeline_address_read(const char *text, struct lifeline_address *address,
                           unsigned *prefix_bits)
{
    char copy[64];
    const char *slash = strchr(text, '/');
    size_t length = slash ? (size_t)(slash - text) : strlen(text);

    memset(address, 0, sizeof *address);
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    if (inet_pton(AF_INET, copy, address->bytes) == 1) {
        address->family = 4;
    } else if (inet_pton(AF_INET6, copy, address->bytes) == 1) {
        address->family = 6;
    } else {
        return false;
    }
    *prefix_bits = address->family == 4 ? 32 : 128;
    return !slash || read_bits(slash + 1, *prefix_bits, prefix_bits);
}

bool lifeline_network_read(const char *text, struct lifeline_network *out)
{
    char copy[64];
    const char *equals = strchr(text, '=');
    unsigned bits;

    memset(out, 0, sizeof *out);
    if (!equals || (size_t)(equals - text) >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, (size_t)(equals - text));
    copy[equals - text] = '\0';
    if (!lifeline_address_read(copy, &out->address, &bits)) {
        return false;
    }
    out->prefix_bits = (uint8_t)bits;
    for (const struct lifeline_name *row = lifeline_stack_names; row->name; row++) {
        if (strcmp(row->name, equals + 1) == 0) {
            out->stack = (uint8_t)row->value;
            return true;
        }
    }
    char *end;
    double seconds = strtod(equals + 1, &end);
    if (end == equals + 1 || *end || !isfinite(seconds) || seconds <= 0 ||
        seconds > LONGEST_SECONDS) {
        return false;
    }
    out->time_wait_ns = seconds * 1e9 >= 1 ? (int64_t)(seconds * 1e9) : 1;
    return true;
}
