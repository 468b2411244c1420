# SPDX-License-Identifier: PostgreSQL
#
# Databases that misbehave.
import random
import struct

from peers import abort, drip, flood, kind, stay
from postgres import ERROR, LOGIN, NOTICE, READY, ROW, ROWS


@kind("database")
async def db_silent(reader, writer):
    await stay()


@kind("database")
async def db_closes(reader, writer):
    pass


@kind("database")
async def db_resets(reader, writer):
    await reader.read(1)
    abort(writer)


@kind("database")
async def db_drips(reader, writer):
    await reader.read(4096)
    await drip(writer, LOGIN * 100)


@kind("database")
async def db_garbage(reader, writer):
    await reader.read(4096)
    await flood(writer, random.randbytes(4096))


@kind("database")
async def db_notices(reader, writer):
    """Send this instead of an answer to the startup packet."""
    await reader.read(4096)
    await flood(writer, NOTICE)


@kind("database")
async def db_errors(reader, writer):
    await reader.read(4096)
    writer.write(LOGIN)
    await flood(writer, ERROR)


@kind("database")
async def db_readies(reader, writer):
    """Send the smallest message that pgjump follows: 6 bytes."""
    await reader.read(4096)
    writer.write(LOGIN)
    await flood(writer, READY)


@kind("database", "unread")
async def db_floods(reader, writer):
    await reader.read(4096)
    writer.write(LOGIN + ROWS)
    await flood(writer, ROW)


@kind("database")
async def db_long_error(reader, writer):
    """Send an error whose length says 2 GB, during the login, in which pgjump
    reads errors as a whole."""
    await reader.read(4096)
    writer.write(b"E" + struct.pack(">I", 2**31 - 1) + b"SFATAL\0M")
    await flood(writer, b"never mind ")


@kind("database")
async def db_long_row(reader, writer):
    await reader.read(4096)
    writer.write(LOGIN + ROWS + b"D" + struct.pack(">I", 2**31 - 1))
    await drip(writer, bytes(1000))


@kind("database", "uploads")
async def db_does_not_read(reader, writer):
    await reader.read(4096)
    writer.write(LOGIN)
    writer.transport.pause_reading()
    await stay()


@kind("database")
async def db_half_closes(reader, writer):
    await reader.read(4096)
    writer.write(LOGIN)
    writer.write_eof()
    await stay()


@kind("tls-database")
async def db_stops_in_tls(reader, writer):
    await reader.read(8)
    writer.write(b"S")
    await stay()


@kind("tls-database")
async def db_garbage_for_tls(reader, writer):
    await reader.read(8)
    writer.write(b"S")
    await flood(writer, b"\x16\x03\x03\x40\x00" + random.randbytes(16_384))


@kind("tls-database")
async def db_drips_tls(reader, writer):
    await reader.read(8)
    writer.write(b"S")
    await drip(writer, b"\x16\x03\x03\x40\x00" + bytes(1000))
