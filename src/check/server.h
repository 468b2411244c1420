/* SPDX-License-Identifier: PostgreSQL */

/* What a database says about itself in a session. */
#ifndef PGJUMP_CHECK_SERVER_H
#define PGJUMP_CHECK_SERVER_H

#include <stdbool.h>

#include "base/fault.h"

struct check_login;
struct check_state;

struct check_server {
	char words[FAULT_WORDS_MAX]; /* why the query failed; "": it did
				      * not */
	char version[64];            /* "15.18 (Debian 15.18-0+deb12u1)" */
	bool is_in_recovery;
	int connections, connections_max;
	double rtt_ms; /* the shortest of a few */
};

/*
 * Ask the server about itself.  It is no failure if the server rejects the
 * query and the session goes on: databases that only speak like PostgreSQL lack
 * its catalogs.
 */
enum failure check_server_ask(struct check_state *, struct check_login *,
    struct check_server *);

#endif
