#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin costs: tshark's time with it, against the same without it.

Runs each command with and without the plugin in turn; prints the quickest of each, elapsed time and
processor time of all threads (user and system), as Markdown. What the machine does beside makes
runs slower, never quicker.

usage: cost.py --plugin lifeline.so [--rounds N] CAPTURE
"""
import argparse
import os
import resource
import time

from wireshark import Wireshark

COMMANDS = [("packet list", []), ("`-Y http`", ["-Y", "http"]),
            ("`-q -z conv,tcp`", ["-q", "-z", "conv,tcp"]),
            ("`-T fields -e tcp.stream`", ["-T", "fields", "-e", "tcp.stream"]), ("`-V`", ["-V"])]


def seconds(wireshark, capture, arguments):
    """Elapsed and processor time of one run."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    wireshark.run("sh", "-c", 'exec tshark -n -r "$0" "$@" > /dev/null', capture, *arguments,
                  check=True)
    elapsed, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("capture")
    options = parser.parse_args()
    capture = os.path.abspath(options.capture)
    with Wireshark(options.plugin) as wireshark, Wireshark(None) as plain:
        print(f"|tshark {wireshark.version}|without: elapsed s|with|more|without: CPU s|with|more|")
        print("|---|--:|--:|--:|--:|--:|--:|")
        for name, arguments in COMMANDS:
            times = {wireshark: [], plain: []}
            for _ in range(options.rounds):
                for which, runs in times.items():
                    runs.append(seconds(which, capture, arguments))
            line = ""
            for i in range(2):
                without, with_it = (min(run[i] for run in times[which])
                                    for which in (plain, wireshark))
                line += f"|{without:.2f}|{with_it:.2f}|{100 * (with_it / without - 1):+.1f} %"
            print(f"|{name}{line}|", flush=True)


if __name__ == "__main__":
    main()
