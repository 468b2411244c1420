/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever an SSH agent answers: keys are as long as what they were read from
 * allows, a damaged list leaves none, and a signature lies within the answer.
 */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "ssh/agent_answer.h"

static void
read_keys(struct ssh_wire answer)
{
	struct ssh_agent_keys keys;
	size_t used = 4;

	if (!ssh_agent_answer_keys(answer, &keys)) {
		assert(keys.count == 0 && keys.list == NULL);
		return;
	}
	for (size_t i = 0; i < keys.count; i++)
		used += 8 + keys.list[i].blob_len +
		    strlen(keys.list[i].comment);
	assert(used <= answer.left);
	ssh_agent_answer_clear(&keys);
	assert(keys.count == 0);
}

static void
check_within(struct ssh_wire answer, struct ssh_wire part)
{
	assert(part.at >= answer.at);
	assert(part.at + part.left <= answer.at + answer.left);
}

static void
read_signature(struct ssh_wire answer)
{
	struct ssh_wire algorithm, signature;

	if (!ssh_agent_answer_signature(answer, &algorithm, &signature))
		return;
	assert(signature.left <= SSH_AGENT_SIGNATURE_MAX);
	check_within(answer, algorithm);
	check_within(answer, signature);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ssh_wire answer = { data, len };

	if (ssh_agent_answer_kind(&answer, SSH_AGENT_IDENTITIES_ANSWER) ==
	    SSH_AGENT_ANSWERED)
		read_keys(answer);
	answer = (struct ssh_wire){ data, len };
	if (ssh_agent_answer_kind(&answer, SSH_AGENT_SIGN_RESPONSE) ==
	    SSH_AGENT_ANSWERED)
		read_signature(answer);
	return 0;
}
