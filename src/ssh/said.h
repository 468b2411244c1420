/* SPDX-License-Identifier: PostgreSQL */

/*
 * What an SSH peer said that libssh2 parses away: read from the decrypted
 * packets that it frees.  Pure, and trusts no length.
 */
#ifndef PGJUMP_SSH_SAID_H
#define PGJUMP_SSH_SAID_H

#include <stdbool.h>
#include <stddef.h>

#include "key/ssh_wire.h"

/* Zeroed at first. */
struct ssh_said {
	/* SSH_MSG_USERAUTH_FAILURE (RFC 4252, 5.1). */
	unsigned auth_failures; /* how many so far */
	bool is_partial;        /* of the last one */
	char methods[256];      /* of the last one, comma-separated */
	/* The list of signatures which the peer takes, "server-sig-algs" in
	 * SSH_MSG_EXT_INFO (RFC 8308, 3.1). */
	bool has_signatures;        /* there was such a list */
	bool takes_rsa_sha2;        /* the last one has rsa-sha2-512 or -256 */
	struct ssh_blob signatures; /* the last one */
	/*
	 * Of the longest one, in bytes.  While libssh2 1.11.1 chooses the
	 * signature of an RSA key, it copies names from the list into a block
	 * with room for each name once, however often the list has it:
	 * AsyncSSH's has each twice.  A libssh2 without the patches of
	 * contrib/libssh2 would write past that block, so each block of a login
	 * needs room for the whole list besides.
	 */
	size_t signatures_len;
	/* SSH_MSG_DISCONNECT (RFC 4253, 11.1). */
	bool has_disconnected;
	int disconnect_reason;
	char disconnect_text[256];
	/* SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254, 5.1). */
	unsigned open_reason; /* 0: none was seen */
	char open_text[256];
	/* SSH_MSG_KEXINIT (RFC 4253, 7.1) of the last key exchange: ours,
	 * theirs. Empty until it has ended, well or not. */
	struct ssh_blob kexinits[2];
	/* Our SSH_MSG_NEWKEYS (RFC 4253, 7.3) went out: the host key has proved
	 * itself. */
	bool has_sent_newkeys;
	/* The first bytes that came over the socket, as they were. */
	unsigned char first[128];
	size_t first_len;
};

/* Which answers a session may get now: others are not looked for. */
enum ssh_said_due {
	SSH_SAID_HANDSHAKE, /* key exchange and login */
	SSH_SAID_OPEN,      /* of a channel */
	SSH_SAID_NOTHING,
};

/*
 * Look whether a block that is being freed is an answer that is due, and keep
 * its words.  The block may be longer than its packet, never shorter.
 */
void ssh_said_look(struct ssh_said *, enum ssh_said_due, const void *block,
    size_t len);

/* Forget the words of an earlier open. */
void ssh_said_forget_open(struct ssh_said *);

/* Whether the list of signatures, which was told, has this one. */
bool ssh_said_takes(const struct ssh_said *, const char *signature);

/* Keep what comes first over the socket, as far as there is room. */
void ssh_said_first(struct ssh_said *, const void *bytes, size_t len);

/* Look at a packet that goes out, as it is sent. */
void ssh_said_sent(struct ssh_said *, const void *packet, size_t len);

/* Release what it holds. */
void ssh_said_clear(struct ssh_said *);

#endif
