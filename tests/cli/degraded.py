#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said of an incomplete capture contradicts nothing that the whole one says.

Each capture is degraded: one packet missing, the beginning missing, one direction only, cut by a
snap length. Records may then say less, or that something is unknown; but an end's states must be
among those that it went through, in that order, and counts no higher. FEW lists captures in which
one packet is all that tells a story from another, such as the answer that refutes a forged RST:
without it the other story is what the capture shows.
"""
import ipaddress
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "lib"))
import capture  # noqa: E402

LIFELINE = os.environ["LIFELINE"]
TESTDATA = HERE.parent.parent / "testdata"
MOST_PACKETS = 60
FEW = {"old-duplicate.pcap", "reset-injected.pcap", "simultaneous-open.pcap",
       "time-wait-assassinated.pcap", "time-wait-reuse-refused.pcap", "time-wait-skipped.pcap"}
CAPTURES = [path for path in sorted(TESTDATA.glob("*.pcap"))
            if path.name not in FEW][::capture.STRIDE]
COUNTS = ("payload_bytes", "retransmitted_segments", "retransmitted_bytes", "zero_windows")
OFFERS = ("isn", "mss", "window_scale", "sack_permitted", "timestamps", "fast_open")


def is_subsequence(few, many):
    rest = iter(many)
    return all(one in rest for one in few)


class Degraded(unittest.TestCase):
    def setUp(self):
        self.assertGreater(len(CAPTURES) * capture.STRIDE, 30)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name) / "degraded.pcap"

    def records(self, packets, link_type):
        ng = capture.Pcapng().interface(link_type, tsresol=9)
        parts = [ng.out]
        for time_ns, data, wire in packets:
            ng.out = b""
            ng.packet(time_ns, data, wire=wire)
            parts.append(ng.out)
        self.path.write_bytes(b"".join(parts))
        done = subprocess.run([LIFELINE, "connections", "-o", "jsonl", str(self.path)],
                              capture_output=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    @staticmethod
    def ends(record):
        return {(record[role]["ip"], record[role]["port"]): role for role in ("client", "server")}

    def contradictions(self, record, whole):
        """Where the record says something else than the whole capture's of the same connection."""
        ends, true_ends = self.ends(record), self.ends(whole)
        role_of = {ends[end]: true_ends[end] for end in ends}
        for role, true_role in role_of.items():
            told, truth = record[role], whole[true_role]
            known = [state for state in told["states"] if state]
            if not is_subsequence(known, truth["states"]):
                yield f"{true_role} went through {known}, not {truth['states']}"
            for count in COUNTS:
                if told[count] > truth[count]:
                    yield f"{true_role}.{count} is {told[count]}, not {truth[count]}"
            sent = told["payload_bytes"] + told["missing_bytes"]
            if sent > truth["payload_bytes"] + truth["missing_bytes"]:
                yield f"{true_role} sent {sent} bytes"
            for offer in OFFERS:
                if told[offer] not in (None, truth[offer]):
                    yield f"{true_role}.{offer} is {told[offer]}, not {truth[offer]}"
        if role_of["client"] == "server" and record["role_evidence"] != "port":
            yield f"the roles are known by {record['role_evidence']}"
        for what in ("active_closer", "reset_by"):
            told = record["teardown"][what]
            if told and role_of.get(told, told) != whole["teardown"][what]:
                yield f"{what} is {told}, not {whole['teardown'][what]}"
        holders = {wait["endpoint"] for wait in whole["time_wait"]}
        for wait in record["time_wait"]:
            if role_of[wait["endpoint"]] not in holders:
                yield f"{wait['endpoint']} holds TIME-WAIT"
        for what in ("old_duplicates", "keep_alives"):
            if record[what] > whole[what]:
                yield f"{what} is {record[what]}, not {whole[what]}"

    def check(self, name, packets, link_type, truth, what):
        if not packets:
            return
        with self.subTest(name, degraded=what):
            records = self.records(packets, link_type)
            self.assertLessEqual(len(records), len(truth))
            for record in records:
                # Of several incarnations, the one of that time.
                same = [whole for whole in truth if self.ends(whole).keys() == self.ends(record).keys()]
                began = [whole for whole in same if whole["start"] <= record["start"]]
                self.assertEqual(list(self.contradictions(record, began[-1])), [])

    def each(self):
        for path in CAPTURES:
            packets, link_type = capture.read_pcap(path)
            if len(packets) <= MOST_PACKETS:
                yield path.name, packets, link_type, self.records(packets, link_type)

    def test_a_packet_is_missing(self):
        for name, packets, link_type, truth in self.each():
            for k in range(len(packets)):
                self.check(name, packets[:k] + packets[k + 1:], link_type, truth, f"without {k + 1}")

    def test_the_beginning_is_missing(self):
        for name, packets, link_type, truth in self.each():
            for k in range(1, len(packets)):
                self.check(name, packets[k:], link_type, truth, f"from {k + 1}")

    def test_one_direction(self):
        for name, packets, link_type, truth in self.each():
            for ip in {truth[0][role]["ip"] for role in ("client", "server")}:
                source = ipaddress.ip_address(ip).packed
                # Before its destination; where both addresses are in a frame, the first is it.
                one = [packet for packet in packets if source in packet[1] and
                       not any(other in packet[1] and
                               packet[1].index(other) < packet[1].index(source)
                               for other in {ipaddress.ip_address(truth[0][role]["ip"]).packed
                                             for role in ("client", "server")} - {source})]
                self.check(name, one, link_type, truth, f"only from {ip}")

    def test_snap_lengths(self):
        for name, packets, link_type, truth in self.each():
            for snap in (54, 62, 66, 68, 74, 96):
                self.check(name, [(time_ns, data[:snap], wire) for time_ns, data, wire in packets],
                           link_type, truth, f"of {snap} octets")


if __name__ == "__main__":
    unittest.main()
