# SPDX-License-Identifier: GPL-2.0-or-later
"""The register of kinds of connection. A kind is a script, its faults and its system settings.

    @kind("lost-third-segment", "the third segment of the handshake is lost",
          faults=lambda: [drop("client", "third")])
    async def _(link): ...

The description is one line for people. `faults` makes new Fault objects for each run. `sysctl` is
set on both hosts: kinds with the same settings share a world. `tags` select subsets.
"""
import asyncio
import importlib

KINDS = {}
PARTS = ("kinds_open", "kinds_close", "kinds_loss", "kinds_reset", "kinds_time_wait", "kinds_data",
         "kinds_http")


class Kind:
    def __init__(self, name, text, script, faults, sysctl, version, tags, slow):
        self.name, self.text, self.script, self.faults = name, text, script, faults
        self.sysctl, self.version, self.tags, self.slow = sysctl, version, tags, slow

    async def run(self, link):
        """Plays the script to its end and stops the witnesses."""
        try:
            await self.script(link)
            await link.quiet()
        finally:
            link.finish()
            link.close()


def kind(name, text, faults=lambda: [], sysctl=None, version=4, tags=(), slow=False):
    def register(script):
        if name in KINDS:
            raise ValueError(f"two kinds are called {name}")
        KINDS[name] = Kind(name, text, script, faults, sysctl or {}, version, tags, slow)
        return script
    return register


def load():
    for part in PARTS:
        importlib.import_module("." + part, __package__)
    return KINDS


# ---- what scripts are made of -------------------------------------------------------------------

HOST = "example.test"


def request(path="/", method="GET", body=b"", **headers):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {HOST}", "User-Agent: lifeline-lab",
             "Accept: */*"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def response(body=b"", status="200 OK", length=True, **headers):
    lines = [f"HTTP/1.1 {status}", "Server: lifeline-lab", "Content-Type: text/plain"]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def exchange(client, server, path="/", body=b"hello\n", think=0.0, **headers):
    """One HTTP request and its response."""
    sent = request(path, **headers)
    await client.send(sent)
    await server.receive(len(sent))
    if think:
        await asyncio.sleep(think)
    answer = response(body)
    await server.send(answer)
    await client.receive(len(answer))


async def close_four_way(link, first, second, shutdown=False):
    """first closes, its FIN arrives and is acknowledged alone, then second closes."""
    if shutdown:
        first.shutdown()
    else:
        first.close()
    await link.until(lambda: link.state(second.side) != "ESTABLISHED")
    await link.quiet()
    second.close()
    await link.quiet()
    if shutdown:
        first.close()
