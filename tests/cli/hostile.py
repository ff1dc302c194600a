# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures made to cost much: whatever they hold, memory stays within --max-memory, and they come to
an end. HOSTILE_SHOW=1 prints what an octet of each takes, beside one of usual traffic."""
import gzip
import os
import random
import re
import resource
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture
from capture import ACK, FIN, RST, SYN

LIFELINE = os.environ["LIFELINE"]
CLIENT, SERVER = "10.0.0.2", "10.0.0.1"
START = 1_700_000_000 * 10**9
MEMORY_MIB = 24
VIEWS = [("http", "-o", "jsonl", "--headers"), ("timeline",), ("diagnose",)]


def sent(port, seq, ack, flags, payload=b"", client=CLIENT):
    return capture.tcp_ip(client, SERVER, port, 80, seq, ack, flags, payload)


def answered(port, seq, ack, flags, payload=b"", client=CLIENT):
    return capture.tcp_ip(SERVER, client, 80, port, seq, ack, flags, payload)


def handshake(port=40000, isn=1000, server_isn=5000, client=CLIENT):
    yield sent(port, isn, 0, SYN, client=client)
    yield answered(port, server_isn, isn + 1, SYN | ACK, client=client)
    yield sent(port, isn + 1, server_isn + 1, ACK, client=client)


def stream(octets, port=40000, first=1001, ack=5001, client=CLIENT):
    """What the client sends behind its handshake, in full segments."""
    for at in range(0, len(octets), 1400):
        yield sent(port, first + at, ack, ACK, octets[at:at + 1400], client)


def request_then(segments, request=b"GET / HTTP/1.1\r\nX: "):
    """A request's begin, and segments at offsets behind it."""
    yield from handshake()
    yield sent(40000, 1001, 5001, ACK, request)
    for offset, payload in segments:
        yield sent(40000, 1001 + len(request) + offset, 5001, ACK, payload)


# ---- HTTP/2

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
GET = b"\x82\x86\x84\x41\x01a"  # :method, :scheme, :path and :authority
DATA, HEADERS, RST_STREAM, SETTINGS, CONTINUATION = 0, 1, 3, 4, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, number, payload=b""):
    return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, number) + payload


def http2(frames):
    return PREFACE + frame(SETTINGS, 0, 0) + b"".join(frames)


def http2_connection(frames):
    yield from handshake()
    yield from stream(http2(frames))


# ---- the attacks: datagrams, of which there are about n


def usual(n):
    for i in range(n // 11):
        for _, data in capture.connection(20000 + i, link_type=capture.RAW):
            yield data


def octets_backwards(n):
    return request_then((n - i, b"a") for i in range(n))


def every_other_octet_then_the_rest_backwards(n):
    block = 4000
    return request_then((start + at, b"a") for start in range(0, n, block)
                        for at in (*range(1, block, 2), *range(block - 2, -1, -2)))


def overlaps_over_thousands_of_holes(n):
    dice = random.Random(1)
    return request_then((1 + 2 * (i % 8192), b"a") if i % 2 else (dice.randrange(16000), b"b" * 1400)
                        for i in range(n))


def header_octet_by_octet(n):
    return request_then((i, b"a") for i in range(n))


def status_line_of_blanks(n):
    yield from handshake()
    yield sent(40000, 1001, 5001, ACK, b"GET /\r\n")
    for i in range(n):
        yield answered(40000, 5001 + i, 1008, ACK, b" ")


def pipelined_requests(n):
    yield from handshake()
    yield from stream(b"GET / HTTP/1.1\r\n\r\n" * (50 * n))


def responses_to_nothing(n):
    yield from handshake()
    for i in range(n // 10):
        payload = b"HTTP/1.1 204 x\r\n\r\n" * 70
        yield answered(40000, 5001 + i * len(payload), 1001, ACK, payload)


def chunks_of_an_octet(n):
    return request_then(((i * 1380, b"1\r\na\r\n" * 230) for i in range(n)),
                        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")


def field_lines_without_content(n):
    yield from handshake()
    yield from stream((b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 16000 + b"\r\n") * (n // 500))


def streams_in_one_bucket(n):
    """1,000 open streams whose numbers differ by multiples of a power of two; then the first again."""
    return http2_connection([frame(HEADERS, END_HEADERS, 1 + 4096 * i, b"\x82") for i in range(1000)] +
                            [frame(DATA, 0, 1)] * (50 * n))


def streams_open_at_the_end(n):
    for i in range(n // 12):
        yield from handshake(1000 + i)
        octets = http2([frame(HEADERS, END_HEADERS, 1 + 2 * k, b"\x82") for k in range(1000)])
        yield from stream(octets, 1000 + i)
        yield sent(1000 + i, 1001 + len(octets), 5001, RST | ACK)


def streams_reset_at_once(n):
    return http2_connection([frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, GET) +
                             frame(RST_STREAM, 0, 2 * i + 1, b"\0\0\0\x08") for i in range(5 * n)])


def hpack_bomb(n):
    """A field of 4 kB in the table, and 1,000 references of one octet to it in each request."""
    field = b"\x40\x01a\x7f\xbd\x1d" + b"x" * 3900
    return http2_connection([frame(HEADERS, END_STREAM | END_HEADERS, 1, GET + field)] +
                            [frame(HEADERS, END_STREAM | END_HEADERS, 2 * i + 3, GET + b"\xbe" * 1000)
                             for i in range(n)])


def hpack_tables(n):
    """Tables full of entries without name and value, on many connections."""
    entries = b"\x3f\xe1\xff\x03" + b"\x40\0\0" * 2040
    for i in range(n // 8):
        yield from handshake(1000 + i)
        yield from stream(http2([frame(HEADERS, END_STREAM | END_HEADERS, 1, entries + GET)]), 1000 + i)


def continuations_without_end(n):
    return http2_connection([frame(HEADERS, 0, 1, GET)] +
                            [frame(CONTINUATION, 0, 1, b"\x00\x01a\x01b")] * (50 * n))


def syns_of_one_tuple(n):
    for i in range(n):
        yield sent(40000, i * 7919, 0, SYN)


def incarnations_of_one_tuple(n):
    for i in range(n // 4):
        yield from handshake(40000, i * 100000, i * 70000)
        yield sent(40000, i * 100000 + 1, i * 70000 + 1, RST | ACK)


def time_waits_of_one_tuple(n):
    for i in range(n // 6):
        isn, server_isn = i * 100000, i * 70000
        yield from handshake(40000, isn, server_isn)
        yield sent(40000, isn + 1, server_isn + 1, FIN | ACK)
        yield answered(40000, server_isn + 1, isn + 2, FIN | ACK)
        yield sent(40000, isn + 2, server_isn + 2, ACK)


def guessed_resets(n):
    dice = random.Random(2)
    yield from handshake()
    for _ in range(n):
        yield answered(40000, dice.getrandbits(32), 1001, RST)


def fins_without_end(n):
    yield from handshake()
    for _ in range(n // 2):
        yield sent(40000, 1001, 5001, FIN | ACK)
        yield answered(40000, 5001, 1002, ACK)


def any_flags_and_numbers(n):
    dice = random.Random(3)
    for _ in range(n):
        send = dice.choice((sent, answered))
        yield send(40000 + dice.randrange(4), 1000 + dice.randrange(5000), 1000 + dice.randrange(5000),
                   dice.getrandbits(5), b"x" * dice.randrange(3))


def fragment(number, offset, more):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28, number & 0xffff, more << 13 | offset, 64, 6, 0,
                       b"\x0a\0\0\2", b"\x0a\0\0\1")
    return head + b"12345678"


def first_fragments(n):
    for i in range(n):
        yield fragment(i, 0, 1)


def last_fragments(n):
    """Each claims that 64 KiB are to come."""
    for i in range(n // 10):
        yield fragment(i, 8100, 0)


def tunnels_in_tunnels(n):
    datagram = sent(40000, 1, 0, SYN)
    for _ in range(60):
        datagram = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0, 64, 4, 0,
                               b"\xac\x10\0\1", b"\xac\x10\0\2") + datagram
    for _ in range(n // 10):
        yield datagram


def each_in_a_tunnel_of_its_own(n):
    inner = bytes(12) + b"\x08\0" + sent(40000, 1, 0, SYN)
    for i in range(n):
        vxlan = struct.pack("!HHHHII", 1234, 4789, 16 + len(inner), 0, 0x08000000, i << 8) + inner
        yield struct.pack("!BBHHHBBH4sI", 0x45, 0, 20 + len(vxlan), 1, 0, 64, 17, 0, b"\x0a\0\0\1",
                          0x0b000000 + i) + vxlan


def one_payload_octet_on_each(n):
    for i in range(n // 4):
        client = f"11.{i >> 16}.{i >> 8 & 255}.{i & 255}"
        yield from handshake(1234, client=client)
        yield sent(1234, 1003, 5001, ACK, b"G", client)


def each_refused_by_another(n):
    for i in range(n // 2):
        server = f"12.{i >> 16}.{i >> 8 & 255}.{i & 255}"
        yield capture.tcp_ip(CLIENT, server, 40000, 80, 1000, 0, SYN)
        yield capture.tcp_ip(server, CLIENT, 80, 40000, 0, 1001, RST | ACK)


PACKETS = 8000 // min(capture.STRIDE, 4)
ATTACKS = [octets_backwards, every_other_octet_then_the_rest_backwards, overlaps_over_thousands_of_holes,
           header_octet_by_octet, status_line_of_blanks, pipelined_requests, responses_to_nothing,
           chunks_of_an_octet, field_lines_without_content, streams_in_one_bucket,
           streams_open_at_the_end, streams_reset_at_once, hpack_bomb, hpack_tables,
           continuations_without_end, syns_of_one_tuple, incarnations_of_one_tuple,
           time_waits_of_one_tuple, guessed_resets, fins_without_end, any_flags_and_numbers,
           first_fragments, last_fragments, tunnels_in_tunnels, each_in_a_tunnel_of_its_own,
           one_payload_octet_on_each, each_refused_by_another]
CLOCKS = {
    "backwards": lambda i: START - i * 10**7,
    "in jumps over centuries": lambda i: (0, START, (2**32 - 1) * 10**9, START + 5)[i % 4] + i,
    "always zero": lambda i: 0,
    "a day for each packet": lambda i: i * 86400 * 10**9 % (2**32 * 10**9),
}


def pcap(datagrams, clock=lambda i: START + i * 1000):
    out = [capture.pcap([], capture.RAW, nano=True)]
    for i, data in enumerate(datagrams):
        seconds, rest = divmod(clock(i), 10**9)
        out += [struct.pack("<IIII", seconds, rest, len(data), len(data)), data]
    return b"".join(out)


class Hostile(unittest.TestCase):
    def setUp(self):
        self.file = tempfile.NamedTemporaryFile()
        self.addCleanup(self.file.close)

    def run_on(self, content, *arguments, status=0):
        """Returns processor time and what was said on standard error; memory is checked."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(content)
        self.file.flush()
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([LIFELINE, *arguments, "-v", "--max-memory", f"{MEMORY_MIB}M",
                               self.file.name], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              timeout=300)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertEqual(done.returncode, status, done.stderr[-2000:])
        peak = float(re.search(rb"([\d.]+) MiB of memory at most", done.stderr).group(1))
        self.assertLessEqual(peak, MEMORY_MIB)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stderr.decode()

    def seconds_per_octet(self, view):
        content = pcap(usual(30000))
        return min(self.run_on(content, *view)[0] for _ in range(2)) / len(content)

    def test_cost_and_memory(self):
        for view in VIEWS:
            show = os.environ.get("HOSTILE_SHOW")
            usual_cost = self.seconds_per_octet(view) if show else 0
            for attack in ATTACKS:
                with self.subTest(attack.__name__, view=view):
                    content = pcap(attack(PACKETS))
                    seconds, _ = self.run_on(content, *view)
                    if show:
                        print(f"{view[0]:9} {attack.__name__:42} {seconds:6.2f} s "
                              f"{seconds / len(content) / usual_cost:5.1f} × usual", flush=True)

    def test_clocks(self):
        for name, clock in CLOCKS.items():
            for view in VIEWS + [("time-wait",), ("report",)]:
                with self.subTest(name, view=view):
                    self.run_on(pcap(usual(3000), clock), *view)

    def test_tables_of_hpack_count(self):
        """What libnghttp2 holds is memory of a connection, and makes room like others'."""
        _, said = self.run_on(pcap(hpack_tables(8000)), "connections")
        self.assertRegex(said, r"\d+ connections were ended early to stay within --max-memory")

    def test_fragments_count(self):
        """Buffers of datagrams that are to come have their share of memory, and don't cost
        connections theirs."""
        whole = list(usual(500))
        _, said = self.run_on(pcap([*whole[:300], *last_fragments(8000), *whole[300:]]), "connections")
        self.assertRegex(said, r"\d+ IP fragments were dropped")
        self.assertNotIn("connections were ended early", said)

    def test_interfaces_without_end(self):
        ng = capture.Pcapng()
        one = capture.Pcapng().interface().out[len(ng.out):]
        _, said = self.run_on(ng.out + one * 70000, "connections", status=4)
        self.assertIn("more than 65536 interfaces in a section", said)

    def test_options_without_end(self):
        """A block of 16 MB of empty options; in a section of its own each."""
        ng = capture.Pcapng()
        options = struct.pack("<HHI", 1, 0, 0) + struct.pack("<HH", 5, 0) * (4 << 20)
        self.run_on((ng.out + ng.block(1, options[:16_000_000]).out[len(ng.out):]) * 4, "connections")

    def test_a_bomb_of_gzip(self):
        """100 MB of frames without content out of 100 kB."""
        head = capture.pcap([], capture.RAW)
        frames = struct.pack("<IIII", 0, 0, 0, 60) * (1 << 16)
        _, said = self.run_on(gzip.compress(head + frames * 100, 6), "connections")
        self.assertIn("6553600 frames, 0 TCP segments", said)


if __name__ == "__main__":
    unittest.main()
