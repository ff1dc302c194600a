# SPDX-License-Identifier: GPL-2.0-or-later
"""Every limit: reached, it is told on standard error and as a finding, never silently; what is given
up first is stated in ARCHITECTURE.md."""
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))
import capture
from capture import ACK, FIN, PSH, SYN

LIFELINE = os.environ["LIFELINE"]
MAKE_CAPTURE = os.environ["MAKE_CAPTURE"]
START = 10**18
CLIENT, SERVER = "10.0.0.2", "10.0.0.1"


def run(*arguments, packets, link_type=capture.RAW):
    with tempfile.NamedTemporaryFile() as file:
        file.write(capture.pcap(packets, link_type))
        file.flush()
        done = subprocess.run([LIFELINE, *arguments, file.name], capture_output=True, timeout=120)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], \
        done.stderr.decode()


def timed(datagrams):
    return [(START + i * 1_000_000, d) for i, d in enumerate(datagrams)]


def handshake(port, seq=1000, ack=5000, client=CLIENT):
    return [capture.tcp_ip(client, SERVER, port, 80, seq, 0, SYN),
            capture.tcp_ip(SERVER, client, 80, port, ack, seq + 1, SYN | ACK),
            capture.tcp_ip(client, SERVER, port, 80, seq + 1, ack + 1, ACK)]


def sent(port, offset, payload, client=CLIENT):
    """Payload of the client behind handshake()."""
    return capture.tcp_ip(client, SERVER, port, 80, 1001 + offset, 5001, PSH | ACK, payload)


def closed(port):
    """A connection that was closed by the server's FIN first, then the client's: the server waits;
    then by an RST, so that nobody does."""
    return handshake(port) + [capture.tcp_ip(CLIENT, SERVER, port, 80, 1001, 5001, 4 | ACK)]


def waiting(port):
    """A connection whose client is in TIME-WAIT."""
    return handshake(port) + [
        capture.tcp_ip(CLIENT, SERVER, port, 80, 1001, 5001, FIN | ACK),
        capture.tcp_ip(SERVER, CLIENT, 80, port, 5001, 1002, FIN | ACK),
        capture.tcp_ip(CLIENT, SERVER, port, 80, 1002, 5002, ACK)]


class Limits(unittest.TestCase):
    def reach(self, option, value, message, packets, count=None, link_type=capture.RAW):
        """The limit is told with the option and without it is not."""
        code, findings, err = run("diagnose", "-o", "jsonl", packets=packets, link_type=link_type)
        self.assertEqual(code, 0, err)
        self.assertNotIn(option, err)
        before = [f for f in findings if f["name"] == "capture-incomplete" and f["connection"] is None]
        self.assertEqual(before, [])
        code, findings, err = run("diagnose", "-o", "jsonl", option, value, packets=packets, link_type=link_type)
        self.assertEqual(code, 0, err)
        self.assertIn(option, err)
        (finding,) = [f for f in findings if f["name"] == "capture-incomplete" and
                      f["connection"] is None]
        self.assertIn(message, finding["text"])
        self.assertGreater(finding["count"], 0)
        self.assertRegex(err, rf"(?m)^lifeline: {finding['count']} .*{option}")
        if count is not None:
            self.assertEqual(finding["count"], count)
        return findings

    def test_connections(self):
        """One more than the table holds: the first is given up, with a record that says so."""
        packets = timed([d for port in range(40000, 40011) for d in handshake(port)])
        self.reach("--max-connections", "10", "limit of memory or of connections", packets, 1)
        _, records, _ = run("connections", "-o", "jsonl", "--max-connections", "10", packets=packets)
        self.assertEqual([r["incomplete"] for r in records], [True] + [False] * 10)
        self.assertIn("capture-incomplete", records[0]["findings"])

    def test_connections_are_given_up_in_the_stated_order(self):
        """Closed ones, unanswered handshakes, TIME-WAIT, the open ones idle longest."""
        kinds = [("open", lambda port: handshake(port)), ("waiting", waiting),
                 ("unanswered", lambda port: handshake(port)[:1]), ("closed", closed)]
        datagrams, names = [], {}
        for number, (name, make) in enumerate(kinds):
            for port in (40000 + 2 * number, 40001 + 2 * number):
                datagrams += make(port)
                names[port] = name
        # Two more at a time than fit, until all of the first are gone.
        for port in range(41000, 41008):
            datagrams += handshake(port)
        _, records, _ = run("connections", "-o", "jsonl", "--max-connections", "8",
                            packets=timed(datagrams))
        given_up = [names[r["client"]["port"]] for r in records if r["client"]["port"] in names]
        self.assertEqual(given_up, ["closed"] * 2 + ["unanswered"] * 2 + ["waiting"] * 2 + ["open"] * 2)

    def test_memory(self):
        """A flood of SYNs, and real connections in it, which stay whole."""
        made = subprocess.run([MAKE_CAPTURE, "flood", "60000", "50"], capture_output=True, check=True)
        command = [LIFELINE, "connections", "-o", "jsonl", "-v", "--max-memory", "8M", "--where",
                   "handshake.kind != unanswered", "-"]
        done = subprocess.run(command, input=made.stdout, capture_output=True, check=True)
        peak = float(re.search(rb"([\d.]+) MiB of memory at most", done.stderr).group(1))
        self.assertLessEqual(peak, 8)
        self.assertRegex(done.stderr, rb"\d+ connections were ended early .*--max-memory")
        whole = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([r["client"]["ip"] for r in whole], [f"172.16.0.{i}" for i in range(50)])
        for record in whole:
            self.assertTrue(record["handshake"]["complete"])
            self.assertEqual(record["teardown"]["kind"], "four-way")
            self.assertTrue(record["teardown"]["complete"])
            self.assertEqual(record["exchanges"], 1)
            self.assertFalse(record["incomplete"])

    def test_memory_of_requests(self):
        """Requests on thousands of connections, all unanswered at once, cost more than connections."""
        made = subprocess.run([MAKE_CAPTURE, "waves", "20000", "20000"], capture_output=True, check=True)
        command = [LIFELINE, "connections", "-o", "jsonl", "-v", "--max-memory", "8M", "-"]
        done = subprocess.run(command, input=made.stdout, capture_output=True, check=True)
        peak = float(re.search(rb"([\d.]+) MiB of memory at most", done.stderr).group(1))
        self.assertLessEqual(peak, 8)
        self.assertRegex(done.stderr, rb"\d+ connections were ended early .*--max-memory")

    def test_memory_of_syns_that_wait(self):
        """Each of thousands of connections gets a SYN that is neither old nor new, before an answer:
        they can be packed all the same, and none is given up for them."""
        datagrams = []
        for port in range(40000, 46000):
            datagrams += handshake(port)
        datagrams += [capture.tcp_ip(CLIENT, SERVER, port, 80, 77777777, 0, SYN) for port in range(40000, 46000)]
        datagrams += [capture.tcp_ip("10.0.0.3", SERVER, port, 80, 1, 0, SYN) for port in range(10000, 12000)]
        _, records, err = run("connections", "-o", "jsonl", "--max-memory", "12M", packets=timed(datagrams))
        self.assertEqual(sum(r["handshake"]["complete"] for r in records), 6000)
        self.assertNotIn("ended early", err)

    def test_memory_of_findings(self):
        """SYNs repeated on thousands of connections at once: what proves a finding is noted for each."""
        syns = [handshake(port)[0] for port in range(40000, 47000)]
        self.reach("--max-memory", "4M", "facts were not kept", timed(syns + syns))

    def test_stream(self):
        """The begin of a response comes last: what follows it has to wait, more than may."""
        body = bytes(100_000)
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
        stream = head + body
        parts = [(at, stream[at:at + 1000]) for at in range(0, len(stream), 1000)]
        packets = timed(handshake(40000) + [sent(40000, *part) for part in parts[1:] + parts[:1]])
        self.reach("--max-stream", "32K", "could not be put in order", packets)
        # The exchange isn't whole, and isn't taken for whole.
        _, exchanges, _ = run("http", "-o", "jsonl", "--max-stream", "32K", packets=packets)
        self.assertNotIn("complete", [x["outcome"] for x in exchanges])

    def test_streams(self):
        """The same in small on many connections: each is within its limit, all together aren't."""
        datagrams = []
        for port in range(40000, 40032):
            datagrams += handshake(port)
        for port in range(40000, 40032):
            datagrams += [sent(port, 1000 + at, bytes(1000)) for at in range(0, 8000, 1000)]
            datagrams += [sent(port, 0, b"GET / HTTP/1.1\r\n")]
        self.reach("--max-streams", "64K", "could not be put in order", timed(datagrams))

    def test_fragments(self):
        """The first fragments of five datagrams, of which only two may wait for their rest."""
        whole = [sent(40000, 1000 * i, bytes(1000)) for i in range(5)]
        parts = []
        for number, datagram in enumerate(whole):
            head = bytearray(datagram[:20])
            for offset, more, payload in ((0, 0x2000, datagram[20:520]), (500 // 8, 0, datagram[520:])):
                head[2:4] = struct.pack("!H", 20 + len(payload) // 8 * 8 if more else 20 + len(payload))
                head[4:8] = struct.pack("!HH", number + 1, more | offset)
                head[10:12] = b"\0\0"
                head[10:12] = struct.pack("!H", capture.checksum(bytes(head)))
                parts.append((offset, bytes(head) + payload[:len(payload) // 8 * 8 if more else None]))
        datagrams = handshake(40000) + [p for offset, p in parts if not offset]
        datagrams += [p for offset, p in parts if offset]
        self.reach("--max-fragments", "2", "IP fragment", timed(datagrams))

    def test_header(self):
        request = b"GET / HTTP/1.1\r\nHost: a\r\nCookie: " + b"x" * 3000 + b"\r\n\r\n"
        packets = timed(handshake(40000) + [sent(40000, at, request[at:at + 1000])
                                            for at in range(0, len(request), 1000)])
        self.reach("--max-header", "2K", "larger header", packets, 1)

    def test_headers_of_many(self):
        """Heads that come in pieces, each within its limit, more at once than streams may hold."""
        datagrams = []
        for port in range(40000, 40010):
            datagrams += handshake(port) + [sent(port, 0, b"GET / HTTP/1.1\r\nX: " + b"x" * 1000)]
        for port in range(40000, 40010):
            datagrams += [sent(port, 1019, b"x\r\n\r\n")]
        self.reach("--max-streams", "4K", "larger header", timed(datagrams))

    def test_header_of_http2(self):
        """Told once it is reached: CONTINUATION frames may go on without end. And what a block says
        beyond 256 KiB, by references of one octet."""
        def frame(kind, flags, payload):
            return struct.pack("!I", len(payload))[1:] + struct.pack("!BBI", kind, flags, 1) + payload

        def packets_of(*frames):
            octets = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"".join(frames)
            return timed(handshake(40000) + [sent(40000, at, octets[at:at + 1400])
                                             for at in range(0, len(octets), 1400)])

        get = b"\x82\x86\x84\x41\x01a"
        endless = packets_of(frame(1, 0, get), *[frame(9, 0, b"\0\1a\1b" * 100)] * 10)
        self.reach("--max-header", "2K", "larger header", endless, 1)
        field = b"\x40\x01a\x7f\xbd\x1d" + b"x" * 3900
        _, findings, err = run("diagnose", "-o", "jsonl",
                               packets=packets_of(frame(1, 5, get + field + b"\xbe" * 100)))
        self.assertIn("1 HTTP message had larger headers", err)
        self.assertIn("larger header", " ".join(f["text"] for f in findings))

    def test_pipeline(self):
        requests = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i for i in range(5))
        packets = timed(handshake(40000) + [sent(40000, 0, requests)])
        self.reach("--max-pipeline", "2", "not followed", packets)
        _, exchanges, _ = run("http", "-o", "jsonl", "--max-pipeline", "2", packets=packets)
        self.assertEqual([x["uri"] for x in exchanges][:2], ["/0", "/1"])

    def test_tunnels(self):
        def inside(datagram, depth):
            for _ in range(depth):
                head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 1, 0, 64, 4, 0,
                                   b"\xac\x10\0\1", b"\xac\x10\0\2")
                datagram = head[:10] + struct.pack("!H", capture.checksum(head)) + head[12:] + datagram
            return datagram

        packets = timed([inside(d, 3) for d in handshake(40000)])
        self.reach("--max-tunnel-depth", "2", "tunnels in each other", packets, 3)
        _, records, _ = run("connections", "-o", "jsonl", "--max-tunnel-depth", "3", packets=packets)
        self.assertEqual(len(records), 1)

    def test_contexts(self):
        """Beyond the limit VLANs still tell connections apart, but have no names."""
        packets = []
        for vlan in (10, 20, 30):
            packets += [(t, d[:12] + struct.pack("!HH", 0x8100, vlan) + d[12:])
                        for t, d in capture.connection()]
        self.reach("--max-contexts", "2", "have no name", packets, link_type=capture.ETHERNET)
        _, records, _ = run("connections", "-o", "jsonl", "--max-contexts", "2", packets=packets,
                            link_type=capture.ETHERNET)
        self.assertEqual([r["context"] or "" for r in records][:2], ["vlan 10", "vlan 20"])
        self.assertEqual(len(records), 3)

    def test_hosts(self):
        """Three servers, and room for one pair of hosts in the tallies of findings."""
        packets = []
        for port in (81, 82, 83):
            packets += capture.connection(server_port=port, request=b"GET / HTTP/1.0\r\n\r\n")
        self.reach("--max-hosts", "1", "more pairs of client and server", packets,
                   link_type=capture.ETHERNET)


if __name__ == "__main__":
    unittest.main()
