# SPDX-License-Identifier: PostgreSQL
#
# A jump box that lets everybody in by one of some signatures and refuses every
# forward.  It says which these are or, unlike any packaged server by default,
# does not.  Arguments: port on 127.0.0.1, file of the host key, "told" or
# "untold", the signatures separated by commas.
import socket
import sys
import threading

import paramiko
from paramiko import auth_handler

TOLD = sys.argv[3] == "told"
SIGNATURES = tuple(sys.argv[4].split(","))


# paramiko itself ends the session at a signature that it does not accept.
class Judge(auth_handler.AuthHandler):
    def _generate_key_from_request(self, algorithm, keyblob):
        print("asked for", algorithm, flush=True)
        self.transport.server_object.takes_it = algorithm in SIGNATURES
        return self.transport._key_info[algorithm](paramiko.Message(keyblob))


# paramiko 2 does not see that libssh2 asks for the list.
class Transport(paramiko.Transport):
    _remote_ext_info = property(lambda self: "ext-info-c", lambda self, _: None)


class JumpBox(paramiko.ServerInterface):
    takes_it = False

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        if self.takes_it:
            return paramiko.AUTH_SUCCESSFUL
        return paramiko.AUTH_FAILED

    def check_channel_direct_tcpip_request(self, chanid, origin, destination):
        return paramiko.OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED


def serve(peer, host_key):
    transport = Transport(peer, server_sig_algs=TOLD)
    transport._preferred_pubkeys = SIGNATURES
    transport.add_server_key(host_key)
    try:
        transport.start_server(server=JumpBox())
        transport.join()
    except (paramiko.SSHException, EOFError, OSError):
        pass


def main():
    paramiko.transport.AuthHandler = Judge
    host_key = paramiko.Ed25519Key(filename=sys.argv[2])
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    print("listening", flush=True)
    while True:
        peer, _ = listener.accept()
        threading.Thread(target=serve, args=(peer, host_key), daemon=True).start()


main()
