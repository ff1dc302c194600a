#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Which segments reach the engine from Wireshark, and as what: link types, tunnels, copies,
fragments, times.

usage: feeding.py --lifeline PROGRAM --plugin lifeline.so --testdata FOLDER
"""
import re
import struct

from behaviour import run, same
from packets import ACK, PSH, Conversation, alternate, ethernet, http, ipv4, udp, write_pcapng

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


@check
def frames_without_a_time(b):
    """They come when the frame before them came."""
    fields = ["-T", "fields", "-e", "lifeline.start", "-e", "lifeline.duration"]
    timed = b.rows(b.made(http(), writer=write_pcapng), "-2", *fields)
    same(b.rows(b.made(http(), writer=write_pcapng, untimed=(3, 4)), "-2", *fields), timed)
    capture = b.made(http(), writer=write_pcapng, untimed=range(5, 9))
    same(float(b.rows(capture, "-2", *fields)[0][1]), b.records("connections", capture)[0]
         ["duration_seconds"])


@check
def times_that_no_clock_has(b):
    """600 years on: as much as the library's times hold, as in the program."""
    capture = b.made(http(), writer=write_pcapng, start=20000000000, resolution=0)
    start = b.rows(capture, "-2", "-T", "fields", "-e", "lifeline.start")[0][0]
    same(re.findall(r"\d\d:\d\d:\d\d", start),
         [b.records("connections", capture)[0]["start"][11:19]])


def fragments(packet, size):
    """Of an IPv4 packet, the last first."""
    source, destination = (".".join(map(str, packet[at:at + 4])) for at in (12, 16))
    identification, payload = int.from_bytes(packet[4:6], "big"), packet[20:]
    return [ipv4(source, destination, 6, payload[at:at + size], identification,
                 at // 8 | (0x2000 if at + size < len(payload) else 0))
            for at in reversed(range(0, len(payload), size))]


@check
def fragments_that_wireshark_does_not_put_together(b):
    """The first one isn't taken for the datagram, though the decoder knows that by then."""
    packets = http()
    parts = packets[:3] + fragments(packets[3], 24) + packets[4:]
    lengths = ["-2", "-T", "fields", "-e", "lifeline.length", "-Y", "lifeline.length > 0"]
    whole = b.rows(b.made(packets), *lengths)
    same(b.rows(b.made(parts), *lengths), whole)
    same(b.rows(b.made(parts), "-o", "ip.defragment:FALSE", *lengths), whole[1:])


@check
def copies_inside_tcp_are_no_retransmissions(b):
    """A switch sends each packet that it sees to its controller too, by OpenFlow 1.0."""
    controller = Conversation(("192.0.2.1", 40001), ("192.0.2.2", 6653)).open()
    packets = []
    for number, packet in enumerate(http()):
        copy = ethernet(packet)
        body = struct.pack("!IHHBx", 0xffffffff, len(copy), 1, 0) + copy
        controller.send("client", PSH | ACK, struct.pack("!BBHI", 1, 10, 8 + len(body), number) + body)
        packets += [packet, controller.packets[-1]]
    capture = b.made(controller.packets[:3] + packets)
    agree(b, capture, 2)
    same(b.text(capture, "-Y", "lifeline.mark == \"retransmission\""), "")


@check
def tunnels_that_only_wireshark_knows(b):
    """Decode As: VXLAN on another port. The copies inside are another connection."""
    vxlan = struct.pack("!II", 0x08000000, 7 << 8)
    packets = []
    for packet in http():
        inner = udp(50000, 9999, vxlan + ethernet(packet))
        packets += [packet, ipv4("192.0.2.1", "192.0.2.2", 17, inner)]
    capture = b.made(packets)
    same(contexts(b, capture, "-d", "udp.port==9999,vxlan"), {"0": ("", 9), "1": ("", 9)})
    same(contexts(b, capture), {"0": ("", 9)})


if __name__ == "__main__":
    run(CHECKS, __doc__)
