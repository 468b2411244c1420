/* SPDX-License-Identifier: PostgreSQL */

/* Events of libevent's loop, made so that no caller checks for NULL. */
#ifndef PGJUMP_BASE_LOOP_H
#define PGJUMP_BASE_LOOP_H

struct event;
struct event_base;

/*
 * event_new(3), which fails only for want of memory: that ends the program, as
 * in xmalloc.h.  `fd` is -1 for a timer.  The caller adds and frees the event.
 */
struct event *loop_event(struct event_base *, int fd, short what,
    void (*callback)(int fd, short what, void *arg), void *arg);

#endif
