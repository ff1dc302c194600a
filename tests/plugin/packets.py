# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets and captures, made octet by octet for the tests of the plugin."""
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ETHERNET, RAW = 1, 101
CLIENT, SERVER = ("10.0.0.2", 40000), ("10.0.0.1", 80)


def ipv4(source, destination, protocol, payload, identification=0, fragment=0x4000):
    """fragment: flags and offset; the default is Don't Fragment. Checksums are left out."""
    addresses = ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, fragment, 64,
                       protocol, 0) + addresses + payload


def udp(source_port, destination_port, payload):
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(payload), 0) + payload


def ethernet(payload, ethertype=0x0800, vlan=None):
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return b"\2\0\0\0\0\2\2\0\0\0\0\1" + tag + struct.pack("!H", ethertype) + payload


class Conversation:
    """The IPv4 packets of one TCP connection."""

    def __init__(self, client=CLIENT, server=SERVER, numbers=(1000, 5000)):
        self.ends = {"client": client, "server": server}
        self.next = dict(zip(("client", "server"), numbers))
        self.packets = []

    def send(self, end, flags, data=b""):
        peer = "server" if end == "client" else "client"
        (source, source_port), (destination, destination_port) = self.ends[end], self.ends[peer]
        tcp = struct.pack("!HHIIBBHHH", source_port, destination_port, self.next[end],
                          self.next[peer] if flags & ACK else 0, 5 << 4, flags, 65000, 0, 0)
        self.packets.append(ipv4(source, destination, 6, tcp + data, len(self.packets) + 1))
        self.next[end] += len(data) + bool(flags & (SYN | FIN))
        return self

    def open(self):
        return self.send("client", SYN).send("server", SYN | ACK).send("client", ACK)

    def say(self, request, *responses):
        self.send("client", PSH | ACK, request)
        for response in responses:
            self.send("server", PSH | ACK, response)
        return self

    def close(self):
        self.send("client", FIN | ACK).send("server", ACK)
        return self.send("server", FIN | ACK).send("client", ACK)


REQUEST = b"GET / HTTP/1.1\r\nHost: test\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def http(*arguments, **named):
    """The packets of a connection with one exchange."""
    return Conversation(*arguments, **named).open().say(REQUEST, RESPONSE).close().packets


def alternate(*conversations):
    """The packets of several connections in turn."""
    return [packet for packets in zip(*conversations) for packet in packets]


def block(kind, body):
    """A block of pcapng."""
    body += b"\0" * (-len(body) % 4)
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def write_pcapng(path, packets, link_type=RAW, untimed=(), between=b"", start=1700000000,
                 resolution=6):
    """A second apart. untimed: which are in simple packet blocks. between: a block before each.
    resolution: of the times, in decimal digits."""
    with open(path, "wb") as file:
        file.write(block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)))
        file.write(block(1, struct.pack("<HHIHHB3x", link_type, 0, 262144, 9, 1, resolution)))
        for i, packet in enumerate(packets):
            file.write(between)
            if i in untimed:
                file.write(block(3, struct.pack("<I", len(packet)) + packet))
                continue
            time = (start + i) * 10 ** resolution
            file.write(block(6, struct.pack("<IIIII", 0, time >> 32, time & 0xffffffff, len(packet),
                                            len(packet)) + packet))


def write(path, packets, link_type=RAW, milliseconds=10):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link_type))
        for i, packet in enumerate(packets):
            time = 1700000000000 + i * milliseconds
            file.write(struct.pack("<IIII", time // 1000, time % 1000 * 1000, len(packet),
                                   len(packet)) + packet)
