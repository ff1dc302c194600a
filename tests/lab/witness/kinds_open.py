# SPDX-License-Identifier: GPL-2.0-or-later
"""Kinds of opening: RFC 9293 3.5, RFC 7413, SYN cookies and backlog."""
import asyncio

from .box import delay, drop, latency
from .kinds import close_four_way, exchange, kind, request, response
from .world import TCP_FASTOPEN_CONNECT


@kind("four-way-close", "the textbook: three-way handshake, one exchange, four-way close")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("ipv6", "the textbook over IPv6", version=6)
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("no-timestamps", "neither end offers timestamps", sysctl={"ipv4/tcp_timestamps": 0})
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("refused", "no listener: the SYN is answered by RST")
async def _(link):
    await link.connect(wait=False)
    await link.quiet()


@kind("refused-ipv6", "no listener, IPv6", version=6)
async def _(link):
    await link.connect(wait=False)
    await link.quiet()


@kind("unanswered-syn", "every SYN is lost: retransmitted, never answered",
      faults=lambda: [drop("client", "syn", None)])
async def _(link):
    link.listen()
    await link.connect(wait=False)
    await asyncio.sleep(3.3)


@kind("unanswered-syn-given-up", "every SYN is lost until the client gives up",
      faults=lambda: [drop("client", "syn", None)],
      sysctl={"ipv4/tcp_syn_retries": 1, "ipv4/tcp_syn_linear_timeouts": 0})
async def _(link):
    link.listen()
    await link.connect(wait=False)
    await link.until_states("CLOSED", None)


@kind("syn-ack-never-arrives", "every SYN,ACK is lost: the server stays in SYN-RECEIVED",
      faults=lambda: [drop("server", "syn,ack", None)])
async def _(link):
    link.listen()
    await link.connect(wait=False)
    await asyncio.sleep(2.4)


@kind("client-gone-after-syn", "the client closes while its SYN is on the way; RST to the SYN,ACK",
      faults=lambda: [delay("client", "syn", 0.1)])
async def _(link):
    link.listen()
    client = await link.connect(wait=False)
    await asyncio.sleep(0.03)
    client.close()
    await asyncio.sleep(0.2)


@kind("simultaneous-open", "both ends connect to each other; the SYNs cross",
      faults=lambda: [latency(0.03)])
async def _(link):
    client = await link.connect("client", wait=False)
    server = await link.connect("server", wait=False)
    await link.until_states("ESTABLISHED", "ESTABLISHED")
    await link.quiet()
    await client.send(b"from one\n")
    await server.receive(9)
    await close_four_way(link, client, server)


@kind("simultaneous-open-ipv6", "the SYNs cross, IPv6", version=6,
      faults=lambda: [latency(0.03)])
async def _(link):
    client = await link.connect("client", wait=False)
    server = await link.connect("server", wait=False)
    await link.until_states("ESTABLISHED", "ESTABLISHED")
    await link.quiet()
    await close_four_way(link, server, client)


@kind("simultaneous-open-lost-syn-ack", "the SYNs cross and the first SYN,ACK is lost",
      faults=lambda: [latency(0.03), drop(None, "syn,ack", 1)])
async def _(link):
    client = await link.connect("client", wait=False)
    server = await link.connect("server", wait=False)
    await link.until_states("ESTABLISHED", "ESTABLISHED")
    await link.quiet()
    await close_four_way(link, client, server)


FAST_OPEN = {"ipv4/tcp_fastopen": 0x603 | 4}


@kind("fast-open", "data in the SYN is accepted (RFC 7413)", sysctl=FAST_OPEN)
async def _(link):
    link.listen(TCP_FASTOPEN=5)
    client = await link.connect(wait=False, TCP_FASTOPEN_CONNECT=1)
    sent = request("/fast")
    await client.send(sent)
    server = await link.accept()
    await server.receive(len(sent))
    answer = response(b"fast\n")
    await server.send(answer)
    await client.receive(len(answer))
    await close_four_way(link, client, server)


@kind("fast-open-answered-before-third", "the server answers data in the SYN before the third "
      "segment arrives", sysctl=FAST_OPEN, faults=lambda: [delay("client", "third", 0.05)])
async def _(link):
    link.listen(TCP_FASTOPEN=5)
    client = await link.connect(wait=False, TCP_FASTOPEN_CONNECT=1)
    sent = request("/fast")
    await client.send(sent)
    server = await link.accept()
    await server.receive(len(sent))
    answer = response(b"fast\n")
    await server.send(answer)
    await client.receive(len(answer))
    await close_four_way(link, client, server)


@kind("fast-open-data-not-taken", "the server ignores data in the SYN: it is sent again",
      sysctl=FAST_OPEN)
async def _(link):
    link.listen()
    client = await link.connect(wait=False, TCP_FASTOPEN_CONNECT=1)
    sent = request("/slow")
    await client.send(sent)
    server = await link.accept()
    await server.receive(len(sent))
    await close_four_way(link, client, server)


@kind("sequence-wrap", "the client's sequence numbers pass 2^32 in the data")
async def _(link):
    client, server = await link.open(isn=0xFFFFFFF0)
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("sequence-wrap-at-syn", "the client's SYN has sequence number 2^32 - 1")
async def _(link):
    client, server = await link.open(isn=0xFFFFFFFF)
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("sequence-wrap-at-fin", "the client's FIN is at sequence number 0")
async def _(link):
    client, server = await link.open(isn=0x100000000 - 1 - len(request("/")))
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("accept-queue-full", "another client takes the last place in the accept queue: the third "
      "segment is ignored, the server repeats its SYN,ACK",
      faults=lambda: [delay("client", "third", 0.3)])
async def _(link):
    link.listen(backlog=0)
    other = link.sibling(39001)
    # Both requests are admitted before either is complete.
    client = await link.connect(wait=False)
    link.world.box.pump()
    first = await other.connect()
    await client.connected()
    await asyncio.sleep(0.6)
    taken = await link.accept()
    server = await link.accept()
    await client.send(b"after all\n")
    await server.receive(10)
    other.finish()
    first.close()
    taken.close()
    await close_four_way(link, client, server)


@kind("syn-cookies", "more SYNs than the backlog holds: this one is answered with a cookie",
      sysctl={"ipv4/tcp_syncookies": 2})
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)


@kind("syn-backlog-overflow", "without cookies a full backlog drops SYNs until there is room",
      sysctl={"ipv4/tcp_syncookies": 0, "ipv4/tcp_max_syn_backlog": 2,
              "ipv4/tcp_synack_retries": 1})
async def _(link):
    link.listen(backlog=2)
    half_open = []
    for port in (39001, 39002, 39003):
        other = link.sibling(port, [drop("client", "third", None)])
        half_open.append((other, await other.connect(wait=False)))
        await asyncio.sleep(0.02)
    client = await link.connect()
    server = await link.accept()
    for other, _ in half_open:
        other.finish()
    await exchange(client, server)
    await close_four_way(link, client, server)
