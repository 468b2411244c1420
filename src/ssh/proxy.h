/* SPDX-License-Identifier: PostgreSQL */

/*
 * The way through a proxy in sequential code: TLS with it, if it is one of
 * type https, the request for the jump box, and the proxy's answer.
 */
#ifndef PGJUMP_SSH_PROXY_H
#define PGJUMP_SSH_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "base/failure.h"

struct config_jump;
struct fault;
struct ssh_socket;

/*
 * Ask the proxy of the jump box, to which the socket is connected, for the jump
 * box.  On FAIL_NONE what the socket receives next is the jump box's, and
 * `said` has the proxy's words.  Fails with PROXY rows, or with FAIL_SHUTDOWN
 * when `cancel_fd` becomes readable; the fault notes what the proxy answered.
 */
enum failure ssh_proxy_open(const struct config_jump *, struct ssh_socket *,
    int64_t allowed_ms, int cancel_fd, char *said, size_t size, struct fault *);

#endif
