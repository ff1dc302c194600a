#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""No state leaks from one capture file to the next, and no memory error happens on the way.

One sharkd process (what web front ends of Wireshark use) opens captures in random order, again and
again; shows packets of each at random, filters, taps the statistics, and changes preferences, which
the next file is dissected with. What it shows of a capture must be what a fresh process shows.

usage: stress.py --plugin lifeline.so [--preload LIBASAN] [--rounds N] [--seed S] CAPTURE...
"""
import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys

from wireshark import NOBODY, Wireshark

TAPS = ["stat:lifeline", "nstat:lifeline,time-wait", "seqa:lifeline", "expert"]
DEFAULTS = {"lifeline.http": "TRUE", "lifeline.stack": "unknown", "lifeline.max_connections": "0",
            "lifeline.time_wait_seconds": "0"}


class Sharkd:
    def __init__(self, wireshark):
        self.errors = open(wireshark.home + "/sharkd-errors", "w+", encoding="utf-8")
        self.process = subprocess.Popen(wireshark.command("sharkd", ["-"]), text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=wireshark.environment,
                                        cwd=wireshark.home, encoding="utf-8", errors="replace")
        self.number = 0

    def ask(self, method, **parameters):
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": parameters}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        while True:
            line = self.process.stdout.readline()
            if not line:
                self.fail(f"{method} {parameters}: sharkd ended with {self.process.wait()}")
            if line.startswith("{"):
                answer = json.loads(line)
                if "error" in answer and method != "load":
                    self.fail(f"{method} {parameters}: {answer['error']}")
                return answer.get("result")

    def fail(self, what):
        self.errors.seek(0)
        print(self.errors.read()[-6000:])
        sys.exit(f"stress: {what}")

    def close(self):
        self.process.stdin.close()
        status = self.process.wait()
        if status != 0:
            self.fail(f"sharkd ended with {status}")
        self.errors.close()


def lifecycle(tree):
    """The plugin's part of a packet's tree."""
    return [node for node in tree if node.get("f") == "lifeline" or
            str(node.get("l", "")).startswith("TCP Lifecycle")]


def look(sharkd, capture, packets):
    """A digest of what is shown of the packets, and of the statistics."""
    digest = hashlib.sha256()
    for packet in packets:
        shown = sharkd.ask("frame", frame=packet, proto=True)
        digest.update(json.dumps(lifecycle(shown["tree"])).encode())
    for tap in TAPS[:2]:
        digest.update(json.dumps(sharkd.ask("tap", tap0=tap)).encode())
    return digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--preload")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("captures", nargs="+")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    environment = {}
    if options.preload:
        # Wireshark's own leaks at the end are not this test's.
        environment = {"LD_PRELOAD": options.preload,
                       "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99"}

    with Wireshark(options.plugin, environment) as wireshark:
        captures = []
        for i, capture in enumerate(options.captures):
            copy = f"{wireshark.home}/{i}-{os.path.basename(capture)}"
            shutil.copy(capture, copy)
            os.chmod(copy, 0o644)
            if os.geteuid() == 0:
                os.chown(copy, NOBODY, NOBODY)
            captures.append(copy)

        one = Sharkd(wireshark)
        fresh = {}
        loads = packets_seen = compared = 0
        for _ in range(options.rounds):
            settings = dict(DEFAULTS)
            if dice.random() < 0.3:
                settings.update(dice.choice([{"lifeline.http": "FALSE"},
                                             {"lifeline.stack": "windows"},
                                             {"lifeline.max_connections": "2"},
                                             {"lifeline.time_wait_seconds": "1"}]))
            for name, value in settings.items():
                one.ask("setconf", name=name, value=value)
            capture = dice.choice(captures)
            one.ask("load", file=capture)
            loads += 1
            status = one.ask("status")
            count = status["frames"]
            if count == 0:
                continue
            packets = [dice.randint(1, count) for _ in range(min(count, 12))]
            packets_seen += len(packets)
            one.ask("frames", filter=dice.choice(["lifeline.time_wait == 1", "lifeline.finding",
                                                  'lifeline.client.state == "ESTABLISHED"',
                                                  "lifeline.http.wait > 0.01"]), limit=5)
            one.ask("tap", tap0=dice.choice(TAPS), tap1="conv:TCP")
            shown = look(one, capture, packets)
            if settings == DEFAULTS and dice.random() < 0.5:
                key = (capture, tuple(packets))
                if key not in fresh:
                    other = Sharkd(wireshark)
                    other.ask("load", file=capture)
                    fresh[key] = look(other, capture, packets)
                    other.close()
                compared += 1
                if fresh[key] != shown:
                    sys.exit(f"stress: {capture} packets {packets}: a fresh process shows something "
                             f"else (seed {options.seed})")
        one.close()
    print(f"stress: {loads} loads of {len(captures)} captures in one process, {packets_seen} packets "
          f"shown, {compared} compared with a fresh process, seed {options.seed}")


if __name__ == "__main__":
    main()
