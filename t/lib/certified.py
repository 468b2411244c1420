# SPDX-License-Identifier: PostgreSQL
#
# A jump box on paramiko that shows a certificate which no sshd would, and lets
# everybody in.  Arguments: port on 127.0.0.1, file of the key that signs,
# certificate to show; optional: certificate to show in a second key exchange,
# once somebody is logged in.
import base64
import socket
import sys
import threading

import paramiko

PORT, KEY, *CERTIFICATES = sys.argv[1:]
NAME = "ssh-ed25519-cert-v01@openssh.com"


class Certified(paramiko.Ed25519Key):
    shown = None

    def show(self, file):
        with open(file) as text:
            self.shown = base64.b64decode(text.read().split()[1])

    def get_name(self):
        return NAME if self.shown else "ssh-ed25519"

    def asbytes(self):
        return self.shown or super().asbytes()


class JumpBox(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL


paramiko.Transport._preferred_keys += (NAME,)
paramiko.Transport._key_info[NAME] = paramiko.Ed25519Key


def serve(peer):
    key = Certified(filename=KEY)
    key.show(CERTIFICATES[0])
    transport = paramiko.Transport(peer)
    transport.add_server_key(key)
    try:
        transport.start_server(server=JumpBox())
        while transport.is_active() and not transport.is_authenticated():
            transport.accept(0.05)
        if len(CERTIFICATES) > 1:
            key.show(CERTIFICATES[1])
            transport.renegotiate_keys()
        transport.join()
    except (paramiko.SSHException, EOFError, OSError):
        pass


listener = socket.create_server(("127.0.0.1", int(PORT)))
print("listening", flush=True)
while True:
    peer, _ = listener.accept()
    threading.Thread(target=serve, args=(peer,), daemon=True).start()
