/* SPDX-License-Identifier: PostgreSQL */

/*
 * All workers of the daemon: clients go to the one with the fewest, everything
 * else goes to all of them.  All calls are for the main thread.
 */
#ifndef PGJUMP_COMMAND_CREW_H
#define PGJUMP_COMMAND_CREW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct crew;
struct mailbox;
struct shared;
struct worker;

/* NULL, after a log line, when the system refuses a thread. */
struct crew *crew_start(struct shared *);

struct worker *const *crew_workers(const struct crew *, unsigned *count);

/* Hand over a client of a connection (its index); see worker_hand(). */
void crew_hand(struct crew *, size_t connection, int take_fd,
    const struct sockaddr *peer, socklen_t peer_len);

/* How many clients were handed over and are not gone. */
size_t crew_load(const struct crew *);

/* When the worker that has not turned its loop for longest last did so. */
int64_t crew_turned_ms(const struct crew *);

/* See worker_renew(). */
void crew_renew(struct crew *, struct shared *next);

/*
 * End the clients as they become idle; `on_end` is called by the mailbox
 * when the last one is gone.  Once.
 */
void crew_drain(struct crew *, struct mailbox *of_main,
    void (*on_end)(void *arg), void *arg);

/* End the clients that are left at once.  NULL is fine. */
void crew_stop(struct crew *);

#endif
