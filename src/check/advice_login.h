/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to do about a login that the database itself rejected, by its SQLSTATE
 * (PostgreSQL documentation, "PostgreSQL Error Codes").
 */
#ifndef PGJUMP_CHECK_ADVICE_LOGIN_H
#define PGJUMP_CHECK_ADVICE_LOGIN_H

struct check_advice;
struct check_state;

/*
 * The command that gives the connection's user a new password in the database.
 */
void check_advice_login_password(const struct check_state *,
    struct check_advice *);

/* Replaces the hint, where more is known, and adds a command and lines. */
void check_advice_login(const struct check_state *, struct check_advice *);

#endif
