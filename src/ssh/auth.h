/* SPDX-License-Identifier: PostgreSQL */

/*
 * Log in to a jump box with what is configured: a key, an agent or a password,
 * which also answers keyboard-interactive prompts; and with two of them where
 * the server wants both.  Sequential: runs in a dialer's thread and waits by
 * ssh_transport_wait().
 */
#ifndef PGJUMP_SSH_AUTH_H
#define PGJUMP_SSH_AUTH_H

#include "base/failure.h"

struct ssh_login;

/*
 * Run a login that ssh_login_start() made.  FAIL_NONE: it succeeded, and `by`
 * of the login and fault_note() name method and key fingerprint.  Else one of
 * the AUTH rows, or FAIL_SHUTDOWN when the login was cancelled.  Secrets are
 * read from their files here, and wiped.
 */
enum failure ssh_auth_login(struct ssh_login *);

#endif
