# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP over real connections: what the captures in testdata/ teach."""
import asyncio

from .box import latency
from .kinds import close_four_way, exchange, kind, request, response

PAGE = b"<!doctype html>\n<title>lifeline</title>\n<p>Three steps to meet, four to part.</p>\n"


@kind("http-four-way-close", "three requests on one connection; the client half-closes with its "
      "last one, the server takes its time to finish: four steps, and TIME-WAIT at the client",
      faults=lambda: [latency(0.01)])
async def _(link):
    client, server = await link.open()
    await asyncio.sleep(0.01)
    await exchange(client, server, "/", PAGE, think=0.02)
    await asyncio.sleep(0.15)
    await exchange(client, server, "/style.css", b"body { margin: 2em }\n", think=0.005)
    await asyncio.sleep(0.1)
    last = request("/report", Connection="close")
    await client.send(last)
    await server.receive(len(last))
    await asyncio.sleep(0.08)
    client.shutdown()
    # The delayed ACK of the FIN is step 2; the answer comes in two parts after it.
    await asyncio.sleep(0.12)
    answer = response(b"line of the report\n" * 40, Connection="close")
    await server.send(answer[:300])
    await asyncio.sleep(0.2)
    await server.send(answer[300:])
    await asyncio.sleep(0.1)
    server.close()
    await client.drain()
    client.close()
    await link.quiet()


@kind("http-pipelining", "three requests sent before the first answer; answered in order")
async def _(link):
    client, server = await link.open()
    three = [request(f"/{n}") for n in (1, 2, 3)]
    await client.send(three[0] + three[1])
    await client.send(three[2])
    await server.receive(sum(map(len, three)))
    for n in (1, 2, 3):
        await asyncio.sleep(0.02)
        await server.send(response(b"answer %d\n" % n))
    await link.quiet()
    await client.some()
    await close_four_way(link, client, server)


@kind("http-chunked", "a chunked answer with a trailer, each chunk in its own segment")
async def _(link):
    client, server = await link.open()
    sent = request("/stream")
    await client.send(sent)
    await server.receive(len(sent))
    await server.send(response(length=False, Transfer_Encoding="chunked", Trailer="X-Sum"))
    for word in (b"three ", b"steps to meet, ", b"four to part\n"):
        await asyncio.sleep(0.05)
        await server.send(b"%x\r\n%s\r\n" % (len(word), word))
    await server.send(b"0\r\nX-Sum: 1234\r\n\r\n")
    await link.quiet()
    await client.some()
    await close_four_way(link, client, server)


@kind("http-close-delimited", "HTTP/1.0: the answer ends with the connection; the server closes "
      "first")
async def _(link):
    client, server = await link.open()
    sent = b"GET /old HTTP/1.0\r\n\r\n"
    await client.send(sent)
    await server.receive(len(sent))
    await server.send(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n" + PAGE)
    server.close()
    await client.drain()
    await link.quiet()
    client.close()
    await link.quiet()


@kind("http-response-truncated", "the server closes before Content-Length is reached")
async def _(link):
    client, server = await link.open()
    sent = request("/big")
    await client.send(sent)
    await server.receive(len(sent))
    await server.send(response(bytes(5000))[:1800])
    server.close()
    await client.drain()
    client.close()
    await link.quiet()


@kind("http-no-response", "the server resets instead of answering (its worker died)")
async def _(link):
    client, server = await link.open()
    sent = request("/crash")
    await client.send(sent)
    await server.receive(len(sent))
    await asyncio.sleep(0.1)
    server.abort()
    await link.quiet()


@kind("http-keep-alive-race", "the server closes an idle connection while the next request is on "
      "its way: the request gets RST")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    await asyncio.sleep(0.3)
    server.close()
    await client.send(request("/too-late"))
    await link.quiet()
    client.close()
    await link.quiet()


@kind("http-slow-response", "1.5 s until the first octet of the answer")
async def _(link):
    client, server = await link.open()
    await exchange(client, server, "/slow", think=1.5)
    await close_four_way(link, client, server)


@kind("http-close-wait-stuck", "the client never closes its end: CLOSE-WAIT (a leaked socket)")
async def _(link):
    client, server = await link.open()
    await exchange(client, server)
    server.close()
    await asyncio.sleep(4)
    link.finish()


@kind("http-100-continue", "the client waits for 100 Continue before it sends the body")
async def _(link):
    client, server = await link.open()
    head = (b"PUT /file HTTP/1.1\r\nHost: example.test\r\nContent-Length: 2000\r\n"
            b"Expect: 100-continue\r\n\r\n")
    await client.send(head)
    await server.receive(len(head))
    await asyncio.sleep(0.02)
    await server.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    await client.receive(25)
    await client.send(b"x" * 2000)
    await server.receive(2000)
    await server.send(response(b"stored\n", "201 Created"))
    await link.quiet()
    await client.some()
    await close_four_way(link, client, server)
