/* SPDX-License-Identifier: PostgreSQL */

/*
 * What an SSH peer said and libssh2 does not keep, read from the decrypted
 * packets that it frees.  Pure; trusts no length.
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
	bool is_partial;        /* the last one said so */
	char methods[256];      /* the last one's, a name-list */
	/*
	 * The signatures that the peer accepts: "server-sig-algs" in
	 * SSH_MSG_EXT_INFO (RFC 8308, 3.1).
	 */
	bool has_signatures;        /* the peer sent such a list */
	bool takes_rsa_sha2;        /* the last list has rsa-sha2-512 or -256 */
	struct ssh_blob signatures; /* the last list */
	/*
	 * The length of the longest list.  While libssh2 1.11.1 chooses the
	 * signature of an RSA key, it copies names from the list into a block
	 * with room for each name once, but AsyncSSH's list has each twice.  A
	 * libssh2 without the patches of contrib/libssh2 would write past that
	 * block, so each block of a login gets room for the whole list besides.
	 */
	size_t signatures_len;
	/* SSH_MSG_DISCONNECT (RFC 4253, 11.1). */
	bool has_disconnected;
	int disconnect_reason;
	char disconnect_text[256];
	/* SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254, 5.1). */
	unsigned open_reason; /* 0: none was seen */
	char open_text[256];
	/*
	 * SSH_MSG_KEXINIT (RFC 4253, 7.1) of the last key exchange that has
	 * ended, well or not: ours, theirs.
	 */
	struct ssh_blob kexinits[2];
	/*
	 * Our SSH_MSG_NEWKEYS (RFC 4253, 7.3) went out: the server has proved
	 * that the host key is its own.
	 */
	bool has_sent_newkeys;
	/* The first bytes that came over the socket, unchanged. */
	unsigned char first[128];
	size_t first_len;
};

/* Which answers a session may get now; no others are looked for. */
enum ssh_said_due {
	SSH_SAID_HANDSHAKE, /* key exchange and login */
	SSH_SAID_OPEN,      /* answers to a channel open */
	SSH_SAID_NOTHING,
};

/*
 * If the block being freed is an answer that is due, keep its words.  The block
 * may be longer than its packet, never shorter.
 */
void ssh_said_look(struct ssh_said *, enum ssh_said_due, const void *block,
    size_t len);

/* Forget the words of an earlier open. */
void ssh_said_forget_open(struct ssh_said *);

/* Whether the peer's list of signatures has this one. */
bool ssh_said_takes(const struct ssh_said *, const char *signature);

/* Keep the first bytes of the socket, as far as there is room. */
void ssh_said_first(struct ssh_said *, const void *bytes, size_t len);

/* Look at a packet that is being sent. */
void ssh_said_sent(struct ssh_said *, const void *packet, size_t len);

/* Release what it holds. */
void ssh_said_clear(struct ssh_said *);

#endif
