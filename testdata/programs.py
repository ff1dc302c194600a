# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds whose two ends are real programs, nginx and curl, and one over the kernel's own VXLAN."""
import asyncio
import contextlib
import pathlib
import shutil
import subprocess
import tempfile

from witness.kinds import exchange, kind

PAGE = "<!doctype html>\n<title>lifeline</title>\n<p>Three steps to meet, four to part.</p>\n"

CONFIGURATION = """
daemon off; master_process off; pid {root}/pid; error_log {root}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off; server_tokens off; keepalive_timeout {keep_alive};
    client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;
    types {{ text/html html; text/plain txt; }}
    server {{
        listen 10.0.0.1:80; root {root}/www;
        location /zipped/ {{ alias {root}/www/; gzip on; gzip_http_version 1.0; gzip_min_length 1; gzip_types text/plain; }}
        location /put/ {{ alias {root}/www/; dav_methods PUT; }}
    }}
}}
"""


class Missing(Exception):
    """A program that this capture needs isn't installed."""


@contextlib.asynccontextmanager
async def nginx(link, keep_alive=65):
    """nginx on the server host, with a page to give."""
    for program in ("nginx", "curl"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")
    with tempfile.TemporaryDirectory(prefix="lifeline-nginx-") as root:
        www = pathlib.Path(root, "www")
        www.mkdir()
        # The worker gives up root.
        for path in (pathlib.Path(root), www):
            path.chmod(0o777)
        (www / "index.html").write_text(PAGE)
        (www / "list.txt").write_text("".join(f"line {n}\n" for n in range(60)))
        conf = pathlib.Path(root, "nginx.conf")
        conf.write_text(CONFIGURATION.format(root=root, keep_alive=keep_alive))
        server = link.world.hosts["server"].start(
            ["nginx", "-c", str(conf), "-p", root, "-e", f"{root}/error.log"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            await asyncio.sleep(0.3)
            link.listens()
            yield www
        finally:
            server.terminate()
            server.wait()


async def curl(link, *arguments):
    """Runs curl on the client host, from the link's own port."""
    port = link.text["client"][1]
    child = link.world.hosts["client"].start(
        ["curl", "--silent", "--show-error", "--max-time", "10", "--output", "/dev/null",
         "--interface", link.text["client"][0], "--local-port", str(port), *arguments],
        stdin=subprocess.DEVNULL)
    while child.poll() is None:
        await asyncio.sleep(0.01)
    link.checkpoint()
    return child.returncode


@kind("nginx-keep-alive", "curl asks nginx for two pages over one connection, then closes it",
      tags=("programs",))
async def _(link):
    async with nginx(link):
        await curl(link, "http://10.0.0.1/", "--next", "--output", "/dev/null",
                   "--silent", "http://10.0.0.1/list.txt")
        await link.quiet()
        link.finish()


@kind("nginx-server-closes", "HTTP/1.0, the answer ends with the connection: nginx closes first and holds "
      "TIME-WAIT",
      tags=("programs",))
async def _(link):
    async with nginx(link):
        await curl(link, "--http1.0", "--compressed", "http://10.0.0.1/zipped/list.txt")
        await link.quiet()
        link.finish()


@kind("nginx-chunked-gzip", "nginx compresses on the fly: Transfer-Encoding: chunked",
      tags=("programs",))
async def _(link):
    async with nginx(link):
        await curl(link, "--compressed", "http://10.0.0.1/zipped/list.txt")
        await link.quiet()
        link.finish()


@kind("nginx-100-continue", "curl waits for nginx's 100 Continue before it sends the body",
      tags=("programs",))
async def _(link):
    async with nginx(link) as www:
        body = www / "upload.txt"
        body.write_text("x" * 3000)
        await curl(link, "--header", "Expect: 100-continue", "--upload-file", str(body),
                   "http://10.0.0.1/put/new.txt")
        await link.quiet()
        link.finish()


@kind("nginx-many-short", "thirty connections with one request each; nginx closes first: TIME-WAIT "
      "piles up at the server", tags=("programs",))
async def _(link):
    async with nginx(link):
        links = [link] + [link.sibling(link.text["client"][1] + 1 + n) for n in range(29)]
        for one in links:
            one.listens()
            await curl(one, "--http1.0", "--compressed", "http://10.0.0.1/zipped/index.html")
            await asyncio.sleep(0.02)
        await link.quiet()
        for one in links:
            one.finish()


@kind("vxlan-devices", "four-way close between two of the kernel's VXLAN devices (VNI 42)")
async def _(link):
    hosts = link.world.hosts
    for side, own, peer, inner in (("client", 2, 1, "192.168.42.2/24"),
                                   ("server", 1, 2, "192.168.42.1/24")):
        made = hosts[side].ip("link", "add", "vx", "type", "vxlan", "id", "42", "dstport", "4789",
                              "local", f"10.0.0.{own}", "remote", f"10.0.0.{peer}", "nolearning",
                              check=False)
        if made.returncode:
            raise Missing("this kernel has no VXLAN devices")
        hosts[side].sysctl("ipv6/conf/vx/addr_gen_mode", 1)
        hosts[side].ip("link", "set", "vx", "address", f"02:00:00:00:01:{own:02x}", "mtu", "1400",
                       "up")
        hosts[side].ip("addr", "add", inner, "dev", "vx")
    for side, peer in (("client", 1), ("server", 2)):
        hosts[side].ip("neigh", "add", f"192.168.42.{peer}", "lladdr", f"02:00:00:00:01:{peer:02x}",
                       "dev", "vx", "nud", "permanent")
    link.world.tunnel = True
    inner = link.world.link(client=("192.168.42.2", 40001), server=("192.168.42.1", 80))
    client, server = await inner.open()
    await exchange(client, server)
    client.close()
    await asyncio.sleep(0.15)
    inner.checkpoint()
    server.close()
    await asyncio.sleep(0.1)
    inner.finish()
    inner.close()
