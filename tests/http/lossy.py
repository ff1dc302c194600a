#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture that lacks packets never leads to a wrong pair.

    lossy.py LIFELINE CAPTURE.pcap...

Each capture is read whole, then with packets left out: at random, in bursts, all before a place; and
reordered a little, and with packets doubled. A pair reported then must be one that the whole capture
holds; a pair without a doubt (confidence "proven") even where requests were pipelined.
"""
import collections
import json
import os
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import capture

SEEDS = 25 // capture.STRIDE
REORDERED_PLACES = 4


def read_pcap(path):
    with open(path, "rb") as f:
        data = f.read()
    if data[:4] not in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1"):
        sys.exit(path + ": not a little-endian pcap")
    packets, at = [], 24
    while at + 16 <= len(data):
        length = struct.unpack("<I", data[at + 8:at + 12])[0]
        packets.append(data[at:at + 16 + length])
        at += 16 + length
    return data[:24], packets


def exchanges(lifeline, header, packets):
    with tempfile.NamedTemporaryFile(suffix=".pcap") as f:
        f.write(header + b"".join(packets))
        f.flush()
        run = subprocess.run([lifeline, "http", "-o", "jsonl", f.name], capture_output=True)
    if run.returncode:
        sys.exit("lifeline: exit status %d: %s" % (run.returncode, run.stderr.decode()))
    return [json.loads(line) for line in run.stdout.splitlines()]


def lose(count):
    rate = random.choice((0.01, 0.05, 0.2))
    return [i for i in range(count) if random.random() > rate]


def burst(count):
    first = random.randrange(count)
    last = first + random.randint(1, 6)
    return [i for i in range(count) if not first <= i < last]


def begin_late(count):
    return list(range(random.randrange(count), count))


def reorder(count):
    return sorted(range(count), key=lambda i: (i + random.randrange(REORDERED_PLACES), i))


def double(count):
    return [i for i in range(count) for _ in range(random.choice((1, 1, 2)))]


def first_within(frame, exchange, side):
    first, last = exchange[side + "_frame"], exchange[side + "_last_frame"]
    return first is not None and frame is not None and first <= frame <= last


def is_right(request, response, x, whole):
    """A pair of the whole capture; a request that is lost may be there once more, sent again."""
    alike = [w for w in whole if first_within(response, w, "response") and
             (w["method"], w["uri"], w["status"]) == (x["method"], x["uri"] or w["uri"], x["status"])]
    return any(first_within(request, w, "request") for w in alike) or (
        alike and not any(first_within(request, w, "request") for w in whole))


def check(path, whole, kept, found, disturbance, totals):
    good = True
    pipelined = any(x["pipelined"] for x in whole)
    for x in found:
        if x["request_frame"] is None or x["status"] is None:
            continue
        request, response = kept[x["request_frame"] - 1] + 1, kept[x["response_frame"] - 1] + 1
        right = is_right(request, response, x, whole)
        sure = x["confidence"] == "proven"
        totals["proven" if sure else "likely"] += 1
        if right:
            continue
        # Where the capture's first packets lack, earlier requests may wait for their responses.
        if disturbance is not lose and disturbance is not burst and pipelined and not sure:
            totals["wrong, but likely"] += 1
            continue
        good = False
        print("%s, %s: %s %s in frame %d isn't answered by %s in frame %d" % (
            path, disturbance.__name__, x["method"], x["uri"], request, x["status"], response))
    return good


def main():
    lifeline, good = sys.argv[1], True
    totals = collections.Counter()
    for path in sys.argv[2:]:
        header, packets = read_pcap(path)
        whole = exchanges(lifeline, header, packets)
        for disturbance in (lose, burst, begin_late, reorder, double):
            for seed in range(SEEDS):
                random.seed("%s %d" % (os.path.basename(path), seed))
                kept = disturbance(len(packets))
                found = exchanges(lifeline, header, [packets[i] for i in kept])
                good &= check(path, whole, kept, found, disturbance, totals)
                if disturbance is double and len(found) != len(whole):
                    good = False
                    print("%s: %d exchanges, %d with packets doubled" % (path, len(whole), len(found)))
    print("%d pairs proven, %d likely%s" % (
        totals["proven"], totals["likely"],
        ", %d of these wrong" % totals["wrong, but likely"] if totals["wrong, but likely"] else ""))
    sys.exit(0 if good else 1)


main()
