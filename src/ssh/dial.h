/* SPDX-License-Identifier: PostgreSQL */

/*
 * The way to one jump box in plain sequential code: resolve, connect, or have a
 * proxy do both, shake hands, judge the host key, log in.  Each stage has a
 * deadline and fails with rows of its own.  The daemon runs it in a dialer's
 * thread, and `check` runs the same function, so that diagnosis and service
 * cannot disagree.
 */
#ifndef PGJUMP_SSH_DIAL_H
#define PGJUMP_SSH_DIAL_H

#include "base/fault.h"
#include "ssh/dialing.h"

struct config_connection;
struct config_jump;
struct ssh_transport;

/*
 * Reach `jump` and log in to it.  On FAIL_NONE *out is the caller's, and its
 * output buffer is empty.  The fault names the jump box and, also on success,
 * notes what was reached and in how many milliseconds.
 */
enum failure dial_jump(const struct dial *, const struct config_jump *jump,
    struct ssh_transport **out, struct fault *);

/*
 * Reach `jump` and shake hands, but neither judge the host key nor log in.
 * `host_keys` are the algorithms of host keys to ask for (ssh/algorithms.h);
 * NULL: all of them.
 */
enum failure dial_handshake(const struct dial *, const struct config_jump *jump,
    const char *host_keys, struct ssh_transport **out, struct fault *);

/*
 * Reach the database of a connection without tunnel: resolve and connect, or
 * connect to its Unix socket.  Fails with DB rows.  *fd_out is the caller's.
 */
enum failure dial_database(const struct dial *,
    const struct config_connection *, int *fd_out, struct fault *);

#endif
