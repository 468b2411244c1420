/* SPDX-License-Identifier: PostgreSQL */

/*
 * An SSH session of libssh2 on memory buffers.  libssh2 never touches the
 * socket.  What it sends goes to an output buffer that takes everything.  What
 * it receives is read from the socket only after the caller said that the
 * socket is readable.  So no libssh2 call is ever cut in the middle of a
 * packet, and EAGAIN only ever means "more input is needed".  The transport
 * also keeps what the peer said and libssh2 drops: the words of a refused
 * forward, the methods that can continue, the words of a disconnect.
 *
 * A transport is cut, and then lost, when the peer makes libssh2 hold more than
 * 4 MB, asks for more than 4 MB of answers that it does not read, or shows
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
struct ssh_socket;
struct ssh_transport;

/*
 * Make a session on a connected socket, which it owns and makes non-blocking;
 * never NULL.  main has called libssh2_init().  The session is in non-blocking
 * mode, offers the algorithms of ssh/algorithms.h and has no read time-out:
 * deadlines are the caller's.
 */
struct ssh_transport *ssh_transport_new(int take_fd);

/* The same; `end_words`, borrowed, are those of an end without words. */
struct ssh_transport *ssh_transport_over(struct ssh_socket *take,
    const char *end_words);
void ssh_transport_free(struct ssh_transport *); /* closes; NULL is fine */

LIBSSH2_SESSION *ssh_transport_session(const struct ssh_transport *);
int ssh_transport_fd(const struct ssh_transport *);
const struct ssh_said *ssh_transport_said(const struct ssh_transport *);

/*
 * Keep the methods that libssh2_userauth_list() gave with what the peer says
 * later.
 */
void ssh_transport_keep_methods(struct ssh_transport *, const char *methods);

/*
 * A pointer for a libssh2 callback that gets only the session's `abstract`.
 * Set it before the call that may call back; read it in the callback.
 */
void ssh_transport_set_arg(struct ssh_transport *, void *arg);
void *ssh_transport_arg(void *const *abstract);

/*
 * Start or stop keeping the words of a refused channel open.  Starting clears
 * what an earlier open left.
 */
void ssh_transport_expect_open(struct ssh_transport *, bool is_expected);

/*
 * The socket is readable.  Until the next call at most `budget`
 * bytes may be received, and about 2000 packets that stay in libssh2.
 */
void ssh_transport_readable(struct ssh_transport *, size_t budget);

/* Whether there may be input of which neither poll() nor an event tells. */
bool ssh_transport_is_readable(const struct ssh_transport *);

/* Copy what has been received but not taken; returns how many bytes. */
size_t ssh_transport_peek(struct ssh_transport *, void *buf, size_t size);

/*
 * Send as much of the output buffer as the socket takes.  Returns how many
 * bytes remain; if any, the caller waits for EV_WRITE.
 */
size_t ssh_transport_flush(struct ssh_transport *);
size_t ssh_transport_pending(const struct ssh_transport *);

/*
 * Whether the socket failed or the peer closed it.  libssh2 hears of that only
 * after ssh_transport_bury().  Until then it gets EAGAIN, so that every channel
 * can read the data received before.
 */
bool ssh_transport_is_lost(const struct ssh_transport *);
const char *ssh_transport_lost_words(const struct ssh_transport *);
void ssh_transport_bury(struct ssh_transport *);

/* Whether it was lost by being cut; then the words say what the peer did. */
bool ssh_transport_is_cut(const struct ssh_transport *);

/* Cut it: the peer has sent too much that nobody reads. */
void ssh_transport_cut(struct ssh_transport *);

/* The memory that libssh2 holds for the session. */
const struct ssh_memory *ssh_transport_memory(const struct ssh_transport *);

/*
 * A copy of some bytes for a callback to give to libssh2, which frees it with
 * its session's own function.
 */
void *ssh_transport_give(struct ssh_transport *, const void *bytes, size_t len);

/*
 * Whether libssh2 may release the blocks that it allocates from now on with
 * libc's free(), as it does for parts of a private key.  At first it may not.
 */
void ssh_transport_let_libc_free(struct ssh_transport *, bool may_libc_free);

/* Bytes received so far, and when the last of them came (base/clock.h). */
uint64_t ssh_transport_received(const struct ssh_transport *);
int64_t ssh_transport_received_ms(const struct ssh_transport *);

#endif
