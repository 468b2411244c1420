/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every length is checked before it is used, and the count of keys before
 * memory is allocated for them.
 */
#include "ssh/agent_answer.h"

#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

enum ssh_agent_answer
ssh_agent_answer_kind(struct ssh_wire *answer, unsigned char expected)
{
	unsigned char kind;

	if (answer->left == 0)
		return SSH_AGENT_FOREIGN;
	kind = *answer->at++;
	answer->left--;
	if (kind == expected)
		return SSH_AGENT_ANSWERED;
	return kind == SSH_AGENT_FAILURE || kind == SSH_AGENT_EXTENSION_FAILURE
	    ? SSH_AGENT_REFUSED
	    : SSH_AGENT_FOREIGN;
}

void
ssh_agent_answer_clear(struct ssh_agent_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		free(keys->list[i].blob);
		free(keys->list[i].comment);
	}
	free(keys->list);
	*keys = (struct ssh_agent_keys){ 0 };
}

static void
add_key(struct ssh_agent_keys *keys, struct ssh_wire blob,
    struct ssh_wire comment)
{
	struct ssh_agent_key *key = &keys->list[keys->count++];

	key->blob = xmalloc(blob.left);
	memcpy(key->blob, blob.at, blob.left);
	key->blob_len = blob.left;
	key->comment = xstrndup((const char *)comment.at, comment.left);
}

/* Each key is a blob and a comment. */
static bool
read_keys(struct ssh_wire answer, uint32_t count, struct ssh_agent_keys *keys)
{
	struct ssh_wire blob, comment;

	keys->list = xcalloc(count, sizeof *keys->list);
	while (keys->count < count) {
		if (!ssh_wire_string(&answer, &blob) ||
		    !ssh_wire_string(&answer, &comment))
			return false;
		add_key(keys, blob, comment);
	}
	return true;
}

bool
ssh_agent_answer_keys(struct ssh_wire answer, struct ssh_agent_keys *keys)
{
	const size_t least = 8; /* a key has two lengths */
	uint32_t count;

	*keys = (struct ssh_agent_keys){ 0 };
	if (!ssh_wire_u32(&answer, &count) || count > answer.left / least)
		return false;
	if (read_keys(answer, count, keys))
		return true;
	ssh_agent_answer_clear(keys);
	return false;
}

bool
ssh_agent_answer_signature(struct ssh_wire answer, struct ssh_wire *algorithm,
    struct ssh_wire *signature)
{
	struct ssh_wire whole;

	return ssh_wire_string(&answer, &whole) &&
	    ssh_wire_string(&whole, algorithm) &&
	    ssh_wire_string(&whole, signature) &&
	    signature->left <= SSH_AGENT_SIGNATURE_MAX;
}
