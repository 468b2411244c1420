/* SPDX-License-Identifier: PostgreSQL */

/*
 * The pieces of serve.c for one connection.  The port is the same in both
 * families: a client told "localhost" tries ::1 first, where another user's
 * program must not be waiting for its password.
 */
#include "command/passage.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

struct passage {
	struct passage_setup setup;
	struct shared *shared;
	struct worker *worker;
	struct mailbox *mailbox;
	struct listener *listeners[2];
	unsigned port;
	uint64_t clients_seen; /* the id of the last one */
};

static void
on_accept(void *arg, int take_fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	struct passage *passage = arg;

	worker_hand(passage->worker, 0, take_fd, ++passage->clients_seen, peer,
	    peer_len);
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
	struct listener *listener = listener_open(passage->setup.base, &listen,
	    on_accept, passage, error, size);

	free(label);
	return listener;
}

static void
close_listeners(struct passage *passage)
{
	for (size_t i = 0; i < 2; i++) {
		listener_close(passage->listeners[i]);
		passage->listeners[i] = NULL;
	}
}

/* False: the port is taken in one family, or there is none. */
static bool
try_port(struct passage *passage, char *error, size_t size)
{
	passage->listeners[0] = listen_on(passage, "127.0.0.1", 0, false, error,
	    size);
	if (passage->listeners[0] == NULL)
		return false;
	passage->port = listener_port(passage->listeners[0]);
	passage->listeners[1] = listen_on(passage, "::1", passage->port, true,
	    error, size);
	if (passage->listeners[1] != NULL)
		return true;
	close_listeners(passage);
	return false;
}

static bool
open_port(struct passage *passage, char *error, size_t size)
{
	for (unsigned i = 0; i < PORT_TRIES; i++)
		if (try_port(passage, error, size))
			return true;
	return false;
}

static struct jump_box *
box_of(const struct passage *passage)
{
	const struct config *cfg = passage->setup.cfg;
	const struct config_jump *jump = cfg->connections[0].jump;

	return passage->shared
	    ->boxes[jump != NULL ? jump->index : cfg->jump_count];
}

static bool
start_worker(struct passage *passage, char *error, size_t size)
{
	struct jump_box *box = box_of(passage);

	if (passage->setup.take_link != NULL)
		jump_box_bring(box, passage->setup.take_link);
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
	if (start_worker(passage, error, size) &&
	    open_port(passage, error, size))
		return passage;
	passage_close(passage);
	return NULL;
}

unsigned
passage_port(const struct passage *passage)
{
	return passage->port;
}

static void
on_drained(struct message *message, void *receiver)
{
	struct passage *passage = receiver;

	free(message);
	passage->setup.on_drained(passage->setup.arg);
}

static void
on_drained_discard(struct message *message)
{
	free(message);
}

void
passage_drain(struct passage *passage)
{
	struct message *drained = xcalloc(1, sizeof *drained);

	close_listeners(passage);
	drained->deliver = on_drained;
	drained->discard = on_drained_discard;
	worker_drain(passage->worker, passage->mailbox, drained);
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
	close_listeners(passage);
	worker_stop(passage->worker);
	mailbox_close(passage->mailbox);
	mailbox_unref(passage->mailbox);
	shared_unref(passage->shared);
	free(passage);
}
