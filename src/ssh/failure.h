/* SPDX-License-Identifier: PostgreSQL */

/*
 * The door at which SSH's reasons and words become failures.  Pure.
 */
#ifndef PGJUMP_SSH_FAILURE_H
#define PGJUMP_SSH_FAILURE_H

#include <stdbool.h>

#include "base/failure.h"

/* Which server has this software version in its banner (RFC 4253, 4.2), such
 * as "OpenSSH_9.2p1"; "" for none. */
enum software ssh_failure_software(const char *version);

/* It serves a session while it connects to a target given by address. */
bool ssh_failure_goes_on(enum software);

/*
 * Whether a call of libssh2 failed with `rc`, and its words for that, because a
 * packet made no sense: of an impossible length, or not with the MAC that it
 * should have.  A login's calls have one code for all that stops them.
 */
bool ssh_failure_is_damage(int rc, const char *words);

/*
 * What a refused forward means: the reason of RFC 4254, 5.1 (0 where none was
 * seen) and the jump box's own words ("" for none).  `is_socket`: the target
 * was a Unix socket, whose refusals sshd never explains.
 */
enum failure ssh_failure_of_open(enum software, unsigned reason,
    const char *words, bool is_socket);

#endif
