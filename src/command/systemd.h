/* SPDX-License-Identifier: PostgreSQL */

/*
 * What systemd hears of a service of Type=notify (sd_notify(3)): that it is
 * ready, reloads, stops, how it is, and that it is alive.  All calls are for
 * the main thread; where nobody listens, they do nothing.
 */
#ifndef PGJUMP_COMMAND_SYSTEMD_H
#define PGJUMP_COMMAND_SYSTEMD_H

#include <stdbool.h>

struct crew;
struct event_base;
struct shared;
struct systemd;

/*
 * NULL: nobody listens.  Takes the variables out of the environment.  Tells
 * that the service is ready.  The crew is borrowed; it is alive as long as each
 * of its workers turns its loop.
 */
struct systemd *systemd_open(struct event_base *, const struct crew *);

/* What the status is made of; borrowed until the next call. */
void systemd_show(struct systemd *, const struct shared *);

/* A reload begins; it has ended, and the service is ready again either way. */
void systemd_reloading(struct systemd *);
void systemd_reloaded(struct systemd *, bool is_accepted);

void systemd_stopping(struct systemd *);
void systemd_close(struct systemd *); /* NULL is fine, in all of these */

#endif
