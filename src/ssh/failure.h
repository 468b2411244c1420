/* SPDX-License-Identifier: PostgreSQL */

/*
 * Reasons and words of SSH, translated into failures.  Pure.
 */
#ifndef PGJUMP_SSH_FAILURE_H
#define PGJUMP_SSH_FAILURE_H

#include <stdbool.h>

#include "base/failure.h"

/*
 * The server software whose version stands in a banner (RFC 4253, 4.2), such as
 * "OpenSSH_9.2p1"; "" for none.
 */
enum software ssh_failure_software(const char *version);

/*
 * Whether the server still serves a session while it connects to a target given
 * by address.
 */
bool ssh_failure_goes_on(enum software);

/*
 * Whether a call of libssh2 failed with `rc` and `words` because a packet made
 * no sense: its length was impossible, or its MAC was wrong.  The words are
 * needed for calls of a login, which return one code for all causes.
 */
bool ssh_failure_is_damage(int rc, const char *words);

/*
 * What a refused forward means.  `reason` is that of RFC 4254, 5.1 (0: none was
 * seen), `words` are the jump box's own ("": none).  `is_socket`: the target
 * was a Unix socket, whose refusals sshd never explains.
 */
enum failure ssh_failure_of_open(enum software, unsigned reason,
    const char *words, bool is_socket);

#endif
