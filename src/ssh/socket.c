/* SPDX-License-Identifier: PostgreSQL */

/*
 * With TLS, bytes are encrypted only when those before them are sent, and
 * decrypted only when they are asked for, so that the buffers of a session stay
 * the only ones that can grow.
 */
#include "ssh/socket.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "tls/tls.h"

/* The most that one record of TLS holds (RFC 8446, 5.1). */
#define RECORD_MAX ((size_t)16 << 10)

struct ssh_socket {
	int fd;
	struct evbuffer *early; /* bytes that were put back; NULL: never */
	struct tls *tls;        /* NULL: in the clear */
	bool is_dry;            /* the session has no bytes, nor has poll() */
	bool has_tls_failed;
	int error; /* errno of the last failure */
};

struct ssh_socket *
ssh_socket_new(int take_fd)
{
	struct ssh_socket *socket = xcalloc(1, sizeof *socket);

	socket->fd = take_fd;
	fcntl(take_fd, F_SETFL, fcntl(take_fd, F_GETFL) | O_NONBLOCK);
	return socket;
}

int
ssh_socket_fd(const struct ssh_socket *socket)
{
	return socket->fd;
}

/* --- TLS ------------------------------------------------------------------ */

/* Send what the session has for its peer; false, with errno: not all of it. */
static bool
send_records(const struct ssh_socket *socket, struct tls *tls)
{
	const void *bytes;
	size_t len;
	ssize_t sent;

	while ((len = tls_output(tls, &bytes)) > 0) {
		sent = send(socket->fd, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return false;
		tls_output_sent(tls, (size_t)sent);
	}
	return true;
}

/* As recv(2), for the session. */
static ssize_t
receive_records(const struct ssh_socket *socket, struct tls *tls)
{
	char bytes[RECORD_MAX];
	ssize_t len;

	do
		len = recv(socket->fd, bytes, sizeof bytes, 0);
	while (len < 0 && errno == EINTR);
	if (len > 0)
		tls_feed(tls, bytes, (size_t)len);
	return len;
}

enum ssh_socket_shake
ssh_socket_shake(struct ssh_socket *socket, struct tls *tls)
{
	ssize_t len = receive_records(socket, tls);
	enum tls_status status;

	if (len == 0 || (len < 0 && errno != EAGAIN))
		return SSH_SOCKET_CLOSED;
	status = tls_handshake(tls);
	if (!send_records(socket, tls) && errno != EAGAIN &&
	    status != TLS_FAILED)
		return SSH_SOCKET_CLOSED;
	switch (status) {
	case TLS_READY:
		return SSH_SOCKET_READY;
	case TLS_FAILED:
		return SSH_SOCKET_FAILED;
	case TLS_WAIT:
		break;
	}
	return SSH_SOCKET_WAIT;
}

void
ssh_socket_encrypt(struct ssh_socket *socket, struct tls *take)
{
	assert(socket->tls == NULL);
	socket->tls = take;
	socket->is_dry = !tls_holds_record(take);
}

void
ssh_socket_free(struct ssh_socket *socket)
{
	if (socket == NULL)
		return;
	if (socket->tls != NULL) {
		tls_finish(socket->tls);
		send_records(socket, socket->tls);
	}
	tls_free(socket->tls);
	if (socket->early != NULL)
		evbuffer_free(socket->early);
	close(socket->fd);
	free(socket);
}

/* --- Bytes in ------------------------------------------------------------- */

static ssize_t
fail(struct ssh_socket *socket, int error)
{
	errno = socket->error = error;
	return -1;
}

static ssize_t
receive_plain(struct ssh_socket *socket, void *buf, size_t len)
{
	ssize_t got;

	do
		got = recv(socket->fd, buf, len, 0);
	while (got < 0 && errno == EINTR);
	return got < 0 ? fail(socket, errno) : got;
}

/*
 * SSH itself tells whether its bytes were cut, so an end without close_notify
 * is an end like any other.
 */
static ssize_t
receive_tls(struct ssh_socket *socket, void *buf, size_t len)
{
	for (;;) {
		ssize_t got = tls_read(socket->tls, buf, len);

		socket->is_dry = got <= 0 || !tls_holds_record(socket->tls);
		if (got >= 0)
			return got;
		if (got == TLS_READ_FAILED) {
			socket->has_tls_failed = true;
			return fail(socket, EPROTO);
		}
		got = receive_records(socket, socket->tls);
		if (got <= 0)
			return got < 0 ? fail(socket, errno) : 0;
	}
}

static bool
has_early(const struct ssh_socket *socket)
{
	return socket->early != NULL && evbuffer_get_length(socket->early) > 0;
}

ssize_t
ssh_socket_receive(struct ssh_socket *socket, void *buf, size_t len)
{
	if (has_early(socket))
		return evbuffer_remove(socket->early, buf, len);
	if (socket->tls != NULL)
		return receive_tls(socket, buf, len);
	return receive_plain(socket, buf, len);
}

const char *
ssh_socket_words(const struct ssh_socket *socket)
{
	return socket->has_tls_failed ? tls_words(socket->tls)
				      : strerror(socket->error);
}

void
ssh_socket_unread(struct ssh_socket *socket, const void *bytes, size_t len)
{
	int rc;

	if (socket->early == NULL)
		socket->early = evbuffer_new();
	assert(socket->early != NULL);
	rc = evbuffer_prepend(socket->early, bytes, len);
	assert(rc == 0);
}

bool
ssh_socket_holds(const struct ssh_socket *socket)
{
	return has_early(socket) || (socket->tls != NULL && !socket->is_dry);
}

/* --- Bytes out ------------------------------------------------------------ */

ssize_t
ssh_socket_write(struct ssh_socket *socket, const void *bytes, size_t len)
{
	if (socket->tls == NULL)
		return send(socket->fd, bytes, len, MSG_NOSIGNAL);
	if (!send_records(socket, socket->tls))
		return -1;
	if (len == 0)
		return 0;
	if (len > RECORD_MAX)
		len = RECORD_MAX;
	tls_write(socket->tls, bytes, len);
	send_records(socket, socket->tls);
	return (ssize_t)len;
}

bool
ssh_socket_send(struct ssh_socket *socket, struct evbuffer *buffer)
{
	struct evbuffer_iovec piece;
	ssize_t sent;

	if (socket->tls == NULL)
		return evbuffer_write(buffer, socket->fd) > 0;
	if (evbuffer_peek(buffer, -1, NULL, &piece, 1) < 1)
		return send_records(socket, socket->tls);
	sent = ssh_socket_write(socket, piece.iov_base, piece.iov_len);
	if (sent > 0)
		evbuffer_drain(buffer, (size_t)sent);
	return sent > 0;
}

size_t
ssh_socket_unsent(const struct ssh_socket *socket)
{
	const void *bytes;

	return socket->tls != NULL ? tls_output(socket->tls, &bytes) : 0;
}

void
ssh_socket_drop(struct ssh_socket *socket)
{
	if (socket->tls != NULL)
		tls_output_sent(socket->tls, ssh_socket_unsent(socket));
}
