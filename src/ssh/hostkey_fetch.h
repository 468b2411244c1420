/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every host key of a jump box, one of each type that it has, seen without
 * logging in: the keys themselves, also where it has certificates of them.
 * Whether they are trusted is for ssh/hostkey_trust.h to say.
 */
#ifndef PGJUMP_SSH_HOSTKEY_FETCH_H
#define PGJUMP_SSH_HOSTKEY_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "ssh/algorithms.h"

struct config_jump;
struct dial;

struct ssh_hostkey_shown {
	char type[40];        /* "ssh-ed25519" */
	char fingerprint[64]; /* "SHA256:..." */
	unsigned char *blob;
	size_t len;
};

struct ssh_hostkey_fetched {
	struct ssh_hostkey_shown keys[SSH_ALGORITHMS_HOSTKEYS];
	size_t count;
	bool is_certified; /* the server has a certificate of one of them */
	char software[80]; /* "OpenSSH_9.2p1" */
};

/*
 * Shake hands once for each type; the first handshake also says which types
 * there are.  FAIL_NONE: all keys were seen, at least one; else the row of the
 * handshake that failed.  Release with ssh_hostkey_fetch_clear() in any case.
 */
enum failure ssh_hostkey_fetch(const struct dial *, const struct config_jump *,
    struct ssh_hostkey_fetched *, struct fault *);

void ssh_hostkey_fetch_clear(struct ssh_hostkey_fetched *);

#endif
