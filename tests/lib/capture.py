# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes small captures: TCP segments, pcap and pcapng in all their variants. Reads pcap.

A packet is a tuple (time_ns, data); its position in a list is its frame number less one.
"""
import os
import socket
import struct

ETHERNET, RAW, NULL, SLL = 1, 101, 0, 113
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16

# Tests that go through all of something take one of so many, where the program runs slowly.
STRIDE = int(os.environ.get("LIFELINE_STRIDE", "1"))


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def tcp_ip(src, dst, sport, dport, seq, ack, flags, payload=b"", window=65535, ip_id=1):
    """An IPv4 datagram with a TCP segment."""
    addresses = socket.inet_aton(src) + socket.inet_aton(dst)
    tcp = struct.pack("!HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags,
                      window, 0, 0)
    pseudo = addresses + struct.pack("!BBH", 0, 6, len(tcp) + len(payload))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp + payload)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(payload), ip_id, 0x4000, 64, 6, 0) + addresses
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return ip + tcp + payload


def link(link_type, ip):
    """Puts an IPv4 datagram into a frame."""
    if link_type == ETHERNET:
        return bytes(range(12)) + b"\x08\x00" + ip
    if link_type == NULL:
        return struct.pack("<I", 2) + ip
    if link_type == SLL:
        return struct.pack("!HHH8sH", 0, 1, 6, b"\2\0\0\0\0\1\0\0", 0x800) + ip
    return ip


def connection(client_port=40000, server_port=80, link_type=ETHERNET, start_ns=10**18,
               request=b"GET / HTTP/1.1\r\nHost: example.test\r\n\r\n",
               response=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", reset=False):
    """A whole connection with one exchange: 11 packets with a four-way close, 7 with a reset."""
    client, server = ("10.0.0.2", client_port), ("10.0.0.1", server_port)
    packets, seq, ack = [], 1000, 5000

    def send(from_client, relative_seq, relative_ack, flags, payload=b""):
        (sip, sport), (dip, dport) = (client, server) if from_client else (server, client)
        mine, theirs = (seq, ack) if from_client else (ack, seq)
        acked = theirs + relative_ack if flags & ACK else 0
        data = tcp_ip(sip, dip, sport, dport, mine + relative_seq, acked, flags, payload)
        packets.append((start_ns + len(packets) * 1_000_000, link(link_type, data)))

    requested, responded = 1 + len(request), 1 + len(response)
    send(True, 0, 0, SYN)
    send(False, 0, 1, SYN | ACK)
    send(True, 1, 1, ACK)
    send(True, 1, 1, PSH | ACK, request)
    send(False, 1, requested, ACK)
    send(False, 1, requested, PSH | ACK, response)
    if reset:
        send(True, requested, responded, RST | ACK)
        return packets
    send(True, requested, responded, ACK)
    send(True, requested, responded, FIN | ACK)
    send(False, responded, requested + 1, ACK)
    send(False, responded, requested + 1, FIN | ACK)
    send(True, requested + 1, responded + 1, ACK)
    return packets


def pcap(packets, link_type=ETHERNET, big_endian=False, nano=False, magic=None, version=(2, 4),
         snap=262144):
    """A pcap file. Kuznetzov's magic gets his longer packet headers; version 2.2 the lengths in
    the order of its time."""
    order = ">" if big_endian else "<"
    magic = magic or (0xA1B23C4D if nano else 0xA1B2C3D4)
    out = bytearray(struct.pack(order + "IHHiIII", magic, *version, 0, 0, snap, link_type))
    for time_ns, data in packets:
        fraction = time_ns % 10**9 // (1 if nano else 1000)
        captured, wire = len(data[:snap]), len(data)
        lengths = (wire, captured) if version < (2, 3) else (captured, wire)
        out += struct.pack(order + "IIII", time_ns // 10**9, fraction, *lengths)
        if magic == 0xA1B2CD34:
            out += struct.pack(order + "IHBB", 1, 0, 0, 0)
        out += data[:snap]
    return bytes(out)


def read_pcap(path):
    """A pcap file's packets as (time_ns, captured data, wire length), and its link type."""
    with open(path, "rb") as file:
        content = file.read()
    order = "<" if content[0] in (0xD4, 0x4D) else ">"
    magic, *_, link_type = struct.unpack(order + "IHHiIII", content[:24])
    unit = 1 if magic == 0xA1B23C4D else 1000
    packets, at = [], 24
    while at < len(content):
        seconds, fraction, captured, wire = struct.unpack(order + "IIII", content[at:at + 16])
        packets.append((seconds * 10**9 + fraction * unit, content[at + 16:at + 16 + captured], wire))
        at += 16 + captured
    return packets, link_type


class Pcapng:
    """Builds a pcapng file block by block."""

    def __init__(self, big_endian=False, version=(1, 0)):
        self.out = b""  # small files: appended to by copying
        self.section(big_endian, version)

    def block(self, kind, body, trailer=None):
        body += b"\0" * (-len(body) % 4)
        length = len(body) + 12
        self.out += struct.pack(self.order + "II", kind, length) + body
        self.out += struct.pack(self.order + "I", length if trailer is None else trailer)
        return self

    def option(self, code, value):
        return struct.pack(self.order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)

    def section(self, big_endian=False, version=(1, 0)):
        self.order = ">" if big_endian else "<"
        return self.block(0x0A0D0D0A, struct.pack(self.order + "IHHq", 0x1A2B3C4D, *version, -1))

    def interface(self, link_type=ETHERNET, snap=0, tsresol=None, tsoffset=None):
        options = self.option(2, b"eth0")
        if tsresol is not None:
            options += self.option(9, bytes([tsresol]))
        if tsoffset is not None:
            options += self.option(14, struct.pack(self.order + "q", tsoffset))
        options += self.option(0, b"")
        return self.block(1, struct.pack(self.order + "HHI", link_type, 0, snap) + options)

    def packet(self, units, data, interface=0, wire=None, captured=None):
        head = struct.pack(self.order + "IIIII", interface, units >> 32, units & 0xFFFFFFFF,
                           len(data) if captured is None else captured, wire or len(data))
        return self.block(6, head + data)

    def old_packet(self, units, data, interface=0):
        head = struct.pack(self.order + "HHIIII", interface, 0, units >> 32, units & 0xFFFFFFFF,
                           len(data), len(data))
        return self.block(2, head + data)

    def simple_packet(self, data, wire=None):
        return self.block(3, struct.pack(self.order + "I", wire or len(data)) + data)
