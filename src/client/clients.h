/* SPDX-License-Identifier: PostgreSQL */

/*
 * The clients of one connection on one worker: each from its first byte to its
 * closing log line.  A client's states are those of client/states.c.
 */
#ifndef PGJUMP_CLIENT_CLIENTS_H
#define PGJUMP_CLIENT_CLIENTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/failure.h"

struct client_owners;
struct clients;
struct config;
struct config_connection;
struct event_base;
struct gate;
struct jump;
struct mailbox;
struct tls_identity;

/* Large enough that a full read of a fast stream is worth its system call. */
#define CLIENTS_SCRATCH_LEN ((size_t)256 * 1024)

/* What the clients of a connection need; borrowed as long as they live. */
struct clients_setup {
	struct event_base *base;
	struct mailbox *mailbox; /* of `base` */
	struct config *cfg;
	const struct config_connection *connection;
	struct gate *gate;
	struct jump *jump;
	struct tls_identity *identity;      /* shows faults to TLS clients */
	const struct client_owners *owners; /* NULL: any user's clients */
	/*
	 * CLIENTS_SCRATCH_LEN bytes for data that passes through.  Nothing in
	 * it outlives a call, so one serves a whole thread.
	 */
	void *scratch;
	/* A client is gone; clients_count() tells how many are left. */
	void (*on_gone)(void *arg);
	void *arg;
};

struct clients *clients_open(const struct clients_setup *);

/*
 * Serve the client whose socket was accepted.  `id` names it in every log line;
 * `peer` is its address (AF_UNIX: a local client).
 */
void clients_add(struct clients *, int take_fd, uint64_t id,
    const struct sockaddr *peer);

size_t clients_count(const struct clients *);

/*
 * They all end, by FAIL_SHUTDOWN or FAIL_REMOVED.  Idle sessions end with 57P01
 * now, busy ones when they become idle.  Clients without a session are refused.
 */
void clients_drain(struct clients *, enum failure);

/*
 * End every client at once, the way a lost tunnel would, and free the list.
 * on_gone() is not called.
 */
void clients_close(struct clients *);

#endif
