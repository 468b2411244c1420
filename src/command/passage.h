/* SPDX-License-Identifier: PostgreSQL */

/*
 * One connection carried for one command: a worker, and a loopback port of its
 * own choosing which admits some users only.  All calls are for the main
 * thread.
 */
#ifndef PGJUMP_COMMAND_PASSAGE_H
#define PGJUMP_COMMAND_PASSAGE_H

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
	struct config *cfg;      /* of one connection: config_keep_one() */
	const struct client_owners *owners;
	struct event_base *take_worker_base;
	struct ssh_link *take_link;    /* on that base; NULL: it dials */
	void (*on_drained)(void *arg); /* see passage_drain() */
	void *arg;
};

/* NULL: `error` says why. */
struct passage *passage_open(const struct passage_setup *, char *error,
    size_t size);

/* On 127.0.0.1, and on ::1 where there is one. */
unsigned passage_port(const struct passage *);

/* Accept no more clients, and end those there are as a stop of pgjump does;
 * on_drained() says when the last one is gone. */
void passage_drain(struct passage *);

/* What its clients met. */
struct gate_state passage_look(const struct passage *);

/* End what is left at once.  NULL is fine. */
void passage_close(struct passage *);

#endif
