/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Addresses as text: dotted decimal, and RFC 5952 for IPv6.
 *
 * Each record prints two addresses, so this is written for speed: no printf, no inet_ntop().
 * IPv4-mapped addresses (::ffff:0:0/96) use mixed notation, RFC 5952 section 5; the deprecated
 * IPv4-compatible ones don't.
 */
#include <string.h>

#include "lifeline.h"

static char *put_decimal(char *out, unsigned octet)
{
    if (octet >= 100) {
        *out++ = (char)('0' + octet / 100);
        octet %= 100;
        *out++ = (char)('0' + octet / 10);
    } else if (octet >= 10) {
        *out++ = (char)('0' + octet / 10);
    }
    *out++ = (char)('0' + octet % 10);
    return out;
}

static char *put_ipv4(char *out, const uint8_t *bytes)
{
    for (unsigned i = 0; i < 4; i++) {
        if (i)
            *out++ = '.';
        out = put_decimal(out, bytes[i]);
    }
    return out;
}

static char *put_hex(char *out, unsigned group)
{
    static const char digits[] = "0123456789abcdef";

    if (group >= 0x1000)
        *out++ = digits[group >> 12];
    if (group >= 0x100)
        *out++ = digits[group >> 8 & 15];
    if (group >= 0x10)
        *out++ = digits[group >> 4 & 15];
    *out++ = digits[group & 15];
    return out;
}

static char *put_ipv6(char *out, const uint8_t *bytes)
{
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    unsigned group[8], start = 8, length = 1; /* RFC 5952 4.2.2: one zero group isn't shortened */

    if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        memcpy(out, "::ffff:", 7);
        return put_ipv4(out + 7, bytes + 12);
    }
    for (unsigned i = 0; i < 8; i++)
        group[i] = (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
    for (unsigned i = 0; i < 8; i++) { /* 4.2.3: the longest run of zeros, the first of equals */
        unsigned end = i;

        while (end < 8 && group[end] == 0)
            end++;
        if (end - i > length) {
            start = i;
            length = end - i;
        }
        if (end > i)
            i = end - 1;
    }
    for (unsigned i = 0; i < 8; i++) {
        if (i == start) {
            *out++ = ':';
            *out++ = ':';
            i += length - 1;
            continue;
        }
        if (i && out[-1] != ':')
            *out++ = ':';
        out = put_hex(out, group[i]);
    }
    return out;
}

size_t lifeline_address_text(const struct lifeline_address *address, char *out, size_t size)
{
    char text[48], *end = text; /* at most 39 octets */
    size_t length;

    if (!size)
        return 0;
    if (address->family == 4)
        end = put_ipv4(text, address->bytes);
    else if (address->family == 6)
        end = put_ipv6(text, address->bytes);
    length = (size_t)(end - text);
    if (length >= size)
        length = size - 1;
    memcpy(out, text, length);
    out[length] = '\0';
    return length;
}
