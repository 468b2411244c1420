/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all workers share of one configuration: a gate for each connection, a
 * record for each jump box, and who pgjump is to clients that begin TLS.
 */
#ifndef PGJUMP_COMMAND_SHARED_H
#define PGJUMP_COMMAND_SHARED_H

struct config;
struct gate;
struct jump_box;
struct tls_identity;

/* What the pointers lead to has locks of its own: any thread. */
struct shared {
	struct config *cfg;               /* borrowed */
	struct gate **gates;              /* by connection */
	struct jump_box **boxes;          /* by jump box, then the direct one */
	struct tls_identity **identities; /* by connection */
	struct tls_identity *throwaway;
};

struct shared *shared_new(struct config *);
void shared_free(struct shared *); /* after every worker has gone */

#endif
