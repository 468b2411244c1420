/* SPDX-License-Identifier: PostgreSQL */

/*
 * Log in to a jump box with what is configured: key, agent or password (also
 * as the answer to keyboard-interactive prompts), and both where the server
 * wants both.  Sequential: runs in a dialer's thread, waits by
 * ssh_transport_wait().
 */
#ifndef PGJUMP_SSH_AUTH_H
#define PGJUMP_SSH_AUTH_H

#include "base/failure.h"

struct ssh_login;

/*
 * Go through with a login that ssh_login_start() made.  FAIL_NONE when it
 * succeeded: `by` of the login and fault_note() then name method and key
 * fingerprint.  Else one of the AUTH rows, or FAIL_SHUTDOWN when the login was
 * cancelled.  Secrets are read from their files here, and wiped.
 */
enum failure ssh_auth_login(struct ssh_login *);

#endif
