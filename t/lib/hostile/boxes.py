# SPDX-License-Identifier: PostgreSQL
#
# Jump boxes that let nobody log in.
import os
import random
import struct

from peers import abort, drip, flood, kind, stay

BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"


def kexinit():
    """An unencrypted packet of RFC 4253, 6, that holds one of 7.1."""
    lists = (b"curve25519-sha256", b"ssh-ed25519", b"aes128-ctr",
             b"aes128-ctr", b"hmac-sha2-256", b"hmac-sha2-256", b"none",
             b"none", b"", b"")
    body = b"\x14" + os.urandom(16) + b"".join(
        struct.pack(">I", len(each)) + each for each in lists) + b"\0" * 5
    padding = 8 - (len(body) + 5) % 8 + 8
    return struct.pack(">IB", len(body) + padding + 1, padding) + body + (
        b"\0" * padding)


@kind("box")
async def box_silent(reader, writer):
    await stay()


@kind("box")
async def box_lines(reader, writer):
    """Lines may come before the banner (RFC 4253, 4.2); these do not end."""
    while True:
        writer.write(b"welcome\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


@kind("box")
async def box_line(reader, writer):
    """A first line without an end."""
    await flood(writer, b"welcome ")


@kind("box")
async def box_drips(reader, writer):
    writer.write(BANNER)
    await drip(writer, kexinit())


@kind("box")
async def box_closes(reader, writer):
    writer.write(BANNER)
    await writer.drain()


@kind("box")
async def box_resets(reader, writer):
    writer.write(BANNER)
    await writer.drain()
    abort(writer)


@kind("box")
async def box_garbage(reader, writer):
    writer.write(BANNER)
    await flood(writer, random.randbytes(4096))


@kind("box")
async def box_long_packet(reader, writer):
    """A packet whose length says 2 GB."""
    writer.write(BANNER + struct.pack(">IB", 2**31 - 1, 4))
    await flood(writer, bytes(4096))


@kind("box")
async def box_stops_in_kex(reader, writer):
    writer.write(BANNER + kexinit())
    await stay()


@kind("box")
async def box_repeats_kex(reader, writer):
    writer.write(BANNER)
    await flood(writer, kexinit())
