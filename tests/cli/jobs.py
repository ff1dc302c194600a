#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""However many threads work, the output is the same, octet for octet: every command and format,
on all captures of testdata/ read as one, and on one that is cut in the middle of a packet."""
import os
import pathlib
import subprocess
import sys
import tempfile

LIFELINE = os.environ["LIFELINE"]
TESTDATA = pathlib.Path(__file__).resolve().parents[2] / "testdata"
FORMATS = {
    "timeline": ["text", "jsonl", "mermaid", "svg"],
    "connections": ["text", "jsonl", "csv"],
    "http": ["text", "jsonl", "jsonl --headers", "csv", "har", "har --bodies"],
    "time-wait": ["text", "jsonl", "csv", "svg"],
    "diagnose": ["text", "jsonl"],
    "report": ["html"],
    "trace": ["perfetto"],
}


def run(command, form, jobs, files):
    done = subprocess.run([LIFELINE, command, "-o", *form.split(), "--jobs", str(jobs), *files],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout, done.stderr


def main():
    captures = sorted(str(path) for path in TESTDATA.glob("*.pcap*"))
    whole = (TESTDATA / "http-four-way-close.pcap").read_bytes()
    failures = checks = 0
    with tempfile.TemporaryDirectory() as folder:
        cut = pathlib.Path(folder) / "cut.pcap"
        cut.write_bytes(whole[:len(whole) * 2 // 3])
        for files in [captures, [str(cut), captures[0]]]:
            for command, forms in FORMATS.items():
                for form in forms:
                    alone = run(command, form, 1, files)
                    assert alone[1] or files[0] == str(cut), f"{command} -o {form} prints nothing"
                    for jobs in (2, 3, 16):
                        checks += 1
                        if run(command, form, jobs, files) != alone:
                            failures += 1
                            print(f"FAILED: {command} -o {form} --jobs {jobs} differs from --jobs 1")
    print(f"{checks} runs compared, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
