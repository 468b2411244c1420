/* SPDX-License-Identifier: PostgreSQL */

/*
 * Connections carried for one command: a worker, and the ports where clients
 * reach it.  All calls are for the main thread.
 */
#ifndef PGJUMP_COMMAND_PASSAGE_H
#define PGJUMP_COMMAND_PASSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "client/gate.h"

struct client_owners;
struct config;
struct event_base;
struct passage;
struct ssh_link;

/* What a passage is made of; borrowed until passage_close(), but for take_*. */
struct passage_setup {
	struct event_base *base; /* of the main thread */
	struct config *cfg;
	const struct client_owners *owners; /* who is admitted; NULL: all */
	struct event_base *take_worker_base;
	/* On that base, of the first connection; NULL: the worker dials. */
	struct ssh_link *take_link;
};

/* NULL: `error` says why.  No client comes in yet. */
struct passage *passage_open(const struct passage_setup *, char *error,
    size_t size);

/*
 * Let the clients of the first connection in by a port that the system chooses,
 * on 127.0.0.1 and, where there is one, on ::1.  Returns the port; 0: `error`
 * says why there is none.
 */
unsigned passage_choose_port(struct passage *, char *error, size_t size);

/* Let clients in where each connection says.  False: `error` says why not. */
bool passage_listen(struct passage *, char *error, size_t size);

/*
 * Accept no more clients, end those there are as a stop of pgjump does, and run
 * the base until the last one is gone, shutdown_timeout is over, or the caller
 * breaks the loop.
 */
void passage_drain(struct passage *);

/* What the clients of the first connection met. */
struct gate_state passage_look(const struct passage *);

/* End what is left at once.  NULL is fine. */
void passage_close(struct passage *);

#endif
