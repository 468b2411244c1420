/* SPDX-License-Identifier: PostgreSQL */

/* Events of libevent's loop, made without a failure to check for. */
#ifndef PGJUMP_BASE_LOOP_H
#define PGJUMP_BASE_LOOP_H

struct event;
struct event_base;

/*
 * event_new(3).  It fails only without memory, and that ends the program
 * (base/xmalloc.h).  `fd` is -1 for a timer.  The caller adds and frees the
 * event.
 */
struct event *loop_event(struct event_base *, int fd, short what,
    void (*callback)(int fd, short what, void *arg), void *arg);

#endif
