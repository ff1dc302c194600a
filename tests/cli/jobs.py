#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""However many threads work, the output is the same, octet for octet: every command and format,
on all captures of testdata/ read as one, and on one that is cut in the middle of a packet; and some
of them on a capture that many windows of the input hold, where nothing says how many threads."""
import os
import pathlib
import struct
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


LARGE_BYTES = 5 << 20  # from 4 MB on the program takes threads by itself
LARGE_FORMATS = [("connections", "jsonl"), ("http", "jsonl --headers"), ("timeline", "jsonl")]
ETHERNET = 1


def write_large(path, captures):
    """The packets of all captures of Ethernet in pcap with nanoseconds, again and again, a day later
    each time."""
    header, packets = None, []
    for capture in captures:
        octets = pathlib.Path(capture).read_bytes()
        if octets[:4] != b"\x4d\x3c\xb2\xa1" or octets[20] != ETHERNET:
            continue
        header, at = octets[:24], 24
        while at + 16 <= len(octets):
            seconds, sub, captured, wire = struct.unpack_from("<IIII", octets, at)
            packets.append((seconds, sub, captured, wire, octets[at + 16:at + 16 + captured]))
            at += 16 + captured
    with open(path, "wb") as file:
        file.write(header)
        for day in range(10**6):
            for seconds, sub, captured, wire, frame in packets:
                file.write(struct.pack("<IIII", seconds + 86400 * day, sub, captured, wire) + frame)
            if file.tell() > LARGE_BYTES:
                break


def run(command, form, jobs, files):
    threads = [] if jobs is None else ["--jobs", str(jobs)]
    done = subprocess.run([LIFELINE, command, "-o", *form.split(), *threads, *files],
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
        large = pathlib.Path(folder) / "large.pcap"
        write_large(large, captures)
        for command, form in LARGE_FORMATS:
            alone = run(command, form, 1, [str(large)])
            assert alone[0] == 0 and alone[1], f"{command} -o {form} fails on the large capture"
            for jobs in (None, 2, 3):
                checks += 1
                if run(command, form, jobs, [str(large)]) != alone:
                    failures += 1
                    print(f"FAILED: {command} -o {form} --jobs {jobs}, large, differs from --jobs 1")
    print(f"{checks} runs compared, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
