#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin costs: tshark's processor time with it, against the same without it.

Runs each command with and without the plugin in turn; prints the quickest of each, user time and
user and system time, as Markdown. What the machine does beside makes runs slower, never quicker.

usage: cost.py --plugin lifeline.so [--rounds N] CAPTURE
"""
import argparse
import os
import resource

from wireshark import Wireshark

COMMANDS = [("packet list", []), ("`-Y http`", ["-Y", "http"]),
            ("`-q -z conv,tcp`", ["-q", "-z", "conv,tcp"]),
            ("`-T fields -e tcp.stream`", ["-T", "fields", "-e", "tcp.stream"]), ("`-V`", ["-V"])]


def seconds(wireshark, capture, arguments):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    wireshark.run("sh", "-c", 'exec tshark -n -r "$0" "$@" > /dev/null', capture, *arguments,
                  check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("capture")
    options = parser.parse_args()
    capture = os.path.abspath(options.capture)
    with Wireshark(options.plugin) as wireshark, Wireshark(None) as plain:
        print(f"|tshark {wireshark.version}|without: CPU s|with|more|user time alone|")
        print("|---|--:|--:|--:|--:|")
        for name, arguments in COMMANDS:
            times = {wireshark: [], plain: []}
            for _ in range(options.rounds):
                for which, runs in times.items():
                    runs.append(seconds(which, capture, arguments))
            both = {which: min(u + s for u, s in runs) for which, runs in times.items()}
            user = {which: min(u for u, _ in runs) for which, runs in times.items()}
            print(f"|{name}|{both[plain]:.2f}|{both[wireshark]:.2f}"
                  f"|{100 * (both[wireshark] / both[plain] - 1):+.1f} %"
                  f"|{100 * (user[wireshark] / user[plain] - 1):+.1f} %|", flush=True)


if __name__ == "__main__":
    main()
