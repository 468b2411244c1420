# SPDX-License-Identifier: PostgreSQL
#
# A jump box that lets everybody in, forwards as it is asked, and says more than
# it is asked, as no real one can be made to.  Arguments: what it does, port on
# 127.0.0.1, file of its host key, file of another one.  SIGUSR1 makes it do
# that to each session.
import queue
import signal
import socket
import sys
import threading

import paramiko
from paramiko.common import (
    cMSG_CHANNEL_DATA,
    cMSG_CHANNEL_EXTENDED_DATA,
    cMSG_CHANNEL_REQUEST,
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_REQUEST,
)
from paramiko.message import Message

UNKNOWN = bytes([192])  # RFC 4250, 4.1.2: a number for local extensions


def message(kind, *parts):
    built = Message()
    built.add_byte(kind)
    for part in parts:
        if isinstance(part, int):
            built.add_int(part)
        else:
            built.add_string(part)
    return built


def repeat(transport, count, packet):
    for _ in range(count):
        transport._send_user_message(packet)


# --- What is done to a session, once -----------------------------------------


def litter(count):
    return lambda transport: repeat(transport, count, message(UNKNOWN, b"litter"))


def hoard(count):
    return lambda transport: repeat(transport, count, message(UNKNOWN, bytes(32000)))


# libssh2 allocates as much room for a name as its length claims.
def claim(size, count):
    def act(transport):
        for channel in list(transport._channels.values()):
            packet = message(cMSG_CHANNEL_REQUEST, channel.remote_chanid, b"exit-signal")
            packet.add_boolean(False)
            packet.add_int(size)
            packet.add_bytes(bytes(16))
            repeat(transport, count, packet)

    return act


def same_key(transport):
    transport.renegotiate_keys()


def other_key(transport):
    transport.add_server_key(paramiko.Ed25519Key(filename=sys.argv[4]))
    transport.renegotiate_keys()


AT_SIGNAL = {
    "some_litter": litter(100),
    "much_litter": litter(700),
    "too_much_litter": litter(3000),
    "small_hoard": hoard(60),
    "hoard": hoard(200),
    "claim": claim(3 << 20, 200),
    "huge_claim": claim(0xFFFFFF00, 1),
    "same_key": same_key,
    "other_key": other_key,
}


# --- What is done to a channel -----------------------------------------------


# Within the window, as a program on a server would.
def stderr(channel):
    for _ in range(20):
        channel.send_stderr(b"warning: nobody reads this\n" * 100)


# Whatever the window is.
def stderr_at_once(channel):
    packet = message(cMSG_CHANNEL_EXTENDED_DATA, channel.remote_chanid, 1, bytes(1000))
    repeat(channel.get_transport(), 100, packet)


def empty(channel):
    packet = message(cMSG_CHANNEL_DATA, channel.remote_chanid, b"")
    channel.get_transport()._send_user_message(packet)


AT_OPEN = {"stderr": stderr, "stderr_at_once": stderr_at_once, "empty": empty}
AT_END = {"empty": empty}


# --- What becomes of a channel of an unknown type ----------------------------

CONFIRMS = {"confirm", "confirm_and_end", "confirm_in_silence"}


def kept(handler, pings):
    return lambda channel, packet: (
        None if channel.get_id() in pings else handler(channel, packet)
    )


# It is never closed, and in silence no question on it is answered, not even one
# that comes before this program has taken the channel: `pings` has its number
# from the request on.
def keep_pings(transport, pings):
    ignored = {MSG_CHANNEL_CLOSE}
    if DOES == "confirm_in_silence":
        ignored.add(MSG_CHANNEL_REQUEST)
    transport._channel_handler_table = {
        kind: kept(handler, pings) if kind in ignored else handler
        for kind, handler in transport._channel_handler_table.items()
    }


def confirmed(channel):
    print("confirmed", flush=True)
    if DOES == "confirm_and_end":
        channel.close()
    else:
        KEPT.append(channel)


KEPT = []


# --- A jump box --------------------------------------------------------------


class Server(paramiko.ServerInterface):
    def __init__(self, transport):
        self.transport = transport
        self.targets = {}
        self.pings = set()

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        if DOES == "hoard_in_login":
            hoard(200)(self.transport)
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        if DOES not in CONFIRMS:
            return paramiko.OPEN_FAILED_UNKNOWN_CHANNEL_TYPE
        if DOES != "confirm_and_end":
            self.pings.add(chanid)
        return paramiko.OPEN_SUCCEEDED

    def check_channel_env_request(self, channel, name, value):
        print("asked on a channel", flush=True)
        return False

    def check_global_request(self, kind, msg):
        print("asked by", kind, flush=True)
        return False

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        self.targets[chanid] = destination
        return paramiko.OPEN_SUCCEEDED


def copy(take, give, end):
    try:
        while True:
            some = take(32768)
            if not some:
                break
            give(some)
    except (OSError, EOFError, paramiko.SSHException):
        pass
    end()


def forward(channel, target):
    database = socket.create_connection(target)
    AT_OPEN.get(DOES, id)(channel)

    def end():
        try:
            AT_END.get(DOES, id)(channel)
            channel.shutdown_write()
        except (OSError, EOFError, paramiko.SSHException):
            pass
        up.join()
        channel.close()
        database.close()

    up = threading.Thread(
        target=copy,
        args=(channel.recv, database.sendall, lambda: database.shutdown(socket.SHUT_WR)),
        daemon=True,
    )
    up.start()
    copy(database.recv, channel.sendall, end)


def serve(peer, host_key):
    transport = paramiko.Transport(peer)
    transport.local_version = "SSH-2.0-unruly"
    transport.add_server_key(host_key)
    server = Server(transport)
    try:
        keep_pings(transport, server.pings)
        transport.start_server(server=server)
        SESSIONS.append(transport)
        while transport.is_active():
            channel = transport.accept(1)
            if channel is None:
                continue
            target = server.targets.pop(channel.get_id(), None)
            if target is None:
                confirmed(channel)
            else:
                threading.Thread(
                    target=forward,
                    args=(channel, target),
                    daemon=True,
                ).start()
    except (paramiko.SSHException, EOFError, OSError):
        pass


def act():
    while True:
        SIGNALS.get()
        for transport in list(SESSIONS):
            if transport.is_active():
                try:
                    AT_SIGNAL[DOES](transport)
                except (paramiko.SSHException, EOFError, OSError):
                    pass
        print("done", flush=True)


DOES = sys.argv[1]
SESSIONS = []
SIGNALS = queue.SimpleQueue()


def main():
    host_key = paramiko.Ed25519Key(filename=sys.argv[3])
    listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
    signal.signal(signal.SIGUSR1, lambda *_: SIGNALS.put(None))
    threading.Thread(target=act, daemon=True).start()
    print("listening", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, host_key), daemon=True).start()


main()
