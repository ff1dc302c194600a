#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What part of an exchange's time was spent waiting for retransmissions (RFC 6298, RFC 5681).

    resent.py LIFELINE

Captures with known times: near the sender the lost segment is there and comes again, near the
receiver it lacks and comes late.
"""
import json
import subprocess
import sys
import unittest

from wire import Wire, capture

LIFELINE = None
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"


def records(*wires):
    with capture(*wires) as path:
        run = subprocess.run([LIFELINE, "http", "-o", "jsonl", path], capture_output=True, check=True)
        har = subprocess.run([LIFELINE, "http", "-o", "har", path], capture_output=True, check=True)
        text = subprocess.run([LIFELINE, "http", path], capture_output=True, check=True)
    found = [json.loads(line) for line in run.stdout.splitlines()]
    for x, entry in zip(found, json.loads(har.stdout)["log"]["entries"]):
        assert abs(entry.get("_retransmission", 0) - x["retransmission_seconds"] * 1000) < 1e-6
        assert abs(entry.get("_retransmission_share", 0) - x["retransmission_share"]) < 1e-5
    shares = [x["retransmission_share"] for x in found if x["retransmission_share"] > 0]
    assert all("%d%%" % round(share * 100) in text.stdout.decode() for share in shares)
    return found


def findings(wire):
    with capture(wire) as path:
        run = subprocess.run([LIFELINE, "diagnose", "-o", "jsonl", path], capture_output=True, check=True)
    names = [json.loads(line)["name"] for line in run.stdout.splitlines()]
    return [name for name in names if name.startswith("http-")]


class Resent(unittest.TestCase):
    def check(self, wire, seconds, share, segments=None):
        found = records(wire)
        self.assertEqual(len(found), 1)
        x = found[0]
        self.assertAlmostEqual(x["retransmission_seconds"], seconds, 6)
        self.assertAlmostEqual(x["retransmission_share"], share, 6)
        if segments is not None:
            self.assertEqual(x["retransmitted_segments"], segments)

    def test_nothing_lost(self):
        self.check(Wire().open().send("c", GET).send("s", HEAD % 4000 + b"x" * 4000).close(), 0, 0, 0)

    def test_each_packet_captured_twice(self):
        wire = Wire().open().send("c", GET).send("s", HEAD % 4000 + b"x" * 4000, after_ms=20).close()
        wire.packets += [(ns + 3000, octets) for ns, octets in wire.packets]
        self.check(wire, 0, 0, 0)

    def test_a_request_lost_behind_the_capture(self):
        wire = Wire().open()
        at = wire.seq["c"]
        wire.segment("c", 24, GET, 1).segment("c", 24, GET, 200, seq=at).segment("s", 16, after_ms=5)
        wire.segment("s", 24, HEAD % 0, 95)
        self.check(wire.close(), 0.2, 0.2 / 0.3, 1)

    def test_the_network_is_not_the_server(self):
        """What the client repeats unheard is no thinking of the server's; what comes late of an answer
        that has begun doesn't make it begin sooner."""
        wire = Wire().open()
        at = wire.seq["c"]
        wire.segment("c", 24, GET, 1).segment("c", 24, GET, 3000, seq=at).segment("s", 24, HEAD % 0, 10)
        self.assertEqual(findings(wire.close()), [])
        wire = Wire().open().send("c", GET).segment("s", 24, HEAD % 3000 + b"a" * 1000, 3000)
        lost = wire.seq["s"]
        wire.seq["s"] += 1000
        wire.segment("s", 24, b"c" * 1000, 1).segment("s", 24, b"b" * 1000, 4000, seq=lost)
        self.assertEqual(findings(wire.close()), ["http-slow-response"])

    def test_sent_three_times_counts_once(self):
        wire = Wire().open()
        at = wire.seq["c"]
        wire.segment("c", 24, GET, 1).segment("c", 24, GET, 200, seq=at).segment("c", 24, GET, 400, seq=at)
        wire.segment("s", 24, HEAD % 0, 200)
        self.check(wire.close(), 0.6, 0.75, 2)

    def test_a_response_segment_lost_before_the_capture(self):
        wire = Wire().open(rtt_ms=10).send("c", GET).segment("s", 24, HEAD % 3000 + b"a" * 1000, 40)
        lost = wire.seq["s"]
        wire.seq["s"] += 1000
        wire.segment("s", 24, b"c" * 1000, 1)
        wire.segment("s", 24, b"b" * 1000, 49, seq=lost)
        self.check(wire.close(), 0.049, 0.049 / 0.09, 0)

    def test_the_middle_of_a_head_lost_before_the_capture(self):
        """The last octet in sequence isn't the latest."""
        pieces = b"GET /" + b"x" * 500, b" HTTP/1.1\r\nHost: " + b"a" * 500, b"\r\n\r\n"
        wire = Wire().open(rtt_ms=10).segment("c", 24, pieces[0], 1)
        lost = wire.seq["c"]
        wire.seq["c"] += len(pieces[1])
        wire.segment("c", 24, pieces[2], 1)
        wire.segment("c", 24, pieces[1], 299, seq=lost).segment("s", 24, HEAD % 0, 10)
        self.check(wire.close(), 0.299, 0.299 / 0.31, 0)
        (x,) = records(wire)
        self.assertAlmostEqual(x["send_seconds"], 0.3, 6)
        self.assertAlmostEqual(x["wait_seconds"], 0.01, 6)

    def test_a_response_segment_lost_behind_the_capture(self):
        wire = Wire().open(rtt_ms=10).send("c", GET).segment("s", 24, HEAD % 4000 + b"a" * 1000, 40)
        lost = wire.seq["s"]
        wire.segment("c", 16)
        for i in range(2):
            wire.segment("s", 24, b"b" * 1000, 5)
        wire.segment("s", 24, b"b" * 1000, 55, seq=lost)  # sent first 60 ms before
        wire.segment("s", 24, b"b" * 1000, 1)
        self.check(wire.close(), 0.060, 0.060 / 0.106, 1)

    def test_what_is_overtaken_is_not_lost(self):
        wire = Wire().open(rtt_ms=10).send("c", GET).segment("s", 24, HEAD % 3000 + b"a" * 1000, 40)
        late = wire.seq["s"]
        wire.seq["s"] += 1000
        wire.segment("s", 24, b"c" * 1000, 1)
        wire.segment("s", 24, b"b" * 1000, 2, seq=late)
        self.check(wire.close(), 0, 0)

    def test_what_was_received_costs_no_time(self):
        wire = Wire().open()
        at = wire.seq["c"]
        wire.segment("c", 24, GET, 1).segment("s", 16, after_ms=10).segment("c", 24, GET, 200, seq=at)
        wire.segment("s", 24, HEAD % 0, 100)
        self.check(wire.close(), 0, 0, 1)

    def test_a_lost_exchange_does_not_burden_the_next(self):
        wire = Wire().open()
        at = wire.seq["c"]
        wire.segment("c", 24, GET, 1).segment("c", 24, GET, 200, seq=at).segment("s", 24, HEAD % 0, 100)
        wire.send("c", GET, 50).send("s", HEAD % 0, 50)
        first, second = records(wire.close())
        self.assertAlmostEqual(first["retransmission_seconds"], 0.2, 6)
        self.assertEqual((second["retransmission_seconds"], second["retransmission_share"]), (0, 0))

    def test_a_long_flight_is_timed_within_a_part_of_it(self):
        for lost, late_ms in ((0, 59.8), (150, 29.8), (299, 0)):
            wire = Wire().open(rtt_ms=200).send("c", GET).segment("s", 24, HEAD % 400000, 40)
            wire.segment("c", 16)
            first = wire.seq["s"]
            for _ in range(300):
                wire.segment("s", 24, b"x" * 1000, 0.2)
            wire.segment("s", 24, b"x" * 1000, 300, seq=first + 1000 * lost)
            x = records(wire.send("s", b"x" * 100000).close())[0]
            measured = x["retransmission_seconds"] * 1000
            self.assertLessEqual(measured, 300 + late_ms + 1e-3)  # never longer than it was
            self.assertGreater(measured, 300 + late_ms - 20)


if __name__ == "__main__":
    LIFELINE = sys.argv[1]
    unittest.main(argv=sys.argv[:1], verbosity=0)
