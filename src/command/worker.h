/* SPDX-License-Identifier: PostgreSQL */

/*
 * A worker: a thread with one event base, and on it the clients of every
 * connection and this thread's view of every jump box.  All calls but those of
 * the thread itself are for the main thread.
 */
#ifndef PGJUMP_COMMAND_WORKER_H
#define PGJUMP_COMMAND_WORKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

struct mailbox;
struct message;
struct shared;
struct state;
struct worker;

/*
 * Start the thread.  It dials at once.  What is shared is borrowed until
 * worker_stop() has returned.  The caller has blocked the signals it wants for
 * itself.  NULL with errno when there can be no other thread.
 */
struct worker *worker_start(const struct shared *, unsigned number);

/*
 * Hand over a client which connected to the listener of a connection (its
 * index).  Takes the socket; see clients_add().
 */
void worker_hand(struct worker *, size_t connection, int take_fd, uint64_t id,
    const struct sockaddr *peer, socklen_t peer_len);

/* How many clients were handed over and are not gone. */
size_t worker_load(const struct worker *);

/*
 * No client will be handed over any more: end them as they become idle.
 * `take_done` is posted to `home` when the last one is gone, or discarded by
 * worker_stop().
 */
void worker_drain(struct worker *, struct mailbox *home,
    struct message *take_done);

/*
 * Fill `out`, which is of the worker's configuration, in the worker's thread,
 * then post `take_done` to `home`.  Whoever stops the worker first may find it
 * discarded.  `out` must live until then: let `take_done` own it.
 */
void worker_look(struct worker *, struct mailbox *home,
    struct message *take_done, struct state *out);

/* End what is left at once, wait for the thread, free.  NULL is fine. */
void worker_stop(struct worker *);

#endif
