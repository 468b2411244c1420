# SPDX-License-Identifier: PostgreSQL
#
# A jump box on paramiko, which connects in the thread that reads the session.
# Arguments: port on 127.0.0.1, directory of the host keys, file of authorized
# keys, password of every user, "permit" or "deny".  Keys are exchanged anew
# after each megabyte.
import base64
import glob
import logging
import socket
import sys
import threading

import paramiko

PORT, HOST_KEYS, AUTHORIZED, PASSWORD, POLICY = sys.argv[1:]


# Tells of each exchange of keys, which is in the library's log.
class Exchanges(logging.Handler):
    def emit(self, record):
        if "Switch to new keys" in record.getMessage():
            print("keys exchanged", flush=True)


def keys():
    with open(AUTHORIZED) as lines:
        return {base64.b64decode(line.split()[1]) for line in lines}


class JumpBox(paramiko.ServerInterface):
    def __init__(self, transport):
        self.transport = transport
        self.targets = {}

    def get_allowed_auths(self, username):
        return "publickey,password"

    def check_auth_publickey(self, username, key):
        if key.asbytes() in keys():
            return paramiko.AUTH_SUCCESSFUL
        return paramiko.AUTH_FAILED

    def check_auth_password(self, username, password):
        if password == PASSWORD:
            return paramiko.AUTH_SUCCESSFUL
        return paramiko.AUTH_FAILED

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        if POLICY != "permit":
            return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        try:
            self.targets[chanid] = socket.create_connection(destination)
        except OSError:
            return paramiko.OPEN_FAILED_CONNECT_FAILED
        return paramiko.OPEN_SUCCEEDED


def copy(source, target, end):
    try:
        while True:
            data = source.recv(32768)
            if not data:
                break
            target.sendall(data)
        end()
    except OSError:
        target.close()


def forward(channel, target):
    there = threading.Thread(
        target=copy,
        args=(channel, target, lambda: target.shutdown(socket.SHUT_WR)),
        daemon=True,
    )
    there.start()
    copy(target, channel, channel.shutdown_write)
    there.join()
    target.close()
    channel.close()


def load(file):
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind(filename=file)
        except (paramiko.SSHException, ValueError):
            pass
    raise SystemExit("no host key: " + file)


def serve(peer, host_keys):
    transport = paramiko.Transport(peer)
    transport.packetizer.REKEY_BYTES = 1 << 20
    for host_key in host_keys:
        transport.add_server_key(host_key)
    box = JumpBox(transport)
    try:
        transport.start_server(server=box)
        while transport.is_active():
            channel = transport.accept(1)
            if channel is not None:
                target = box.targets.pop(channel.get_id())
                threading.Thread(
                    target=forward, args=(channel, target), daemon=True
                ).start()
    except (paramiko.SSHException, EOFError, OSError):
        pass


def main():
    logging.getLogger("paramiko").addHandler(Exchanges())
    logging.getLogger("paramiko").setLevel("DEBUG")
    host_keys = [load(file) for file in glob.glob(HOST_KEYS + "/*_key")]
    listener = socket.create_server(("127.0.0.1", int(PORT)))
    print("listening", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, host_keys), daemon=True).start()


main()
