/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all stages of a dial share: its time-outs, the way to end it, who hears
 * of each stage, and what was found.
 */
#ifndef PGJUMP_SSH_DIALING_H
#define PGJUMP_SSH_DIALING_H

#include <stdint.h>

#include "base/failure.h"
#include "ssh/facts.h"
#include "ssh/tried.h"

struct config;
struct fault;
struct resolver;

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
	/* With a proxy these three take the place of the first two. */
	DIAL_PROXY_RESOLVE,
	DIAL_PROXY_CONNECT,
	DIAL_PROXY_ASK,
};

/* What a dial has found; "" and zeros for stages it did not reach. */
struct dial_facts {
	/* Of the jump box or its proxy. */
	char addresses[80];   /* of the name: "203.0.113.10 and 1 more" */
	char address[64];     /* the one that accepted */
	char proxy_said[400]; /* when it had reached the jump box */
	struct ssh_facts ssh;
	char trusted_by[400]; /* the host key: "is known by FILE:LINE" */
	char login_by[320];   /* "key SHA256:... and password" */
	char ending[160]; /* of the certificate that logged in, if it is near */
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
	/*
	 * How to reach a jump box behind another one: *fd_out is a connected
	 * socket, taken by the dial; or a failure with its fault.  NULL:
	 * resolve its name and connect to it from this machine.
	 */
	enum failure (*reach)(void *reach_arg, int *fd_out, struct fault *);
	void *reach_arg;
};

/* Tell that a stage has begun. */
void dialing_enter(const struct dial *, enum dial_stage);

/*
 * How long a stage may take: its own time-out, within the deadline of the dial.
 */
int64_t dialing_allow_ms(const struct dial *, int64_t stage_ms);

/* The failure of a client whose time ran out while a dial was in `stage`. */
enum failure dialing_stage_timeout(enum dial_stage);

#endif
