/* SPDX-License-Identifier: PostgreSQL */

/* Signals that wait in a descriptor until a loop reads them. */
#ifndef PGJUMP_BASE_SIGNALS_H
#define PGJUMP_BASE_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * From now on these signals interrupt nothing.  Threads inherit that, so call
 * this before there are any.  Returns the descriptor, which is the caller's and
 * does not block.
 */
int signals_catch(const int *numbers, size_t count);

/* The number of the next signal that waits in the descriptor; 0: none does. */
int signals_next(int fd);

/*
 * The same.  *by_process: a process sent it, not the kernel, which sends those
 * of a terminal to the whole process group.
 */
int signals_next_from(int fd, bool *by_process);

#endif
