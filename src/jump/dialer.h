/* SPDX-License-Identifier: PostgreSQL */

/*
 * A short-lived thread that makes one dial.  It ends by posting the outcome to
 * the mailbox of the worker that started it.
 */
#ifndef PGJUMP_JUMP_DIALER_H
#define PGJUMP_JUMP_DIALER_H

#include "base/fault.h"
#include "ssh/dial.h"

struct config;
struct config_connection;
struct config_jump;
struct dialer;
struct mailbox;
struct resolver;
struct ssh_transport;

/* How a dial ended; the receiver owns the transport or the descriptor. */
struct dialer_outcome {
	struct fault fault;              /* code FAIL_NONE: it succeeded */
	struct ssh_transport *transport; /* of dialer_jump() */
	int fd;                          /* of dialer_database(); else -1 */
};

/*
 * Called in the worker's thread, from its mailbox.  The receiver takes the
 * transport or the descriptor, and calls dialer_close().
 */
typedef void dialer_done_fn(void *arg, struct dialer_outcome *);

struct dialer_setup {
	struct config *cfg;        /* referenced */
	struct resolver *resolver; /* borrowed until dialer_close() */
	struct mailbox *mailbox;   /* referenced */
	dialer_done_fn *done;
	void *arg;
	/* Called in the dialer's thread when a stage begins; may be NULL. */
	void (*on_stage)(void *stage_arg, enum dial_stage);
	void *stage_arg;
	/*
	 * For dialer_jump(): the socket that leads to an inner jump box, and
	 * how long it took to get it; -1: it is reached from this machine.
	 */
	int take_socket;
	int64_t reached_ms;
};

/* Start a thread; when the system has none left, the outcome says so. */
struct dialer *dialer_jump(const struct dialer_setup *,
    const struct config_jump *);
struct dialer *dialer_database(const struct dialer_setup *,
    const struct config_connection *);

/* Make the dial give up soon; its outcome still comes. */
void dialer_cancel(struct dialer *);

/*
 * Make the dial give up, wait for its thread and free it.  No outcome comes any
 * more; one that was posted is discarded.
 */
void dialer_close(struct dialer *);

#endif
