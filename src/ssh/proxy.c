/* SPDX-License-Identifier: PostgreSQL */

/*
 * The conversation with a proxy has one deadline.  The parsers of
 * ssh/proxy_http.h and ssh/proxy_socks.h say what an answer means; this file
 * says what its absence means.
 */
#include "ssh/proxy.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/secret.h"
#include "base/xmalloc.h"
#include "config/config.h"
#include "config/options.h"
#include "config/proxy.h"
#include "ssh/await.h"
#include "ssh/peer.h"
#include "ssh/proxy_answer.h"
#include "ssh/proxy_http.h"
#include "ssh/proxy_socks.h"
#include "ssh/socket.h"
#include "tls/proxy.h"
#include "tls/tls.h"

/* The head of HTTP and the first bytes of the jump box. */
#define ANSWER_MAX SSH_PROXY_HTTP_MAX
_Static_assert(ANSWER_MAX >= SSH_PROXY_SOCKS_ANSWER_MAX, "room for both");

struct talk {
	const struct config_proxy *proxy;
	struct ssh_proxy_asked asked;
	struct ssh_socket *socket;
	int64_t started_ms, allowed_ms;
	int cancel_fd;
	struct fault *fault;
	enum ssh_proxy_socks message; /* of SOCKS: the last one sent */
	unsigned char *bytes;         /* of the answer; ANSWER_MAX */
	size_t len;
	struct ssh_proxy_answer answer;
};

static bool
is_http(const struct talk *talk)
{
	return talk->proxy->type == PROXY_HTTP ||
	    talk->proxy->type == PROXY_HTTPS;
}

/* --- Waiting -------------------------------------------------------------- */

static enum await_status
await(const struct talk *talk, short events)
{
	return await_one(ssh_socket_fd(talk->socket), events,
	    talk->started_ms + talk->allowed_ms, talk->cancel_fd);
}

/*
 * A proxy of SOCKS5 that was asked to connect has answered before, so it is the
 * jump box that does not.
 */
static enum failure
fail_timeout(const struct talk *talk)
{
	struct clock_text allowed = clock_text(talk->allowed_ms);

	if (!is_http(talk) && talk->message == SSH_PROXY_SOCKS5_CONNECT)
		return fault_set(talk->fault, FAIL_PROXY_JUMP_TIMEOUT,
		    "within %s", allowed.text);
	return fault_set(talk->fault, FAIL_PROXY_SILENT, "%s", allowed.text);
}

/* A wait that did not end well is a failure. */
static enum failure
judge_wait(const struct talk *talk, enum await_status status)
{
	switch (status) {
	case AWAIT_READY:
		return FAIL_NONE;
	case AWAIT_TIMEOUT:
		return fail_timeout(talk);
	case AWAIT_CANCELLED:
		break;
	}
	return fault_set_code(talk->fault, FAIL_SHUTDOWN);
}

/* --- TLS ------------------------------------------------------------------ */

/*
 * The first byte tells whether the proxy speaks TLS at all: it is the type of a
 * record (RFC 8446, 5.1).  False: nothing has come yet, or the fault is set.
 */
static bool
has_spoken_tls(const struct talk *talk)
{
	struct ssh_heard heard = { 0 };
	char words[FAULT_WORDS_MAX];
	ssize_t len = recv(ssh_socket_fd(talk->socket), heard.bytes,
	    sizeof heard.bytes, MSG_PEEK | MSG_DONTWAIT);

	if (len <= 0)
		return false;
	if (heard.bytes[0] >= 20 && heard.bytes[0] <= 23)
		return true;
	heard.len = (size_t)len;
	ssh_peer_describe(&heard, words, sizeof words);
	fault_set(talk->fault, FAIL_PROXY_NO_TLS, "%s", words);
	return false;
}

static enum failure
await_tls(const struct talk *talk, struct tls *session)
{
	const void *unsent;

	return judge_wait(talk,
	    await(talk,
		tls_output(session, &unsent) > 0 ? POLLIN | POLLOUT : POLLIN));
}

static enum failure
shake_hands(const struct talk *talk, struct tls_proxy *tls)
{
	struct tls *session = tls_proxy_session(tls);
	bool is_tls = false;

	for (;;) {
		is_tls = is_tls || has_spoken_tls(talk);
		if (talk->fault->code != FAIL_NONE)
			return talk->fault->code;
		switch (ssh_socket_shake(talk->socket, session)) {
		case SSH_SOCKET_READY:
			return FAIL_NONE;
		case SSH_SOCKET_WAIT:
			await_tls(talk, session);
			break;
		case SSH_SOCKET_CLOSED:
			return fault_set(talk->fault, FAIL_PROXY_HANGUP,
			    "during the TLS handshake");
		case SSH_SOCKET_FAILED:
			tls_proxy_explain(tls, talk->fault);
			break;
		}
	}
}

static enum failure
encrypt(const struct talk *talk)
{
	struct tls_proxy *tls = tls_proxy_new(talk->proxy, talk->fault);

	if (tls == NULL)
		return talk->fault->code;
	if (shake_hands(talk, tls) == FAIL_NONE)
		ssh_socket_encrypt(talk->socket, tls_proxy_take(tls));
	tls_proxy_free(tls);
	return talk->fault->code;
}

/* --- A message ------------------------------------------------------------ */

/* What a write that failed could not send, the proxy did not want to hear. */
static enum failure
send_bytes(const struct talk *talk, const void *bytes, size_t len)
{
	enum failure code = FAIL_NONE;

	while ((len > 0 || ssh_socket_unsent(talk->socket) > 0) &&
	    code == FAIL_NONE) {
		ssize_t sent = ssh_socket_write(talk->socket, bytes, len);

		if (sent < 0 && errno == EAGAIN)
			code = judge_wait(talk, await(talk, POLLOUT));
		else if (sent < 0 && errno != EINTR)
			return FAIL_NONE;
		if (sent > 0) {
			bytes = (const char *)bytes + sent;
			len -= (size_t)sent;
		}
	}
	return code;
}

static enum failure
send_message(const struct talk *talk)
{
	unsigned char message[SSH_PROXY_SOCKS_MAX];
	enum failure code;
	char *request;
	size_t len;

	if (is_http(talk)) {
		request = ssh_proxy_http_request(&talk->asked);
		code = send_bytes(talk, request, strlen(request));
		secret_free(request);
		return code;
	}
	len = ssh_proxy_socks_write(talk->message, &talk->asked, message);
	code = send_bytes(talk, message, len);
	secret_wipe(message, sizeof message);
	return code;
}

/* --- Its answer ----------------------------------------------------------- */

static void
read_answer(struct talk *talk, bool is_ended)
{
	if (is_http(talk))
		ssh_proxy_http_read(talk->bytes, talk->len, is_ended,
		    talk->asked.username != NULL, &talk->answer);
	else
		ssh_proxy_socks_read(&talk->message, &talk->asked, talk->bytes,
		    talk->len, is_ended, &talk->answer);
}

/* The proxy closed before its answer was whole. */
static enum failure
fail_closed(const struct talk *talk)
{
	if (talk->len > 0)
		return fault_set(talk->fault, FAIL_PROXY_HANGUP,
		    "in the middle of its answer");
	if (!is_http(talk) && talk->message != SSH_PROXY_SOCKS5_METHODS &&
	    talk->message != SSH_PROXY_SOCKS5_LOGIN)
		return fault_set(talk->fault, FAIL_PROXY_JUMP_UNREACHED,
		    "it closed the connection without an answer");
	return fault_set(talk->fault, FAIL_PROXY_HANGUP, "without an answer");
}

/* Take what has come; *is_closed: and no more will. */
static enum await_status
receive(struct talk *talk, bool *is_closed)
{
	ssize_t got = ssh_socket_receive(talk->socket, talk->bytes + talk->len,
	    ANSWER_MAX - talk->len);

	if (got > 0)
		talk->len += (size_t)got;
	else if (got < 0 && errno == EAGAIN)
		return await(talk, POLLIN);
	else
		*is_closed = true;
	return AWAIT_READY;
}

/*
 * Read until there is a verdict.  Bytes without one are judged once more when
 * the proxy has closed or the time is over: they may show what it is.
 */
static enum failure
hear(struct talk *talk)
{
	enum await_status status = AWAIT_READY;
	bool is_closed = false;

	talk->len = 0;
	for (;;) {
		read_answer(talk, is_closed || status == AWAIT_TIMEOUT);
		if (talk->answer.progress != SSH_PROXY_MORE)
			return FAIL_NONE;
		if (is_closed)
			return fail_closed(talk);
		if (status != AWAIT_READY)
			return judge_wait(talk, status);
		if (talk->len == ANSWER_MAX)
			return fault_set(talk->fault, FAIL_PROXY_ENDLESS, "%s",
			    "16 KB of headers");
		status = receive(talk, &is_closed);
	}
}

static enum failure
judge(const struct talk *talk)
{
	if (talk->answer.progress == SSH_PROXY_NEXT)
		return FAIL_NONE;
	if (talk->answer.said[0] != '\0')
		fault_note(talk->fault, "the proxy answered \"%s\" in %d ms",
		    talk->answer.said, (int)(clock_ms() - talk->started_ms));
	if (talk->answer.progress == SSH_PROXY_FAILED)
		return fault_set(talk->fault, talk->answer.code, "%s",
		    talk->answer.words);
	return FAIL_NONE;
}

/* Bytes behind the answer belong to what follows: put them back. */
static enum failure
hear_answer(struct talk *talk)
{
	enum failure code = hear(talk);
	size_t used = talk->answer.used;

	if (code != FAIL_NONE)
		return code;
	if (used < talk->len)
		ssh_socket_unread(talk->socket, talk->bytes + used,
		    talk->len - used);
	return judge(talk);
}

/* --- The conversation ----------------------------------------------------- */

/* The file of a password may have changed since the start. */
static enum failure
read_password(const struct talk *talk, char **password)
{
	char error[FAULT_WORDS_MAX];
	const char *why;

	*password = secret_load(&talk->proxy->password, error, sizeof error);
	if (error[0] != '\0')
		return fault_set(talk->fault, FAIL_PROXY_SETTINGS,
		    "proxy_password: %s", error);
	why = *password != NULL
	    ? config_proxy_judge_password(talk->proxy->type, *password)
	    : NULL;
	if (why != NULL)
		return fault_set(talk->fault, FAIL_PROXY_SETTINGS,
		    "proxy_password %s", why);
	return FAIL_NONE;
}

static enum failure
converse(struct talk *talk)
{
	enum failure code = FAIL_NONE;

	if (talk->proxy->type == PROXY_HTTPS)
		code = encrypt(talk);
	do {
		if (code == FAIL_NONE)
			code = send_message(talk);
		if (code == FAIL_NONE)
			code = hear_answer(talk);
	} while (code == FAIL_NONE && talk->answer.progress == SSH_PROXY_NEXT);
	return code;
}

enum failure
ssh_proxy_open(const struct config_jump *jump, struct ssh_socket *socket,
    int64_t allowed_ms, int cancel_fd, char *said, size_t size,
    struct fault *fault)
{
	struct talk talk = {
		.proxy = &jump->proxy,
		.asked = { .host = jump->host,
		    .port = jump->port,
		    .username = jump->proxy.username },
		.socket = socket,
		.started_ms = clock_ms(),
		.allowed_ms = allowed_ms,
		.cancel_fd = cancel_fd,
		.fault = fault,
		.message = jump->proxy.type == PROXY_SOCKS4A
		    ? SSH_PROXY_SOCKS4_CONNECT
		    : SSH_PROXY_SOCKS5_METHODS,
	};
	char *password;
	enum failure code = read_password(&talk, &password);

	if (code == FAIL_NONE) {
		talk.asked.password = password;
		talk.bytes = xmalloc(ANSWER_MAX);
		code = converse(&talk);
		free(talk.bytes);
	}
	secret_free(password);
	snprintf(said, size, "%s", talk.answer.said);
	return code;
}
