# SPDX-License-Identifier: PostgreSQL
#
# AsyncSSH as a jump box.  Arguments: port on 127.0.0.1, directory of the host
# keys, file of authorized keys, password of every user, "permit" or "deny".
# Keys are exchanged anew after each megabyte.
import asyncio
import glob
import logging
import sys

import asyncssh

PORT, HOST_KEYS, AUTHORIZED, PASSWORD, POLICY = sys.argv[1:]


# Tells of each exchange of keys, which is in the library's log.
class Exchanges(logging.Handler):
    def emit(self, record):
        if "Completed key exchange" in record.getMessage():
            print("keys exchanged", flush=True)


class JumpBox(asyncssh.SSHServer):
    def password_auth_supported(self):
        return True

    def validate_password(self, username, password):
        return password == PASSWORD

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return POLICY == "permit"


async def main():
    logging.getLogger("asyncssh").addHandler(Exchanges())
    asyncssh.set_log_level("DEBUG")
    await asyncssh.create_server(
        JumpBox,
        "127.0.0.1",
        int(PORT),
        server_host_keys=glob.glob(HOST_KEYS + "/*_key"),
        authorized_client_keys=AUTHORIZED,
        rekey_bytes=1 << 20,
        reuse_address=True,
    )
    print("listening", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
