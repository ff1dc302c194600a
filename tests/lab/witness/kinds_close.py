# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of closing: RFC 9293 3.6."""
import asyncio
import socket

from .box import delay, drop, latency
from .kinds import close_four_way, exchange, kind


@kind("server-closes-first", "four-way close begun by the server: TIME-WAIT is there")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, server, client)


@kind("three-way-close", "the passive closer's FIN carries the ACK of the first")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.close()
    await link.until_states(None, "CLOSE-WAIT")
    server.close()
    await link.quiet()


@kind("three-way-close-ipv6", "steps 2 and 3 in one segment, IPv6", version=6)
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    server.close()
    await link.until_states("CLOSE-WAIT", None)
    client.close()
    await link.quiet()


@kind("simultaneous-close", "the FINs cross: both ends go through CLOSING to TIME-WAIT",
      faults=lambda: [latency(0.02)])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.close()
    server.close()
    await link.until_states("TIME-WAIT", "TIME-WAIT")


@kind("simultaneous-close-ipv6", "the FINs cross, IPv6", version=6,
      faults=lambda: [latency(0.02)])
async def _(link):
    client, server = await link.open()
    client.close()
    server.close()
    await link.until_states("TIME-WAIT", "TIME-WAIT")


@kind("simultaneous-close-near-client", "the FINs cross close to the client: the middle sees the "
      "server's before the client's", faults=lambda: [delay("client", None, 0.03, None, "near")])
async def _(link):
    client, server = await link.open()
    client.close()
    server.close()
    await link.until_states("TIME-WAIT", "TIME-WAIT")


@kind("simultaneous-close-lost-ack", "the FINs cross and the ACK of the client's is lost",
      faults=lambda: [latency(0.02), drop("server", "ack-of-fin", 1)])
async def _(link):
    client, server = await link.open()
    client.close()
    server.close()
    await link.until_states("TIME-WAIT", "TIME-WAIT")


@kind("half-close-data", "the server goes on sending after the client's FIN")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.shutdown()
    await link.quiet()
    for part in range(3):
        await server.send(b"still talking %d\n" % part)
        await asyncio.sleep(0.05)
    server.close()
    await client.drain()
    client.close()
    await link.quiet()


@kind("half-closed-at-end", "one FIN only: the server never closes (CLOSE-WAIT)")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    client.shutdown()
    await link.quiet(0.1)
    link.finish()


@kind("open-at-end", "nobody closes")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await link.quiet()
    link.finish()


@kind("close-without-data", "handshake and close, not an octet between")
async def _(link):
    client, server = await link.open()
    await close_four_way(link, client, server)


@kind("close-with-data-in-fin", "the FIN carries data",
      sysctl={"ipv4/tcp_autocorking": 0})
async def _(link):
    client, server = await link.open()
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
    client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    await client.send(b"last words\n")
    client.close()
    await link.until_states(None, "CLOSE-WAIT")
    await server.drain()
    server.close()
    await link.quiet()


@kind("close-before-accept", "the client closes before the server's program accepts")
async def _(link):
    link.listen()
    client = await link.connect()
    await client.send(b"hello\n")
    client.close()
    await link.quiet()
    server = await link.accept()
    await server.drain()
    server.close()
    await link.quiet()


@kind("fin-waits-behind-data", "close() with data still queued: FIN-WAIT-1 long before the FIN")
async def _(link):
    link.listen(SO_RCVBUF=4096)
    client = await link.connect(SO_SNDBUF=1 << 20)
    server = await link.accept()
    client.sock.send(bytes(60000))
    link.checkpoint()
    client.close()
    await asyncio.sleep(0.1)
    await server.drain()
    server.close()
    await link.quiet(0.3)


@kind("close-in-syn-sent", "the client gives up before any answer; all SYNs are lost",
      faults=lambda: [drop("client", "syn", None)])
async def _(link):
    link.listen()
    client = await link.connect(wait=False)
    await asyncio.sleep(0.05)
    client.close()
    await link.quiet()


@kind("orphan-fin-wait-2-expires", "an orphan's FIN-WAIT-2 ends by its timer",
      sysctl={"ipv4/tcp_fin_timeout": 2})
async def _(link):
    client, server = await link.open()
    client.close()
    await asyncio.sleep(3.2)
    link.finish()
