/* SPDX-License-Identifier: PostgreSQL */

/*
 * A LocalForward as a connection: where pgjump listens, and for which database.
 */
#ifndef PGJUMP_IMPORT_FORWARD_H
#define PGJUMP_IMPORT_FORWARD_H

#include <stdbool.h>

/* Zeroed, nothing is set. */
struct import_forward {
	char *listen; /* as `listen` has it; NULL: the default port */
	char *host;   /* or the directory of a Unix socket */
	char *port;
	bool is_open; /* ssh listened beyond loopback, pgjump does not */
};

/*
 * Read the value of a LocalForward as `ssh -G` prints it, "5433 [db]:5432".
 * False: no connection can be made of it.
 */
bool import_forward_read(const char *value, struct import_forward *);

/*
 * Read the database that is named by itself: "HOST", "HOST:PORT", "[V6]:PORT",
 * or the path of a Unix socket.
 */
bool import_forward_database(const char *text, struct import_forward *);

void import_forward_clear(struct import_forward *);

#endif
