/* SPDX-License-Identifier: PostgreSQL */

/* Which process listens on a port that is taken. */
#ifndef PGJUMP_COMMAND_PORT_HOLDER_H
#define PGJUMP_COMMAND_PORT_HOLDER_H

/*
 * "postgres (pid 812)", from /proc; the caller frees it.  NULL if that does not
 * tell: only root sees the sockets of other users' processes.
 */
char *port_holder(unsigned port);

#endif
