/* SPDX-License-Identifier: PostgreSQL */

/*
 * The state of a running pgjump in the log: a line for each jump box, then one
 * for each connection.
 */
#ifndef PGJUMP_COMMAND_STATE_LOG_H
#define PGJUMP_COMMAND_STATE_LOG_H

struct shared;

void state_log(const struct shared *);

#endif
