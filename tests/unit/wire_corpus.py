#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Decodes every capture of a corpus and compares with what Wireshark counted there.

usage: wire_corpus.py WIRE_TOOL

The corpus is the folder in LIFELINE_CORPUS, or ../shared/corpus: truth.json with, per capture, its
packets, its TCP segments, the payload of each stream, and the frames whose TCP header is only quoted
by an ICMP error. Every disagreement must be in EXPLAINED, with the numbers that are right.
"""
import json
import os
import subprocess
import sys

SKIPPED = 77

# file: (segments, payload octets, why); None where the truth is right
EXPLAINED = {
    "suricata-verify__drop-protocol-change.pcap": (
        5, 434, "frame 7 has data offset 2, which no receiver takes for a segment"),
    "suricata-verify__filestore-5408.pcap": (
        125, None, "frames 87 and 116 are sFlow: samples of packets that passed elsewhere"),
    "suricata-verify__firewall__tcp-session-decode-malformed-ipv4.pcap": (
        11, 43, "an IPv4 security option of length 2 in frame 8: stacks skip it, dissectors stop"),
    "tcpdump__bgp-bgp_capabilities_print-oobr-1.pcap": (
        0, None, "the first fragment of a datagram whose rest isn't captured"),
    "tcpdump__rpki-rtr-oobr.pcap": (
        0, None, "the first fragment of a datagram whose rest isn't captured"),
    "tcpdump__kday4.pcap": (
        None, 1809, "frame 10 is shorter than its IP header says: taken for a copy that was cut"),
    "tcpdump__kday7.pcap": (None, 1809, "the same"),
    "zeek__modbus__fuzz-72.pcap": (None, 35441, "the same in frames 1 and 20"),
    "zeek__tunnels__gre-aruba-amsdu.pcap": (
        2, 252, "one frame with an aggregate of two packets; the truth counts frames"),
    "zeek__tunnels__teredo_bubble_with_payload.pcap": (
        22, 12142, "Teredo on ports of its own, which Zeek follows as well"),
}


def counts(tool, files):
    """Runs the tool; a dictionary of counters per file name."""
    output = subprocess.run([tool, *files], check=True, capture_output=True, text=True).stdout
    result = {}
    for line in output.splitlines():
        path, *fields = line.split("\t")
        result[os.path.basename(path)] = {
            name: int(value) for name, value in (field.split("=") for field in fields)}
    return result


def main():
    tool = sys.argv[1]
    corpus = os.environ.get("LIFELINE_CORPUS", "../shared/corpus")
    truth_path = os.path.join(corpus, "truth.json")
    if not os.path.exists(truth_path):
        print(f"no corpus at {corpus} (LIFELINE_CORPUS names another place): skipped")
        return SKIPPED
    with open(truth_path, encoding="utf-8") as stream:
        captures = json.load(stream)["captures"]
    found = counts(tool, [os.path.join(corpus, "captures", c["file"]) for c in captures])

    wrong = explained = segments = 0
    for capture in captures:
        name = capture["file"]
        got = found[name]
        quoted = len(capture["connections"].get("icmp_quoted_tcp_frames", []))
        streams = capture["connections"].get("streams", [])
        want = {
            "frames": capture["packets"],
            "segments": capture["tcp_segments"] - quoted,
            "payload_bytes": sum(stream["client_payload_segments_sum"] +
                                 stream["server_payload_segments_sum"] for stream in streams),
        }
        segments += got["segments"]
        if name in EXPLAINED:
            for counter, value in zip(("segments", "payload_bytes"), EXPLAINED[name]):
                if value is not None:
                    want[counter] = value
            explained += 1
        problems = [f"{got[counter]} {counter}, not {value}" for counter, value in want.items()
                    if got[counter] != value]
        if problems:
            wrong += 1
            print(f"{name}: {'; '.join(problems)}", file=sys.stderr)
    print(f"{len(captures)} captures, {segments} segments; {explained} counted otherwise than "
          f"Wireshark, with reasons; {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
