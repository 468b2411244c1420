/* SPDX-License-Identifier: PostgreSQL */

/*
 * The clients and jump boxes that one worker has open, across reloads: lists of
 * clients by connection, and views of jump boxes.  All calls are for the
 * worker's thread.
 */
#ifndef PGJUMP_COMMAND_ROSTER_H
#define PGJUMP_COMMAND_ROSTER_H

#include <stddef.h>

#include "base/failure.h"

struct clients;
struct event_base;
struct mailbox;
struct roster;
struct shared;

struct roster_setup {
	struct event_base *base;
	struct mailbox *mailbox; /* of `base` */
	/* So many clients are gone. */
	void (*on_gone)(void *arg, size_t count);
	void *arg;
};

/* Opens all of it, which starts the first dials.  References `shared`. */
struct roster *roster_open(const struct roster_setup *, struct shared *);

/*
 * Go over to what follows (shared_new() of what is open now).  New clients find
 * the new settings, and those that are here keep the old ones until they leave.
 * Clients of a connection that is gone have the shutdown_timeout of the new
 * configuration to end.  Jump boxes that stay keep their links.
 */
void roster_renew(struct roster *, struct shared *next);

/* The clients of a connection of the configuration in use. */
struct clients *roster_clients(const struct roster *, size_t connection);

/* Call at the end of each turn of the loop. */
void roster_turn(struct roster *);

/* End all clients: see clients_drain(). */
void roster_drain(struct roster *, enum failure);

/* End what is left at once, without on_gone(). */
void roster_close(struct roster *);

#endif
