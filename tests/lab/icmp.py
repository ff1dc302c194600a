#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""ICMP errors against the kernel: what connect() and the sockets of two namespaces say of them.

  icmp.py LIFELINE [--keep FOLDER] [-v]

A client, a router and a server, each a network namespace. The router rejects, has no route, finds
no neighbour, or has a link with a small MTU. The capture is made on the client's link. Of each case
lifeline must say of both ends what the kernel says, and name the error and who sent it.
Exit status: 0 agreed, 1 not, 77 not possible here (needs root, ip, nft and tcpdump).
"""
import argparse
import json
import os
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time

from witness import net

ADDRESSES = {
    4: {"client": "192.0.2.1", "near": "192.0.2.254", "far": "198.51.100.254",
        "server": "198.51.100.2", "nobody": "198.51.100.99", "nowhere": "203.0.113.1",
        "client-net": 24, "server-net": 24},
    6: {"client": "2001:db8:1::1", "near": "2001:db8:1::ff", "far": "2001:db8:2::ff",
        "server": "2001:db8:2::2", "nobody": "2001:db8:2::99", "nowhere": "2001:db8:3::1",
        "client-net": 64, "server-net": 64},
}
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
STATES = {1: "ESTABLISHED", 2: "SYN-SENT", 3: "SYN-RECEIVED", 7: "CLOSED"}
PATIENCE = 1.5  # seconds; the SYN is repeated after one


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


class World:
    def __init__(self):
        self.client, self.router, self.server = (
            net.Namespace(name) for name in ("client", "router", "server"))
        pid = os.getpid()
        for name, side in (("toclient", self.client), ("toserver", self.server)):
            self.router.ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns",
                           f"/proc/{pid}/fd/{side.fd}")
            self.router.ip("link", "set", name, "up")
            side.ip("link", "set", "eth0", "up")
        for side in (self.client, self.router, self.server):
            side.sysctl("ipv6/conf/all/accept_dad", 0)
            side.sysctl("ipv6/conf/default/accept_dad", 0)
            side.sysctl("ipv4/icmp_ratelimit", 0)
            side.sysctl("ipv6/icmp/ratelimit", 0)
        self.router.sysctl("ipv4/icmp_msgs_per_sec", 100000)
        for family, a in ADDRESSES.items():
            self.router.sysctl("ipv4/ip_forward" if family == 4 else "ipv6/conf/all/forwarding", 1)
            n = "/%d" % a["client-net"]
            add = ("addr", "add")
            nodad = ("nodad",) if family == 6 else ()
            self.client.ip(*add, a["client"] + n, "dev", "eth0", *nodad)
            self.server.ip(*add, a["server"] + n, "dev", "eth0", *nodad)
            self.router.ip(*add, a["near"] + n, "dev", "toclient", *nodad)
            self.router.ip(*add, a["far"] + n, "dev", "toserver", *nodad)
            self.client.ip(f"-{family}", "route", "add", "default", "via", a["near"])
            self.server.ip(f"-{family}", "route", "add", "default", "via", a["far"])
            self.router.sysctl(f"ipv{family}/neigh/toserver/retrans_time_ms", 60)

    def nft(self, rules):
        text = "flush ruleset\n" + rules
        with self.router.inside():
            subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)

    def reject(self, rules):
        self.nft("table inet t {\nchain f {\ntype filter hook forward priority 0;\n"
                 f"{rules}\n}}\n}}\n")

    def link_mtu(self, mtu):
        self.router.ip("link", "set", "toserver", "mtu", str(mtu))
        self.server.ip("link", "set", "eth0", "mtu", str(mtu))


def state_of(sock):
    return STATES.get(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0], "?")


def start_dump(side, path):
    dump = side.start(
        ["tcpdump", "-i", "eth0", "-U", "--immediate-mode", "-w", path, "-Z", "root",
         "tcp", "or", "icmp", "or", "icmp6"], stderr=subprocess.PIPE, text=True)
    while "listening" not in dump.stderr.readline():
        pass
    return dump


def end_dump(dump):
    dump.terminate()
    dump.wait()
    dump.stderr.close()


class Case:
    """One connection, known by its server's port, and what the kernel said of it."""

    def __init__(self, world, family, port, name, how=None, **want):
        self.world, self.family, self.port = world, family, port
        self.name, self.how, self.want = name, how, want
        self.client = self.server = None

    def listen(self):
        self.listener = self.world.server.socket(FAMILY[self.family])
        self.listener.bind((ADDRESSES[self.family]["server"], self.port))
        self.listener.listen(5)

    def connect(self, to="server", options=()):
        self.sock = self.world.client.socket(FAMILY[self.family])
        self.sock.setblocking(False)
        for option in options:
            self.sock.setsockopt(*option)
        self.sock.connect_ex((ADDRESSES[self.family][to], self.port))

    def accept(self):
        select.select([self.listener], [], [], 2)
        self.peer, _ = self.listener.accept()

    def look(self):
        self.client = state_of(self.sock)

    def look_at_request(self):
        with self.world.server.inside():
            out = subprocess.run(["ss", "-Htn", "state", "syn-recv"], capture_output=True,
                                 text=True).stdout
        waits = any(f":{self.port} " in line for line in out.splitlines())
        self.server = "SYN-RECEIVED" if waits else "CLOSED"


def lifeline(program, path, command):
    out = subprocess.run([program, command, "-o", "jsonl", path], capture_output=True, text=True,
                         check=True).stdout
    return [json.loads(line) for line in out.splitlines()]


class Judge:
    def __init__(self, program, verbose):
        self.program, self.verbose, self.failed, self.count = program, verbose, 0, 0

    def check(self, path, cases):
        records = {record["server"]["port"]: record
                   for record in lifeline(self.program, path, "connections")}
        for case in cases:
            self.check_one(case, records[case.port])

    def check_one(self, case, record):
        self.count += 1
        got = {"client": record["client"]["state"], "server": record["server"]["state"],
               **{key.removeprefix("last_"): value for key, value in record["icmp"].items()}}
        want = dict(case.want)
        finding = want.pop("finding", None)
        for end in ("client", "server"):
            if getattr(case, end):
                want[end] = getattr(case, end)
        wrong = {key: (got[key], value) for key, value in want.items() if got[key] != value}
        if finding and finding not in record["findings"]:
            wrong["findings"] = (record["findings"], finding)
        if self.verbose or wrong:
            print(f"{case.name} over IPv{case.family}: kernel: {case.client}, {case.server}")
            print(f"    lifeline: {got} {record['findings']}")
        if wrong:
            print(f"    WRONG (got, want): {wrong}")
            self.failed += 1


REJECTS = {
    4: (("port-unreachable", "port-unreachable"), ("host-unreachable", "host-unreachable"),
        ("net-unreachable", "net-unreachable"), ("admin-prohibited", "admin-prohibited"),
        ("prot-unreachable", "protocol-unreachable"), ("net-prohibited", "net-prohibited"),
        ("host-prohibited", "host-prohibited")),
    6: (("port-unreachable", "port-unreachable"), ("addr-unreachable", "host-unreachable"),
        ("no-route", "net-unreachable"), ("admin-prohibited", "admin-prohibited"),
        ("policy-fail", "source-policy"), ("reject-route", "reject-route")),
}


def run_family(world, judge, folder, family):
    a = ADDRESSES[family]
    icmp = "icmp" if family == 4 else "icmpv6"
    port = 1000 * family

    def new(name, how=None, **want):
        nonlocal port
        port += 1
        return Case(world, family, port, name, how, **want)

    def reject(which, cases):
        world.reject("".join(f"tcp {which} {c.port} {c.how}\n" for c in cases if c.how))

    near, far = os.path.join(folder, f"near-{family}.pcap"), os.path.join(folder,
                                                                         f"far-{family}.pcap")
    world.nft("")
    dumps = [start_dump(world.client, near), start_dump(world.server, far)]

    # In SYN-SENT. The first answer comes while connect() has the socket's lock, and ends nothing;
    # the second one does. Where a neighbour is looked for, it is the first.
    level = (socket.IPPROTO_IP, socket.IP_TTL) if family == 4 else (
        socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS)
    asks = [new("SYN: " + kind, f"reject with {icmp} type {kind}", error=error, sender=a["near"])
            for kind, error in REJECTS[family]]
    asks.append(new("SYN: RST", "reject with tcp reset", error=None,
                    finding="connection-refused"))
    nowhere = new("SYN: no route", error="net-unreachable", sender=a["near"])
    nobody = new("SYN: no neighbour", error="host-unreachable", sender=a["near"])
    short = new("SYN: TTL 1", error="hop-limit-exceeded", sender=a["near"])
    reject("dport", asks)
    nowhere.connect("nowhere")
    nobody.connect("nobody")
    short.connect(options=[(*level, 1)])
    for case in asks:
        case.connect()
    time.sleep(PATIENCE)
    asks += [nowhere, nobody, short]
    for case in asks:
        case.look()

    # The listener's request
    answers = [new("SYN,ACK: " + kind, f"reject with {icmp} type {kind}", error=error,
                   sender=a["far"]) for kind, error in REJECTS[family]]
    reject("sport", answers)
    for case in answers:
        case.listen()
        case.connect()
    time.sleep(0.2)
    for case in answers:
        case.look_at_request()
    time.sleep(0.1)
    end_dump(dumps.pop())  # what follows ends the requests
    for case in answers:
        case.sock.close()

    # Open
    opened = [new("data: " + kind, f"reject with {icmp} type {kind}", error=error,
                  sender=a["near"]) for kind, error in REJECTS[family]]
    world.nft("")
    for case in opened:
        case.listen()
        case.connect()
        case.accept()
    reject("dport", opened)
    for case in opened:
        case.sock.send(b"lost")
    time.sleep(0.5)
    for case in opened:
        case.look()

    # Path MTU
    told = new("MTU", error="packet-too-big", sender=a["near"], mtu=1300, finding="path-mtu")
    hidden = new("MTU, nobody says so", error=None, finding="path-mtu-suspect")
    probed = new("MTU, found by trying", error=None, finding="path-mtu-suspect")
    for case in (told, hidden, probed):
        world.client.sysctl("ipv4/tcp_mtu_probing", int(case is probed))
        world.nft("" if case is told else
                  "table inet t {\nchain o {\ntype filter hook output priority 0;\n"
                  "icmp type destination-unreachable drop\nicmpv6 type packet-too-big drop\n"
                  "}\n}\n")
        world.client.ip(f"-{family}", "route", "flush", "cache")
        case.listen()
        case.connect()
        case.accept()
        world.link_mtu(1300)
        case.sock.send(bytes(1400 if case is told else 4000))  # its last segment is small
        time.sleep(1 if case is told else 2 if case is hidden else 4)
        case.look()
        world.link_mtu(1500)

    time.sleep(0.1)
    end_dump(dumps.pop())
    judge.check(near, asks + opened + [told, hidden, probed])
    judge.check(far, answers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lifeline")
    parser.add_argument("--keep", metavar="FOLDER")
    parser.add_argument("-v", "--verbose", action="store_true")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.lifeline)
    if os.geteuid() != 0:
        skip("needs root")
    for tool in ("ip", "nft", "tcpdump", "ss"):
        if not shutil.which(tool):
            skip("needs " + tool)
    try:
        world = World()
        world.reject("tcp dport 1 reject with icmpx type port-unreachable")
    except (OSError, subprocess.CalledProcessError) as why:
        skip(f"no such namespaces or firewall here: {why}")
    judge = Judge(program, arguments.verbose)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.keep:
            folder = arguments.keep
            os.makedirs(folder, exist_ok=True)
        for family in (4, 6):
            run_family(world, judge, folder, family)
    print(f"{judge.count} cases, {judge.failed} wrong")
    return judge.failed != 0


if __name__ == "__main__":
    sys.exit(main())
