# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of real traffic: nginx and wrk in two network namespaces, joined by a pair of interfaces.

The interfaces segment nothing behind the kernel's back (gso_max_segs 1), so that packets are as
large as on a wire. tcpdump listens at wrk's end. Everything ends with the processes: the namespaces
have no names.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import time

NGINX = """
user root; worker_processes 1; daemon off; pid {0}/pid; error_log {0}/error;
events {{ worker_connections 4096; }}
http {{
  access_log off; root {0}; keepalive_requests 1000000; sendfile on;
  client_body_temp_path {0}; proxy_temp_path {0}; fastcgi_temp_path {0}; uwsgi_temp_path {0};
  scgi_temp_path {0};
  server {{ listen 80 backlog=4096; }}
}}
"""

# name: the body's bytes, wrk's arguments
KINDS = {
    "short": (300, ["-c", "16", "-t", "1", "-H", "Connection: close"]),
    "bulk": (10 << 20, ["-c", "4", "-t", "1"]),
}


class Namespace:
    def __init__(self):
        self.holder = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        own = os.readlink("/proc/self/ns/net")
        for _ in range(500):
            if os.readlink(f"/proc/{self.holder.pid}/ns/net") != own:
                break
            time.sleep(0.01)
        else:
            raise SystemExit("no network namespace: this needs root")
        self.run("ip", "link", "set", "lo", "up")

    def command(self, *command):
        return ["nsenter", "--net", "--target", str(self.holder.pid), "--", *command]

    def run(self, *command):
        subprocess.run(self.command(*command), check=True)

    def start(self, *command, **more):
        return subprocess.Popen(self.command(*command), **more)


def end(process):
    process.terminate()
    process.wait()


def join(server, client):
    server.run("ip", "link", "add", "server", "type", "veth", "peer", "name", "client", "netns",
               str(client.holder.pid))
    for namespace, name, address in ((server, "server", "10.0.0.1"), (client, "client", "10.0.0.2")):
        namespace.run("ip", "address", "add", f"{address}/24", "dev", name)
        namespace.run("ip", "link", "set", name, "gso_max_segs", "1", "up")
    client.run("sysctl", "-qw", "net.ipv4.ip_local_port_range=1024 65535")


def record(client, path, packets, wrk_arguments):
    """Captures so many packets; returns how many more the kernel dropped."""
    tcpdump = client.start("tcpdump", "-i", "client", "-s", "0", "-n", "-B", "524288", "-Z", "root",
                           "-c", str(packets), "-w", path, "tcp", stderr=subprocess.PIPE)
    time.sleep(2)
    wrk = client.start("wrk", "-d", "600", *wrk_arguments, "http://10.0.0.1/body",
                       stdout=subprocess.DEVNULL)
    _, messages = tcpdump.communicate()
    end(wrk)
    dropped = re.search(rb"(\d+) packets dropped by kernel", messages)
    if tcpdump.returncode != 0 or not dropped:
        raise SystemExit(messages.decode())
    return int(dropped.group(1))


def make(kind, path, packets):
    """Writes a capture of KINDS[kind] to path."""
    body_bytes, wrk_arguments = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        pathlib.Path(folder, "body").write_bytes(os.urandom(body_bytes))
        config = pathlib.Path(folder, "nginx.conf")
        config.write_text(NGINX.format(folder))
        server, client = Namespace(), Namespace()
        nginx = None
        try:
            join(server, client)
            nginx = server.start("nginx", "-p", folder, "-e", f"{folder}/error", "-c", str(config))
            time.sleep(1)
            return record(client, path, packets, wrk_arguments)
        finally:
            if nginx:
                end(nginx)
            end(client.holder)
            end(server.holder)
