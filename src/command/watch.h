/* SPDX-License-Identifier: PostgreSQL */

/*
 * Tells when a file of the configuration has changed: it was closed by a writer
 * or moved into its place, or a symbolic link on the way to it was changed. All
 * calls are for the main thread.
 */
#ifndef PGJUMP_COMMAND_WATCH_H
#define PGJUMP_COMMAND_WATCH_H

struct config;
struct event_base;
struct watch;

/* `on_change` is called once WATCH_QUIET_MS after the last of several changes.
 */
#define WATCH_QUIET_MS 1000

/* Watches nothing yet. */
struct watch *watch_open(struct event_base *, void (*on_change)(void *arg),
    void *arg);

/* Watch the files of this configuration instead, if its `reload` says so. */
void watch_set(struct watch *, const struct config *);

void watch_close(struct watch *); /* NULL is fine */

#endif
