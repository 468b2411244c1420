/* SPDX-License-Identifier: PostgreSQL */

/* What a process needs before it has threads and secrets. */
#ifndef PGJUMP_COMMAND_PROCESS_H
#define PGJUMP_COMMAND_PROCESS_H

/*
 * Occupy the standard descriptors, ignore SIGPIPE, raise the limit of
 * descriptors, and keep secrets out of core dumps.  Once, from the main thread
 * while it is the only one.
 */
void process_prepare(void);

/*
 * In a child between fork() and exec(): undo what it inherited of the above,
 * and of the caller's signal mask, so that a command runs as it would without
 * pgjump.  Calls only what a fork of a process with threads may call.
 */
void process_restore(void);

#endif
