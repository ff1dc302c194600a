# SPDX-License-Identifier: GPL-2.0-or-later
"""What every view takes of memory stays within --max-memory, whatever the capture holds, and an idle
connection takes little.

Peaks of resident memory, of the program as a whole: what it takes with nothing to read, and the
allocator's own, come on top."""
import os
import re
import subprocess
import tempfile
import unittest

LIFELINE = os.environ["LIFELINE"]
MAKE_CAPTURE = os.environ["MAKE_CAPTURE"]
LIMIT_MIB = 8
IDLE_OCTETS = 300
OVERHEAD_MIB = 6  # buffers, a copy of the file's window, the allocator's


def formats():
    """Every view with each of its formats."""
    views = subprocess.run([LIFELINE, "--help"], capture_output=True, check=True, text=True).stdout
    for view, names in re.findall(r"(?ms)^  ([a-z-]+)  .*?\[([a-z,]+)\]", views.partition("Commands:")[2]):
        for name in names.split(","):
            yield view, name


def peak_mib(*arguments, stdin=None):
    with subprocess.Popen([LIFELINE, *arguments], stdin=stdin, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss / 1024


@unittest.skipIf(os.environ["LIFELINE_SANITIZE"], "sanitizers take memory of their own")
class Bounded(unittest.TestCase):
    def bounded(self, *make):
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run([MAKE_CAPTURE, *make], stdout=file, check=True)
            for view, name in formats():
                with self.subTest(view=view, format=name):
                    code, peak = peak_mib(view, "-o", name, "--max-memory", f"{LIMIT_MIB}M", file.name)
                    self.assertEqual(code, 0)
                    self.assertLessEqual(peak, LIMIT_MIB + self.nothing + OVERHEAD_MIB)

    def setUp(self):
        with tempfile.NamedTemporaryFile() as file:
            subprocess.run([MAKE_CAPTURE, "flood", "1", "1"], stdout=file, check=True)
            code, self.nothing = peak_mib("connections", file.name)
            self.assertEqual(code, 0)

    def test_flood(self):
        self.bounded("flood", "200000", "50")

    def test_exchanges_at_once(self):
        self.bounded("waves", "20000", "20000")

    def test_idle_connections(self):
        """After the handshake, and kept alive after an exchange: what each adds."""
        few, many = 100000, 500000
        for steps in ("3", "5"):
            peaks = []
            for count in (few, many):
                with subprocess.Popen([MAKE_CAPTURE, "open", str(count), steps],
                                      stdout=subprocess.PIPE) as make:
                    code, peak = peak_mib("connections", "-o", "jsonl", "--max-memory", "1G", "-",
                                          stdin=make.stdout)
                self.assertEqual(code, 0)
                peaks.append(peak)
            with self.subTest(steps=steps):
                self.assertLess((peaks[1] - peaks[0]) * 2**20 / (many - few), IDLE_OCTETS)


if __name__ == "__main__":
    unittest.main()
