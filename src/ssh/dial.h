/* SPDX-License-Identifier: PostgreSQL */

/*
 * The way to one jump box in plain sequential code: resolve, connect, shake
 * hands, judge the host key, log in.  Each stage has a deadline and fails with
 * rows of its own.  The daemon runs it in a dialer's thread, and `check` runs
 * the same function, so that diagnosis and service cannot disagree.
 */
#ifndef PGJUMP_SSH_DIAL_H
#define PGJUMP_SSH_DIAL_H

#include <stdint.h>

#include "base/fault.h"
#include "ssh/facts.h"
#include "ssh/tried.h"

struct config;
struct config_connection;
struct config_jump;
struct resolver;
struct ssh_transport;

enum dial_stage {
	DIAL_RESOLVE,
	DIAL_CONNECT,
	DIAL_HANDSHAKE,
	DIAL_HOSTKEY,
	DIAL_AUTH,
	/*
	 * within DIAL_AUTH, to which it returns: the SSH agent was asked and
	 * has not answered yet
	 */
	DIAL_AGENT,
};

/* What a dial has found; "" and zeros for stages it did not reach. */
struct dial_facts {
	char addresses[80]; /* of the name: "203.0.113.10 and 1 more" */
	char address[64];   /* the one that accepted */
	struct ssh_facts ssh;
	char trusted_by[400];   /* the host key: "is known by FILE:LINE" */
	char login_by[200];     /* "key SHA256:... and password" */
	struct ssh_tried tried; /* to log in, with what came of it */
};

/* What a dial needs; all borrowed until it returns. */
struct dial {
	const struct config *cfg; /* the time-outs */
	struct resolver *resolver;
	int cancel_fd;       /* readable: fail with FAIL_SHUTDOWN; or -1 */
	int64_t deadline_ms; /* for all stages (base/clock.h); 0: none */
	void (*on_stage)(void *arg, enum dial_stage); /* it began; or NULL */
	void *arg;
	struct dial_facts *facts; /* filled as stages end; or NULL */
};

/*
 * Reach `jump` and log in to it.  On FAIL_NONE *out is the caller's, and its
 * output buffer is empty.  The fault names the jump box and, also on success,
 * notes what was reached and in how many milliseconds.
 */
enum failure dial_jump(const struct dial *, const struct config_jump *jump,
    struct ssh_transport **out, struct fault *);

/*
 * Reach `jump` and shake hands, but neither judge the host key nor log in.
 * `host_keys` are the algorithms of host keys to ask for (ssh/algorithms.h);
 * NULL: all of them.
 */
enum failure dial_handshake(const struct dial *, const struct config_jump *jump,
    const char *host_keys, struct ssh_transport **out, struct fault *);

/*
 * Reach the database of a connection without tunnel: resolve and connect, or
 * connect to its Unix socket.  Fails with DB rows.  *fd_out is the caller's.
 */
enum failure dial_database(const struct dial *,
    const struct config_connection *, int *fd_out, struct fault *);

/* The failure of a client whose time ran out while a dial was in `stage`. */
enum failure dial_stage_timeout(enum dial_stage);

#endif
