/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is known of an SSH session, in words: who answered, what was agreed on,
 * which key it showed, what logins it takes.
 */
#ifndef PGJUMP_SSH_FACTS_H
#define PGJUMP_SSH_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"

struct ssh_transport;

/* Texts are printable ASCII; "" for what the session has not come to. */
struct ssh_facts {
	char software[80]; /* "OpenSSH_9.2p1" */
	char kex[64], cipher[64];
	char hostkey_type[40];       /* "ssh-ed25519" */
	char fingerprint[64];        /* of the host key, "SHA256:..." */
	unsigned char hostkey[2200]; /* RFC 4253, 6.6: RSA of 16384 bits fits */
	size_t hostkey_len;          /* 0 also where it is longer */
	char methods[256]; /* that can continue the login, comma-separated */
};

/* Which server it is, from its banner. */
enum software ssh_facts_software(const struct ssh_transport *);

/*
 * Whether nothing sensible can come any more: the peer disconnected, or what it
 * sent was damaged.
 */
bool ssh_facts_is_over(const struct ssh_transport *);

/* What ended a session, in words that live as long as it does. */
enum failure ssh_facts_end(const struct ssh_transport *, const char **words);

void ssh_facts_read(const struct ssh_transport *, struct ssh_facts *);

#endif
