# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures made segment by segment, with known octets and times. No test of its own."""
import contextlib
import struct
import tempfile

START = 1_700_000_000_000_000_000  # ns

class Wire:
    """One connection's packets, raw IPv4 without checksums: nobody believes those of a capture."""

    def __init__(self, port=40000):
        self.packets, self.now, self.port = [], START, port
        self.seq = {"c": 1000, "s": 2000}

    def segment(self, end, flags, payload=b"", after_ms=0, seq=None):
        self.now += int(after_ms * 1_000_000)
        other = "s" if end == "c" else "c"
        ports = (self.port, 80) if end == "c" else (80, self.port)
        seq = self.seq[end] if seq is None else seq
        tcp = struct.pack(">HHIIBBHHH", *ports, seq, self.seq[other] if flags & 16 else 0, 0x50, flags,
                          65535, 0, 0) + payload
        addresses = (b"\x0a\0\0\x02", b"\x0a\0\0\x01")
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), len(self.packets), 0x4000, 64, 6, 0)
        ip += b"".join(addresses if end == "c" else addresses[::-1])
        self.packets.append((self.now, ip + tcp))
        self.seq[end] = max(self.seq[end], seq + len(payload) + (1 if flags & 3 else 0))
        return self

    def open(self, rtt_ms=10):
        self.segment("c", 2).segment("s", 18, after_ms=rtt_ms)
        return self.segment("c", 16, after_ms=1)

    def send(self, end, octets, after_ms=1, size=1400):
        for at in range(0, len(octets), size):
            self.segment(end, 24, octets[at:at + size], after_ms=after_ms)
            self.segment("s" if end == "c" else "c", 16)
            after_ms = 0
        return self

    def lose(self, end, length):
        """Octets that the capture lacks, though they were received."""
        self.seq[end] += length
        return self.segment("s" if end == "c" else "c", 16)

    def close(self):
        self.segment("s", 17, after_ms=1).segment("c", 17, after_ms=1)
        return self.segment("s", 16)


@contextlib.contextmanager
def capture(*wires):
    """The path of a capture file of all their packets, in the order of time."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 101))
        for ns, octets in sorted((p for w in wires for p in w.packets), key=lambda p: p[0]):
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(octets), len(octets)) + octets)
        f.flush()
        yield f.name
