/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every host key of a jump box, one of each type that it offers, seen without
 * logging in.  Whether they are trusted is the business of ssh_hostkey.h.
 */
#ifndef PGJUMP_SSH_SSH_HOST_KEYS_H
#define PGJUMP_SSH_SSH_HOST_KEYS_H

#include <stddef.h>

#include "base/failure.h"
#include "ssh/ssh_hostkey.h"

struct config_jump;
struct dial;

struct ssh_host_key {
	char type[40];        /* "ssh-ed25519" */
	char fingerprint[64]; /* "SHA256:..." */
	unsigned char *blob;
	size_t len;
};

struct ssh_host_keys {
	struct ssh_host_key keys[SSH_HOSTKEY_TYPES]; /* in their order */
	size_t count;
	char software[80]; /* "OpenSSH_9.2p1" */
};

/*
 * One handshake for each type, the first of which also says what else the jump
 * box offers.  FAIL_NONE when all were seen, at least one; else the row of the
 * handshake that failed.  Released with ssh_host_keys_clear() in any case.
 */
enum failure ssh_host_keys_fetch(const struct dial *,
    const struct config_jump *, struct ssh_host_keys *, struct fault *);

void ssh_host_keys_clear(struct ssh_host_keys *);

#endif
