/* SPDX-License-Identifier: PostgreSQL */

/*
 * The SSH handshake of a dial, and, where it fails, what it was that answered:
 * an SSH server that could not agree with us or turned us away, something
 * else, or nothing.  It does not judge the host key.
 */
#ifndef PGJUMP_SSH_HANDSHAKE_H
#define PGJUMP_SSH_HANDSHAKE_H

#include <stdint.h>

#include "base/fault.h"

struct ssh_transport;

/*
 * FAIL_NONE when keys are exchanged (fault_note() then names the software of
 * the jump box); else one of the HANDSHAKE rows, or FAIL_SHUTDOWN when
 * `cancel_fd` became readable.  It may take `allowed_ms` from now on.  `port`
 * is the one that was connected to, for what a silence there means.
 */
enum failure ssh_handshake(struct ssh_transport *, unsigned port,
    int64_t allowed_ms, int cancel_fd, struct fault *);

#endif
