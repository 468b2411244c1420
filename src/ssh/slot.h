/* SPDX-License-Identifier: PostgreSQL */

/*
 * The one channel open that an SSH session may have in flight.  libssh2 keeps
 * its state in the session, and would answer a second open with the channel of
 * the first, to another database.  So there is one slot, and an open stays in
 * it until its answer has come.
 */
#ifndef PGJUMP_SSH_SLOT_H
#define PGJUMP_SSH_SLOT_H

#include <libssh2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct ssh_transport;

/* A database as the jump box sees it, and the client that asks for it. */
struct ssh_target {
	const char *host; /* a name, an address, or (is_socket) a path */
	unsigned port;
	bool is_socket;
	const char *originator_host;
	unsigned originator_port;
};

enum ssh_slot_use {
	SSH_SLOT_FREE,
	SSH_SLOT_FORWARD, /* its user waits for it */
	SSH_SLOT_ORPHAN,  /* its user no longer waits */
	SSH_SLOT_PING, /* of an unknown type: the refusal is a sign of life */
	SSH_SLOT_DONE, /* a forward has ended, its result is to be fetched */
};

enum ssh_slot_answer {
	SSH_SLOT_PENDING,
	SSH_SLOT_OPENED,  /* ssh_slot_step() gave the channel */
	SSH_SLOT_REFUSED, /* `reason` and `words` are set */
	SSH_SLOT_TROUBLE, /* the session is no longer sound */
};

/* A plain value; zeroed means free. */
struct ssh_slot {
	enum ssh_slot_use use;
	const char *type;
	/*
	 * libssh2 borrows it until it is sent.  It holds two strings of at most
	 * 255 bytes.
	 */
	unsigned char message[600];
	size_t len;
	int64_t since_ms; /* base/clock.h */
	struct timespec since;
	int64_t elapsed_us; /* until the answer */
	unsigned reason;    /* RFC 4254, 5.1; 0: none was given */
	char words[256];    /* the jump box's own */
};

/* An open is in flight. */
bool ssh_slot_is_taken(const struct ssh_slot *);

/* When the open in flight was asked for (base/clock.h); 0: there is none. */
int64_t ssh_slot_since_ms(const struct ssh_slot *);

/*
 * Whether the ping in the slot seems to have been dropped.  Servers answer in
 * the order of requests, so a jump box that was heard after a later question,
 * asked at `asked_ms`, is taken to have dropped the ping: Erlang's server drops
 * what it was asked during a key exchange.  What was heard may have been
 * something else, and a mistake costs an idle link.
 */
bool ssh_slot_is_passed_over(const struct ssh_slot *, int64_t asked_ms,
    int64_t heard_ms);

/* Fill a free slot; ssh_slot_step() sends.  The target is copied. */
void ssh_slot_forward(struct ssh_slot *, const struct ssh_target *);
void ssh_slot_ping(struct ssh_slot *);

/*
 * Send the open in the slot, or look for its answer; reads input.  On
 * SSH_SLOT_OPENED *out is the caller's, with a receive window of 0.
 */
enum ssh_slot_answer ssh_slot_step(struct ssh_slot *, struct ssh_transport *,
    LIBSSH2_CHANNEL **out);

#endif
