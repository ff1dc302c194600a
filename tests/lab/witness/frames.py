# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet, IP and TCP: enough to name a segment, make one, and wrap one into a tunnel.

Only frames of the lab's own kernels come here, so lengths are trusted once the kernel's own
checks (a whole IP packet per frame) have been made.
"""
import ipaddress
import struct

FIN, SYN, RST, PSH, ACK, URG, ECE, CWR = (1 << bit for bit in range(8))
IPV4, IPV6 = 0x0800, 0x86DD


class Segment:
    """A TCP segment in an Ethernet frame. src and dst are (packed address, port)."""

    __slots__ = ("frame", "version", "src", "dst", "seq", "ack", "flags", "window", "options",
                 "payload", "ttl", "packet")

    @property
    def length(self):
        """In sequence space: payload, SYN and FIN."""
        return len(self.payload) + bool(self.flags & SYN) + bool(self.flags & FIN)

    def timestamps(self):
        """(value, echo) of the timestamps option, or None."""
        options, at = self.options, 0
        while at < len(options) and options[at] != 0:
            if options[at] == 1:
                at += 1
            elif options[at] == 8:
                return struct.unpack_from("!II", options, at + 2)
            else:
                at += options[at + 1]
        return None

    def __str__(self):
        names = [name for bit, name in ((SYN, "SYN"), (FIN, "FIN"), (RST, "RST"), (PSH, "PSH"),
                                        (ACK, "ACK")) if self.flags & bit]
        return (f"{self.src[1]}>{self.dst[1]} {','.join(names)} seq={self.seq} ack={self.ack} "
                f"len={len(self.payload)}")


def decode(frame):
    """The TCP segment in an untagged Ethernet frame, or None when it holds none."""
    kind = int.from_bytes(frame[12:14], "big")
    s = Segment()
    if kind == IPV4:
        ip = (frame[14] & 15) * 4
        if frame[23] != 6:
            return None
        end = 14 + int.from_bytes(frame[16:18], "big")
        tcp = 14 + ip
        src, dst, s.version, s.ttl = frame[26:30], frame[30:34], 4, frame[22]
    elif kind == IPV6:
        if frame[20] != 6:
            return None
        end = 54 + int.from_bytes(frame[18:20], "big")
        tcp = 54
        src, dst, s.version, s.ttl = frame[22:38], frame[38:54], 6, frame[21]
    else:
        return None
    sport, dport, s.seq, s.ack, offset, s.flags, s.window = struct.unpack_from("!HHIIBBH", frame,
                                                                               tcp)
    body = tcp + (offset >> 4) * 4
    s.src, s.dst = (src, sport), (dst, dport)
    s.options, s.payload, s.frame = frame[tcp + 20:body], frame[body:end], frame
    return s


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def encode(src, dst, seq, ack, flags, window=0, payload=b"", options=b"", ttl=64, ip_id=0,
           macs=(b"\x02\0\0\0\0\x02", b"\x02\0\0\0\0\x01")):
    """An Ethernet frame with one TCP segment. src, dst: (packed address, port); macs: (from, to)."""
    options += bytes(-len(options) % 4)
    tcp = struct.pack("!HHIIBBHHH", src[1], dst[1], seq & 0xFFFFFFFF, ack & 0xFFFFFFFF,
                      (5 + len(options) // 4) << 4, flags, window, 0, 0) + options + payload
    if len(src[0]) == 4:
        pseudo = src[0] + dst[0] + struct.pack("!HH", 6, len(tcp))
        kind = IPV4
    else:
        pseudo = src[0] + dst[0] + struct.pack("!II", len(tcp), 6)
        kind = IPV6
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    return macs[1] + macs[0] + struct.pack("!H", kind) + ip_packet(src[0], dst[0], 6, tcp, ttl,
                                                                   ip_id)


def ip_packet(src, dst, protocol, body, ttl=64, ip_id=0):
    if len(src) == 16:
        return struct.pack("!IHBB", 6 << 28, len(body), protocol, ttl) + src + dst + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), ip_id, 0x4000, ttl, protocol, 0,
                       src, dst)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def packed(address):
    return ipaddress.ip_address(address).packed


# ---- encapsulation: frame -> frame, as a bridge, a switch or a tunnel endpoint in the path does --


def vlan(frame, tag, kind=0x8100):
    return frame[:12] + struct.pack("!HH", kind, tag) + frame[12:]


def gre(frame, src, dst, macs):
    """The frame's IP packet in GRE (RFC 2784) over IPv4."""
    body = struct.pack("!H", 0) + frame[12:14] + frame[14:]
    return macs[1] + macs[0] + b"\x08\0" + ip_packet(packed(src), packed(dst), 47, body)


def vxlan(frame, src, dst, macs, vni, source_port=49152):
    """The whole frame in VXLAN (RFC 7348) over IPv4 and UDP; no UDP checksum, as is usual there."""
    inner = struct.pack("!II", 0x08000000, vni << 8) + frame
    udp = struct.pack("!HHHH", source_port, 4789, len(inner) + 8, 0) + inner
    return macs[1] + macs[0] + b"\x08\0" + ip_packet(packed(src), packed(dst), 17, udp)
