# SPDX-License-Identifier: GPL-2.0-or-later
"""The completion for bash, which reads the program's help: what it offers for words typed so far."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

LIFELINE = os.environ["LIFELINE"]
SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "cli" / "completion" / "lifeline"
ASK = """
. "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_lifeline "$1"
echo "${COMPREPLY[@]}"
"""


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Completion(unittest.TestCase):
    def offered(self, *words):
        done = subprocess.run(["bash", "-uc", ASK, "bash", SCRIPT, LIFELINE, *words],
                              capture_output=True, text=True, check=True, timeout=60)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    @staticmethod
    def commands():
        page = subprocess.run([LIFELINE, "--help"], capture_output=True, text=True, check=True).stdout
        return re.findall(r"^  ([a-z-]+) ", page.split("Commands:")[1].split("\n\n")[0], re.M)

    def test_words(self):
        self.assertIn("time-wait", self.commands())
        cases = [
            (("con",), ["connections"]),
            (("",), self.commands()),
            (("http", "-o", ""), ["text", "jsonl", "csv", "har"]),
            (("report", "--output", "=", ""), ["html"]),
            (("-o", "m"), ["mermaid"]),
            (("diagnose", "--fail-on", "="), ["note", "warning", "error"]),
            (("diagnose", "--at-least", "w"), ["warning"]),
            (("--stack", ""), ["linux", "rfc", "windows", "macos", "freebsd"]),
            (("--trans",), ["--transitions"]),
            (("connections", "--trans"), []),
            (("diagnose", "--fail"), ["--fail-on="]),
            (("connections", "--where", "handshake.rtt"), ["handshake.rtt_seconds"]),
            (("connections", "capture"), []),  # a file, which bash knows itself
        ]
        for words, offered in cases:
            with self.subTest(words):
                self.assertEqual(self.offered(*words), offered)


if __name__ == "__main__":
    unittest.main()
