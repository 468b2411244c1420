/* SPDX-License-Identifier: PostgreSQL */

/*
 * A worker: a thread with an event base, on which live clients of every
 * connection and this thread's links to every jump box.  All these calls are
 * for the main thread.
 */
#ifndef PGJUMP_COMMAND_WORKER_H
#define PGJUMP_COMMAND_WORKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct event_base;
struct mailbox;
struct message;
struct shared;
struct worker;

/*
 * Start the thread, which dials at once.  References `shared`.  The caller must
 * have blocked the signals that it handles itself.  NULL with errno when the
 * system refuses another thread.
 */
struct worker *worker_start(struct shared *, unsigned number);

/*
 * The same on an event base with which another thread has ended, for links that
 * were brought (jump/box.h).  Takes the base, unless it returns NULL.
 */
struct worker *worker_start_on(struct shared *, unsigned number,
    struct event_base *take);

/*
 * Hand over a client which connected to the listener of a connection (its
 * index).  Takes the socket; see clients_add().
 */
void worker_hand(struct worker *, size_t connection, int take_fd, uint64_t id,
    const struct sockaddr *peer, socklen_t peer_len);

/*
 * Go over to the configuration that follows the one in use: indices of
 * connections mean the new one in all calls from now on.  References `next`.
 */
void worker_renew(struct worker *, struct shared *next);

/* How many clients were handed over and are not gone. */
size_t worker_load(const struct worker *);

/* When its loop last turned, within seconds (base/clock.h).  Any thread. */
int64_t worker_turned_ms(const struct worker *);

/*
 * End the clients as they become idle; hand over no more of them.  `take_done`
 * is posted to `home` when the last one is gone, or discarded by worker_stop().
 */
void worker_drain(struct worker *, struct mailbox *home,
    struct message *take_done);

/* End what is left at once, wait for the thread, free.  NULL is fine. */
void worker_stop(struct worker *);

#endif
