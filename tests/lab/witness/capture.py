# SPDX-License-Identifier: GPL-2.0-or-later
"""pcap and pcapng writers: classic with nanoseconds, and blocks for several interfaces."""
import gzip
import struct

ETHERNET, RAW_IP = 1, 101


def pcap_bytes(records, link_type=ETHERNET, snap_length=262144):
    """A classic nanosecond pcap. records: (time_ns, bytes)."""
    out = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snap_length, link_type)]
    for time_ns, data in records:
        kept = data[:snap_length]
        out.append(struct.pack("<IIII", time_ns // 10**9, time_ns % 10**9, len(kept), len(data)))
        out.append(kept)
    return b"".join(out)


def write_pcap(path, records, link_type=ETHERNET, snap_length=262144):
    data = pcap_bytes(records, link_type, snap_length)
    # A fixed time stamp in the gzip header: nothing but the packets differs between two runs.
    if str(path).endswith(".gz"):
        data = gzip.compress(data, 9, mtime=0)
    with open(path, "wb") as file:
        file.write(data)


def _block(kind, body):
    body += bytes(-len(body) % 4)
    return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)


def _option(code, value):
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def write_pcapng(path, interfaces, records):
    """interfaces: (name, link type, description); records: (time_ns, bytes, interface number)."""
    out = [_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))]
    for name, link_type, description in interfaces:
        body = struct.pack("<HHI", link_type, 0, 262144)
        body += _option(2, name.encode()) + _option(3, description.encode())
        body += _option(9, b"\x09") + _option(0, b"")  # if_tsresol: nanoseconds
        out.append(_block(1, body))
    for time_ns, data, interface in records:
        body = struct.pack("<IIIII", interface, time_ns >> 32, time_ns & 0xFFFFFFFF, len(data),
                           len(data))
        out.append(_block(6, body + data))
    with open(path, "wb") as file:
        file.write(b"".join(out))
