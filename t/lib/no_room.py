# SPDX-License-Identifier: PostgreSQL
#
# A jump box that lets everybody in and has no room for any channel: it refuses
# each with reason 4 of RFC 4254, 5.1, which OpenSSH never gives, and dropbear
# only for the thousandth.  Arguments: port on 127.0.0.1, file of the host key.
import socket
import sys
import threading

import paramiko


class NoRoom(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_FAILED_RESOURCE_SHORTAGE

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        return paramiko.OPEN_FAILED_RESOURCE_SHORTAGE


def serve(peer, host_key):
    transport = paramiko.Transport(peer)
    transport.local_version = "SSH-2.0-no_room"
    transport.add_server_key(host_key)
    try:
        transport.start_server(server=NoRoom())
        transport.join()
    except (paramiko.SSHException, EOFError, OSError):
        pass


def main():
    host_key = paramiko.Ed25519Key(filename=sys.argv[2])
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    print("listening", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, host_key), daemon=True).start()


main()
