# SPDX-License-Identifier: PostgreSQL
#
# AsyncSSH as a jump box, with its default settings, in which its list of
# signatures has each name twice.  It forwards anywhere and logs the algorithm
# of each login.  Arguments: port on 127.0.0.1, file of the host key, file of
# authorized keys.
import asyncio
import logging
import sys

import asyncssh


class JumpBox(asyncssh.SSHServer):
    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


async def main():
    port, host_key, authorized = sys.argv[1:]
    logging.basicConfig(stream=sys.stdout)
    asyncssh.set_log_level("DEBUG")
    asyncssh.set_debug_level(1)
    await asyncssh.create_server(
        JumpBox,
        "127.0.0.1",
        int(port),
        server_host_keys=[host_key],
        authorized_client_keys=authorized,
    )
    print("listening", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
