#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP inside TLS is paired when Wireshark has the keys.

Two ends of OpenSSL talk HTTP/1.1 and HTTP/2 through TLS 1.2 and 1.3; what they say is cut into
segments here, so that each message's frames are known: records longer than a segment, several
records in one, the last octets together with the FIN. Shown with the key log in one pass, in two,
and in one sharkd that loads the captures again and again; without it nothing is.

And what curl 7.88 and nginx 1.22 said to each other, in a capture that carries its secrets: files
one after the other by HTTP/1.1, and at once by HTTP/2, a POST, and HTTP/2 by TLS 1.2. The frames
are those that Wireshark's own HTTP dissectors give.

What isn't decrypted, because a segment is lost or cut, or isn't put together, is a gap: no answer is
declared missing, and none is paired with another's request.

usage: tls.py --plugin lifeline.so
"""
import argparse
import os
import random
import shutil
import ssl
import struct
import subprocess
import sys

from stress import Sharkd, lifecycle
from wireshark import NOBODY, Wireshark

FIELDS = ["exchange", "version", "method", "status", "request_frame", "request_last_frame",
          "response_frame", "response_last_frame", "outcome"]
MSS = 600


class Wire:
    """A capture of one TCP connection: raw IPv4 packets, a millisecond apart."""

    SYN, FIN, PSH, ACK = 2, 1, 8, 16

    def __init__(self):
        self.packets = []
        self.next = {"client": 1000, "server": 5000}
        self.send("client", self.SYN)
        self.send("server", self.SYN | self.ACK)
        self.send("client", self.ACK)

    def send(self, end, flags, data=b""):
        peer = "server" if end == "client" else "client"
        ack = self.next[peer] if flags & self.ACK else 0
        ports = (40000, 443) if end == "client" else (443, 40000)
        hosts = (b"\x0a\0\0\2", b"\x0a\0\0\1") if end == "client" else (b"\x0a\0\0\1", b"\x0a\0\0\2")
        tcp = struct.pack("!HHIIBBHHH", *ports, self.next[end], ack, 5 << 4, flags, 65000, 0, 0)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 40 + len(data), len(self.packets), 0x4000, 64, 6, 0)
        self.packets.append(ip + hosts[0] + hosts[1] + tcp + data)
        self.next[end] += len(data) + bool(flags & (self.SYN | self.FIN))

    def data(self, end, data, fin=False):
        """Sends it in segments; returns the number of the last one's frame."""
        for at in range(0, len(data), MSS):
            last = fin and at + MSS >= len(data)
            self.send(end, self.PSH | self.ACK | (self.FIN if last else 0), data[at:at + MSS])
        return len(self.packets)

    def write(self, path, lost=(), cut=None):
        """lost: packets that the capture hasn't; cut: the octets of those from a packet on."""
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 101))
            for i, packet in enumerate(self.packets):
                if i in lost:
                    continue
                kept = packet[:cut[1]] if cut and i >= cut[0] else packet
                file.write(struct.pack("<IIII", 1700000000 + i // 1000, i % 1000 * 1000,
                                       len(kept), len(packet)) + kept)


class Session:
    """Both ends of a TLS connection on a wire."""

    def __init__(self, certificate, keylog, version, protocol):
        self.wire = Wire()
        server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        server.load_cert_chain(certificate)
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        client.keylog_filename = keylog
        for context in (client, server):
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols([protocol])
        pipes = [ssl.MemoryBIO() for _ in range(4)]
        self.incoming = {"client": pipes[0], "server": pipes[1]}
        self.outgoing = {"client": pipes[2], "server": pipes[3]}
        self.end = {"client": client.wrap_bio(pipes[0], pipes[2]),
                    "server": server.wrap_bio(pipes[1], pipes[3], server_side=True)}
        done = set()
        while len(done) < 2 or self.outgoing["client"].pending or self.outgoing["server"].pending:
            for end in ("client", "server"):
                try:
                    self.end[end].do_handshake()
                    done.add(end)
                except ssl.SSLWantReadError:
                    pass
                self.flush(end)

    def flush(self, end, fin=False):
        data = self.outgoing[end].read()
        self.incoming["server" if end == "client" else "client"].write(data)
        return self.wire.data(end, data, fin)

    def say(self, end, *records, fin=False):
        """Each in a record of its own. Returns the frame that completes the last."""
        for record in records:
            self.end[end].write(record)
        return self.flush(end, fin)

    def close(self):
        self.wire.send("client", Wire.FIN | Wire.ACK)
        self.wire.send("server", Wire.ACK)


def http1(session):
    """A long request; a response in pieces; one that the FIN ends, in the same segment."""
    cookie = b"Cookie: " + b"a" * 1500 + b"\r\n"
    request = session.say("client", b"GET /one HTTP/1.1\r\nHost: test\r\n" + cookie + b"\r\n")
    head = session.say("server", b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n")
    last = session.say("server", b"x" * 1000, b"x" * 1000)
    expected = [("0", "1.1", "GET", "200", request, request, head, last, "complete")]
    request = session.say("client", b"POST /two HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\n",
                          b"abc")
    answer = session.say("server", b"HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n", b"gone",
                         fin=True)
    session.wire.send("client", Wire.ACK)
    session.close()
    return expected + [("1", "1.1", "POST", "404", request, request, answer, answer, "complete")]


def frame(kind, flags, stream, payload=b""):
    return struct.pack("!I", len(payload))[1:] + bytes([kind, flags]) + struct.pack("!I", stream) + \
        payload


def http2(session):
    """Two streams at once, whose responses interleave."""
    data, headers, settings, end_stream, end_headers = 0, 1, 4, 1, 4
    get = b"\x82\x84\x87\x41\x04test"  # GET / https, :authority test (RFC 7541 A)
    session.say("client", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0))
    session.say("server", frame(settings, 0, 0), frame(settings, 1, 0))
    one = session.say("client", frame(headers, end_stream | end_headers, 1, get))
    two = session.say("client", frame(headers, end_stream | end_headers, 3, get))
    second = session.say("server", frame(headers, end_headers, 3, b"\x8d"))
    first = session.say("server", frame(headers, end_headers, 1, b"\x88"))
    first_last = session.say("server", frame(data, end_stream, 1, b"y" * 900))
    second_last = session.say("server", frame(data, end_stream, 3, b"z"))
    session.close()
    session.wire.send("server", Wire.FIN | Wire.ACK)
    session.wire.send("client", Wire.ACK)
    return [("0", "2", "GET", "200", one, one, first, first_last, "complete"),
            ("1", "2", "GET", "404", two, two, second, second_last, "complete")]


CASES = {"tls12-http1": (ssl.TLSVersion.TLSv1_2, "http/1.1", http1),
         "tls13-http1": (ssl.TLSVersion.TLSv1_3, "http/1.1", http1),
         "tls12-http2": (ssl.TLSVersion.TLSv1_2, "h2", http2),
         "tls13-http2": (ssl.TLSVersion.TLSv1_3, "h2", http2)}


# stream, method, URI, status, request's frame, response's first and last
NGINX_CURL = [(0, "GET", "/a.txt", "200", 11, 12, 12), (0, "GET", "/b.txt", "200", 14, 15, 15),
              (0, "GET", "/none", "404", 16, 17, 17), (1, "GET", "/a.txt", "200", 31, 38, 39),
              (1, "GET", "/b.txt", "200", 32, 41, 41), (1, "GET", "/none", "404", 33, 42, 42),
              (1, "GET", "/big.txt", "200", 34, 45, 46), (2, "POST", "/b.txt", "405", 62, 63, 63),
              (3, "GET", "/up", "204", 80, 81, 81)]


def nginx_and_curl(wireshark):
    """Each exchange as its request's frame shows it in two passes."""
    fields = ["tcp.stream", "lifeline.http.method", "lifeline.http.uri", "lifeline.http.status",
              "lifeline.http.request_frame", "lifeline.http.response_frame",
              "lifeline.http.response_last_frame"]
    capture = os.path.join(os.path.dirname(os.path.abspath(__file__)), "nginx-curl.pcapng.gz")
    done = wireshark.tshark(capture, "-2", "-T", "fields", *[a for f in fields for a in ("-e", f)],
                            "-Y", "lifeline.http.request_frame == frame.number")
    same("nginx and curl", [tuple(line.split("\t")) for line in done.stdout.decode().splitlines()],
         [tuple(map(str, row)) for row in NGINX_CURL])


class Four:
    """Four exchanges of HTTP/1.1; which packets hold each request and response."""

    def __init__(self, session):
        self.wire = session.wire
        self.requests, self.responses = [], []
        for i in range(4):
            self.requests.append(len(self.wire.packets))
            session.say("client", b"GET /%d HTTP/1.1\r\nHost: test\r\n\r\n" % i)
            self.responses.append(len(self.wire.packets))
            session.say("server", b"HTTP/1.1 20%d OK\r\nContent-Length: 2000\r\n\r\n" % i + b"x" * 2000)
            self.wire.send("client", Wire.ACK)
        session.close()
        self.wire.send("server", Wire.FIN | Wire.ACK)
        self.wire.send("client", Wire.ACK)


def whole(*numbers):
    return [("GET", f"/{i}", f"20{i}", "complete") for i in numbers]


def gaps(*numbers):
    return [("GET", f"/{i}", "", "gap") for i in numbers]


def answers(*numbers):
    return [("", "", f"20{i}", "no-request") for i in numbers]


def undecrypted(wireshark, names, capture, *arguments):
    """The exchanges as [(method, URI, status, outcome)], and what is found about HTTP."""
    fields = ["exchange", "method", "uri", "status", "outcome"]
    done = wireshark.tshark(capture, "-2", "-T", "fields", "-Y", "lifeline.http", *arguments,
                            *[a for f in fields for a in ("-e", "lifeline.http." + f)])
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.decode().splitlines()}
    told = [(*row[:3], names["lifeline.http.outcome"].get(row[3], row[3]))
            for _, row in sorted(rows.items())]
    done = wireshark.tshark(capture, "-2", "-q", "-z", "expert", *arguments)
    return told, [line for line in done.stdout.decode().splitlines() if "TCP Lifecycle  http-" in line]


def what_is_not_decrypted_is_no_silence(wireshark, names, certificate, keylog):
    keys = ("-o", "tls.keylog_file:" + keylog)
    path = wireshark.home + "/part.pcap"
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        four = Four(Session(certificate, keylog, version, "http/1.1"))
        os.chmod(keylog, 0o644)
        third, last = four.responses[2], len(four.wire.packets)
        cases = {
            "intact": ({}, [], whole(0, 1, 2, 3)),
            "a segment lost": ({"lost": [third + 1]}, [], whole(0, 1) + gaps(2, 3)),
            "the last segment lost": ({"lost": [four.responses[3] + 3]}, [], whole(0, 1, 2) + gaps(3)),
            "a request lost": ({"lost": [four.requests[2]]}, [], whole(0, 1) + answers(2, 3)),
            "cut": ({"cut": (third, 300)}, [], whole(0, 1) + gaps(2, 3)),
            "cut at the end of the capture": ({"cut": (third, 300), "lost": range(last - 8, last)}, [],
                                              whole(0, 1) + gaps(2, 3)),
            "records not put together": ({}, ["-o", "tls.desegment_ssl_records:FALSE", "-o",
                                              "tcp.desegment_tcp_streams:FALSE"], gaps(0, 1, 2, 3)),
        }
        for name, (damage, preferences, expected) in cases.items():
            four.wire.write(path, **damage)
            os.chmod(path, 0o644)
            told = undecrypted(wireshark, names, path, *keys, *preferences)
            if name == "records not put together" and told == ([], []):
                continue  # newer versions of Wireshark then decrypt nothing of TLS 1.3
            same(f"{version.name}, {name}", told, (expected, []))

        # Whoever goes on without proof may decrypt more. Nothing is paired that isn't a pair.
        four.wire.write(path, lost=[third + 1])
        told, found = undecrypted(wireshark, names, path, *keys, "-o", "tls.ignore_ssl_mac_failed:TRUE")
        same(f"{version.name}, found without proof", found, [])
        assert all(uri[1:] == status[2:] for _, uri, status, _ in told if uri and status), told


def make_certificate(folder):
    path = folder + "/server.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=test", "-days", "1",
                    "-keyout", path, "-out", path + ".crt"], check=True, capture_output=True)
    with open(path, "ab") as file, open(path + ".crt", "rb") as certificate:
        shutil.copyfileobj(certificate, file)
    return path


def shown(wireshark, names, capture, *arguments):
    """The exchanges, by index, and of each what its last frame with a value says."""
    fields = [argument for field in FIELDS for argument in ("-e", "lifeline.http." + field)]
    done = wireshark.tshark(capture, *arguments, "-T", "fields", *fields, "-Y", "lifeline.http")
    rows = {}
    for line in done.stdout.decode().splitlines():
        columns = [column.split(",") for column in line.split("\t")]
        assert all(len(column) == len(columns[0]) or column == [""] for column in columns), line
        for i, index in enumerate(columns[0]):
            row = [column[i] if i < len(column) else "" for column in columns]
            row[-1] = names["lifeline.http.outcome"].get(row[-1], row[-1])
            rows[index] = tuple(row)
    return [rows[index] for index in sorted(rows)]


def known_so_far(told, expected):
    """What is expected in one pass: how the last exchange ended may not be known yet."""
    always = {"exchange", "method", "status", "request_frame", "response_frame"}
    return tuple(e if field in always else t and e for field, t, e in zip(FIELDS, told, expected))


def same(what, told, expected):
    if told != expected:
        sys.exit(f"tls: {what}: {told!r} instead of {expected!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--plugin", required=True)
    options = parser.parse_args()
    with Wireshark(options.plugin) as wireshark:
        names = wireshark.value_names()
        keylog = wireshark.home + "/keys"
        certificate = make_certificate(wireshark.home)
        keys = ("-o", "tls.keylog_file:" + keylog)
        captures = {}
        for name, (version, protocol, talk) in CASES.items():
            session = Session(certificate, keylog, version, protocol)
            expected = [tuple(map(str, row)) for row in talk(session)]
            captures[name] = wireshark.home + f"/{name}.pcap"
            session.wire.write(captures[name])
            os.chmod(keylog, 0o644)
            same(name + ", two passes", shown(wireshark, names, captures[name], "-2", *keys), expected)
            told = shown(wireshark, names, captures[name], *keys)
            same(name + ", one pass", told, [known_so_far(*rows) for rows in zip(told, expected)])
            same(name + ", no keys", shown(wireshark, names, captures[name], "-2"), [])

        nginx_and_curl(wireshark)
        what_is_not_decrypted_is_no_silence(wireshark, names, certificate, keylog)
        if shutil.which("sharkd"):
            for path in captures.values():
                if os.geteuid() == 0:
                    os.chown(path, NOBODY, NOBODY)
            sharkd = Sharkd(wireshark)
            sharkd.ask("setconf", name="tls.keylog_file", value=keylog)
            trees = {}
            for name in random.Random(1).choices(list(captures), k=12):
                sharkd.ask("load", file=captures[name])
                told = [lifecycle(sharkd.ask("frame", frame=number, proto=True)["tree"])
                        for number in range(1, sharkd.ask("status")["frames"] + 1)]
                assert "lifeline.http.method" in str(told), name
                same(name + ", loaded again", told, trees.setdefault(name, told))
            sharkd.close()
    print(f"tls: {len(CASES) + 1} captures; one pass, two, loaded again")


if __name__ == "__main__":
    main()
