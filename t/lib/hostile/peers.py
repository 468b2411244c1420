# SPDX-License-Identifier: PostgreSQL
#
# The table of peers that misbehave, and the ways of talking that they share.
import asyncio
import collections
import socket
import struct
import typing

PAUSE_S = 0.2
QUICK_S = 0.05  # for peers that only come and go
DRIP_S = 1  # between bytes that drip
BURST = 1 << 20  # bytes, of a flood
BURST_S = 0.25  # between bursts

kinds = {}  # name: Kind
acts = collections.Counter()  # how often each has misbehaved, by name


class Kind(typing.NamedTuple):
    side: str  # box, database, client, tls-database, tls-client
    code: typing.Any  # of a connection, or a class of ssh_boxes
    visitor: str  # in VISITS of __main__
    pause_s: float  # between visits, or between connections of a client


def kind(side, visitor="stays", pause_s=PAUSE_S):
    """Enter a peer by the name of its code."""
    def enter(code):
        name = code.__name__.replace("_", "-")
        kinds[name] = Kind(side, code, visitor, pause_s)
        return code

    return enter


def act(name):
    """Count an act, and print the first one."""
    acts[name] += 1
    if acts[name] == 1:
        print("acts", name, flush=True)


async def stay():
    await asyncio.Event().wait()


async def drip(writer, data):
    for byte in data:
        writer.write(bytes([byte]))
        await asyncio.sleep(DRIP_S)


async def flood(writer, piece):
    """Send for ever, in bursts; a peer that does not read stops it."""
    burst = piece * (BURST // len(piece))
    while True:
        writer.write(burst)
        await writer.drain()
        await asyncio.sleep(BURST_S)


def abort(writer):
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def sink(reader):
    while await reader.read(1 << 16):
        pass
