#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The TIME-WAIT census against the kernel's own count, on loopback in a network namespace.

  census.py LIFELINE [--connections N] [--rate R]

Three loads of short connections: the client closes first, the server closes first, and a client
with few ephemeral ports that runs out of them. While they run, ss counts the sockets in TIME-WAIT;
tcpdump captures. Then `lifeline time-wait -o jsonl` must give the same count at each sample, within
the connections that open and close during one sample, and foretell when the ports run out.
Exit status: 0 agreed, 1 not, 77 not possible here (needs root, ip, ss and tcpdump).
"""
import argparse
import bisect
import datetime
import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

PORT = 8080


def skip(why):
    print("skipped: " + why)
    sys.exit(77)


def serve(stop, closes_first):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", PORT))
    listener.listen(1024)
    listener.settimeout(0.2)
    while not stop.is_set():
        try:
            peer, _ = listener.accept()
        except socket.timeout:
            continue
        peer.settimeout(5)
        try:
            peer.recv(100)
            peer.send(b"pong")
            if not closes_first:
                while peer.recv(100):
                    pass
        except OSError:
            pass
        peer.close()
    listener.close()


def kernel_count():
    """Sockets in TIME-WAIT, each once, as ss shows them."""
    out = subprocess.run(["ss", "-Htan", "state", "time-wait"], capture_output=True, text=True)
    return len(out.stdout.splitlines())


def load(connections, rate, server_closes):
    """Runs the load; returns the samples (time, count) and the time of the first failure, if any."""
    stop = threading.Event()
    server = threading.Thread(target=serve, args=(stop, server_closes), daemon=True)
    server.start()
    time.sleep(0.3)
    samples, failed = [], None

    def sample():
        while not stop.is_set():
            before = time.time()
            count = kernel_count()
            samples.append(((before + time.time()) / 2, count, time.time() - before))
            stop.wait(0.2)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    start = time.monotonic()
    for i in range(connections):
        pause = start + i / rate - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        client = socket.socket()
        try:
            client.connect(("127.0.0.1", PORT))
            client.send(b"ping")
            client.recv(100)
            if server_closes:
                client.recv(100)
        except OSError as e:
            client.close()
            if e.errno == errno.EADDRNOTAVAIL:
                failed = time.time()
                break
            raise
        client.close()
    time.sleep(1)
    stop.set()
    server.join()
    sampler.join()
    return samples, failed


def moment(text):
    whole, fraction = text.rstrip("Z").split(".")
    parsed = datetime.datetime.fromisoformat(whole).replace(tzinfo=datetime.timezone.utc)
    return parsed.timestamp() + float("0." + fraction)


def judge(lifeline, capture, samples, options):
    out = subprocess.run([lifeline, "time-wait", "-o", "jsonl", *options, capture],
                         capture_output=True, text=True, check=True).stdout
    records = [json.loads(line) for line in out.splitlines()]
    series = [(moment(r["time"]), r["count"]) for r in records
              if r["record"] == "time-wait-census" and r["remote_ip"] is None]
    forecast = [r for r in records if r["record"] == "time-wait-forecast" and r["remote_port"] == PORT]
    times = [t for t, _ in series]
    steps = [b - a for a, b in zip(times, times[1:])]
    slack = (min(steps) if steps else 0) + 0.02
    worst = relative = 0.0
    for at, count, took in samples:
        def ours(t):
            i = bisect.bisect_right(times, t)
            return series[i - 1][1] if i else 0
        low, high = ours(at - slack - took), ours(at + slack + took)
        off = max(0, min(low, high) - count, count - max(low, high))
        worst = max(worst, off)
        relative = max(relative, off / max(count, 1))
    return worst, relative, max(c for _, c, _ in samples), max([c for _, c in series], default=0), forecast


def inside(args):
    for command in (["ip", "link", "set", "lo", "up"],
                    ["sysctl", "-qw", "net.ipv4.tcp_tw_reuse=0"]):
        subprocess.run(command, check=True)
    fine = True
    folder = tempfile.mkdtemp()
    for name, server_closes, ports in (("client closes first", False, None),
                                       ("server closes first", True, None),
                                       ("few ports", False, (40000, 40399))):
        if ports:
            subprocess.run(["sysctl", "-qw", "net.ipv4.ip_local_port_range=%d %d" % ports], check=True)
        capture = os.path.join(folder, "load.pcap")
        tcpdump = subprocess.Popen(["tcpdump", "-i", "lo", "-B", "65536", "-s", "96", "-w", capture,
                                    "-Z", "root", "tcp"], stderr=subprocess.DEVNULL)
        time.sleep(1)
        before = kernel_count()
        rate = 100 if ports else args.rate
        try:
            samples, failed = load(1000 if ports else args.connections, rate, server_closes)
            time.sleep(0.5)
        finally:
            tcpdump.terminate()
            tcpdump.wait()
        samples = [(t, c - before, d) for t, c, d in samples]
        options = ["--ports", "%d-%d" % ports] if ports else []
        worst, relative, theirs, ours, forecast = judge(args.lifeline, capture, samples, options)
        agreed = relative <= 0.01 or worst <= 2
        print("%s: peak %d in the kernel, %d here; largest difference %d (%.2f %%) in %d samples"
              % (name, theirs, ours, worst, relative * 100, len(samples)))
        if ports:
            ran_out = bool(forecast) and forecast[0]["ports_run_out"] is True
            print("  connect() failed after %d; forecast: %s" % (theirs, json.dumps(forecast[:1])))
            agreed = agreed and failed is not None and ran_out
        fine = fine and agreed
        if server_closes:
            subprocess.run(["ss", "-K", "state", "time-wait"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, check=False)
    shutil.rmtree(folder)
    print("agreed" if fine else "NOT agreed")
    sys.exit(0 if fine else 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lifeline")
    parser.add_argument("--connections", type=int, default=3000)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        inside(args)
    if os.geteuid() != 0:
        skip("needs root")
    for tool in ("ip", "ss", "tcpdump", "unshare", "sysctl"):
        if not shutil.which(tool):
            skip("no " + tool)
    if subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode:
        skip("no network namespaces here")
    sys.exit(subprocess.run(["unshare", "-n", sys.executable, "-B", os.path.abspath(__file__),
                             os.path.abspath(args.lifeline), "--connections", str(args.connections),
                             "--rate", str(args.rate), "--inside"], check=False).returncode)


main()
