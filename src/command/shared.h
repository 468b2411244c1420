/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all workers share for one configuration: a gate for each connection, a
 * record for each jump box, and the identities that pgjump shows to clients in
 * TLS.
 */
#ifndef PGJUMP_COMMAND_SHARED_H
#define PGJUMP_COMMAND_SHARED_H

struct client_owners;
struct config;
struct gate;
struct jump_box;
struct tls_identity;

/* For any thread: the objects behind the pointers have locks of their own. */
struct shared {
	struct config *cfg;  /* borrowed */
	struct gate **gates; /* by connection */
	struct jump_box *
	    *boxes; /* by jump box; the last is for direct connections */
	struct tls_identity **identities; /* by connection */
	struct tls_identity *throwaway;
	/* Whose clients are admitted; borrowed.  NULL: any user's. */
	const struct client_owners *owners;
};

struct shared *shared_new(struct config *);
void shared_free(struct shared *); /* after every worker has gone */

#endif
