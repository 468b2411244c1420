/* SPDX-License-Identifier: PostgreSQL */

/*
 * The list of clients.  It frees a client in a callback of the list, never
 * inside the client's own steps.
 */
#include "client/clients.h"

#include <event2/event.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdlib.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "client/client.h"
#include "client/gate.h"
#include "client/owner.h"
#include "client/refusal.h"
#include "client/session.h"
#include "client/states.h"
#include "config/config.h"
#include "jump/jump.h"
#include "tls/client.h"

/* Enough for a first packet over a slow network; idle clients make room. */
#define CROWD_MS 1000

LIST_HEAD(client_list, client);

struct clients {
	struct client_home home; /* first: see list_of() */
	struct clients_setup setup;
	struct client_list live, closed;
	size_t count;         /* of both */
	struct event *reaper; /* frees what is closed */
};

/* --- One client ----------------------------------------------------------- */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	client_states_run(arg);
}

static void
on_wake(void *client)
{
	client_states_run(client);
}

static void
name_peer(struct originator *peer, const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

	*peer = (struct originator){ .host = "127.0.0.1" };
	if (address->sa_family == AF_INET) {
		inet_ntop(AF_INET, &in->sin_addr, peer->host,
		    sizeof peer->host);
		peer->port = ntohs(in->sin_port);
	} else if (address->sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &in6->sin6_addr, peer->host,
		    sizeof peer->host);
		peer->port = ntohs(in6->sin6_port);
	}
}

static struct client *
client_new(struct clients *clients, int take_fd, uint64_t id)
{
	struct client *client = xcalloc(1, sizeof *client);

	client->home = &clients->home;
	client->id = id;
	client->start_ms = clock_ms();
	client->startup = xcalloc(1, sizeof *client->startup);
	client->startup->expires_ms = client->start_ms +
	    clients->setup.cfg->startup_timeout_ms;
	client->deadline_ms = client->startup->expires_ms;
	client->stream = socket_stream_open(clients->setup.base, take_fd);
	client->timer = loop_event(clients->setup.base, -1, 0, on_timer,
	    client);
	return client;
}

/* One line for all of them, since they may be many. */
static void
log_missed_cancels(const struct client_home *home)
{
	uint64_t missed = gate_cancels_untold(home->gate);

	if (missed > 0)
		log_warning("cancel requests closed before their turn",
		    log_str("connection", home->connection->name),
		    log_num("count", (int64_t)missed));
}

static void
leave_gate(struct client *client)
{
	gate_cancel_leave(client->cancel);
	if (client->has_place)
		gate_leave(client->home->gate);
	client_settle(client);
	if (client->is_cancel)
		log_missed_cancels(client->home);
}

static void
client_free(struct client *client)
{
	if (client->request != NULL)
		jump_request_drop(client->request);
	leave_gate(client);
	refusal_free(client->refusal);
	relay_free(client->relay, client->is_reset);
	stream_close(client->database, false);
	stream_close(client->stream, client->is_reset);
	event_free(client->timer);
	client_free_startup(client);
	free(client->fault);
	free(client);
}

/* --- The list ------------------------------------------------------------- */

/* Free one closed client; false when there is none. */
static bool
reap(struct clients *clients)
{
	struct client *client = LIST_FIRST(&clients->closed);

	if (client == NULL)
		return false;
	LIST_REMOVE(client, entry);
	clients->count--;
	client_free(client);
	return true;
}

static void
on_reap(evutil_socket_t fd, short what, void *arg)
{
	struct clients *clients = arg;

	(void)fd, (void)what;
	while (reap(clients))
		clients->setup.on_gone(clients->setup.arg);
}

static struct clients *
list_of(const struct client *client)
{
	return (struct clients *)client->home;
}

static void
count_end(struct client *client)
{
	client_count_traffic(client);
	if (client->is_cancel)
		counts_add(&client->home->counts,
		    client->fate != COUNT_NONE ? client->fate
					       : COUNT_CANCEL_FAILED,
		    1);
}

/* The client is closed: the next turn of the loop frees it. */
static void
retire(struct client *client)
{
	struct clients *clients = list_of(client);

	event_del(client->timer);
	client_log_closed(client);
	count_end(client);
	LIST_REMOVE(client, entry);
	LIST_INSERT_HEAD(&clients->closed, client, entry);
	event_active(clients->reaper, EV_TIMEOUT, 0);
}

struct clients *
clients_open(const struct clients_setup *setup)
{
	struct clients *clients = xcalloc(1, sizeof *clients);

	clients->setup = *setup;
	clients->home = (struct client_home){
		.base = setup->base,
		.mailbox = setup->mailbox,
		.cfg = setup->cfg,
		.connection = setup->connection,
		.gate = setup->gate,
		.jump = setup->jump,
		.identity = setup->identity,
		.scratch = setup->scratch,
		.scratch_len = CLIENTS_SCRATCH_LEN,
		.wake = on_wake,
		.retire = retire,
	};
	gate_join(setup->gate, &clients->home.counts);
	LIST_INIT(&clients->live);
	LIST_INIT(&clients->closed);
	clients->reaper = loop_event(setup->base, -1, 0, on_reap, clients);
	return clients;
}

/* Under overload give a new client only CROWD_MS to send its first packet. */
static void
hurry(struct client *client)
{
	struct client_startup *startup = client->startup;

	if (startup->expires_ms > client->start_ms + CROWD_MS)
		startup->expires_ms = client->start_ms + CROWD_MS;
	client->deadline_ms = startup->expires_ms;
}

void
clients_add(struct clients *clients, int take_fd, uint64_t id,
    const struct sockaddr *peer)
{
	const struct config_connection *connection = clients->setup.connection;
	struct client *client = client_new(clients, take_fd, id);
	char owner[OWNER_WORDS_MAX];

	name_peer(&client->peer, peer);
	LIST_INSERT_HEAD(&clients->live, client, entry);
	clients->count++;
	client->is_local = peer->sa_family == AF_UNIX;
	client->has_arrived = gate_arrive(clients->setup.gate);
	if (!client->has_arrived)
		hurry(client);
	log_debug("client accepted", log_num("client", (int64_t)id),
	    log_str("connection", connection->name),
	    log_str("peer", client_peer(client)),
	    log_num("port", client->peer.port));
	if (!config_allows(connection, peer))
		fault_set(client_fault(client), FAIL_CLIENT_DENIED, "%s",
		    client->peer.host);
	else if (clients->setup.owners != NULL &&
	    !owner_is_admitted(clients->setup.owners, take_fd, owner,
		sizeof owner))
		fault_set(client_fault(client), FAIL_CLIENT_DENIED_USER, "%s",
		    owner);
	client_states_arm(client);
	stream_listen(client->stream, on_wake, client);
}

size_t
clients_count(const struct clients *clients)
{
	return clients->count;
}

void
clients_drain(struct clients *clients, enum failure code)
{
	struct client *client, *next;

	clients->home.ends_by = code;
	for (client = LIST_FIRST(&clients->live); client != NULL;
	     client = next) {
		next = LIST_NEXT(client, entry);
		client_states_run(client);
	}
}

/* pgjump does not wait here: it tries once to send the last words. */
static void
stop(struct client *client)
{
	enum client_state state = client->state;

	if (state == CLIENT_RELAYING)
		state = client_session_stop(client);
	client->end_ms = 0;
	if (state == CLIENT_LEAVING)
		client_session_leaving(client);
	client->how = "stopped";
	client_log_closed(client);
	count_end(client);
}

void
clients_close(struct clients *clients)
{
	struct client *client;

	while (reap(clients))
		continue;
	if (clients->home.ends_by == FAIL_NONE)
		clients->home.ends_by = FAIL_SHUTDOWN;
	while ((client = LIST_FIRST(&clients->live)) != NULL) {
		LIST_REMOVE(client, entry);
		stop(client);
		client_free(client);
	}
	gate_part(clients->home.gate, &clients->home.counts);
	event_free(clients->reaper);
	tls_client_rules_free(clients->home.rules);
	free(clients);
}
