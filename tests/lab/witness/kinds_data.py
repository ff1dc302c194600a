# SPDX-License-Identifier: GPL-2.0-or-later
"""What happens between the handshake and the teardown and must not change a state."""
import asyncio

from .box import drop, duplicate, swap
from .kinds import close_four_way, exchange, kind


@kind("bulk", "a transfer of many segments")
async def _(link):
    client, server = await link.open()
    body = bytes(range(256)) * 80
    await asyncio.gather(server.send(body), client.receive(len(body)))
    await close_four_way(link, client, server)


@kind("bulk-lost-and-overtaken", "data segments lost, doubled and overtaken",
      faults=lambda: [drop("server", "data", {3, 9}), swap("server", "data", {5, 12}),
                      duplicate("server", "data", {7})])
async def _(link):
    client, server = await link.open()
    body = bytes(range(256)) * 80
    await asyncio.gather(server.send(body), client.receive(len(body)))
    await close_four_way(link, client, server)


@kind("keep-alive-probes", "an idle connection with keep-alive probes (RFC 9293 3.8.4)")
async def _(link):
    client, server = await link.open(SO_KEEPALIVE=1, TCP_KEEPIDLE=1, TCP_KEEPINTVL=1)
    await exchange(client, server)
    await asyncio.sleep(2.3)
    await close_four_way(link, client, server)


@kind("keep-alive-gives-up", "the peer has vanished: probes without an answer, then RST",
      faults=lambda: [drop("server", "ack", range(2, 100))])
async def _(link):
    client, server = await link.open(SO_KEEPALIVE=1, TCP_KEEPIDLE=1, TCP_KEEPINTVL=1,
                                     TCP_KEEPCNT=2)
    await client.send(b"one\n")
    await server.receive(4)
    await link.quiet()
    link.faults[:] = [drop("server", None, None)]
    await link.until_states("CLOSED", None)
    await link.quiet()


@kind("zero-window", "the receiver stops reading: zero window, probes, then it opens")
async def _(link):
    link.listen(SO_RCVBUF=4096)
    client = await link.connect()
    server = await link.accept()
    body = bytes(12000)
    sending = asyncio.ensure_future(client.send(body))
    await asyncio.sleep(0.9)
    await server.receive(len(body))
    await sending
    await close_four_way(link, client, server)


@kind("zero-window-and-close", "the sender closes behind a zero window")
async def _(link):
    link.listen(SO_RCVBUF=4096)
    client = await link.connect()
    server = await link.accept()
    client.sock.send(bytes(9000))
    await link.quiet()
    client.close()
    await asyncio.sleep(0.6)
    await server.drain()
    server.close()
    await link.quiet(0.3)


@kind("urgent-data", "urgent data (RFC 9293 3.8.5)")
async def _(link):
    client, server = await link.open()
    client.sock.send(b"!", 1)  # MSG_OOB
    await client.send(b"plain\n")
    await link.quiet()
    await server.receive(6)
    await close_four_way(link, client, server)


@kind("ping-pong", "many small exchanges")
async def _(link):
    client, server = await link.open()
    for number in range(10):
        await exchange(client, server, f"/{number}")
    await close_four_way(link, client, server)


@kind("retransmission-timeouts", "the data is lost three times: exponential backoff",
      faults=lambda: [drop("client", "data", {1, 2, 3})])
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await close_four_way(link, client, server)
