# SPDX-License-Identifier: GPL-2.0-or-later
"""What must not change the records: how the input is cut into pieces, the file's format, how the work
is shared, a segment that arrives twice. On each capture of testdata/."""
import json
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture

LIFELINE = os.environ["LIFELINE"]
TESTDATA = pathlib.Path(__file__).resolve().parents[2] / "testdata"
CAPTURES = sorted([*TESTDATA.glob("*.pcap"), *TESTDATA.glob("findings/*.pcap")])[::capture.STRIDE]
VIEWS = ["connections", "timeline", "http", "diagnose", "time-wait"]


def run(view, *arguments):
    done = subprocess.run([LIFELINE, view, "-o", "jsonl", *arguments], capture_output=True, timeout=300)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def canonical(output):
    """Records in an order of their own: shards don't print in the whole's."""
    return sorted(output.splitlines())


class Properties(unittest.TestCase):
    def setUp(self):
        self.assertGreater(len(CAPTURES) * capture.STRIDE, 50)
        self.random = random.Random(20261122)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_shards(self):
        """Connections, their events, exchanges and TIME-WAITs: all shards together are the whole."""
        for path in CAPTURES:
            shares = self.random.choice((2, 3, 7))
            for view in ("connections", "timeline", "http", "time-wait"):
                with self.subTest(path.name, view=view, shares=shares):
                    parts = b"".join(run(view, "--shard", f"{k}/{shares}", str(path))
                                     for k in range(1, shares + 1))
                    self.assertEqual(canonical(parts), canonical(run(view, str(path))))

    def test_jobs(self):
        """Octet for octet the same with any number of threads."""
        for path in CAPTURES[::3]:
            view = self.random.choice(VIEWS)
            with self.subTest(path.name, view=view):
                wanted = run(view, "--jobs", "1", str(path))
                for jobs in ("2", "3"):
                    self.assertEqual(run(view, "--jobs", jobs, str(path)), wanted)

    def test_runs(self):
        """Tables are keyed at random, and what is printed shows nothing of it: of streams that end
        together, in the order of their numbers."""
        def frame(kind, flags, stream, content=b""):
            return struct.pack("!I", len(content))[1:] + struct.pack("!BBI", kind, flags, stream) + content

        streams = list(range(1, 41, 2))
        requests = b"".join(frame(1, 5, stream, b"\x82\x86\x84\x41\x01x") for stream in streams)
        path = self.folder / "streams.pcap"
        path.write_bytes(capture.pcap(capture.connection(
            request=b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + requests,
            response=frame(4, 0, 0))))
        for _ in range(3):
            records = [json.loads(line) for line in run("http", str(path)).splitlines()]
            self.assertEqual([record["stream"] for record in records], streams)

    @staticmethod
    def tagged(vlan, *segment):
        return bytes(12) + struct.pack("!HHH", 0x8100, vlan, 0x800) + capture.tcp_ip(*segment)

    def test_halves_in_two_vlans(self):
        """The capture begins when data is under way: the first segment of the other direction, in a
        VLAN of its own, acknowledges less than the first octet captured."""
        client, server = ("10.0.0.2", "10.0.0.1", 40000, 9999), ("10.0.0.1", "10.0.0.2", 9999, 40000)
        ack, fin = capture.ACK, capture.FIN
        frames = [self.tagged(10, *client, 5000, 300, ack, b"x" * 100),
                  self.tagged(20, *server, 300, 4000, ack),
                  self.tagged(20, *server, 300, 5100, ack),
                  self.tagged(10, *client, 5100, 300, fin | ack),
                  self.tagged(20, *server, 300, 5101, fin | ack),
                  self.tagged(10, *client, 5101, 301, ack)]
        path = self.folder / "halves.pcap"
        path.write_bytes(capture.pcap([(10**18 + i * 10**6, data) for i, data in enumerate(frames)]))
        (record,) = [json.loads(line) for line in run("connections", str(path)).splitlines()]
        self.assertTrue(record["teardown"]["complete"])

    def test_fast_halves_in_two_vlans(self):
        """The same on a long fast path: what is acknowledged first is megabytes behind, whichever
        direction is seen first. And an RST without ACK answers in the other VLAN."""
        client, server = ("10.0.0.2", "10.0.0.1", 40000, 9999), ("10.0.0.1", "10.0.0.2", 9999, 40000)
        ack, rst = capture.ACK, capture.RST
        data = self.tagged(10, *client, 50_000_000, 300, ack, b"x" * 100)
        behind = self.tagged(20, *server, 300, 30_000_000, ack)
        gone = self.tagged(20, *server, 300, 0, rst)
        for frames in ([data, behind, data, behind], [behind, data, behind, data], [data, gone]):
            path = self.folder / "fast.pcap"
            path.write_bytes(capture.pcap([(10**18 + i * 10**6, data)
                                           for i, data in enumerate(frames)]))
            self.assertEqual(len(run("connections", str(path)).splitlines()), 1)

    def test_reuse_in_two_vlans(self):
        """Each direction of a path in a VLAN of its own, and the 4-tuple used again: whichever VLAN
        the SYN comes in, it is the same connection's next incarnation."""
        tagged = self.tagged
        client, server = ("10.0.0.2", "10.0.0.1", 40000, 9999), ("10.0.0.1", "10.0.0.2", 9999, 40000)
        syn, ack, rst = capture.SYN, capture.ACK, capture.RST
        for again in (10, 20):
            frames = [tagged(10, *client, 1000, 0, syn), tagged(20, *server, 5000, 1001, syn | ack),
                      tagged(10, *client, 1001, 5001, ack), tagged(10, *client, 1001, 5001, rst | ack),
                      tagged(again, *client, 900000, 0, syn),
                      tagged(20, *server, 70000, 900001, syn | ack),
                      tagged(10, *client, 900001, 70001, ack)]
            path = self.folder / f"vlans{again}.pcap"
            path.write_bytes(capture.pcap([(10**18 + i * 10**6, data)
                                           for i, data in enumerate(frames)]))
            records = [json.loads(line) for line in run("connections", str(path)).splitlines()]
            self.assertEqual([r["incarnation"] for r in records], [0, 1])
            self.assertEqual([r["handshake"]["complete"] for r in records], [True, True])

    def test_census_within_the_capture(self):
        """What is counted is counted until the capture ends, not behind."""
        for path in CAPTURES[::3]:
            last_ns = capture.read_pcap(path)[0][-1][0]
            last = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(last_ns // 10**9))
            last += f".{last_ns % 10**9:09}Z"
            with self.subTest(path.name):
                for line in run("time-wait", str(path)).splitlines():
                    record = json.loads(line)
                    if record["record"] == "time-wait-census":
                        self.assertLessEqual(record["time"], last)

    def test_chunks_of_a_pipe(self):
        """However the bytes come."""
        for path in CAPTURES[::2]:
            view = self.random.choice(VIEWS)
            content = path.read_bytes()
            with self.subTest(path.name, view=view):
                with tempfile.TemporaryFile() as out:
                    with subprocess.Popen([LIFELINE, view, "-o", "jsonl", "-"], bufsize=0,
                                          stdin=subprocess.PIPE, stdout=out) as process:
                        at, most = 0, self.random.choice((1 if len(content) < 4096 else 7, 50, 4000))
                        while at < len(content):
                            step = self.random.randint(1, most)
                            process.stdin.write(content[at:at + step])
                            at += step
                        process.stdin.close()
                        self.assertEqual(process.wait(), 0)
                    out.seek(0)
                    # A pipe may be live: diagnose doesn't wait for its end to give the worst first.
                    arrange = canonical if view == "diagnose" else bytes
                    self.assertEqual(arrange(out.read()), arrange(run(view, str(path))))

    def test_pcapng(self):
        """The same packets as pcapng, of either byte order, on two interfaces, in two sections."""
        for path in CAPTURES:
            packets, link_type = capture.read_pcap(path)
            big = self.random.random() < 0.5
            ng = capture.Pcapng(big)
            parts = []
            for number, (time_ns, data, wire) in enumerate(packets):
                if number in (0, len(packets) // 2):
                    parts.append(ng.out)
                    ng.out = b""
                    if number:
                        ng.section(not big)
                    ng.interface(link_type, tsresol=9).interface(link_type, tsresol=9)
                ng.packet(time_ns, data, interface=number % 2, wire=wire)
            file = self.folder / "capture.pcapng"
            file.write_bytes(b"".join(parts) + ng.out)
            for view in ("connections", "timeline"):
                with self.subTest(path.name, view=view):
                    self.assertEqual(run(view, str(file)), run(view, str(path)))

    def test_segments_twice(self):
        """Each frame captured twice (a mirror port of both ways): the lives are the same, and nothing
        counts twice but segments."""
        counts = ("payload_bytes", "missing_bytes", "retransmitted_segments", "retransmitted_bytes",
                  "out_of_order_segments")
        def life(record):
            ends = [(record[end]["ip"], record[end]["port"], record[end]["state"],
                     record[end]["states"], [record[end][count] for count in counts])
                    for end in ("client", "server")]
            return (ends, record["handshake"]["kind"], record["handshake"]["complete"],
                    record["teardown"]["kind"], record["teardown"]["complete"],
                    record["teardown"]["active_closer"], record["exchanges"], record["withdrawals"],
                    record["teardown"]["fin_retransmissions"], record["old_duplicates"],
                    record["handshake"]["syn_retransmissions"], record["keep_alives"],
                    record["handshake"]["synack_retransmissions"],
                    [(w["endpoint"], w["outcome"], w["restarts"], w["absorbed"])
                     for w in record["time_wait"]])

        for path in CAPTURES:
            packets, link_type = capture.read_pcap(path)
            twice = []
            for time_ns, data, wire in packets:
                if wire != len(data):
                    break
                twice += [(time_ns, data), (time_ns + 1000, data)]
            else:
                file = self.folder / "twice.pcap"
                file.write_bytes(capture.pcap(twice, link_type, nano=True))
                with self.subTest(path.name):
                    lives = [[life(json.loads(line)) for line in run("connections", str(p)).splitlines()]
                             for p in (file, path)]
                    self.assertEqual(*lives)


if __name__ == "__main__":
    unittest.main()
