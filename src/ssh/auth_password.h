/* SPDX-License-Identifier: PostgreSQL */

/*
 * Log in by a password, or by answering prompts with it.
 */
#ifndef PGJUMP_SSH_AUTH_PASSWORD_H
#define PGJUMP_SSH_AUTH_PASSWORD_H

#include "ssh/login.h"

/*
 * SSH_OUTCOME_ACCEPTED, _PARTIAL, or _FAILED with the fault set, also when the
 * password was rejected.  `method` is "password", which needs a configured one,
 * or "keyboard-interactive", which needs none where nothing is asked.
 */
enum ssh_outcome ssh_auth_password(struct ssh_login *, const char *method);

#endif
