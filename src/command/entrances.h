/* SPDX-License-Identifier: PostgreSQL */

/*
 * The listening addresses of all connections.  Across a reload an address that
 * stays is the same socket, never closed in between, and new ones are open
 * before old ones go.  All calls are for the main thread.
 */
#ifndef PGJUMP_COMMAND_ENTRANCES_H
#define PGJUMP_COMMAND_ENTRANCES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>

struct config;
struct entrances;
struct event_base;

/* A client of a connection, by its index; see listener_accept_fn. */
typedef void entrances_client_fn(void *arg, size_t connection, int take_fd,
    const struct sockaddr *peer, socklen_t peer_len);

struct entrances *entrances_new(struct event_base *, entrances_client_fn *,
    void *arg);

/*
 * Open what `next` lists and is not open yet.  `now` is the configuration in
 * use, or NULL at the start.  False: an address cannot be opened, or would lead
 * to another database by accident.  Each error is a line on `errors`, or of the
 * log if that is NULL.  Follow it by one of the next two, without a turn of the
 * loop in between.
 */
bool entrances_prepare(struct entrances *, const struct config *now,
    const struct config *next, FILE *errors);

/* Close what `next` does not list; the other addresses follow it. */
void entrances_commit(struct entrances *, const struct config *now,
    const struct config *next);

/* Close what entrances_prepare() has opened. */
void entrances_abandon(struct entrances *);

/* Close all of them. */
void entrances_close(struct entrances *);
void entrances_free(struct entrances *); /* NULL is fine */

#endif
