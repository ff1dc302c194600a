#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which segments reach the engine from Wireshark, and as what: link types, tunnels, copies,
fragments, times.

usage: feeding.py --lifeline PROGRAM --plugin lifeline.so --testdata FOLDER
"""
import struct

from behaviour import run, same
from packets import alternate, ethernet, http, ipv4

CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def contexts(b, capture, *arguments):
    """{connection: (its context, segments)} as the plugin says."""
    out = {}
    for number, context in b.rows(capture, "-T", "fields", "-e", "lifeline.connection", "-e",
                                  "lifeline.context", "-Y", "lifeline", *arguments):
        before = out.get(number, (None, 0))[1]
        out[number] = (context, before + 1)
    return out


def agree(b, capture, count):
    """The plugin tells as many connections apart as the program, by the same contexts."""
    expected = {str(r["connection"]): (r["context"] or "",
                                       r["client"]["segments"] + r["server"]["segments"])
                for r in b.records("connections", capture)}
    same(len(expected), count)
    same(contexts(b, capture), expected)


ERF, SUNATM, PPI, CISCO_HDLC, PPP_WITH_DIRECTION = 197, 123, 192, 104, 204


def erf(frame):
    """Type 2, Ethernet: two octets of padding stand before it."""
    return struct.pack("<Q", 0x6553f10000000000) + \
        struct.pack("!BBHHH", 2, 4, 18 + len(frame), 0, len(frame)) + b"\0\0" + frame


@check
def link_types_whose_header_wireshark_takes_away(b):
    """Two VLANs, or two tunnels, of equal addresses: only the decoder tells them apart."""
    tagged = [ethernet(packet, vlan=7 + i % 2) for i, packet in enumerate(alternate(http(), http()))]
    agree(b, b.made([erf(frame) for frame in tagged], ERF), 2)
    header = struct.pack("<BBHI", 0, 0, 8, 1)
    agree(b, b.made([header + frame for frame in tagged], PPI), 2)

    tunnels = [("192.0.2.1", "192.0.2.2"), ("192.0.2.3", "192.0.2.4")]
    packets = [ipv4(*tunnels[i % 2], 47, b"\0\0\x08\0" + packet)
               for i, packet in enumerate(alternate(http(), http()))]
    llc = b"\xaa\xaa\3\0\0\0\x08\0"
    agree(b, b.made([b"\x0f\0\x08\0" + packet for packet in packets], CISCO_HDLC), 2)
    agree(b, b.made([b"\2\0\0\x64" + llc + packet for packet in packets], SUNATM), 2)
    for header in (b"\xff\3\0\x21", b"\0\x21", b"\x21"):  # with address, without; compressed
        agree(b, b.made([b"\0" + header + packet for packet in packets], PPP_WITH_DIRECTION), 2)


if __name__ == "__main__":
    run(CHECKS, __doc__)
