/* SPDX-License-Identifier: PostgreSQL */

/*
 * The pieces of serve.c for one worker.  A port that the system chooses is the
 * same in both families: a client told "localhost" tries ::1 first, where
 * another user's program must not be waiting for its password.
 */
#include "command/passage.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/xmalloc.h"
#include "client/listener.h"
#include "command/shared.h"
#include "command/worker.h"
#include "config/config.h"
#include "jump/box.h"
#include "ssh/link.h"

/* Ports that are free in one family may be taken in the other. */
#define PORT_TRIES 16

struct passage;

/* One listener, and the index of its connection. */
struct entrance {
	struct passage *passage;
	size_t connection;
	struct listener *listener;
};

struct passage {
	struct passage_setup setup;
	struct shared *shared;
	struct worker *worker;
	struct mailbox *mailbox;
	struct entrance **entrances;
	size_t entrance_count;
	uint64_t clients_seen; /* the id of the last one */
};

/* --- Entrances ------------------------------------------------------------ */

static void
on_accept(void *arg, int take_fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	struct entrance *entrance = arg;
	struct passage *passage = entrance->passage;

	worker_hand(passage->worker, entrance->connection, take_fd,
	    ++passage->clients_seen, peer, peer_len);
}

/* NULL: `error` says why. */
static struct listener *
open_entrance(struct passage *passage, size_t connection,
    const struct config_listen *listen, char *error, size_t size)
{
	struct entrance *entrance = xcalloc(1, sizeof *entrance);

	entrance->passage = passage;
	entrance->connection = connection;
	entrance->listener = listener_open(passage->setup.base, listen,
	    on_accept, entrance, error, size);
	passage->entrances = xreallocarray(passage->entrances,
	    passage->entrance_count + 1, sizeof(struct entrance *));
	passage->entrances[passage->entrance_count++] = entrance;
	return entrance->listener;
}

static void
close_entrances(struct passage *passage)
{
	for (size_t i = 0; i < passage->entrance_count; i++) {
		listener_close(passage->entrances[i]->listener);
		free(passage->entrances[i]);
	}
	passage->entrance_count = 0;
}

static struct listener *
listen_on(struct passage *passage, const char *host, unsigned port,
    bool is_optional, char *error, size_t size)
{
	char *label = config_peer_label(host, port);
	const struct config_listen listen = { .host = (char *)host,
		.port = port,
		.is_optional = is_optional,
		.label = label };
	struct listener *listener = open_entrance(passage, 0, &listen, error,
	    size);

	free(label);
	return listener;
}

/* 0: the port is taken in one family, or there is none. */
static unsigned
try_port(struct passage *passage, char *error, size_t size)
{
	struct listener *v4 = listen_on(passage, "127.0.0.1", 0, false, error,
	    size);
	unsigned port = v4 != NULL ? listener_port(v4) : 0;

	if (port != 0 &&
	    listen_on(passage, "::1", port, true, error, size) != NULL)
		return port;
	close_entrances(passage);
	return 0;
}

unsigned
passage_choose_port(struct passage *passage, char *error, size_t size)
{
	unsigned port = 0;

	for (unsigned i = 0; i < PORT_TRIES && port == 0; i++)
		port = try_port(passage, error, size);
	return port;
}

bool
passage_listen(struct passage *passage, char *error, size_t size)
{
	const struct config_connection *of = passage->setup.cfg->connections;
	char why[256];

	for (size_t i = 0; i < passage->setup.cfg->connection_count; i++)
		for (size_t j = 0; j < of[i].listen_count; j++) {
			const struct config_listen *listen = &of[i].listens[j];

			if (open_entrance(passage, i, listen, why,
				sizeof why) != NULL)
				continue;
			snprintf(error, size, "%s: %s", listen->label, why);
			return false;
		}
	return true;
}

/* --- The worker ----------------------------------------------------------- */

static struct jump_box *
box_of(const struct passage *passage)
{
	const struct config *cfg = passage->setup.cfg;
	const struct config_jump *jump = cfg->connections[0].jump;

	return passage->shared
	    ->boxes[jump != NULL ? jump->index : cfg->jump_count];
}

/* The link that was brought has its own way through the outer jump boxes; the
 * worker needs one only for another link. */
static void
bring_link(struct passage *passage, struct jump_box *box)
{
	const struct config_jump *jump = passage->setup.cfg->connections[0]
					     .jump;

	if (passage->setup.take_link == NULL)
		return;
	jump_box_bring(box, passage->setup.take_link);
	while ((jump = jump->via) != NULL)
		jump_box_rest(passage->shared->boxes[jump->index]);
}

static bool
start_worker(struct passage *passage, char *error, size_t size)
{
	struct jump_box *box = box_of(passage);

	bring_link(passage, box);
	passage->worker = worker_start_on(passage->shared, 0,
	    passage->setup.take_worker_base);
	if (passage->worker != NULL)
		return true;
	snprintf(error, size, "cannot start a thread: %s", strerror(errno));
	ssh_link_free(jump_box_take_link(box));
	event_base_free(passage->setup.take_worker_base);
	return false;
}

struct passage *
passage_open(const struct passage_setup *setup, char *error, size_t size)
{
	struct passage *passage = xcalloc(1, sizeof *passage);

	passage->setup = *setup;
	passage->shared = shared_new(setup->cfg, NULL);
	passage->shared->owners = setup->owners;
	passage->mailbox = mailbox_new(setup->base, passage);
	if (start_worker(passage, error, size))
		return passage;
	passage_close(passage);
	return NULL;
}

static void
on_drained(struct message *message, void *receiver)
{
	struct passage *passage = receiver;

	free(message);
	event_base_loopbreak(passage->setup.base);
}

static void
on_drained_discard(struct message *message)
{
	free(message);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct passage *passage = arg;

	(void)fd, (void)what;
	event_base_loopbreak(passage->setup.base);
}

void
passage_drain(struct passage *passage)
{
	struct event_base *base = passage->setup.base;
	struct timeval timeout = clock_timeval(
	    passage->setup.cfg->shutdown_timeout_ms);
	struct event *deadline = loop_event(base, -1, 0, on_deadline, passage);
	struct message *drained = xcalloc(1, sizeof *drained);

	close_entrances(passage);
	drained->deliver = on_drained;
	drained->discard = on_drained_discard;
	worker_drain(passage->worker, passage->mailbox, drained);
	event_add(deadline, &timeout);
	event_base_dispatch(base);
	event_free(deadline);
}

struct gate_state
passage_look(const struct passage *passage)
{
	return gate_look(passage->shared->gates[0]);
}

void
passage_close(struct passage *passage)
{
	if (passage == NULL)
		return;
	close_entrances(passage);
	free(passage->entrances);
	worker_stop(passage->worker);
	mailbox_close(passage->mailbox);
	mailbox_unref(passage->mailbox);
	shared_unref(passage->shared);
	free(passage);
}
