/* SPDX-License-Identifier: PostgreSQL */

/*
 * What all workers share for one configuration: a gate for each connection, a
 * record for each jump box, and the identities that pgjump shows to clients in
 * TLS.  A reload makes the next one, which takes over what stays: the gate of a
 * connection of the same name, the record of a jump box of which everything is
 * the same, the identity with the same certificate.
 */
#ifndef PGJUMP_COMMAND_SHARED_H
#define PGJUMP_COMMAND_SHARED_H

#include <stddef.h>

struct client_owners;
struct config;
struct gate;
struct jump_box;
struct tls_identity;

#define SHARED_NO_HEIR ((size_t)-1)

/*
 * For any thread: nothing in it changes once it is made, and the objects behind
 * the pointers have locks of their own.
 */
struct shared {
	struct config *cfg;
	struct gate **gates; /* by connection */
	struct jump_box *
	    *boxes; /* by jump box; the last is for direct connections */
	struct tls_identity **identities; /* by connection */
	struct tls_identity *throwaway;
	/* Whose clients are admitted; borrowed.  NULL: any user's. */
	const struct client_owners *owners;
	/*
	 * By the index in the configuration before: the index here, or
	 * SHARED_NO_HEIR.  NULL in the first one.
	 */
	size_t *connection_heirs, *jump_heirs;
};

/*
 * What follows `before` (NULL: it is the first) with this configuration.  It
 * holds a reference to both the configuration and what it took over, and has
 * one reference itself.  Nothing of `before` changes, so that the caller may
 * still decide not to use it.  Reads certificates and stamps of files.
 */
struct shared *shared_new(struct config *, const struct shared *before);
struct shared *shared_ref(struct shared *);
void shared_unref(struct shared *); /* NULL is fine */

/* It is used from now on: what it took over follows its limits. */
void shared_begin(const struct shared *);

#endif
