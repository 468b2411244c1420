/* SPDX-License-Identifier: PostgreSQL */

/*
 * A session with the database by libpq, as clients open it: with the configured
 * user and password, and TLS as `ssl_config` demands.  No other file uses
 * libpq.
 */
#ifndef PGJUMP_CHECK_LOGIN_H
#define PGJUMP_CHECK_LOGIN_H

#include <stdbool.h>

struct check_state;
struct pg_result; /* PGresult of libpq */

/* Remove the variables of libpq from the environment, which must not change
 * what a check does.  Call it before there are threads. */
void check_login_prepare(void);

struct check_login;

/*
 * Log in within the connection's own time-out.  While libpq computes, which
 * cannot be cancelled, the board shows when it must be done.  NULL with a
 * fault, and with a refusal if the database sent one.  The state is borrowed
 * until the login is closed, the password until this returns.
 */
struct check_login *check_login_open(struct check_state *,
    const char *password);
void check_login_close(struct check_login *); /* NULL is fine */

/* What follows may take the connection's own time-out, in all. */
void check_login_grant_time(struct check_login *);

/*
 * The one row of a query, the caller's.  NULL with a fault; or, with `words`
 * (FAULT_WORDS_MAX), NULL and the text of an error after which the session goes
 * on.
 */
struct pg_result *check_login_query(struct check_login *, const char *sql,
    int columns, char *words);

/* Whether libpq uses TLS. */
bool check_login_is_encrypted(const struct check_login *);

#endif
