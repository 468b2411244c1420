/* SPDX-License-Identifier: PostgreSQL */

/*
 * The SSH handshake of a dial and, when it fails, why: an SSH server shares no
 * algorithm with us or turned us away, or something else answered, or nothing
 * did.  It does not judge the host key.
 */
#ifndef PGJUMP_SSH_HANDSHAKE_H
#define PGJUMP_SSH_HANDSHAKE_H

#include <stdint.h>

#include "base/fault.h"

struct ssh_transport;

/*
 * FAIL_NONE: keys are exchanged, and fault_note() has named the jump box's
 * software.  Else one of the HANDSHAKE rows, or FAIL_SHUTDOWN when `cancel_fd`
 * became readable.  It may take `allowed_ms` from now on.  `port` is the port
 * of the jump box; if it is one of PostgreSQL's, that explains a silence.
 */
enum failure ssh_handshake(struct ssh_transport *, unsigned port,
    int64_t allowed_ms, int cancel_fd, struct fault *);

#endif
