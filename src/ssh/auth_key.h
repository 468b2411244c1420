/* SPDX-License-Identifier: PostgreSQL */

/*
 * Log in by a private key from the configuration.
 */
#ifndef PGJUMP_SSH_AUTH_KEY_H
#define PGJUMP_SSH_AUTH_KEY_H

#include "ssh/login.h"

/*
 * Offer the next of the configured keys that can be offered.
 * SSH_OUTCOME_ACCEPTED, _PARTIAL, _UNASKED if none is left, or _FAILED with the
 * fault set, also when the key was rejected.  `method` is the name under which
 * the jump box offers it.
 */
enum ssh_outcome ssh_auth_key(struct ssh_login *, const char *method);

#endif
