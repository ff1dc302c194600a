#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of a capture that lacks something, the whole capture never refutes.

    degraded.py LIFELINE CAPTURE.pcap...

Each capture, and some that are made here, is read whole; that is the truth. Then with each packet left
out, of one direction only, begun and ended at each packet, its packets cut, swapped, captured twice. Each
field of each exchange must then be the true one, or null; outcomes that accuse somebody (no response,
truncated, reset, cancelled) must be true, too: what is missing is a gap. See lossy.py for pairs.
"""
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import capture
from wire import Wire

SAME = ("method", "uri", "host", "version", "status", "reason", "content_type", "response_version",
        "request_frame", "response_frame", "request_last_frame", "response_last_frame",
        "request_header_bytes", "response_header_bytes", "reused", "pipelined")
DURATIONS = ("send_seconds", "wait_seconds", "blocked_seconds", "receive_seconds", "idle_seconds")
BODIES = ("request_body_bytes", "request_wire_body_bytes", "response_body_bytes",
          "response_wire_body_bytes")


class Capture:
    def __init__(self, name, link, packets):
        self.name, self.link, self.packets = name, link, packets  # (ns, octets, length)
        self.keys = [self.key(octets) for _, octets, _ in packets]
        self.whole = exchanges(self, packets)

    @staticmethod
    def read(path):
        packets, link = capture.read_pcap(path)
        return Capture(os.path.basename(path), link, packets)

    def key(self, octets):
        """Sending address and port, receiving address and port, of TCP in IPv4."""
        ip = octets[14 if self.link == capture.ETHERNET else 0:]
        tcp = ip[(ip[0] & 15) * 4:]
        return ip[12:16] + tcp[:2], ip[16:20] + tcp[2:4]


def exchanges(of, packets):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, of.link))
        for ns, octets, length in packets:
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9, len(octets), length) + octets)
        f.flush()
        run = subprocess.run([sys.argv[1], "http", "-o", "jsonl", f.name], capture_output=True, check=True)
    return [json.loads(line) for line in run.stdout.splitlines()]


def degraded(c):
    """What is done, which packets remain, they themselves, by how much time they are wrong."""
    n, packets = len(c.packets), c.packets
    every = range(0, n, capture.STRIDE)
    for i in every:
        yield "without %d" % (i + 1), [j for j in range(n) if j != i], None, 0
        yield "from %d" % (i + 1), list(range(i, n)), None, 0
        yield "to %d" % (i + 1), list(range(i + 1)), None, 0
    if n <= 30:
        for pair in itertools.combinations(every, 2):
            yield "without %s" % (pair,), [j for j in range(n) if j not in pair], None, 0
    for sender in sorted({min(k) for k in c.keys}):
        yield "from one", [j for j in range(n) if c.keys[j][0] == sender], None, 0
        yield "to one", [j for j in range(n) if c.keys[j][1] == sender], None, 0
    for snap in (60, 96, 200):
        yield "cut at %d" % snap, range(n), [(ns, octets[:snap], length) for ns, octets, length in packets], 0
    for i in range(0, n - 1, capture.STRIDE):
        kept = list(range(n))
        kept[i:i + 2] = i + 1, i
        yield "swapped %d" % (i + 1), kept, [(packets[j][0], *packets[kept[j]][1:]) for j in range(n)], \
            packets[i + 1][0] - packets[i][0]
    twice = [j for j in range(n) for _ in range(2)]
    yield "twice", twice, [(packets[j][0] + i % 2, *packets[j][1:]) for i, j in enumerate(twice)], 1


def outcomes(truth, how):
    """Those that don't contradict the true one. What wasn't captured can't be told from what didn't
    come when the capture ends; nor an RST that is missing from a close that is."""
    allowed = {truth["outcome"], "gap"}
    if how.startswith("to ") or truth["outcome"] == "reset":
        allowed |= {"truncated", "no-response"}
    return allowed


def contradictions(x, truth, how, wrong_ns):
    asked, answered = x["request_frame"], x["response_frame"]
    at_end = how.startswith("to ")
    for field in SAME:
        known = answered if field.startswith(("response", "status", "reason", "content")) else asked
        partial = field.endswith("last_frame") and at_end and not x[field[:-10] + "complete"]
        if known and x[field] is not None and x[field] != truth[field] and not partial:
            yield field
    for field in DURATIONS:
        partial = at_end and (field == "receive_seconds" and not x["response_complete"] or
                              field == "send_seconds" and not x["request_complete"])
        if asked and x[field] is not None and not partial and (
                truth[field] is None or abs(x[field] - truth[field]) * 1e9 > wrong_ns + 10):
            yield field
    for field in BODIES:
        if x[field] is not None and (truth[field] is None or x[field] > truth[field] or (
                x[field] < truth[field] and not at_end)):
            yield field
    if x["outcome"] not in (outcomes(truth, how) if asked else ("no-request", "gap")):
        yield "outcome"
    for message in ("request_complete", "response_complete"):
        if x[message] and not truth[message]:
            yield message


def candidates(x, whole):
    """The true exchanges that it may be."""
    for truth in whole:
        asked = x["request_frame"] is None or x["request_frame"] == truth["request_frame"]
        answered = x["response_frame"] is None or x["response_frame"] == truth["response_frame"]
        if asked and answered and x["stream"] == truth["stream"]:
            yield truth


def check(c):
    wrong = runs = 0
    pipelined = any(x["pipelined"] for x in c.whole)
    for how, kept, packets, wrong_ns in degraded(c):
        runs += 1
        for x in exchanges(c, packets or [c.packets[j] for j in kept]):
            for side in ("request_frame", "request_last_frame", "response_frame", "response_last_frame"):
                x[side] = x[side] and kept[x[side] - 1] + 1
            found = [list(contradictions(x, truth, how, wrong_ns)) for truth in candidates(x, c.whole)]
            if [] in found or not (x["request_frame"] or x["response_frame"]):
                continue
            # Where the first packets lack, earlier requests may wait for their responses.
            if not found and pipelined and x["confidence"] == "likely":
                continue
            wrong += 1
            print("%s, %s: %s %s (%s) in frames %s and %s, %s: %s" % (
                c.name, how, x["method"], x["uri"], x["status"], x["request_frame"], x["response_frame"],
                x["outcome"], ", ".join(min(found, key=len)) if found else "isn't in the whole capture"))
    return wrong, runs


def h2_frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def made():
    """HTTP/2 streams side by side; what only the numbers of ACKs show; chunks; HEAD; CONNECT."""
    wire = Wire().open().send("c", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + h2_frame(4, 0, 0, b""))
    wire.send("s", h2_frame(4, 0, 0, b""))
    for first in (1, 9):
        for stream in range(first, first + 8, 2):
            path = b"/%d" % stream
            wire.segment("c", 24, h2_frame(1, 5, stream, b"\x82\x86\x44" + bytes([len(path)]) + path +
                                           (b"\x41\x01a" if stream == 1 else b"\xbe")), 1)
        wire.segment("s", 16)
        for stream in range(first, first + 8, 2):
            status = b"\x88" if stream % 4 == 1 else b"\x8d"
            wire.segment("s", 24, h2_frame(1, 4, stream, status) + h2_frame(0, 0, stream, b"x" * 300), 2)
        wire.segment("c", 16)
        for stream in range(first, first + 8, 2):
            wire.segment("s", 24, h2_frame(0, 1, stream, b"y" * stream), 2)
        wire.segment("c", 16)
    yield "HTTP/2", wire.close()

    get, post = b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", b"POST /%d HTTP/1.1\r\nContent-Length: 9\r\n\r\n"
    answer = b"HTTP/1.1 %d No\r\nContent-Length: 3\r\n\r\nabc"
    wire = Wire().open().send("c", get % 1).send("s", answer % 201, 5).send("c", post % 2).send("c", b"x" * 9)
    yield "numbers", wire.send("s", answer % 202, 5).send("c", get % 3).close()

    chunks = b"HTTP/1.1 200 Yes\r\nTransfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n"
    wire = Wire().open().send("c", get % 1)
    for octets in chunks:
        wire.send("s", octets)
    wire.send("c", b"HEAD /2 HTTP/1.1\r\n\r\n").send("s", (answer % 206)[:-3])
    wire.send("c", b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n").send("s", b"HTTP/1.1 200 OK\r\n\r\n")
    yield "bodies", wire.send("c", b"\x16\x03\x01").send("s", b"\x16\x03\x03ok").close()


def main():
    captures = [Capture.read(path) for path in sys.argv[2:]]
    captures += [Capture(name, capture.RAW, [(ns, octets, len(octets)) for ns, octets in wire.packets])
                 for name, wire in made()]
    results = [check(c) for c in captures]
    print("%d captures, %d times degraded" % (len(captures), sum(runs for _, runs in results)))
    sys.exit(any(wrong for wrong, _ in results))


main()
