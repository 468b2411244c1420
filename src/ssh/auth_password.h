/* SPDX-License-Identifier: PostgreSQL */

/*
 * Logging in by a password, or by answering prompts with it.
 */
#ifndef PGJUMP_SSH_AUTH_PASSWORD_H
#define PGJUMP_SSH_AUTH_PASSWORD_H

#include "ssh/login.h"

/*
 * ACCEPTED, PARTIAL, or FAILED with the fault set: rejected ones as well.
 * `method` is "password", for which one must be configured, or
 * "keyboard-interactive", which needs none where nothing is asked.
 */
enum ssh_outcome ssh_auth_password(struct ssh_login *, const char *method);

#endif
