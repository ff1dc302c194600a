#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures and what must be found in them: expect.tsv, and nothing else. Causes of RSTs: causes.tsv.

    tests/findings/run.py LIFELINE [--renew]

--renew writes the findings of now into expect.tsv, to be read through before they are believed.
"""
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTDATA = HERE.parent.parent / "testdata"
sys.path.insert(0, str(HERE.parent / "lib"))
from capture import STRIDE  # noqa: E402

CHINESE = re.compile("[\u4e00-\u9fff]")
failures = []


def check(condition, *what):
    if not condition:
        failures.append(" ".join(map(str, what)))
        print("FAILED:", *what)


def run(program, *arguments, language="C.UTF-8"):
    environment = {**os.environ, "LC_ALL": language, "TZ": "UTC"}
    environment.pop("LANGUAGE", None)
    return subprocess.run([program, *arguments], capture_output=True, text=True, env=environment,
                          check=False)


def read_table(name):
    for number, line in enumerate((HERE / name).read_text().splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line.split("\t")


def records_of(program, *arguments):
    result = run(program, *arguments)
    check(result.returncode == 0, arguments, "exit status", result.returncode, result.stderr)
    return [json.loads(line) for line in result.stdout.splitlines()]


def summarize(found):
    """'warning:last-ack-lost note:time-wait-reused*2', worst first."""
    rank = {"error": 0, "warning": 1, "note": 2}
    counts = collections.Counter((rank[one["severity"]], one["severity"], one["name"])
                                 for one in found)
    return " ".join(f"{severity}:{name}" + (f"*{count}" if count > 1 else "")
                    for (_, severity, name), count in sorted(counts.items())) or "-"


def check_record(program, path, one, frames):
    """What holds for every finding."""
    where = f"{path.name} {one['name']}:"
    check(one["record"] == "finding", where, "record", one["record"])
    check(one["text"] and "{" not in one["text"] and "?" not in one["text"], where, one["text"])
    for key in ("why", "advice"):
        check(one[key], where, key, "is missing")
    check(one["frames"], where, "no frames")
    check(one["frames"] == sorted(set(one["frames"])), where, "frames", one["frames"])
    check(all(1 <= frame <= frames for frame in one["frames"]), where, "frames", one["frames"])


def check_texts(program, path, options, found):
    """Text names each finding, once a group, in both languages; nothing is left in English."""
    names = {one["name"] for one in found}
    english = run(program, "diagnose", *options, str(path)).stdout
    chinese = run(program, "diagnose", *options, str(path), language="zh_CN.UTF-8").stdout
    for name in names:
        check(f"× {name}: " in english, path.name, name, "is not in the text")
    for line in chinese.splitlines():
        check(not line.strip() or CHINESE.search(line) or "RFC" in line, path.name,
              "not in Chinese:", line)


def check_names(program, path, found):
    """The connections' records name the findings that belong to them."""
    told = collections.defaultdict(set)
    for one in found:
        if one["connection"] is not None:
            told[one["connection"]].add(one["name"])
    for one in records_of(program, "connections", "-o", "jsonl", str(path)):
        check(set(one["findings"]) == told[one["connection"]], path.name, "connection",
              one["connection"], "names", one["findings"], "but found", told[one["connection"]])


def check_status(program, path, options, found):
    severities = {one["severity"] for one in found}
    worse = {"note": {"note", "warning", "error"}, "warning": {"warning", "error"},
             "error": {"error"}}
    for severity, those in worse.items():
        status = run(program, "diagnose", "--fail-on", severity, *options, str(path)).returncode
        check(status == (1 if severities & those else 0), path.name, "--fail-on", severity, "gives",
              status)


def check_captures(program, renew):
    covered, named, rows = set(), collections.Counter(), []
    for number, (name, options, expected, story) in read_table("expect.tsv"):
        path = TESTDATA / name
        covered.add(name)
        options = [] if options == "-" else options.split()
        found = records_of(program, "diagnose", "-o", "jsonl", *options, str(path))
        ranks = [["error", "warning", "note"].index(one["severity"]) for one in found]
        check(ranks == sorted(ranks), name, "is not worst first")
        summary = summarize(found)
        check(renew or summary == expected, f"expect.tsv:{number}: {name}: expected {expected}, "
              f"found {summary}")
        rows.append((name, " ".join(options) or "-", summary, story))
        for one in found:
            named[one["name"]] += 1
            check_record(program, path, one, 100000)
        if len(rows) % STRIDE:
            continue  # the rest takes long
        check_status(program, path, options, found)
        check_texts(program, path, options, found)
        if not options:
            check_names(program, path, found)
    for path in sorted(TESTDATA.glob("**/*.pcap*")):
        check(str(path.relative_to(TESTDATA)) in covered, path.name, "is not in expect.tsv")
    return named, rows


def check_causes(program):
    """Verdict and cause of the RST, as the kernel's story has it."""
    causes = set()
    for number, (name, connection, sender, cause, verdict) in read_table("causes.tsv"):
        record = records_of(program, "connections", "-o", "jsonl", "-c", connection,
                            str(TESTDATA / name))[0]
        got = tuple(record[sender][key] or "-" for key in ("reset_cause", "reset_verdict"))
        check(got == (cause, verdict), f"causes.tsv:{number}: {name}: expected {cause} {verdict}, "
              f"found {got[0]} {got[1]}")
        causes.add(cause)
    return causes


def check_explain(program):
    """Every capture can be told, in both languages; Chinese has no English sentence left."""
    sentence = re.compile(r"[A-Za-z']+ [a-z']+ [a-z']+ [a-z']+")
    for path in sorted(TESTDATA.glob("**/*.pcap*")):
        english = run(program, "explain", str(path))
        chinese = run(program, "explain", str(path), language="zh_CN.UTF-8")
        for told in (english, chinese):
            check(told.returncode == 0 and told.stdout, path.name, "explain", told.returncode)
            check("{" not in told.stdout and "?" not in told.stdout, path.name, "has a hole")
        left = sentence.search(chinese.stdout)
        check(not left, path.name, "in Chinese says", left and left.group())
        check("three-way handshake" not in english.stdout or "三次握手" in chinese.stdout, path.name,
              "lacks 三次握手")


def check_every_name(named, causes):
    """Each finding that the library knows has a capture that provokes it."""
    sources = HERE.parent.parent / "lib" / "findings"
    known = set()
    for path in sources.glob("rules_*.c"):
        known |= set(re.findall(r'\{\{"([a-z0-9-]+)", LIFELINE_', path.read_text()))
    check(len(known) >= 29, "only", len(known), "findings are known")
    check(known == set(named), "without a capture:", sorted(known - set(named)))
    wanted = {"refused", "handshake-abort", "unread-data", "closed-socket", "half-open-peer", "abort",
              "injected", "time-wait-ack", "no-time-wait"}
    check(causes >= wanted, "causes without a capture:", sorted(wanted - causes))


def main():
    program, renew = sys.argv[1], "--renew" in sys.argv
    named, rows = check_captures(program, renew)
    if renew:
        head = [line for line in (HERE / "expect.tsv").read_text().splitlines()
                if line.startswith("#")]
        (HERE / "expect.tsv").write_text("\n".join(head + ["\t".join(row) for row in rows]) + "\n")
        return 0
    check_every_name(named, check_causes(program))
    check_explain(program)
    print(f"{len(rows)} captures, {len(named)} findings, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
