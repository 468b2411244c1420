# SPDX-License-Identifier: PostgreSQL
#
# Jump boxes that misbehave after the login, or in it, by asyncssh.
import asyncio
import struct

import asyncssh

from peers import BURST, BURST_S, act, kind, stay
from postgres import LOGIN, ROW

QUEUE_MAX = 1 << 20  # bytes that wait here for a peer that does not read

MSG_IGNORE, MSG_DEBUG, MSG_GLOBAL_REQUEST = 2, 4, 80
MSG_CHANNEL_OPEN, MSG_CHANNEL_WINDOW_ADJUST = 90, 93
MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA = 94, 95


def string(data):
    return struct.pack(">I", len(data)) + data


def number(value):
    return struct.pack(">I", value)


class Box:
    """One connection to a jump box, which behaves well by default."""

    options = {}

    def __init__(self, connection):
        self.connection = connection

    async def begin(self, user):
        """Called before any method of authentication is offered."""

    async def requested(self):
        return self.database()

    async def flow(self):
        pass

    def on_channel(self, channel):
        """Called when a channel is open and the client is in the database."""

    def database(self):
        return database_session(self)

    def has_room(self):
        transport = self.connection._transport
        return transport and transport.get_write_buffer_size() < QUEUE_MAX

    def stop_reading(self):
        self.connection._transport.pause_reading()

    async def burst(self, send, len_each):
        """Send messages of this length for ever, in bursts."""
        while self.connection._transport:
            for _ in range(min(BURST // len_each, 2000)):
                if self.has_room():
                    send()
            await asyncio.sleep(BURST_S)


def database_session(box):
    class Database(asyncssh.SSHTCPSession):
        def connection_made(self, channel):
            self.channel = channel
            self.is_in = False

        def data_received(self, data, kind):
            if not self.is_in:
                self.is_in = True
                self.channel.write(LOGIN)
                box.enters(box, "on_channel")
                box.on_channel(self.channel)

    return Database()


@kind("box")
class ssh_stops_in_auth(Box):
    async def begin(self, user):
        await stay()


@kind("box")
class ssh_leaves(Box):
    async def flow(self):
        self.connection.close()


@kind("box")
class ssh_refuses(Box):
    async def requested(self):
        return False


@kind("box")
class ssh_never_opens(Box):
    async def requested(self):
        await stay()


@kind("box")
class ssh_opens_late(Box):
    async def requested(self):
        await asyncio.sleep(2)
        return self.database()


@kind("box")
class ssh_leaves_at_open(Box):
    async def requested(self):
        self.connection.abort()
        return False


class Flooding(Box):
    """Flood each channel with one message."""

    code, body = None, b""

    def on_channel(self, channel):
        asyncio.ensure_future(self.burst(
            lambda: channel.send_packet(self.code, self.body),
            len(self.body)))


@kind("box")
class ssh_stderr(Flooding):
    code, body = MSG_CHANNEL_EXTENDED_DATA, number(1) + string(bytes(4096))


@kind("box")
class ssh_small_stderr(Flooding):
    code, body = MSG_CHANNEL_EXTENDED_DATA, number(1) + string(b"!")


@kind("box", "unread")
class ssh_beyond_window(Flooding):
    code, body = MSG_CHANNEL_DATA, string(ROW * 4)


@kind("box")
class ssh_windows(Flooding):
    code, body = MSG_CHANNEL_WINDOW_ADJUST, number(1)


@kind("box")
class ssh_empty_data(Flooding):
    code, body = MSG_CHANNEL_DATA, string(b"")


class Chatty(Box):
    """Flood the connection with one message."""

    code, body = None, b""

    async def flow(self):
        await self.burst(
            lambda: self.connection.send_packet(self.code, self.body),
            len(self.body))


@kind("box")
class ssh_ignores(Chatty):
    code, body = MSG_IGNORE, string(bytes(16_000))


@kind("box")
class ssh_small_ignores(Chatty):
    code, body = MSG_IGNORE, string(b"")


@kind("box")
class ssh_debugs(Chatty):
    code, body = MSG_DEBUG, b"\0" + string(b"never mind") + string(b"en")


@kind("box")
class ssh_requests(Chatty):
    code, body = MSG_GLOBAL_REQUEST, string(b"hostile@pgjump.test") + b"\1"


@kind("box")
class ssh_unread_answers(ssh_requests):
    """Ask for answers, and do not read them."""

    async def flow(self):
        self.stop_reading()
        await super().flow()


@kind("box")
class ssh_opens_channels(Chatty):
    code = MSG_CHANNEL_OPEN
    body = (string(b"forwarded-tcpip") + number(7) + number(1 << 20)
            + number(1 << 15) + (string(b"localhost") + number(1)) * 2)


@kind("box", "uploads")
class ssh_does_not_read(Box):
    def on_channel(self, channel):
        self.stop_reading()


@kind("box", "uploads")
class ssh_gives_no_window(Box):
    def on_channel(self, channel):
        channel.pause_reading()


@kind("box")
class ssh_keeps_channels(Box):
    """Send EOF, and neither close nor read."""

    def on_channel(self, channel):
        channel.write_eof()
        channel.pause_reading()


@kind("box")
class ssh_exchanges_keys(Box):
    options = {"rekey_bytes": 1 << 14}

    async def flow(self):
        await self.burst(lambda: self.connection.send_packet(
            MSG_IGNORE, string(bytes(16_000))), BURST / 2)


@kind("box")
class ssh_exchanges_long_keys(ssh_exchanges_keys):
    """Key exchanges of 2048 bits, the longest that pgjump accepts."""

    options = {"rekey_bytes": 1 << 14,
               "kex_algs": ["diffie-hellman-group14-sha256"]}


def differs(box, name):
    """Whether this kind of jump box misbehaves in that method."""
    return getattr(type(box), name) is not getattr(Box, name)


async def serve(name, box, port, host_key):
    def enters(box, what):
        if differs(box, what):
            act(name)

    class Server(asyncssh.SSHServer):
        def connection_made(self, connection):
            self.box = box(connection)
            self.box.enters = enters

        async def begin_auth(self, user):
            enters(self.box, "begin")
            await self.box.begin(user)
            return True

        def public_key_auth_supported(self):
            return True

        def validate_public_key(self, user, key):
            return True

        def auth_completed(self):
            enters(self.box, "flow")
            asyncio.ensure_future(self.box.flow())

        def connection_requested(self, *where):
            enters(self.box, "requested")
            return self.box.requested()

    await asyncssh.listen("127.0.0.1", port, server_factory=Server,
                          server_host_keys=[host_key], reuse_address=True,
                          **box.options)
