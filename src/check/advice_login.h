/* SPDX-License-Identifier: PostgreSQL */

/*
 * What to do about a login that the database itself rejected, by its SQLSTATE
 * (PostgreSQL documentation, "PostgreSQL Error Codes").
 */
#ifndef PGJUMP_CHECK_ADVICE_LOGIN_H
#define PGJUMP_CHECK_ADVICE_LOGIN_H

#include <stdbool.h>

struct check_advice;
struct check_refusal;
struct config_connection;

/* The command that sets the password of the connection's user in the database
 * anew. */
void check_advice_login_password(const struct config_connection *,
    struct check_advice *);

/* `is_tls_offered`: by the database, whether or not it was used.  The hint of
 * the advice is replaced where more is known. */
void check_advice_login(const struct config_connection *,
    const struct check_refusal *, bool is_tls_offered, struct check_advice *);

#endif
