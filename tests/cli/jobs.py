#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""However many threads work, the output is the same, octet for octet: every command and format,
on all captures of testdata/ read as one, and on one that is cut in the middle of a packet; some of
them on a capture that many windows of the input hold, where nothing says how many threads; and on
one that needs more memory than it may have, for connections and for what the decoder holds."""
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture  # noqa: E402

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
    for path_in in captures:
        octets = pathlib.Path(path_in).read_bytes()
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


def write_flood(path):
    """Attempts that nobody answers, and between them, in bursts, datagrams in pieces: some of them
    never get their rest."""
    dice = random.Random(7)
    packets = []
    for burst in range(60):
        for _ in range(300):
            host = ".".join(str(dice.randrange(1, 255)) for _ in range(4))
            packets.append(capture.tcp_ip(host, "10.0.0.1", dice.randrange(1024, 65536), 80,
                                          dice.randrange(1 << 32), 0, capture.SYN))
        for number in range(30):
            whole = capture.tcp_ip("10.0.0.2", "10.0.0.3", 2000 + burst, 80, 1 + number * 8000, 1,
                                   capture.ACK, bytes(8000), ip_id=burst * 30 + number)
            header, half = whole[:20], 20 + 4000
            first = header[:6] + struct.pack("!H", 0x2000) + header[8:] + whole[20:half]
            last = header[:6] + struct.pack("!H", 4000 // 8) + header[8:] + whole[half:]
            packets += [first] if number % 3 else [first, last]
    path.write_bytes(capture.pcap([(10**18 + i * 1000, data) for i, data in enumerate(packets)],
                                  link_type=capture.RAW))


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
        flood = pathlib.Path(folder) / "flood.pcap"
        write_flood(flood)
        for command in ("connections", "diagnose"):
            form = "jsonl --max-memory 4M"
            alone = run(command, form, 1, [str(flood)])
            assert b"--max-memory" in alone[2], f"{command} -o {form} reaches no limit"
            for jobs in (2, 3):
                checks += 1
                if run(command, form, jobs, [str(flood)]) != alone:
                    failures += 1
                    print(f"FAILED: {command} -o {form} --jobs {jobs}, flooded, differs from --jobs 1")
    print(f"{checks} runs compared, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
