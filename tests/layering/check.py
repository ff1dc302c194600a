#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The layering rule of ARCHITECTURE.md: which room may include what. Usage: check.py ROOT"""
import pathlib
import re
import sys

# A room's own headers, lifeline.h and what stands here.
ROOMS = {
    "lib/model": [],
    "lib/wire": ["model/"],
    "lib/stream": ["conn/seq.h"],  # sequence arithmetic is in one place
    "lib/app": ["stream/", "model/"],
    "lib/findings": ["model/"],
    "lib/census": ["model/"],
    "lib/conn": ["wire/", "app/", "findings/", "census/", "model/"],
}
FORBIDDEN = {
    "lib": r"(pcap|glib|gio|epan|wsutil|wiretap|ws_)",
    "cli": r"(epan|wsutil|wiretap)",
    "plugin": r"pcap",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.M)


def violations(root):
    for top, forbidden in FORBIDDEN.items():
        for path in sorted((root / top).rglob("*.[ch]")):
            name = path.relative_to(root).as_posix()
            room = "/".join(name.split("/")[:2])
            for kind, target in INCLUDE.findall(path.read_text()):
                if re.match(forbidden, target):
                    yield f"{name} includes {target}: not in {top}/"
                if kind == "<" or target == "lifeline.h" or "/" not in target:
                    continue
                if room in ROOMS:
                    allowed = [room[len("lib/"):] + "/"] + ROOMS[room]
                    if not any(target.startswith(a) for a in allowed):
                        yield f"{name} includes {target}: {room} may include {', '.join(allowed)}"
                elif top != "lib" and any(target.startswith(r[4:] + "/") for r in ROOMS):
                    yield f"{name} includes {target}: {top} uses the public header only"
                elif top == "lib" and name.count("/") == 2 and room != "lib/include":
                    yield f"{name}: {room} is not a room that the rule knows"


def main():
    root = pathlib.Path(sys.argv[1])
    found = list(violations(root))
    print("\n".join(found) or "every include keeps the layering rule")
    sys.exit(1 if found else 0)


main()
