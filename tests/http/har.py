#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP Archives keep to HAR 1.2, and say what the capture holds.

    har.py LIFELINE CAPTURE.pcap...

Each capture's archive is checked against the format's rules, by har-validator too where Node.js has
it (NODE_PATH names where). Then exchanges made here, with known octets and times, are compared with
their entries.
"""
import base64
import datetime
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import unittest
import zlib

from wire import START, Wire, capture

LIFELINE, CAPTURES = None, []


def archive(path, *options):
    run = subprocess.run([LIFELINE, "http", "-o", "har", *options, path], capture_output=True)
    if run.returncode not in (0, 4):
        raise AssertionError("%s: exit status %d: %s" % (path, run.returncode, run.stderr.decode()))
    return json.loads(run.stdout)


# ---- the format's rules ----

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
URL = re.compile(r"[a-z][a-z0-9+.-]*://([^/?#\s]+)(/[!-~]*)?$", re.I)
MEMBERS = {
    "entry": ("startedDateTime time request response cache timings",
              "pageref serverIPAddress connection comment"),
    "request": ("method url httpVersion cookies headers queryString headersSize bodySize",
                "postData comment"),
    "response": ("status statusText httpVersion cookies headers content redirectURL headersSize bodySize",
                 "comment"),
    "content": ("size mimeType", "compression text encoding comment"),
    "postData": ("mimeType", "params text comment"),
    "timings": ("send wait receive", "blocked dns connect ssl comment"),
    "cookie": ("name value", "path domain expires httpOnly secure comment"),
    "pair": ("name value", "comment"),
}


def check_members(what, value):
    required, optional = (set(x.split()) for x in MEMBERS[what])
    ours = {key for key in value if not key.startswith("_")}
    assert required <= ours, "%s lacks %s" % (what, required - ours)
    assert ours <= required | optional, "%s has %s" % (what, ours - required - optional)


def check_message(m):
    for cookie in m["cookies"]:
        check_members("cookie", cookie)
        assert "expires" not in cookie or DATE.match(cookie["expires"]), cookie
    for pair in m["headers"] + m.get("queryString", []):
        check_members("pair", pair)
    for key in ("headersSize", "bodySize"):
        assert isinstance(m[key], int) and m[key] >= -1


def check_entry(e):
    check_members("entry", e)
    assert DATE.match(e["startedDateTime"]), e["startedDateTime"]
    timings = e["timings"]
    check_members("timings", timings)
    for phase in ("send", "wait", "receive"):
        assert timings[phase] >= 0, timings
    total = 0
    for phase in ("blocked", "dns", "connect", "send", "wait", "receive"):  # ssl is part of connect
        assert timings[phase] >= 0 or timings[phase] == -1
        total += max(timings[phase], 0)
    assert abs(total - e["time"]) < 1e-6, (total, e["time"])
    check_members("request", e["request"])
    check_message(e["request"])
    assert URL.match(e["request"]["url"]), e["request"]["url"]
    if "postData" in e["request"]:
        check_members("postData", e["request"]["postData"])
    check_members("response", e["response"])
    check_message(e["response"])
    content = e["response"]["content"]
    check_members("content", content)
    assert content["size"] >= 0
    assert content.get("encoding") in (None, "base64")
    if "compression" in content:
        assert content["size"] - content["compression"] == e["response"]["bodySize"]
    if "text" in content and "comment" not in content:
        text = content["text"]
        octets = base64.b64decode(text) if "encoding" in content else text.encode()
        declared = next((h["value"] for h in e["response"]["headers"] if h["name"].lower() == "content-type"), "")
        if "charset" not in declared.lower():
            assert len(octets) == content["size"], (len(octets), content["size"])


def check_archive(document):
    log = document["log"]
    assert log["version"] == "1.2" and log["creator"]["name"] == "lifeline"
    starts = [e["startedDateTime"] for e in log["entries"]]
    assert starts == sorted(starts)
    for e in log["entries"]:
        check_entry(e)


def validator():
    """A function that raises when har-validator finds a mistake; None where it isn't installed."""
    node = shutil.which("node")
    probe = [node, "-e", "require('har-validator')"] if node else None
    if not probe or subprocess.run(probe, capture_output=True).returncode:
        print("har-validator isn't installed: the rules here alone are checked")
        return None
    program = ("let t='';process.stdin.on('data',d=>t+=d).on('end',()=>require('har-validator')"
               ".har(JSON.parse(t)).catch(e=>{console.log(JSON.stringify(e.errors));process.exit(1)}))")

    def validate(document):
        run = subprocess.run([node, "-e", program], input=json.dumps(document), capture_output=True,
                             text=True)
        assert run.returncode == 0, run.stdout[:2000]
    return validate


# ---- captures made here ----

def har_of(*wires, options=("--bodies",)):
    with capture(*wires) as path:
        document = archive(path, *options)
    check_archive(document)
    if VALIDATE:
        VALIDATE(document)
    return document["log"]["entries"]


def exchange(head, body, request=b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n", **more):
    """The entry of one exchange whose response has these header fields and this body."""
    response = b"HTTP/1.1 200 OK\r\n" + head.encode() + b"\r\n"
    if "chunked" in head.lower():
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000])
                        for i in range(0, len(body), 1000)) + b"0\r\nX-Trailer: 1\r\n\r\n"
    wire = Wire().open().send("c", request).send("s", response + body, **more).close()
    entries = har_of(wire)
    assert len(entries) == 1
    return entries[0]


def content(head, body, **more):
    return exchange(head + "Content-Length: %d\r\n" % len(body) if "hunked" not in head else head, body,
                    **more)["response"]["content"]


TEXT = "grüße, 你好\n".encode() * 300


class Bodies(unittest.TestCase):
    def test_text_as_it_is(self):
        c = content("Content-Type: text/plain; charset=utf-8\r\n", TEXT)
        self.assertEqual((c["text"], c["size"]), (TEXT.decode(), len(TEXT)))
        self.assertNotIn("compression", c)
        self.assertNotIn("encoding", c)

    def test_octets_in_base64(self):
        octets = bytes(range(256)) * 9
        c = content("Content-Type: image/png\r\n", octets)
        self.assertEqual(base64.b64decode(c["text"]), octets)
        self.assertEqual(c["encoding"], "base64")

    def test_control_characters_in_base64(self):
        c = content("Content-Type: text/plain; charset=iso-8859-1\r\n", b"a\x01\xe9")
        self.assertEqual((base64.b64decode(c["text"]), c["encoding"]), (b"a\x01\xe9", "base64"))
        c = content("Content-Type: text/plain\r\n", b"a\t\r\n\f")
        self.assertEqual((c["text"], c.get("encoding")), ("a\t\r\n\f", None))

    def test_chunked_has_no_framing_left(self):
        e = exchange("Transfer-Encoding: chunked\r\n", TEXT)
        self.assertEqual(e["response"]["content"]["text"], TEXT.decode())
        self.assertEqual(e["response"]["bodySize"], len(TEXT))
        self.assertGreater(e["response"]["_transferSize"], e["response"]["headersSize"] + len(TEXT))

    def test_gzip_and_deflate_are_undone(self):
        bare = zlib.compressobj(wbits=-15)
        for coding, body in (("gzip", gzip.compress(TEXT)), ("deflate", zlib.compress(TEXT)),
                             ("deflate", bare.compress(TEXT) + bare.flush()),
                             ("gzip, deflate", zlib.compress(gzip.compress(TEXT)))):
            c = content("Content-Type: text/plain\r\nContent-Encoding: %s\r\n" % coding, body)
            self.assertEqual((c["text"], c["size"]), (TEXT.decode(), len(TEXT)))
            self.assertEqual(c["compression"], len(TEXT) - len(body))

    def test_brotli_and_zstd_are_undone(self):
        frame = b"\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello"  # RFC 8878: one raw block of 5 octets
        self.assertEqual(content("Content-Encoding: zstd\r\n", frame)["text"], "hello")
        # As much as one buffer holds, in one block, and another frame behind it.
        full = b"\x28\xb5\x2f\xfd\x60\x00\xff\x03\x00\x08a"
        self.assertEqual(content("Content-Encoding: zstd\r\nContent-Type: text/plain\r\n",
                                 full + frame)["text"], 65536 * "a" + "hello")
        stream = b"\x0b\x02\x80hello\x03"  # RFC 7932: one metablock of 5 uncompressed octets, and the last
        self.assertEqual(content("Content-Encoding: br\r\n", stream)["text"], "hello")

    def test_transfer_coding_gzip_chunked(self):
        c = content("Transfer-Encoding: gzip, chunked\r\nContent-Type: text/plain\r\n", gzip.compress(TEXT))
        self.assertEqual(c["text"], TEXT.decode())

    def test_both_codings(self):
        body = gzip.compress(zlib.compress(TEXT))
        c = content("Content-Encoding: deflate\r\nTransfer-Encoding: gzip, chunked\r\n", body)
        self.assertEqual(c["text"], TEXT.decode())

    def test_a_bomb_is_cut_and_said_so(self):
        e = exchange("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", gzip.compress(bytes(100 << 20)))
        c = e["response"]["content"]
        self.assertEqual(c["size"], 8 << 20)
        self.assertIn("stopped at 8388608 octets", c["comment"])
        self.assertIn("stopped at 8388608 octets", e["comment"])
        self.assertNotIn("compression", c)

    def test_damage_is_said(self):
        body = bytearray(gzip.compress(os.urandom(3000)))
        body[40] ^= 0xFF
        body[-8] ^= 0xFF
        c = content("Content-Encoding: gzip\r\n", bytes(body))
        self.assertRegex(c["comment"], "gzip: damaged behind octet")
        c = content("Content-Encoding: gzip\r\n", b"this is no gzip")
        self.assertEqual(base64.b64decode(c["text"]), b"this is no gzip")
        self.assertIn("gzip: damaged behind octet 0", c["comment"])
        self.assertEqual(c["size"], 15)

    def test_an_unknown_coding_stays(self):
        c = content("Content-Encoding: compress\r\n", b"abc")
        self.assertEqual((base64.b64decode(c["text"]), c["encoding"]), (b"abc", "base64"))
        self.assertIn("isn't known", c["comment"])

    def test_more_than_is_kept(self):
        body = b"0123456789abcdef" * 131072  # 2 MiB
        c = content("Content-Type: text/plain\r\n", body)
        self.assertEqual(c["text"].encode(), body[:1 << 20])
        self.assertEqual(c["size"], len(body))
        self.assertIn("only the first 1048576 octets sent were kept", c["comment"])

    def test_more_than_memory_holds(self):
        wires = [Wire(40000 + i).open().send("c", b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i).send(
            "s", b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"x" * 400000) for i in range(16)]
        entries = har_of(*wires, options=("--bodies", "--max-streams=4M"))
        kept = [len(e["response"]["content"].get("text", "")) for e in entries]
        self.assertLessEqual(sum(kept), 2 << 20)
        self.assertGreater(sum(kept), 1 << 20)
        for e, length in zip(entries, kept):
            self.assertIn("it broke off" if length == 400000 else "octets sent were kept" if length
                          else "wasn't kept", e["comment"])

    @unittest.skipIf(os.environ.get("LIFELINE_SANITIZE"), "sanitizers take memory of their own")
    def test_memory_is_bounded(self):
        # What takes most while it is written: decoded, to UTF-8, of characters that are escaped.
        coded = gzip.compress(b"\x85" * (16 << 20))
        head = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Encoding: gzip\r\n"
                b"Content-Length: %d\r\n\r\n" % len(coded))
        wires = [Wire(40000 + i).open().send("c", b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % i).send(
            "s", head + coded).close() for i in range(40)]
        with capture(*wires) as path:
            # By a process of its own: a child's peak begins with what its parent held.
            run = subprocess.run(
                [sys.executable, "-c", "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
                 "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)",
                 LIFELINE, "http", "-o", "har", "--bodies", "--max-memory=16M", path],
                capture_output=True, check=True)
        entries = json.loads(run.stdout)["log"]["entries"]
        self.assertEqual(len(entries), 40)
        for e in entries:
            self.assertEqual(e["response"]["content"]["text"], "\x85" * (256 << 10))
            self.assertIn("stopped at 262144 octets", e["comment"])
        self.assertLess(int(run.stderr), 20 << 10)

    def test_a_hole_ends_what_is_kept(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 3000\r\n\r\n"
        wire = Wire().open().send("c", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.send("s", head + b"a" * 1000).lose("s", 1000).send("s", b"c" * 1000).close()
        e = har_of(wire)[0]
        self.assertEqual(e["response"]["content"]["text"], "a" * 1000)
        self.assertEqual(e["response"]["content"]["size"], 3000)
        self.assertIn("only the first 1000 octets", e["comment"])
        self.assertEqual(e["_outcome"], "gap")

    def test_a_body_that_breaks_off(self):
        whole = gzip.compress(os.urandom(2000) + TEXT)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(whole)
        wire = Wire().open().send("c", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").send("s", head + whole[:1500])
        c = har_of(wire.close())[0]["response"]["content"]
        self.assertIn("it broke off", c["comment"])
        self.assertGreater(c["size"], 1000)
        self.assertNotIn("compression", c)

    def test_charsets(self):
        for charset, text in (("iso-8859-1", "Grüße"), ("Shift_JIS", "日本語"), ('"utf-16le"', "naïve"),
                              ("gb18030", "你好"), ("windows-1251", "Привет")):
            body = text.encode(charset.strip('"'))
            c = content("Content-Type: text/html; charset=%s\r\n" % charset, body)
            self.assertEqual((c["text"], c.get("encoding")), (text, None))
        c = content("Content-Type: text/html; charset=../../x\r\n", b"\xff\xfe")
        self.assertEqual(c["encoding"], "base64")

    def test_a_cut_character(self):
        body = b"a" + "é".encode() * (1 << 19)
        c = content("Content-Type: text/plain\r\n", body)
        self.assertEqual(c["text"].encode(), body[:(1 << 20) - 1])

    def test_without_bodies_only_sizes(self):
        body = gzip.compress(TEXT)
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
        wire = Wire().open().send("c", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi")
        e = har_of(wire.send("s", head + body).close(), options=())[0]
        self.assertNotIn("text", e["response"]["content"])
        self.assertNotIn("postData", e["request"])
        self.assertEqual(e["response"]["content"]["size"], len(body))
        self.assertIn("encoded", e["response"]["content"]["comment"])

    def test_posted_form_and_octets(self):
        form = b"a=1&b=x+y%21&c"
        e = exchange("Content-Length: 0\r\n", b"", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Type: "
                     b"application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(form) + form)
        self.assertEqual(e["request"]["postData"]["text"], form.decode())
        self.assertEqual([(p["name"], p["value"]) for p in e["request"]["postData"]["params"]],
                         [("a", "1"), ("b", "x y!"), ("c", "")])
        e = exchange("Content-Length: 0\r\n", b"", b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n\xff\0")
        self.assertEqual(e["request"]["postData"]["_encoding"], "base64")


class Messages(unittest.TestCase):
    def request(self, start, fields="Host: a.test\r\n"):
        wire = Wire().open().send("c", ("%s HTTP/1.1\r\n%s\r\n" % (start, fields)).encode("latin-1"))
        return har_of(wire.send("s", b"HTTP/1.1 204 No Content\r\n\r\n").close())[0]["request"]

    def test_urls(self):
        for start, url in (("GET /a?b=1", "http://a.test/a?b=1"), ("OPTIONS *", "http://a.test/"),
                           ("GET http://b.test/q", "http://b.test/q"), ("CONNECT b.test:443", "http://b.test:443/"),
                           ("GET /a b\"<>|\xe9%zz", "http://a.test/a%20b%22%3C%3E%7C%E9%25zz"),
                           ("GET /r?u=http://c.test/", "http://a.test/r?u=http://c.test/")):
            self.assertEqual(self.request(start)["url"], url)
        self.assertEqual(self.request("GET /", "")["url"], "http://10.0.0.1/")
        self.assertEqual(self.request("GET /", "Host: a/b@c\r\n")["url"], "http://10.0.0.1/")

    def test_urls_in_text(self):
        for start, url in (("GET /a?b=1", "a.test/a?b=1"), ("OPTIONS *", "a.test *"), ("GET http://b.test/q", "http://b.test/q"),
                           ("CONNECT b.test:443", "b.test:443"), ("GET /r?u=http://c.test/", "a.test/r?u=http://c.test/")):
            wire = Wire().open().send("c", ("%s HTTP/1.1\r\nHost: a.test\r\n\r\n" % start).encode())
            with capture(wire.send("s", b"HTTP/1.1 204 No Content\r\n\r\n").close()) as path:
                text = subprocess.run([LIFELINE, "http", path], capture_output=True, text=True, check=True)
            self.assertRegex(text.stdout, r"(?m) %s$" % re.escape(url))

    def test_query(self):
        pairs = self.request("GET /?a=1&b=%41+c&&d&e=x=y#f=1")["queryString"]
        self.assertEqual([(p["name"], p["value"]) for p in pairs],
                         [("a", "1"), ("b", "A c"), ("d", ""), ("e", "x=y")])

    def test_cookies(self):
        r = self.request("GET /", "Host: a\r\nCookie: a=1; b=2 ;c\r\n")
        self.assertEqual([(c["name"], c["value"]) for c in r["cookies"]], [("a", "1"), ("b", "2"), ("", "c")])
        e = exchange("Content-Length: 0\r\nSet-Cookie: id=7; Path=/x; Domain=a.test; Secure; HttpOnly; Expires="
                     "Sun, 06 Nov 1994 08:49:37 GMT; path=/y\r\nSet-Cookie: k=v=w; expires=never\r\n", b"")
        self.assertEqual(e["response"]["cookies"],
                         [{"name": "id", "value": "7", "domain": "a.test", "secure": True, "httpOnly": True,
                           "expires": "1994-11-06T08:49:37Z", "path": "/y"}, {"name": "k", "value": "v=w"}])

    def test_redirect(self):
        e = exchange("Content-Length: 0\r\nLocation: /there\r\n", b"")
        self.assertEqual(e["response"]["redirectURL"], "/there")

    def test_a_response_without_its_request(self):
        wire = Wire()
        wire.segment("s", 24, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
        e = har_of(wire)[0]
        self.assertEqual((e["request"]["url"], e["request"]["method"]), ("http://10.0.0.1/", ""))
        self.assertEqual((e["request"]["headersSize"], e["request"]["bodySize"]), (-1, -1))
        self.assertIn("wasn't captured", e["comment"])


def when(entry):
    text = entry["startedDateTime"].replace("Z", "+00:00")
    start = datetime.datetime.fromtimestamp(START // 10**9, datetime.timezone.utc)
    return round((datetime.datetime.fromisoformat(text) - start).total_seconds() * 1000, 3)


class Times(unittest.TestCase):
    def phases(self, entry):
        t = entry["timings"]
        return [t[k] for k in ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")]

    def test_waterfall(self):
        wire = Wire().open(rtt_ms=10)  # 11 ms with the third segment
        wire.send("c", b"GET / HTTP/1.1\r\nHo").send("c", b"st: a\r\n\r\n", after_ms=3)  # at 12 and 15
        wire.send("s", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab", after_ms=20)  # at 35
        wire.send("s", b"cd", after_ms=7)  # at 42
        wire.send("c", b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n", after_ms=100)  # at 142
        wire.send("s", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", after_ms=5)
        first, second = har_of(wire.close())
        self.assertEqual(self.phases(first), [-1, -1, 11, -1, 3, 20, 7])
        self.assertEqual((first["time"], when(first)), (41, 1))  # so that send begins at 12
        self.assertEqual(self.phases(second), [-1, -1, -1, -1, 0, 5, 0])
        self.assertEqual((second["time"], when(second)), (5, 142))
        self.assertEqual((first["connection"], second["connection"]), ("#0", "#0"))
        self.assertEqual(first["serverIPAddress"], "10.0.0.1")

    def test_a_response_before_the_request_is_over(self):
        wire = Wire().open().send("c", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab")  # at 12
        wire.send("s", b"HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nx", after_ms=4)
        wire.send("c", b"cd", after_ms=10).send("s", b"y", after_ms=1)
        self.assertEqual(self.phases(har_of(wire.close())[0]), [-1, -1, 11, -1, 4, 0, 11])

    def test_no_response(self):
        wire = Wire().open().send("c", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").close()
        e = har_of(wire)[0]
        self.assertEqual(self.phases(e)[4:], [0, 0, 0])
        self.assertIn("aren't known", e["timings"]["comment"])
        self.assertEqual((e["response"]["status"], e["response"]["bodySize"]), (0, -1))

    def test_a_lost_syn_is_part_of_connect(self):
        wire = Wire().segment("c", 2).segment("c", 2, after_ms=1000, seq=1000)
        wire.segment("s", 18, after_ms=10).segment("c", 16, after_ms=1)
        wire.send("c", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").send("s", b"HTTP/1.1 204 No\r\n\r\n").close()
        e = har_of(wire)[0]
        self.assertEqual((self.phases(e)[2], when(e)), (1011, 1))

    def test_fast_open_connects_while_it_asks(self):
        wire = Wire().segment("c", 2, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").segment("s", 18, after_ms=10)
        wire.send("s", b"HTTP/1.1 204 No\r\n\r\n", after_ms=1).close()
        e = har_of(wire)[0]
        self.assertEqual((self.phases(e)[2] <= 0, when(e)), (True, 0))

    def test_order_is_by_start(self):
        slow, fast = Wire(40001).open(), Wire(40002)
        slow.send("c", b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        fast.now += 20_000_000
        fast.open().send("c", b"GET /fast HTTP/1.1\r\nHost: a\r\n\r\n")
        fast.send("s", b"HTTP/1.1 204 No\r\n\r\n").close()
        slow.send("s", b"HTTP/1.1 204 No\r\n\r\n", after_ms=500).close()
        self.assertEqual([e["request"]["url"] for e in har_of(slow, fast)], ["http://a/slow", "http://a/fast"])


class Captures(unittest.TestCase):
    def test_every_archive_keeps_the_rules(self):
        count = 0
        for path in CAPTURES:
            for options in ((), ("--bodies",)):
                with self.subTest(capture=os.path.basename(path), options=options):
                    document = archive(path, *options)
                    check_archive(document)
                    if VALIDATE:
                        VALIDATE(document)
                    count += len(document["log"]["entries"])
        self.assertGreater(count, 0)


if __name__ == "__main__":
    LIFELINE, CAPTURES = sys.argv[1], sys.argv[2:]
    VALIDATE = validator()
    unittest.main(argv=sys.argv[:1], verbosity=0)
