/* SPDX-License-Identifier: PostgreSQL */

/*
 * Logging in by a key that an SSH agent holds.
 */
#ifndef PGJUMP_SSH_AUTH_AGENT_H
#define PGJUMP_SSH_AUTH_AGENT_H

#include "ssh/login.h"

/*
 * ACCEPTED, PARTIAL, or FAILED with the fault set: rejected ones as well.
 * `method` is what the jump box offers of the names that this file knows.
 */
enum ssh_outcome ssh_auth_agent(struct ssh_login *, const char *method);

#endif
