# SPDX-License-Identifier: PostgreSQL
#
# Peers of pgjump that misbehave: jump boxes, databases and clients, each in its
# own way, within a rate and a number that harm no machine.  If the peer is a
# jump box or a database, clients visit it; otherwise pgjump would leave it
# alone.
#
#	hostile --list			each kind: SIDE NAME
#	hostile HOST_KEY KIND:PORT:TO ...	until killed
#
# PORT is where the peer listens on 127.0.0.1 (0: it is a client), TO is the
# port of pgjump for clients and visitors.  "ready" is printed when all listen,
# "acts KIND" when one first comes to misbehave, and at the end, for each KIND,
# how often it did.
import asyncio
import os
import signal
import socket
import sys

import boxes  # noqa: F401 (enters its kinds, as do the next two)
import clients  # noqa: F401
import databases  # noqa: F401
import ssh_boxes
from peers import act, acts, kinds, sink, stay
from postgres import message, startup

VISITORS = 3  # at a time, each for
VISIT_S = 5
UPLOAD = 8 << 20  # bytes of a visitor to a peer that does not read


async def in_time(code, seconds):
    try:
        await asyncio.wait_for(code, seconds)
    except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError):
        pass


async def connect(port, small):
    """Make the receive buffer small, before the connection is made."""
    connected = socket.socket()
    connected.setblocking(False)
    if small:
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connected, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=connected, limit=1 << 16)


async def visit_stays(reader, writer):
    writer.write(startup())
    await sink(reader)


async def visit_unread(reader, writer):
    writer.write(startup())
    writer.transport.pause_reading()
    await stay()


async def visit_uploads(reader, writer):
    writer.write(startup())
    await reader.read(1)
    for _ in range(UPLOAD >> 16):
        writer.write(message(b"d", bytes((1 << 16) - 5)))
        await writer.drain()
    await sink(reader)


VISITS = {"stays": visit_stays, "unread": visit_unread,
          "uploads": visit_uploads}


async def come_again(code, port, pause_s, small, name=None):
    while True:
        writer = None
        try:
            reader, writer = await connect(port, small)
            if name:
                act(name)
            await in_time(code(reader, writer), VISIT_S)
        except OSError:
            pass
        if writer:
            writer.transport.abort()
        await asyncio.sleep(pause_s)


async def serve(name, code, port):
    async def on_connection(reader, writer):
        act(name)
        try:
            await in_time(code(reader, writer), 60)
        finally:
            writer.close()

    await asyncio.start_server(on_connection, "127.0.0.1", port,
                               limit=1 << 16)


async def begin(host_key, name, port, to):
    kind = kinds[name]
    is_client = port == 0
    if isinstance(kind.code, type):
        await ssh_boxes.serve(name, kind.code, port, host_key)
    elif not is_client:
        await serve(name, kind.code, port)
    code = kind.code if is_client else VISITS[kind.visitor]
    return [come_again(code, to, kind.pause_s, kind.visitor == "unread",
                       name if is_client else None)
            for _ in range(VISITORS)]


def end(names):
    for name in names:
        print(name, acts[name], flush=True)
    os._exit(0)


async def main(host_key, *peers):
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *_: None)
    comers = []
    names = [peer.split(":")[0] for peer in peers]
    loop.add_signal_handler(signal.SIGTERM, end, names)
    for peer in peers:
        name, port, to = peer.split(":")
        comers += await begin(host_key, name, int(port), int(to))
    print("ready", flush=True)
    await asyncio.gather(*comers)


if sys.argv[1:] == ["--list"]:
    for name, kind in kinds.items():
        print(kind.side, name)
else:
    asyncio.run(main(*sys.argv[1:]))
