#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real peers: nginx and Apache httpd asked by curl, wrk and raw sockets, captured by tcpdump; what
lifeline reports must be what the servers logged.

    peers.py LIFELINE [KEEP.pcap]

Runs in a network namespace of its own (needs the right to make one). Exit 77 where a tool is missing.
A server logs a line for each request: both ports, method, target, status, body octets sent.
"""
import base64
import collections
import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

NGINX = """daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/nginx-error.log;
events {{ worker_connections 512; }}
http {{
  log_format peers '$remote_port $server_port $request_method $request_uri $status $body_bytes_sent';
  access_log {dir}/access.log peers;
  client_body_temp_path {dir}/body; proxy_temp_path {dir}/proxy; fastcgi_temp_path {dir}/fcgi;
  uwsgi_temp_path {dir}/uwsgi; scgi_temp_path {dir}/scgi;
  default_type text/plain; keepalive_timeout 1s; gzip_min_length 10; client_max_body_size 4m;
  server {{ listen 127.0.0.1:{port}; listen 127.0.0.1:{port2} http2; root {dir}/www;
    location /slow/ {{ limit_rate 20k; alias {dir}/www/; }}
    location /brotli/ {{ alias {dir}/www/; }}
    location /chunked/ {{ gzip on; gzip_types *; alias {dir}/www/; }}
    location /echo {{ client_body_buffer_size 4m; proxy_pass http://127.0.0.1:{back}; }}
    location /small {{ client_max_body_size 10; proxy_pass http://127.0.0.1:{back}; }}
    location /moved {{ return 302 /a.txt; }}
    location /empty {{ return 204; }} }}
  server {{ listen 127.0.0.1:{back}; access_log off; location / {{ return 200 "echo\\n"; }} }}
}}
"""

APACHE = """ServerRoot {dir}
PidFile {dir}/apache.pid
ErrorLog {dir}/apache-error.log
Listen 127.0.0.1:{port}
ServerName localhost
User nobody
Group nogroup
{modules}
DocumentRoot {dir}/www
LogFormat "%{{remote}}p %{{local}}p %m %U%q %>s %B" peers
CustomLog {dir}/access.log peers
KeepAliveTimeout 1
Alias /slow {dir}/www
Alias /chunked {dir}/www
Alias /brotli {dir}/www
Redirect 302 /moved /a.txt
LimitRequestBody 4000000
<Location /chunked>
  SetOutputFilter DEFLATE
</Location>
<IfModule brotli_module>
<Location /brotli>
  SetOutputFilter BROTLI_COMPRESS
</Location>
</IfModule>
<Location /slow>
  SetOutputFilter RATE_LIMIT
  SetEnv rate-limit 20
</Location>
<Location /small>
  LimitRequestBody 10
</Location>
<Directory {dir}/www>
  Require all granted
</Directory>
"""
APACHE_MODULES = ("mpm_event", "authz_core", "authz_host", "log_config", "alias", "deflate",
                  "ratelimit", "filter", "env", "unixd", "brotli")


def apache_binary():
    return shutil.which("apache2") or shutil.which("httpd")


def run_in_namespace():
    if os.environ.get("LIFELINE_PEERS_INSIDE"):
        return
    missing = [t for t in ("nginx", "curl", "tcpdump", "unshare", "ip") if not shutil.which(t)]
    probe = subprocess.run(["unshare", "-n", "true"], capture_output=True) if not missing else None
    if missing or probe.returncode:
        print("skipped: " + (", ".join(missing) or "no right to make a network namespace"))
        sys.exit(77)
    os.environ["LIFELINE_PEERS_INSIDE"] = "1"
    os.execvp("unshare", ["unshare", "-n", sys.executable] + sys.argv)


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("nothing listens on port %d" % port)


def curl(*arguments):
    return subprocess.run(["curl", "-s", "-o", "/dev/null", "--no-progress-meter", *arguments],
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def raw(port, text, wait=0.3, half_close=False):
    """Sends text in one go and reads until the server is silent or closes."""
    with socket.create_connection(("127.0.0.1", port)) as s:
        s.settimeout(wait)
        s.sendall(text.replace("\n", "\r\n").encode())
        if half_close:
            s.shutdown(socket.SHUT_WR)
        try:
            while s.recv(65536):
                pass
        except socket.timeout:
            pass


def ask(port, directory):
    """What clients do; every request is one that the server logs."""
    base = "http://127.0.0.1:%d" % port
    big = os.path.join(directory, "www", "big.bin")
    # keep-alive, HEAD, 404, redirect, query
    curl(base + "/a.txt", "-o", "/dev/null", base + "/missing?q=1", "-o", "/dev/null", base + "/a.txt")
    curl("-I", base + "/a.txt", base + "/big.bin")
    curl("-L", base + "/moved")
    # ranges
    curl("-r", "0-9", base + "/big.bin")
    curl("-r", "0-9,100-199", base + "/big.bin")
    # content coding, chunked by the server; HTTP/1.0
    curl("--compressed", base + "/chunked/text.txt", "-o", "/dev/null", base + "/chunked/text.txt")
    curl("--compressed", base + "/chunked/long.txt")
    curl("-H", "Accept-Encoding: br", base + "/brotli/text.txt")
    curl("-0", base + "/a.txt")
    curl("-H", "Connection: close", base + "/a.txt")
    # bodies: with 100 (Continue), without, chunked, refused
    curl("-T", big, "-H", "Expect: 100-continue", base + "/echo")
    curl("-d", "x=1", base + "/echo")
    curl("-T", big, "-H", "Transfer-Encoding: chunked", base + "/echo")
    curl("-d", "0123456789abcdef", base + "/small")
    curl("-T", big, "-H", "Expect: 100-continue", base + "/small")
    # an aborted download
    curl("--max-time", "0.7", base + "/slow/big.bin")
    # pipelining, bare; and a half-closed client
    get = "GET %s HTTP/1.1\nHost: a\n\n"
    raw(port, get % "/a.txt" + get % "/missing" + "HEAD /a.txt HTTP/1.1\nHost: a\n\n" + get % "/a.txt")
    raw(port, get % "/text.txt" + get % "/a.txt", half_close=True)
    # a server that closes an idle connection, and one that is asked for nothing
    raw(port, get % "/a.txt", wait=2.5)
    if shutil.which("wrk"):
        subprocess.run(["wrk", "-t1", "-c8", "-d1s", base + "/a.txt"], stdout=subprocess.DEVNULL)


def ask_http2(port, directory):
    """HTTP/2 by prior knowledge, several streams at a time."""
    base = "http://127.0.0.1:%d" % port
    known = "--http2-prior-knowledge"
    curl(known, *sum(([base + "/a.txt?%d" % i, "-o", "/dev/null"] for i in range(20)), []))
    if shutil.which("h2load"): # many streams at a time
        subprocess.run(["h2load", "-n", "1000", "-c", "4", "-m", "20", base + "/text.txt"],
                       stdout=subprocess.DEVNULL)
    curl(known, "-I", base + "/big.bin")
    curl(known, "-T", os.path.join(directory, "www", "big.bin"), base + "/echo")
    curl(known, "--max-time", "0.7", base + "/slow/big.bin")


def serve_and_capture(kind, lifeline, keep):
    directory = tempfile.mkdtemp(prefix="lifeline-peers-")
    port, port2, back = (18080, 18082, 18081) if kind == "nginx" else (18090, 18091, 0)
    os.makedirs(directory + "/www")
    os.chmod(directory, 0o755)
    for name, content in (("a.txt", b"hello\n"), ("text.txt", b"some text, again and again\n" * 500),
                          ("long.txt", os.urandom(150000).hex().encode()), ("big.bin", os.urandom(300000)), ("echo", b"echo\n"), ("small", b"s\n")):
        with open("%s/www/%s" % (directory, name), "wb") as f:
            f.write(content)
    config = directory + "/server.conf"
    if kind == "nginx":
        text, command = NGINX, ["nginx", "-p", directory, "-c", config]
    else:
        modules = glob.glob("/usr/lib/apache2/modules") + glob.glob("/usr/lib*/httpd/modules")
        lines = ["<IfModule !%s_module>\nLoadModule %s_module %s/mod_%s.so\n</IfModule>" %
                 (m, m, modules[0], m) for m in APACHE_MODULES
                 if os.path.exists("%s/mod_%s.so" % (modules[0], m))]
        text, command = APACHE.replace("{modules}", "\n".join(lines)), [apache_binary(), "-X", "-f", config]
    with open(config, "w") as f:
        f.write(text.format(dir=directory, port=port, port2=port2, back=back))
    capture = keep or directory + "/capture.pcap"
    dump = subprocess.Popen(["tcpdump", "-i", "lo", "-U", "-B", "65536", "-w", capture,
                             "tcp port %d or tcp port %d" % (port, port2)],
                            stderr=subprocess.PIPE)
    dump.stderr.readline()
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        ask(port, directory)
        if kind == "nginx":
            ask_http2(port2, directory)
        time.sleep(1.5)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()
        time.sleep(0.5)
        dump.send_signal(signal.SIGINT)
        dump.wait()
    with open(directory + "/access.log") as f:
        logged = [line.split() for line in f]
    records = []
    for view in ("connections", "http"):
        out = subprocess.run([lifeline, view, "-o", "jsonl", capture], capture_output=True, check=True)
        records += [json.loads(line) for line in out.stdout.splitlines()]
    har = subprocess.run([lifeline, "http", "-o", "har", "--bodies", capture], capture_output=True, check=True)
    files = {}
    for name in os.listdir(directory + "/www"):
        with open("%s/www/%s" % (directory, name), "rb") as f:
            files[name] = f.read()
    shutil.rmtree(directory)
    return logged, records, json.loads(har.stdout)["log"]["entries"], files


def compare(kind, logged, records):
    """Each logged request is a reported exchange, in order on its pair of ports, and none else is."""
    ports = {r["connection"]: (r["client"]["port"], r["server"]["port"])
             for r in records if r["record"] == "connection"}
    reported = collections.defaultdict(list)
    for r in records:
        if r["record"] == "exchange":
            reported[ports[r["connection"]]].append(r)
    wanted = collections.defaultdict(list)
    for client, server, method, target, status, sent in logged:
        wanted[int(client), int(server)].append((method, target, int(status), int(sent)))
    wrong, right = [], 0
    for port in sorted(set(wanted) | set(reported)):
        ours = sorted(reported[port], key=lambda r: (r["connection"], r["index"]))
        if ours and ours[0]["version"] == "2": # streams end in any order
            ours.sort(key=lambda r: r["uri"])
            wanted[port].sort(key=lambda w: w[1])
        if len(ours) != len(wanted[port]):
            wrong.append("ports %d, %d: %d exchanges, %d logged" % (*port, len(ours), len(wanted[port])))
        for theirs, r in zip(wanted[port], ours):
            method, target, status, sent = theirs
            bodies = (r["response_body_bytes"], r.get("response_wire_body_bytes"))
            aborted = r["outcome"] in ("reset", "truncated", "cancelled")
            # nginx counts its "100 Continue" as body
            same_body = sent in bodies or sent - 25 * r["interim"].count(100) in bodies or aborted or method == "HEAD"
            if (r["method"], r["uri"], r["status"]) != (method, target, status) or not same_body:
                if not (aborted and status == 499):
                    wrong.append("ports %d, %d: %s, we say %s %s %s %s %s" % (
                        *port, theirs, r["method"], r["uri"], r["status"], bodies, r["outcome"]))
                    continue
            if not aborted and r["outcome"] != "complete":
                wrong.append("ports %d, %d: %s is %s" % (*port, theirs, r["outcome"]))
                continue
            right += 1
    outcomes = collections.Counter(r["outcome"] for v in reported.values() for r in v)
    print("%s: agree %d of %d; %s" % (kind, right, len(logged), dict(outcomes)))
    for line in wrong[:20]:
        print("  " + line)
    return not wrong and right == len(logged)


def show(kind, records, entries):
    """Each thing that the clients did shows in some record; returns whether all do."""
    connections = {r["connection"]: r for r in records if r["record"] == "connection"}
    exchanges = [r for r in records if r["record"] == "exchange"]
    codings = {h["value"] for e in entries for h in e["response"]["headers"]
               if h["name"].lower() == "content-encoding"}

    def any_of(test):
        return any(test(r) for r in exchanges)

    def is_idle_close(r):
        c = connections[r["connection"]]
        return (r["version"] == "1.1" and c["exchanges"] == 1 and c["teardown"]["active_closer"] == "server" and
                c["duration_seconds"] > 0.9 and r["wait_seconds"] + r["receive_seconds"] < 0.5)

    seen = {
        "keep-alive": any_of(lambda r: r["reused"] and r["index"] == 2 and not r["pipelined"]),
        "idle time": any_of(lambda r: r["reused"] and r["idle_seconds"]),
        "pipelining": any_of(lambda r: r["pipelined"] and r["method"] == "HEAD" and r["outcome"] == "complete"),
        "HEAD": any_of(lambda r: r["method"] == "HEAD" and r["response_body_bytes"] == 0 and r["status"] == 200),
        "range": any_of(lambda r: r["status"] == 206 and r["response_body_bytes"] == 10),
        "ranges": any_of(lambda r: r["status"] == 206 and "multipart/byteranges" in (r["content_type"] or "")),
        "redirect": any_of(lambda r: r["status"] == 302),
        "HTTP/1.0": any_of(lambda r: r["version"] == "1.0" and r["outcome"] == "complete"),
        "chunked response": any_of(lambda r: r["version"] == "1.1" and r["response_wire_body_bytes"] and
                                   r["response_wire_body_bytes"] > r["response_body_bytes"] > 0),
        "chunked request": any_of(lambda r: r["version"] == "1.1" and r["request_body_bytes"] == 300000 and
                                  r["request_wire_body_bytes"] > 300000),
        "100 (Continue)": any_of(lambda r: r["interim"] == [100] and r["request_body_bytes"] == 300000),
        "100 (Continue) not given": any_of(lambda r: r["status"] == 413 and r["interim"] == []),
        "aborted download": any_of(lambda r: r["outcome"] in ("truncated", "reset") and r["uri"] == "/slow/big.bin" and
                                   0 < r["response_body_bytes"] < 300000 and not r["response_complete"]),
        "server-side idle close": any_of(is_idle_close),
        "gzip": "gzip" in codings,
    }
    if kind == "nginx":
        seen["HTTP/2, many streams"] = any_of(lambda r: r["version"] == "2" and (r["stream"] or 0) > 100)
        seen["HTTP/2, cancelled"] = any_of(lambda r: r["version"] == "2" and r["outcome"] in ("cancelled", "truncated", "reset"))
    elif os.path.exists("/usr/lib/apache2/modules/mod_brotli.so"):
        seen["brotli"] = "br" in codings
    for name in (n for n in seen if not seen[n]):
        print("%s: nothing shows: %s" % (kind, name))
    return all(seen.values())


def same_bodies(kind, entries, files):
    """Bodies of whole files, codings undone, are the files."""
    right = wrong = 0
    for e in entries:
        content, name = e["response"]["content"], e["request"]["url"].split("?")[0].rsplit("/", 1)[1]
        if (e["response"]["status"], e["request"]["method"], e["_outcome"]) != (200, "GET", "complete"):
            continue
        text = content.get("text", "")
        octets = base64.b64decode(text) if "encoding" in content else text.encode()
        if octets == files[name] and content["size"] == len(octets) and "comment" not in content:
            right += 1
        else:
            wrong += 1
            print("%s: another body: %s" % (kind, e["request"]["url"]))
    print("%s: %d bodies are the files" % (kind, right))
    return right and not wrong


def main():
    run_in_namespace()
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    good = True
    for kind in ("nginx", "apache"):
        if kind == "apache" and not apache_binary():
            print("apache: skipped, not installed")
            continue
        keep = sys.argv[2] + "." + kind if len(sys.argv) > 2 else None
        logged, records, entries, files = serve_and_capture(kind, os.path.abspath(sys.argv[1]), keep)
        good &= compare(kind, logged, records)
        good &= show(kind, records, entries)
        good &= same_bodies(kind, entries, files)
    sys.exit(0 if good else 1)


main()
