/* SPDX-License-Identifier: PostgreSQL */

/*
 * A connected socket under a session: its bytes go in the clear, or in TLS up
 * to a proxy, and bytes that were read too early can be put back.  It never
 * waits.  What poll() does not show of it, it says itself.
 */
#ifndef PGJUMP_SSH_SOCKET_H
#define PGJUMP_SSH_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct evbuffer;
struct ssh_socket;
struct tls;

/* A plain one; makes the descriptor non-blocking. */
struct ssh_socket *ssh_socket_new(int take_fd);

/* Ends TLS with a close_notify, and closes; NULL is fine. */
void ssh_socket_free(struct ssh_socket *);

int ssh_socket_fd(const struct ssh_socket *);

/* --- TLS ------------------------------------------------------------------ */

enum ssh_socket_shake {
	SSH_SOCKET_READY,
	SSH_SOCKET_WAIT, /* for input, and for room if bytes are unsent */
	SSH_SOCKET_CLOSED,
	SSH_SOCKET_FAILED, /* tls_words() says why */
};

/* Go on with the handshake of this session over the socket: one step. */
enum ssh_socket_shake ssh_socket_shake(struct ssh_socket *, struct tls *);

/* From now on all bytes go through this session, whose handshake is done. */
void ssh_socket_encrypt(struct ssh_socket *, struct tls *take);

/* --- Bytes in ------------------------------------------------------------- */

/* As recv(2): 0 at the end; -1 with errno, which is EAGAIN if none are there.
 */
ssize_t ssh_socket_receive(struct ssh_socket *, void *buf, size_t len);

/* Why the last ssh_socket_receive() returned -1, in words. */
const char *ssh_socket_words(const struct ssh_socket *);

/* Put bytes back, before those that are still to be received. */
void ssh_socket_unread(struct ssh_socket *, const void *bytes, size_t len);

/* Whether bytes may be there although poll() shows none. */
bool ssh_socket_holds(const struct ssh_socket *);

/* --- Bytes out ------------------------------------------------------------ */

/* As send(2): sends some; -1 with errno. */
ssize_t ssh_socket_write(struct ssh_socket *, const void *bytes, size_t len);

/* Send some of the buffer, which is not empty, or some of what is unsent. */
bool ssh_socket_send(struct ssh_socket *, struct evbuffer *); /* false: errno */

/* Bytes that were taken and are not sent yet. */
size_t ssh_socket_unsent(const struct ssh_socket *);

/* Forget them: nobody reads them. */
void ssh_socket_drop(struct ssh_socket *);

#endif
