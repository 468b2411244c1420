# SPDX-License-Identifier: PostgreSQL
#
# A jump box on AsyncSSH that prompts, in rounds, and accepts only right
# answers. It forwards anywhere, and prints each answer to a prompt.  Arguments:
# port on 127.0.0.1, file of the host key, the rounds as JSON: a list of lists
# of [prompt, echo, answer], or an object with such a list as "prompts" and an
# "instruction"; null: it demands nothing of a user.
import asyncio
import json
import sys

import asyncssh



def as_round(given):
    if isinstance(given, list):
        return {"instruction": "", "prompts": given}
    return given


ROUNDS = json.loads(sys.argv[3])
if ROUNDS is not None:
    ROUNDS = [as_round(given) for given in ROUNDS]


class JumpBox(asyncssh.SSHServer):
    def begin_auth(self, username):
        self.asked = 0
        return ROUNDS is not None

    def kbdint_auth_supported(self):
        return True

    def challenge(self):
        if self.asked == len(ROUNDS):
            return True
        now = ROUNDS[self.asked]
        prompts = [(text, echo) for text, echo, _ in now["prompts"]]
        self.asked += 1
        return "", now["instruction"], "", prompts

    def get_kbdint_challenge(self, username, lang, submethods):
        self.asked = 0
        return self.challenge()

    def validate_kbdint_response(self, username, responses):
        wanted = ROUNDS[self.asked - 1]["prompts"]
        for (text, _, answer), given in zip(wanted, responses):
            right = "right" if given == answer else "wrong"
            print(right, "answer to", text, flush=True)
        if list(responses) != [answer for _, _, answer in wanted]:
            return False
        return self.challenge()

    def connection_requested(self, dest_host, dest_port, orig_host, orig_port):
        return True


async def main():
    await asyncssh.create_server(
        JumpBox,
        "127.0.0.1",
        int(sys.argv[1]),
        server_host_keys=[sys.argv[2]],
    )
    print("listening", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
