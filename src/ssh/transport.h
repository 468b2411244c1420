/* SPDX-License-Identifier: PostgreSQL */

/*
 * An SSH session of libssh2 on memory buffers.  libssh2 never touches the
 * socket: what it sends goes to an output buffer that takes everything, what
 * it receives comes from the socket only after somebody said that the socket
 * is readable.  So no libssh2 call is ever cut in the middle of a packet, and
 * EAGAIN only ever means "more input is needed".  The same hooks keep what the
 * peer said and libssh2 drops: the words of a refused forward, the methods
 * that can continue, the words of a disconnect.
 *
 * A transport is cut, which loses it, where the peer makes libssh2 hold more
 * than 4 MB, asks for more than 4 MB of answers that it does not read, or shows
 * another host key than in the first key exchange.
 */
#ifndef PGJUMP_SSH_TRANSPORT_H
#define PGJUMP_SSH_TRANSPORT_H

#include <libssh2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/said.h"

struct ssh_memory;
struct ssh_transport;

/*
 * A session on a connected socket, which it owns and makes non-blocking.
 * libssh2_init() was called by main.  Never NULL.  The session is in
 * non-blocking mode, its algorithms are set (see DESIGN), its read time-out is
 * off: deadlines are the caller's.
 */
struct ssh_transport *ssh_transport_new(int take_fd);
void ssh_transport_free(struct ssh_transport *); /* closes; NULL is fine */

LIBSSH2_SESSION *ssh_transport_session(const struct ssh_transport *);
int ssh_transport_fd(const struct ssh_transport *);
const struct ssh_said *ssh_transport_said(const struct ssh_transport *);

/* The methods that libssh2_userauth_list() gave, to be kept with what the peer
 * said later. */
void ssh_transport_keep_methods(struct ssh_transport *, const char *methods);

/*
 * A pointer for a callback of libssh2 that is given nothing but the session's
 * `abstract`: set before the call that may call back, read there.
 */
void ssh_transport_set_arg(struct ssh_transport *, void *arg);
void *ssh_transport_arg(void *const *abstract);

/*
 * Start or stop keeping the words of a refused channel open.  Starting clears
 * what an earlier open left.
 */
void ssh_transport_expect_open(struct ssh_transport *, bool is_expected);

/* Sequential use: see ssh_transport_wait(). */
enum ssh_wait {
	SSH_WAIT_READY, /* there may be input: call libssh2 again */
	SSH_WAIT_TIMEOUT,
	SSH_WAIT_CANCELLED, /* `cancel_fd` became readable */
	SSH_WAIT_LOST,      /* broken or closed, and all input was consumed */
};

/*
 * Flush, then wait for input until `deadline_ms` (base/clock.h).  Call after
 * every LIBSSH2_ERROR_EAGAIN.  `cancel_fd` may be -1.  Before the session is
 * handed over the output buffer must be empty: ssh_transport_flush().
 */
enum ssh_wait ssh_transport_wait(struct ssh_transport *, int64_t deadline_ms,
    int cancel_fd);

/* Loop use: the socket is readable; at most `budget` bytes, and about 2000
 * packets that stay in libssh2, may be received until the next call. */
void ssh_transport_readable(struct ssh_transport *, size_t budget);

/*
 * Send as much of the output buffer as the socket takes.  Returns the number
 * of bytes that remain: > 0 means that the caller waits for EV_WRITE.
 */
size_t ssh_transport_flush(struct ssh_transport *);
size_t ssh_transport_pending(const struct ssh_transport *);

/*
 * The socket failed or the peer closed it.  libssh2 is not told until
 * ssh_transport_bury(): until then it answers EAGAIN, so that data which was
 * received before can still be read from every channel.
 */
bool ssh_transport_is_lost(const struct ssh_transport *);
const char *ssh_transport_lost_words(const struct ssh_transport *);
void ssh_transport_bury(struct ssh_transport *);

/* It was lost by being cut: the words say what the peer did. */
bool ssh_transport_is_cut(const struct ssh_transport *);

/* Cut it, for what the peer has sent and nobody reads. */
void ssh_transport_cut(struct ssh_transport *);

/* The memory that libssh2 holds for the session now. */
const struct ssh_memory *ssh_transport_memory(const struct ssh_transport *);

/*
 * A copy of these bytes for a callback to give to libssh2, which frees it by
 * its session's own function.
 */
void *ssh_transport_give(struct ssh_transport *, const void *bytes, size_t len);

/*
 * Whether libssh2 may release blocks that it takes from now on by libc's
 * free(), as it does with some of a private key.  At first it may not.
 */
void ssh_transport_let_libc_free(struct ssh_transport *, bool may_libc_free);

/* Bytes received so far, and when the last of them came (base/clock.h). */
uint64_t ssh_transport_received(const struct ssh_transport *);
int64_t ssh_transport_received_ms(const struct ssh_transport *);

#endif
