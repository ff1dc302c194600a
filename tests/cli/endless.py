# SPDX-License-Identifier: GPL-2.0-or-later
"""A day of traffic through a pipe: memory stays flat, however long it goes on.

By itself a day of ten connections a minute, for each view; tests/cli/endless.py PER_HOUR [VIEW...] replays
a day of more (LIFELINE and MAKE_CAPTURE name the programs)."""
import os
import subprocess
import sys
import unittest

LIFELINE = os.environ["LIFELINE"]
MAKE_CAPTURE = os.environ["MAKE_CAPTURE"]
VIEWS = ["timeline", "connections", "http", "time-wait", "diagnose"]
HOURS = 24
GROWTH_KIB = 2048  # what may come after the first quarter of the day; noise of the allocator
PACKETS_BYTES = 9 * (16 + 54) + 48 + 77  # of a connection


# AddressSanitizer keeps what is freed for a while: that grows, and is not the program's.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") +
               ":quarantine_size_mb=0:thread_local_quarantine_size_kb=0"}


def peak_kib(process):
    """The most resident memory so far."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        for line in file:
            if line.startswith("VmHWM"):
                return int(line.split()[1])
    raise AssertionError("no VmHWM")


def replay(view, per_hour):
    """Feeds a day's traffic; returns the peaks in KiB after each quarter of it."""
    total = 24 + HOURS * per_hour * PACKETS_BYTES
    peaks, fed = [], 0
    with subprocess.Popen([MAKE_CAPTURE, "day", str(HOURS), str(per_hour)],
                          stdout=subprocess.PIPE) as maker, \
            subprocess.Popen([LIFELINE, view, "-o", "jsonl", "-"], stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, env=ENVIRONMENT) as process:
        while chunk := maker.stdout.read(1 << 16):
            process.stdin.write(chunk)
            fed += len(chunk)
            if fed >= total * (len(peaks) + 1) // 4:
                peaks.append(peak_kib(process))
        process.stdin.close()
        if process.wait() != 0 or fed != total:
            raise AssertionError((process.returncode, fed, total))
    return peaks


class Endless(unittest.TestCase):
    def test_memory_is_flat(self):
        for view in VIEWS:
            with self.subTest(view):
                peaks = replay(view, 600)
                self.assertEqual(len(peaks), 4)
                self.assertLessEqual(peaks[3] - peaks[0], GROWTH_KIB, peaks)


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        for name in sys.argv[2:] or VIEWS:
            print(name, *replay(name, int(sys.argv[1])), "KiB after each quarter", flush=True)
    else:
        unittest.main()
