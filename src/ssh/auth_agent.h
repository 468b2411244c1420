/* SPDX-License-Identifier: PostgreSQL */

/*
 * Log in by a key that an SSH agent holds.
 */
#ifndef PGJUMP_SSH_AUTH_AGENT_H
#define PGJUMP_SSH_AUTH_AGENT_H

#include "ssh/login.h"

/*
 * SSH_OUTCOME_ACCEPTED, _PARTIAL, or _FAILED with the fault set, also when the
 * keys were rejected.  `method` is the name under which the jump box offers it.
 */
enum ssh_outcome ssh_auth_agent(struct ssh_login *, const char *method);

#endif
