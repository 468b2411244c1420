/* SPDX-License-Identifier: PostgreSQL */

/*
 * A session with the database by libpq, as its clients make it: the configured
 * user and password, TLS as `ssl_config` asks.  The only room of libpq.
 */
#ifndef PGJUMP_CHECK_LOGIN_H
#define PGJUMP_CHECK_LOGIN_H

#include <stdbool.h>

#include "base/fault.h"

struct check_state;

/* Kept from the environment, which must not steer a check: before there are
 * threads. */
void check_login_prepare(void);

struct check_login;

/* What the session showed. */
struct check_server {
	char words[FAULT_WORDS_MAX]; /* why it tells nothing of itself; "": it
				      * does */
	char version[64];            /* "15.18 (Debian 15.18-0+deb12u1)" */
	bool is_in_recovery;
	int connections, connections_max;
	double rtt_ms; /* the shortest of a few */
};

/*
 * Log in within the connection's own time-out; while libpq computes, which it
 * cannot be called back from, the board has when that is due.  NULL with a
 * fault, and a refusal where the database gave one.  What is given is borrowed
 * until it is closed.
 */
struct check_login *check_login_open(struct check_state *,
    const char *password);
void check_login_close(struct check_login *); /* NULL is fine */

/* Ask the server about itself.  One that does not know the question, but goes
 * on answering, is no failure: databases that only speak like PostgreSQL have
 * none of its catalogs. */
enum failure check_login_ask(struct check_login *, struct check_server *);

/* TLS, as libpq has it. */
bool check_login_is_encrypted(const struct check_login *);

#endif
