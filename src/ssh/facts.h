/* SPDX-License-Identifier: PostgreSQL */

/*
 * What is known of an SSH session, in words: the server's software, the agreed
 * algorithms, the host key, the methods of login.
 */
#ifndef PGJUMP_SSH_FACTS_H
#define PGJUMP_SSH_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/failure.h"

struct ssh_transport;

/* Texts are printable ASCII; "" for what the session has not reached. */
struct ssh_facts {
	char software[80]; /* "OpenSSH_9.2p1" */
	char kex[64], cipher[64];
	/* The key alone, also where it was shown in a certificate. */
	char hostkey_type[40];       /* "ssh-ed25519" */
	char fingerprint[64];        /* of the host key, "SHA256:..." */
	unsigned char hostkey[2200]; /* RFC 4253, 6.6: RSA of 16384 bits fits */
	size_t hostkey_len;          /* 0 also for a longer key */
	char methods[256]; /* that can continue the login, comma-separated */
};

/* The server software, from its banner. */
enum software ssh_facts_software(const struct ssh_transport *);

/*
 * Whether the session cannot go on: the peer disconnected, or sent damaged
 * data.
 */
bool ssh_facts_is_over(const struct ssh_transport *);

/* Why a session ended.  The words live as long as the session. */
enum failure ssh_facts_end(const struct ssh_transport *, const char **words);

void ssh_facts_read(const struct ssh_transport *, struct ssh_facts *);

#endif
