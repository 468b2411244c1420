/* SPDX-License-Identifier: PostgreSQL */

/*
 * The hooks of a libssh2 session.  The SEND hook takes every byte into an
 * output buffer, and the RECV hook gives only what the caller allowed, so no
 * packet is ever cut.  The free() hook and the disconnect callback keep the
 * peer's words, which libssh2 drops.  This file knows packets only as far as
 * those words need, and nothing of channels, logins or jump boxes.
 *
 * libssh2 keeps packets that it has no use for, and answers every request.  A
 * peer that abuses this is cut off here.
 */
#include "ssh/transport.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "key/ssh_memory.h"
#include "ssh/algorithms.h"
#include "ssh/same_key.h"
#include "ssh/socket.h"

/*
 * Turn off libssh2's own time-out, 60 s inside one call: callers have
 * deadlines.
 */
#define READ_TIMEOUT_S 1000000

/*
 * An honest peer makes libssh2 hold about 2 MB at most: the session, 900
 * channels, and what came in one turn until it is read.
 */
#define HELD_MAX ((size_t)4 << 20)

/* Clients may leave far less unsent; only answers can fill the rest. */
#define UNSENT_MAX ((size_t)4 << 20)

/* libssh2 searches these in each call: 10 ms a turn with 900 channels. */
#define TURN_BLOCKS 4096

struct ssh_transport {
	LIBSSH2_SESSION *session;
	struct ssh_memory memory; /* what the session holds */
	struct ssh_socket *socket;
	struct evbuffer *output;
	size_t budget;           /* bytes that RECV may still take */
	size_t turn_blocks;      /* RECV waits while libssh2 holds more */
	bool has_unacknowledged; /* bytes came since the last flush */
	bool is_deaf;            /* the peer reads no more: drop what is sent */
	bool is_lost;            /* and no more will come */
	bool is_cut;             /* lost because we cut it */
	bool is_buried;
	bool expects_open;
	char lost_words[128];
	const char *end_words; /* of an end that is told by nobody */
	uint64_t received;
	int64_t received_ms;
	struct ssh_said said;
	struct ssh_same_key same_key;
	void *arg;
};

/* Keep the first words: a failed write says more than the end that follows. */
static void
keep_lost_words(struct ssh_transport *transport, const char *words)
{
	if (transport->lost_words[0] == '\0')
		text_printable(transport->lost_words,
		    sizeof transport->lost_words, words, strlen(words));
}

static void
set_lost(struct ssh_transport *transport, const char *words)
{
	transport->is_lost = true;
	keep_lost_words(transport, words);
}

/* Bytes that the peer sent before may still be read; then comes the end. */
static void
stop_sending(struct ssh_transport *transport, const char *words)
{
	transport->is_deaf = true;
	keep_lost_words(transport, words);
	evbuffer_drain(transport->output, SIZE_MAX);
	ssh_socket_drop(transport->socket);
}

/* Send and receive nothing more.  This cause comes before any other. */
static void
cut(struct ssh_transport *transport, const char *words)
{
	if (transport->is_cut)
		return;
	transport->is_cut = true;
	transport->lost_words[0] = '\0';
	set_lost(transport, words);
	stop_sending(transport, words);
}

/* Until the login is done, any block may hold a password or a key. */
static bool
may_hold_secrets(const struct ssh_transport *transport)
{
	return transport->session == NULL ||
	    !libssh2_userauth_authenticated(transport->session);
}

/*
 * libssh2 drops the words of some answers, but passes the decrypted packet to
 * free().  We look at a block only while such an answer is due.
 */
static void
look_at_freed(struct ssh_transport *transport, void *block)
{
	enum ssh_said_due due = SSH_SAID_NOTHING;

	if (transport->expects_open)
		due = SSH_SAID_OPEN;
	else if (may_hold_secrets(transport))
		due = SSH_SAID_HANDSHAKE;
	ssh_said_look(&transport->said, due, block, ssh_memory_size(block));
}

/*
 * libssh2 allocates whatever length a peer claims.  For the extra room see
 * signatures_len in ssh/said.h.
 */
static LIBSSH2_ALLOC_FUNC(on_alloc)
{
	struct ssh_transport *transport = *abstract;
	size_t room = may_hold_secrets(transport)
	    ? transport->said.signatures_len
	    : 0;

	if (count < HELD_MAX && transport->memory.held + count < 2 * HELD_MAX)
		return ssh_memory_alloc(&transport->memory, count + room);
	ssh_transport_cut(transport);
	return NULL;
}

static LIBSSH2_REALLOC_FUNC(on_realloc)
{
	struct ssh_transport *transport = *abstract;

	return ssh_memory_realloc(&transport->memory, ptr, count,
	    may_hold_secrets(transport));
}

static LIBSSH2_FREE_FUNC(on_free)
{
	struct ssh_transport *transport = *abstract;

	if (ptr != NULL)
		look_at_freed(transport, ptr);
	ssh_same_key_freed(&transport->same_key, ptr);
	ssh_memory_free(&transport->memory, ptr, may_hold_secrets(transport));
}

static void
watch_host_key(struct ssh_transport *transport)
{
	char words[sizeof transport->lost_words];

	if (!ssh_same_key_look(&transport->same_key, transport->session,
		&transport->memory, words, sizeof words))
		cut(transport, words);
}

static LIBSSH2_DISCONNECT_FUNC(on_disconnect)
{
	struct ssh_said *said = &((struct ssh_transport *)*abstract)->said;

	(void)session, (void)language, (void)language_len;
	said->has_disconnected = true;
	said->disconnect_reason = reason;
	text_printable(said->disconnect_text, sizeof said->disconnect_text,
	    message, message_len > 0 ? (size_t)message_len : 0);
}

static LIBSSH2_SEND_FUNC(on_send)
{
	struct ssh_transport *transport = *abstract;
	int rc;

	(void)socket, (void)flags;
	watch_host_key(transport);
	if (transport->is_buried || transport->is_cut)
		return -EPIPE;
	if (transport->is_deaf)
		return (ssize_t)length;
	if (ssh_transport_pending(transport) + length > UNSENT_MAX) {
		cut(transport, "it asks for more than it reads");
		return -EPIPE;
	}
	ssh_said_sent(&transport->said, buffer, length);
	rc = evbuffer_add(transport->output, buffer, length);
	assert(rc == 0);
	return (ssize_t)length;
}

static void
count_received(struct ssh_transport *transport, const void *bytes, size_t len)
{
	transport->budget -= len;
	transport->received += len;
	transport->received_ms = clock_ms();
	transport->has_unacknowledged = true;
	ssh_said_first(&transport->said, bytes, len);
}

/*
 * A lost transport returns EAGAIN and not its end, since libssh2 would report
 * the end before the data that its channels still hold.
 */
static LIBSSH2_RECV_FUNC(on_recv)
{
	struct ssh_transport *transport = *abstract;
	ssize_t len;

	(void)socket, (void)flags;
	if (transport->is_buried)
		return 0;
	if (transport->memory.held > HELD_MAX)
		ssh_transport_cut(transport);
	if (transport->memory.blocks > transport->turn_blocks)
		transport->budget = 0;
	if (transport->budget == 0 || transport->is_lost)
		return -EAGAIN;
	if (length > transport->budget)
		length = transport->budget;
	len = ssh_socket_receive(transport->socket, buffer, length);
	if (len > 0) {
		count_received(transport, buffer, (size_t)len);
		if ((size_t)len < length &&
		    !ssh_socket_holds(transport->socket))
			transport->budget = 0;
		return len;
	}
	transport->budget = 0;
	if (len == 0)
		set_lost(transport, transport->end_words);
	else if (errno != EAGAIN)
		set_lost(transport, ssh_socket_words(transport->socket));
	return -EAGAIN;
}

static void
set_hooks(LIBSSH2_SESSION *session)
{
	const struct {
		int which;
		libssh2_cb_generic *hook;
	} hooks[] = {
		{ LIBSSH2_CALLBACK_SEND, (libssh2_cb_generic *)on_send },
		{ LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)on_recv },
		{ LIBSSH2_CALLBACK_DISCONNECT,
		    (libssh2_cb_generic *)on_disconnect },
	};

	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++)
		libssh2_session_callback_set2(session, hooks[i].which,
		    hooks[i].hook);
}

struct ssh_transport *
ssh_transport_new(int take_fd)
{
	return ssh_transport_over(ssh_socket_new(take_fd),
	    "closed by the jump box");
}

struct ssh_transport *
ssh_transport_over(struct ssh_socket *take, const char *end_words)
{
	struct ssh_transport *transport = xcalloc(1, sizeof *transport);

	transport->socket = take;
	transport->end_words = end_words;
	transport->received_ms = clock_ms();
	transport->output = evbuffer_new();
	transport->session = libssh2_session_init_ex(on_alloc, on_free,
	    on_realloc, transport);
	assert(transport->output != NULL && transport->session != NULL);
	set_hooks(transport->session);
	ssh_algorithms_offer(transport->session);
	libssh2_session_set_blocking(transport->session, 0);
	libssh2_session_set_read_timeout(transport->session, READ_TIMEOUT_S);
	return transport;
}

void
ssh_transport_free(struct ssh_transport *transport)
{
	bool is_secret;

	if (transport == NULL)
		return;
	ssh_transport_bury(transport);
	watch_host_key(transport);
	is_secret = may_hold_secrets(transport);
	libssh2_session_free(transport->session);
	ssh_memory_clear(&transport->memory, is_secret);
	ssh_said_clear(&transport->said);
	evbuffer_free(transport->output);
	ssh_socket_free(transport->socket);
	free(transport);
}

LIBSSH2_SESSION *
ssh_transport_session(const struct ssh_transport *transport)
{
	return transport->session;
}

int
ssh_transport_fd(const struct ssh_transport *transport)
{
	return ssh_socket_fd(transport->socket);
}

const struct ssh_said *
ssh_transport_said(const struct ssh_transport *transport)
{
	return &transport->said;
}

void
ssh_transport_keep_methods(struct ssh_transport *transport, const char *methods)
{
	struct ssh_said *said = &transport->said;

	text_printable(said->methods, sizeof said->methods, methods,
	    strlen(methods));
}

void
ssh_transport_set_arg(struct ssh_transport *transport, void *arg)
{
	transport->arg = arg;
}

void *
ssh_transport_arg(void *const *abstract)
{
	return ((struct ssh_transport *)*abstract)->arg;
}

void
ssh_transport_expect_open(struct ssh_transport *transport, bool is_expected)
{
	transport->expects_open = is_expected;
	if (is_expected)
		ssh_said_forget_open(&transport->said);
}

void
ssh_transport_readable(struct ssh_transport *transport, size_t budget)
{
	transport->budget = budget;
	transport->turn_blocks = transport->memory.blocks + TURN_BLOCKS;
}

/*
 * sshd up to OpenSSH 10.0 leaves Nagle's algorithm on in sessions that only
 * forward.  Without an immediate acknowledgement, each reply of more than one
 * segment would wait 40 ms for our delayed one.
 */
static void
acknowledge_now(struct ssh_transport *transport)
{
	int on = 1;

	setsockopt(ssh_transport_fd(transport), IPPROTO_TCP, TCP_QUICKACK, &on,
	    sizeof on);
}

bool
ssh_transport_is_readable(const struct ssh_transport *transport)
{
	return !transport->is_lost && ssh_socket_holds(transport->socket);
}

size_t
ssh_transport_peek(struct ssh_transport *transport, void *buf, size_t size)
{
	ssize_t len = 0;

	if (size > 0)
		len = ssh_socket_receive(transport->socket, buf, size);
	if (len <= 0)
		return 0;
	ssh_socket_unread(transport->socket, buf, (size_t)len);
	return (size_t)len;
}

size_t
ssh_transport_flush(struct ssh_transport *transport)
{
	bool had_output = ssh_transport_pending(transport) > 0;

	watch_host_key(transport);
	while (ssh_transport_pending(transport) > 0) {
		if (ssh_socket_send(transport->socket, transport->output))
			continue;
		if (errno == EAGAIN)
			break;
		if (errno != EINTR)
			stop_sending(transport, strerror(errno));
	}
	if (transport->has_unacknowledged && !had_output)
		acknowledge_now(transport);
	transport->has_unacknowledged = false;
	return ssh_transport_pending(transport);
}

size_t
ssh_transport_pending(const struct ssh_transport *transport)
{
	return evbuffer_get_length(transport->output) +
	    ssh_socket_unsent(transport->socket);
}

bool
ssh_transport_is_lost(const struct ssh_transport *transport)
{
	return transport->is_lost;
}

const char *
ssh_transport_lost_words(const struct ssh_transport *transport)
{
	return transport->lost_words;
}

bool
ssh_transport_is_cut(const struct ssh_transport *transport)
{
	return transport->is_cut;
}

void
ssh_transport_cut(struct ssh_transport *transport)
{
	cut(transport, "it sent more than was asked for");
}

const struct ssh_memory *
ssh_transport_memory(const struct ssh_transport *transport)
{
	return &transport->memory;
}

void *
ssh_transport_give(struct ssh_transport *transport, const void *bytes,
    size_t len)
{
	return memcpy(ssh_memory_alloc(&transport->memory, len), bytes, len);
}

void
ssh_transport_let_libc_free(struct ssh_transport *transport, bool may_libc_free)
{
	transport->memory.may_libc_free = may_libc_free;
}

void
ssh_transport_bury(struct ssh_transport *transport)
{
	transport->is_buried = true;
}

uint64_t
ssh_transport_received(const struct ssh_transport *transport)
{
	return transport->received;
}

int64_t
ssh_transport_received_ms(const struct ssh_transport *transport)
{
	return transport->received_ms;
}
