/* SPDX-License-Identifier: PostgreSQL */

/*
 * What answers where an SSH server was expected, told by its first bytes: an
 * SSH server, a web server, a database, or nothing.  Pure.
 */
#ifndef PGJUMP_SSH_PEER_H
#define PGJUMP_SSH_PEER_H

#include <stdbool.h>
#include <stddef.h>

/* The first bytes that came over the socket. */
struct ssh_heard {
	unsigned char bytes[128];
	size_t len;
};

enum ssh_peer {
	SSH_PEER_SILENT, /* sent nothing */
	SSH_PEER_SSH,
	SSH_PEER_SSH_1, /* an SSH server of protocol 1 only */
	SSH_PEER_TLS,
	SSH_PEER_POSTGRES,
	SSH_PEER_DOORMAN, /* an sshd that takes no connection now */
	SSH_PEER_OTHER,
};

/*
 * Which of them it is.  `banner` is the last line that libssh2 took for an SSH
 * banner, or "".
 */
enum ssh_peer ssh_peer_of(const char *banner, const struct ssh_heard *);

/* Whether these bytes begin a TLS record. */
bool ssh_peer_is_tls(const unsigned char *bytes, size_t len);

/*
 * The beginning of an SSH banner that broke off, which is the last line heard;
 * NULL: there is none.
 */
const unsigned char *ssh_peer_begun_banner(const struct ssh_heard *);

/* What a peer that is no SSH server said: quoted, or for TLS its bytes. */
void ssh_peer_describe(const struct ssh_heard *, char *words, size_t size);

#endif
