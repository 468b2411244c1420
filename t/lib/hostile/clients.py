# SPDX-License-Identifier: PostgreSQL
#
# Clients that misbehave.
import asyncio
import random
import ssl
import struct

from peers import BURST_S, QUICK_S, abort, drip, flood, kind, sink, stay
from postgres import SSL_REQUEST, message, query, startup


def hello():
    """The first flight of a TLS client."""
    outgoing = ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(
        ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


@kind("client")
async def client_silent(reader, writer):
    await sink(reader)


@kind("client")
async def client_drips(reader, writer):
    await drip(writer, startup())


@kind("client", pause_s=QUICK_S)
async def client_garbage(reader, writer):
    writer.write(random.randbytes(1 << 16))
    await sink(reader)


@kind("client")
async def client_long_startup(reader, writer):
    writer.write(struct.pack(">II", 2**31 - 1, 196608))
    await flood(writer, b"user\0app\0")


@kind("client")
async def client_half_closes(reader, writer):
    writer.write(startup())
    writer.write_eof()
    await sink(reader)


@kind("client", pause_s=QUICK_S)
async def client_resets(reader, writer):
    writer.write(startup())
    await asyncio.sleep(random.random() * 0.05)
    abort(writer)


@kind("client", "unread")
async def client_does_not_read(reader, writer):
    writer.transport.pause_reading()
    writer.write(startup() + query(
        "select repeat('x', 1000) from generate_series(1, 100000)"))
    await stay()


@kind("client")
async def client_pipelines(reader, writer):
    """Query after query, and read the answers."""
    writer.write(startup())
    reading = asyncio.ensure_future(sink(reader))
    try:
        while True:
            writer.write(query("select 1") * 200)
            await writer.drain()
            await asyncio.sleep(BURST_S)
    finally:
        reading.cancel()


@kind("client")
async def client_copies(reader, writer):
    """Send data of a COPY that nobody began, in the smallest messages."""
    writer.write(startup())
    reading = asyncio.ensure_future(sink(reader))
    try:
        await flood(writer, message(b"d", b""))
    finally:
        reading.cancel()


@kind("client", pause_s=QUICK_S)
async def client_cancels(reader, writer):
    writer.write(struct.pack(">IIII", 16, 80877102, 1, random.getrandbits(31)))
    await sink(reader)


@kind("tls-client")
async def client_stops_in_tls(reader, writer):
    writer.write(SSL_REQUEST)
    await reader.read(1)
    first = hello()
    writer.write(first[: len(first) // 2])
    await stay()


@kind("tls-client")
async def client_drips_tls(reader, writer):
    await drip(writer, SSL_REQUEST[:4])
    writer.write(SSL_REQUEST[4:])
    await reader.read(1)
    await drip(writer, hello())


@kind("tls-client", pause_s=QUICK_S)
async def client_leaves_in_tls(reader, writer):
    """Make pgjump sign with its certificate's key, again and again."""
    writer.write(SSL_REQUEST)
    await reader.read(1)
    writer.write(hello())
    await reader.read(1)
    abort(writer)


@kind("tls-client")
async def client_garbage_for_tls(reader, writer):
    writer.write(SSL_REQUEST)
    await reader.read(1)
    await flood(writer, b"\x16\x03\x01\x40\x00" + random.randbytes(16_384))
