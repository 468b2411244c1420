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

#endif
