/* SPDX-License-Identifier: PostgreSQL */

/*
 * A session with the database by libpq, as clients open it: with the configured
 * user and password, and TLS as `ssl_config` demands.  No other file uses
 * libpq.
 */
#ifndef PGJUMP_CHECK_LOGIN_H
#define PGJUMP_CHECK_LOGIN_H

#include <stdbool.h>

#include "base/fault.h"

struct check_state;

/* Remove the variables of libpq from the environment, which must not change
 * what a check does.  Call it before there are threads. */
void check_login_prepare(void);

struct check_login;

/* What the session showed. */
struct check_server {
	char words[FAULT_WORDS_MAX]; /* why the query failed; "": it did
				      * not */
	char version[64];            /* "15.18 (Debian 15.18-0+deb12u1)" */
	bool is_in_recovery;
	int connections, connections_max;
	double rtt_ms; /* the shortest of a few */
};

/*
 * Log in within the connection's own time-out.  While libpq computes, which
 * cannot be cancelled, the board shows when it must be done.  NULL with a
 * fault, and with a refusal if the database sent one.  The state is borrowed
 * until the login is closed, the password until this returns.
 */
struct check_login *check_login_open(struct check_state *,
    const char *password);
void check_login_close(struct check_login *); /* NULL is fine */

/*
 * Ask the server about itself.  It is no failure if the server rejects the
 * query and the session goes on: databases that only speak like PostgreSQL lack
 * its catalogs.
 */
enum failure check_login_ask(struct check_login *, struct check_server *);

/* Whether libpq uses TLS. */
bool check_login_is_encrypted(const struct check_login *);

#endif
