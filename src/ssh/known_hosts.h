/* SPDX-License-Identifier: PostgreSQL */

/*
 * A reader of known_hosts files (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT): plain,
 * hashed and wildcard names, negation, [host]:port, @revoked, @cert-authority.
 * libssh2's own reader takes @revoked for a host name, knows no wildcards and
 * rejects a file for one bad line.  Bad lines here are skipped and counted.
 */
#ifndef PGJUMP_SSH_KNOWN_HOSTS_H
#define PGJUMP_SSH_KNOWN_HOSTS_H

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
	/*
	 * The question was for another port than 22; this line names the host
	 * alone.
	 */
	bool is_bare;
	const char *file; /* borrowed from the caller of known_hosts_read() */
	unsigned line;
	char type[40]; /* "ssh-ed25519" */
	unsigned char *blob;
	size_t blob_len;
};

/* All lines that name one host, in order, from all files read. */
struct known_hosts {
	struct known_host *lines;
	size_t count;
	unsigned bad_lines;
};

/*
 * Add the lines of `text` (from `file`) that name `host` at `port`.  For a port
 * other than 22 that is "[host]:port", as for OpenSSH.  Lines with the bare
 * host are added as `is_bare`: they may vouch for a key that no line with the
 * port contradicts, but a key that contradicts them may be that of another
 * server on the same host.  Pure.
 */
void known_hosts_parse(struct known_hosts *, const char *file, const char *text,
    size_t len, const char *host, unsigned port);

/*
 * The same for the text of the file.  A file that does not exist adds nothing.
 * False: it exists and cannot be read; errno says why (EFBIG: over 16 MB).
 */
bool known_hosts_read(struct known_hosts *, const char *file, const char *host,
    unsigned port);

/*
 * The first line with this mark and type (NULL: any type), among the bare lines
 * or among the others; NULL: there is none.
 */
const struct known_host *known_hosts_find(const struct known_hosts *,
    enum known_host_mark, bool is_bare, const char *type);

/*
 * The first line with a mark that has exactly this key, a bare one only if no
 * other has it; NULL: there is none.
 */
const struct known_host *known_hosts_find_key(const struct known_hosts *,
    enum known_host_mark, const unsigned char *blob, size_t blob_len);

/*
 * The line that makes a key known, without a line end; the caller frees it.
 * NULL: a reader would not read the host's name back as it is.
 */
char *known_hosts_line(const char *host, unsigned port, const char *type,
    const unsigned char *blob, size_t blob_len);

void known_hosts_clear(struct known_hosts *);

#endif
