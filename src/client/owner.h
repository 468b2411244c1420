/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whose a client of a loopback port is: the user at the other end of its
 * connection, as the kernel knows it.
 */
#ifndef PGJUMP_CLIENT_OWNER_H
#define PGJUMP_CLIENT_OWNER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The users whose clients are admitted. */
struct client_owners {
	uid_t uids[2];
	size_t count;
};

/* Room for what owner_is_admitted() says. */
#define OWNER_WORDS_MAX 80

/*
 * Whether an accepted TCP connection comes from one of these users.  Nothing is
 * read from it.  Where the user cannot be told, because the client has closed
 * its end already, the answer is no.  `words` say whose it is.
 */
bool owner_is_admitted(const struct client_owners *, int fd, char *words,
    size_t size);

#endif
