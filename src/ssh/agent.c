/* SPDX-License-Identifier: PostgreSQL */

/*
 * Two requests of the agent protocol (draft-ietf-sshm-ssh-agent) on a Unix
 * socket.  What listens there may be slow, silent or no agent at all, so every
 * wait is bounded.  This file knows nothing of SSH sessions and chooses no key.
 */
#include "ssh/agent.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "key/ssh_wire.h"
#include "ssh/await.h"

/* draft-ietf-sshm-ssh-agent, 6.1. */
enum {
	REQUEST_IDENTITIES = 11,
	SIGN_REQUEST = 13,
};

/* OpenSSH's agent has the same limit on a message. */
#define ANSWER_MAX (256 * 1024)

struct ssh_agent {
	int fd;
	int64_t deadline_ms;
	int cancel_fd;
	bool is_in_midst; /* in the midst of a request or answer: no other may
			     follow */
	struct ssh_agent_keys keys;
	unsigned char *answer; /* to the last request, without its length */
	size_t answer_len;
	char *words; /* where the call in progress says what failed */
	size_t words_size;
};

static bool failed(struct ssh_agent *, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

/* Say what failed; always false. */
static bool
failed(struct ssh_agent *agent, const char *words, ...)
{
	va_list args;

	va_start(args, words);
	vsnprintf(agent->words, agent->words_size, words, args);
	va_end(args);
	return false;
}

static bool
wait_ready(struct ssh_agent *agent, short events)
{
	switch (await_one(agent->fd, events, agent->deadline_ms,
	    agent->cancel_fd)) {
	case AWAIT_READY:
		return true;
	case AWAIT_CANCELLED:
		return failed(agent, "cancelled");
	case AWAIT_TIMEOUT:
		break;
	}
	return failed(agent, "it gave no answer in time");
}

static bool
send_all(struct ssh_agent *agent, const unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(agent->fd, bytes, len, MSG_NOSIGNAL);

		if (sent > 0) {
			bytes += sent;
			len -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (!wait_ready(agent, POLLOUT))
				return false;
		} else if (errno != EINTR)
			return failed(agent, "%s", strerror(errno));
	}
	return true;
}

static bool
receive_all(struct ssh_agent *agent, unsigned char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t got = recv(agent->fd, bytes, len, 0);

		if (got > 0) {
			bytes += got;
			len -= (size_t)got;
		} else if (got == 0)
			return failed(agent, "it closed the connection");
		else if (errno == EAGAIN) {
			if (!wait_ready(agent, POLLIN))
				return false;
		} else if (errno != EINTR)
			return failed(agent, "%s", strerror(errno));
	}
	return true;
}

/* Receive the answer to the last request, without its length. */
static bool
receive_answer(struct ssh_agent *agent)
{
	unsigned char header[4];
	struct ssh_wire wire = { header, sizeof header };
	uint32_t len;

	if (!receive_all(agent, header, sizeof header) ||
	    !ssh_wire_u32(&wire, &len))
		return false;
	if (len < 1 || len > ANSWER_MAX)
		return failed(agent, "it does not speak the agent protocol");
	agent->answer = xreallocarray(agent->answer, len, 1);
	agent->answer_len = len;
	return receive_all(agent, agent->answer, len);
}

static bool
exchange(struct ssh_agent *agent, const struct ssh_blob *request)
{
	struct ssh_blob message = { 0 };

	if (agent->is_in_midst)
		return failed(agent, "it broke off an answer before");
	agent->is_in_midst = true;
	ssh_wire_write_string(&message, request->bytes, request->len);
	agent->is_in_midst = !send_all(agent, message.bytes, message.len) ||
	    !receive_answer(agent);
	free(message.bytes);
	return !agent->is_in_midst;
}

/* Send the request and free it. */
static bool
ask(struct ssh_agent *agent, struct ssh_blob *request, unsigned char expected,
    struct ssh_wire *answer)
{
	bool is_answered = exchange(agent, request);

	free(request->bytes);
	if (!is_answered)
		return false;
	*answer = (struct ssh_wire){ agent->answer, agent->answer_len };
	switch (ssh_agent_answer_kind(answer, expected)) {
	case SSH_AGENT_ANSWERED:
		return true;
	case SSH_AGENT_REFUSED:
		return failed(agent, "it refused");
	case SSH_AGENT_FOREIGN:
		break;
	}
	return failed(agent, "it does not speak the agent protocol");
}

static void
begin_call(struct ssh_agent *agent, char *words, size_t words_size)
{
	agent->words = words;
	agent->words_size = words_size;
	words[0] = '\0';
}

static bool
connect_to(struct ssh_agent *agent, const char *path)
{
	if (path == NULL || path[0] == '\0')
		return failed(agent, "SSH_AUTH_SOCK is not set");
	agent->fd = await_unix(path, agent->deadline_ms, agent->cancel_fd);
	if (agent->fd < 0)
		return failed(agent, "%s: %s", path, strerror(errno));
	return true;
}

struct ssh_agent *
ssh_agent_open(const char *path, int64_t deadline_ms, int cancel_fd,
    char *words, size_t words_size)
{
	struct ssh_agent *agent = xcalloc(1, sizeof *agent);

	agent->fd = -1;
	agent->deadline_ms = deadline_ms;
	agent->cancel_fd = cancel_fd;
	begin_call(agent, words, words_size);
	if (connect_to(agent, path != NULL ? path : getenv("SSH_AUTH_SOCK")))
		return agent;
	ssh_agent_close(agent);
	return NULL;
}

void
ssh_agent_close(struct ssh_agent *agent)
{
	if (agent == NULL)
		return;
	ssh_agent_answer_clear(&agent->keys);
	free(agent->answer);
	if (agent->fd >= 0)
		close(agent->fd);
	free(agent);
}

bool
ssh_agent_is_usable(const struct ssh_agent *agent)
{
	return !agent->is_in_midst;
}

bool
ssh_agent_list(struct ssh_agent *agent, const struct ssh_agent_key **keys,
    size_t *count, char *words, size_t words_size)
{
	struct ssh_blob request = { 0 };
	struct ssh_wire answer;

	begin_call(agent, words, words_size);
	ssh_agent_answer_clear(&agent->keys);
	ssh_wire_write_byte(&request, REQUEST_IDENTITIES);
	if (!ask(agent, &request, SSH_AGENT_IDENTITIES_ANSWER, &answer))
		return false;
	if (!ssh_agent_answer_keys(answer, &agent->keys))
		return failed(agent, "its list of keys is damaged");
	*keys = agent->keys.list;
	*count = agent->keys.count;
	return true;
}

/*
 * An agent that does not know the flags signs with SHA-1.  The jump box would
 * reject that signature, and the key would get the blame.
 */
static bool
is_as_asked(const struct ssh_wire *algorithm, uint32_t flags)
{
	return flags == 0 ||
	    ssh_wire_is(algorithm, flags & 4 ? "rsa-sha2-512" : "rsa-sha2-256");
}

bool
ssh_agent_sign(struct ssh_agent *agent, const struct ssh_agent_key *key,
    const unsigned char *data, size_t len, uint32_t flags,
    unsigned char **signature, size_t *signature_len, char *words,
    size_t words_size)
{
	struct ssh_blob request = { 0 };
	struct ssh_wire answer, algorithm, inner;

	begin_call(agent, words, words_size);
	ssh_wire_write_byte(&request, SIGN_REQUEST);
	ssh_wire_write_string(&request, key->blob, key->blob_len);
	ssh_wire_write_string(&request, data, len);
	ssh_wire_write_u32(&request, flags);
	if (!ask(agent, &request, SSH_AGENT_SIGN_RESPONSE, &answer))
		return false;
	if (!ssh_agent_answer_signature(answer, &algorithm, &inner))
		return failed(agent, "its signature is damaged");
	if (!is_as_asked(&algorithm, flags))
		return failed(agent, "it cannot sign with RSA and SHA-2");
	*signature = xmalloc(inner.left);
	memcpy(*signature, inner.at, inner.left);
	*signature_len = inner.left;
	return true;
}
