/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to do about a login that the database itself rejected, by its SQLSTATE
 * (PostgreSQL documentation, "PostgreSQL Error Codes").
 */
#ifndef PGJUMP_CHECK_ADVICE_LOGIN_H
#define PGJUMP_CHECK_ADVICE_LOGIN_H

struct check_advice;
struct check_state;

/* The command that sets the password of the connection's user in the database
 * anew. */
void check_advice_login_password(const struct check_state *,
    struct check_advice *);

/* The hint of the advice is replaced where more is known. */
void check_advice_login(const struct check_state *, struct check_advice *);

#endif
