# SPDX-License-Identifier: PostgreSQL
#
# Messages of PostgreSQL.
import struct


def message(kind, body):
    return kind + struct.pack(">I", 4 + len(body)) + body


def words(kind, severity, text):
    fields = b"S%s\0V%s\0C00000\0M%s\0\0" % (severity, severity, text)
    return message(kind, fields)


NOTICE = words(b"N", b"NOTICE", b"never mind " * 20)
ERROR = words(b"E", b"ERROR", b"never mind " * 20)
READY = message(b"Z", b"I")
LOGIN = message(b"R", struct.pack(">I", 0)) + READY
ROW = message(b"D", struct.pack(">HI", 1, 8000) + b"x" * 8000)
ROWS = message(b"T", struct.pack(">H", 1) + b"t\0"
               + struct.pack(">IHIHIH", 0, 0, 25, 65535, 2**32 - 1, 0))


def startup(user="app"):
    body = struct.pack(">I", 196608) + b"user\0%s\0database\0myapp\0\0" % (
        user.encode())
    return struct.pack(">I", 4 + len(body)) + body


def query(sql):
    return message(b"Q", sql.encode() + b"\0")


SSL_REQUEST = struct.pack(">II", 8, 80877103)
