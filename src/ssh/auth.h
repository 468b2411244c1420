/* SPDX-License-Identifier: PostgreSQL */

/*
 * Log in to a jump box with what is configured: key, agent or password (also
 * as the answer to keyboard-interactive prompts), and both where the server
 * wants both.  Sequential: runs in a dialer's thread, waits by
 * ssh_transport_wait().
 */
#ifndef PGJUMP_SSH_AUTH_H
#define PGJUMP_SSH_AUTH_H

#include <stdint.h>

#include "base/fault.h"
#include "ssh/login.h"

struct config_jump;
struct ssh_transport;

/*
 * FAIL_NONE when logged in (fault_note() then names method and key
 * fingerprint); else one of the AUTH rows, or FAIL_SHUTDOWN when `cancel_fd`
 * became readable.  Secrets are read from their files here, and wiped.
 * `on_agent` is called with `arg` around each wait for the SSH agent.
 */
enum failure ssh_auth_login(struct ssh_transport *, const struct config_jump *,
    int64_t deadline_ms, int cancel_fd, ssh_login_agent_fn *on_agent, void *arg,
    struct fault *);

#endif
