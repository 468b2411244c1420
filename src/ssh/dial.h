/* SPDX-License-Identifier: PostgreSQL */

/*
 * The way to one jump box by plain sequential code: resolve, connect, SSH
 * handshake, host key, authenticate.  Each stage has its deadline and fails
 * with rows of its own.  The daemon runs it in a dialer's thread; `check` runs
 * the same function, so that diagnosis and service cannot disagree.
 */
#ifndef PGJUMP_SSH_DIAL_H
#define PGJUMP_SSH_DIAL_H

#include <stdint.h>

#include "base/fault.h"
#include "ssh/facts.h"

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
	DIAL_AGENT, /* within DIAL_AUTH, which it returns to: the SSH agent has
		       been asked and has not answered yet */
};

/* What a dial found out; "" and zeros where it did not get so far. */
struct dial_facts {
	char addresses[80]; /* of the name: "203.0.113.10 and 1 more" */
	char address[64];   /* the one that accepted */
	struct ssh_facts ssh;
	char trusted_by[400]; /* the host key: "is known by FILE:LINE" */
	char login_by[200];   /* "key SHA256:... and password" */
};

/* What a dial needs; all borrowed until it returns. */
struct dial {
	const struct config *cfg; /* its time-outs */
	struct resolver *resolver;
	int cancel_fd; /* readable: give up with FAIL_SHUTDOWN; or -1 */
	int64_t
	    deadline_ms; /* no stage goes on after it (base/clock.h); 0: none */
	void (*on_stage)(void *arg, enum dial_stage); /* entered; or NULL */
	void *arg;
	struct dial_facts *facts; /* of the stages done so far; or NULL */
};

/*
 * Reach and log in to `jump`.  On FAIL_NONE *out is the caller's, its output
 * buffer empty.  The fault names the jump box and, also on success, notes what
 * was reached in how many milliseconds.
 */
enum failure dial_jump(const struct dial *, const struct config_jump *jump,
    struct ssh_transport **out, struct fault *);

/*
 * Reach `jump` and shake hands, no more: the host key is not judged, nobody
 * logs in.  `host_keys` are the algorithms of host keys to ask for
 * (ssh/algorithms.h); NULL: every one.
 */
enum failure dial_handshake(const struct dial *, const struct config_jump *jump,
    const char *host_keys, struct ssh_transport **out, struct fault *);

/*
 * Reach the database of a connection without tunnel: resolve and connect, or
 * connect to its Unix socket.  Fails with DB rows.  *fd_out is the caller's.
 */
enum failure dial_database(const struct dial *,
    const struct config_connection *, int *fd_out, struct fault *);

/* The failure a client hears whose time ran out while a dial was in `stage`. */
enum failure dial_stage_timeout(enum dial_stage);

#endif
