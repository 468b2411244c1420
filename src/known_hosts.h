/* SPDX-License-Identifier: PostgreSQL */

/*
 * A reader of known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): plain,
 * hashed and wildcard names, negation, [host]:port, @revoked, @cert-authority.
 * libssh2's own reader takes @revoked for a host name, knows no wildcards and
 * rejects a file for one bad line.  A bad line here is skipped and counted.
 */
#ifndef PGJUMP_KNOWN_HOSTS_H
#define PGJUMP_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

enum known_host_mark {
	KNOWN_HOST_KEY,
	KNOWN_HOST_REVOKED,
	KNOWN_HOST_AUTHORITY,
};

/* One line that names the host. */
struct known_host {
	enum known_host_mark mark;
	const char *file; /* borrowed from the caller of known_hosts_read() */
	unsigned line;
	char type[40]; /* "ssh-ed25519" */
	unsigned char *blob;
	size_t blob_len;
};

/* All lines that name one host, from all files read, in order. */
struct known_hosts {
	struct known_host *lines;
	size_t count;
	unsigned bad_lines;
};

/*
 * Add the lines of `text` (of `file`) which name `host` at `port`; as OpenSSH
 * does, for a port other than 22 "[host]:port" is asked, and lines with the
 * bare host count too.  Pure.
 */
void known_hosts_parse(struct known_hosts *, const char *file,
    const char *text, size_t len, const char *host, unsigned port);

/*
 * The same from the file itself.  A file that does not exist adds nothing.
 * False when it exists and cannot be read (errno says why).
 */
bool known_hosts_read(struct known_hosts *, const char *file, const char *host,
    unsigned port);

/*
 * Append "host key" to `file`, making it and its directory (0600, 0700) where
 * missing, and flush it to the disk.  False with errno.
 */
bool known_hosts_append(const char *file, const char *host, unsigned port,
    const char *type, const unsigned char *blob, size_t blob_len);

void known_hosts_clear(struct known_hosts *);

#endif
