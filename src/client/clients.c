/* SPDX-License-Identifier: PostgreSQL */

/*
 * The list of clients, and the one function which assigns a client's state.
 * The table of states is the diagram; it names the steps, which are in the
 * other files of this district.  The list frees a client, in a callback of the
 * list, never inside the client's own steps.
 */
#include "client/clients.h"

#include <event2/event.h>
#include <arpa/inet.h>
#include <netinet/in.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/socket_stream.h"
#include "base/stream.h"
#include "base/xmalloc.h"
#include "client/answer.h"
#include "client/cancel.h"
#include "client/client.h"
#include "client/gate.h"
#include "client/refusal.h"
#include "client/refusing.h"
#include "client/session.h"
#include "client/startup.h"
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

/* --- The state machine ---------------------------------------------------- */

#define TO(state) (1U << CLIENT_##state)
#define TO_END    (TO(REFUSING) | TO(CLOSED))

/*
 * An arrow that is not drawn fails an assertion in enter_state().  Before the
 * session every state may lead to REFUSING, where the client is told, and to
 * CLOSED, where it has gone or is a cancel request, which is never answered.
 * Each arrow that is unusual, or missing, has its reason beside it.
 */
static const struct state_info {
	const char *name, *awaits;
	enum client_state (*step)(struct client *); /* NULL: nothing follows */
	unsigned arrows;
	bool is_startup; /* there is no session yet, and no refusal */
} states[] = {
	/*
	 * A client comes back here after a request for encryption.  If it has a
	 * database by then, its next packet skips OPENING: it leads to
	 * NEGOTIATING, LOGIN or HELLO by its kind, and a CancelRequest, whose
	 * answer needs no look, leads straight to RELAYING.
	 */
	[CLIENT_GREETING] = { "greeting", "the client's next packet",
	    client_startup_greeting,
	    TO(QUEUED) | TO(OPENING) | TO(NEGOTIATING) | TO(LOGIN) | TO(HELLO) |
		TO(RELAYING) | TO_END,
	    true },
	/*
	 * Only cancel requests wait here.  REFUSING is missing, for none of
	 * them is told anything: one that has no turn in time is closed.
	 */
	[CLIENT_QUEUED] = { "queued", "the turn of its cancel request",
	    client_cancel_queued, TO(OPENING) | TO(CLOSED), true },
	/* RELAYING: a cancel request, as above. */
	[CLIENT_OPENING] = { "opening", "a connection to the database",
	    client_startup_opening,
	    TO(SECURING) | TO(NEGOTIATING) | TO(LOGIN) | TO(HELLO) |
		TO(RELAYING) | TO_END,
	    true },
	/*
	 * pgjump itself is the TLS client here.  The client's own requests for
	 * encryption were answered before, so neither NEGOTIATING nor HELLO
	 * follows.  RELAYING: a cancel request, as above.
	 */
	[CLIENT_SECURING] = { "securing", "TLS with the database",
	    client_startup_securing, TO(LOGIN) | TO(RELAYING) | TO_END, true },
	/*
	 * Back to GREETING: the client answers the database's S or N with its
	 * next packet.  RELAYING: the database answered G, and what follows is
	 * GSSAPI, which pgjump cannot read.
	 */
	[CLIENT_NEGOTIATING] = { "negotiating",
	    "the database's answer about encryption", client_answer_negotiating,
	    TO(GREETING) | TO(RELAYING) | TO_END, true },
	/* CHOOSING: only where the client's TLS ends at pgjump. */
	[CLIENT_LOGIN] = { "login", "the database's first message",
	    client_answer_login, TO(CHOOSING) | TO(RELAYING) | TO_END, true },
	[CLIENT_CHOOSING] = { "choosing", "the client's way to log in",
	    client_answer_choosing, TO(RELAYING) | TO_END, true },
	[CLIENT_HELLO] = { "hello", "the database's first byte of TLS",
	    client_answer_direct_tls, TO(RELAYING) | TO_END, true },
	/*
	 * REFUSING is missing: the client has a session, whose farewell must
	 * fit into the messages that went before.  CLOSED: either side has said
	 * its last byte, and nothing is owed to the client.
	 */
	[CLIENT_RELAYING] = { "relaying", "bytes of either side",
	    client_session_relaying, TO(LEAVING) | TO(CLOSED), false },
	[CLIENT_LEAVING] = { "leaving", "the client to take its last bytes",
	    client_session_leaving, TO(CLOSED), false },
	[CLIENT_REFUSING] = { "refusing", "the client to hear why",
	    client_refusing_tell, TO(CLOSED), false },
	[CLIENT_CLOSED] = { "closed", "nothing", NULL, 0, false },
};

static struct clients *
list_of(const struct client *client)
{
	return (struct clients *)client->home;
}

static void
arm_timer(struct client *client)
{
	struct timeval left = clock_timeval(client->deadline_ms - clock_ms());

	if (client->deadline_ms == 0)
		event_del(client->timer);
	else
		event_add(client->timer, &left);
}

static enum client_state
next_state(struct client *client)
{
	const struct state_info *info = &states[client->state];

	if (client->home->is_draining && info->is_startup)
		return client_fail_code(client, FAIL_SHUTDOWN);
	return info->step(client);
}

static void
enter_state(struct client *client, enum client_state next)
{
	assert(states[client->state].arrows & (1U << next));
	log_debug("client state", log_num("client", (int64_t)client->id),
	    log_str("from", states[client->state].name),
	    log_str("to", states[next].name),
	    log_str("awaits", states[next].awaits));
	client->state = next;
}

/* The ErrorResponse that ended the session, where it could be read. */
static struct pgwire_error_fields
last_error(const struct client *client)
{
	const struct pgwire_session *session = client->relay != NULL
	    ? relay_session(client->relay)
	    : NULL;
	struct pgwire_error_fields error = { .sqlstate = "" };

	if (session != NULL && session->is_over)
		pgwire_error_fields(session->error, session->error_len, &error);
	return error;
}

/* The client got the database's own error untouched; the log has it, too. */
static void
log_rejection(const struct client *client)
{
	const struct pgwire_session *session = client->relay != NULL
	    ? relay_session(client->relay)
	    : NULL;
	struct pgwire_error_fields error = last_error(client);

	if (session == NULL || !session->is_over || session->status != 0)
		return;
	log_warning("database refused client",
	    log_num("client", (int64_t)client->id),
	    log_str("connection", client->home->connection->name),
	    log_str("stage", failure_stage_info(STAGE_DB_REJECTED)->label),
	    log_str("sqlstate", error.sqlstate),
	    log_str("error", error.message));
}

static const char *
failed_stage(const struct client *client)
{
	const struct fault *fault = client->fault;

	if (fault == NULL || fault->code == FAIL_NONE)
		return NULL;
	return failure_stage(fault->code)->label;
}

static void
log_closed(const struct client *client)
{
	struct pgwire_error_fields error = last_error(client);
	bool is_probe = client_is_probe(client);
	bool is_minor = is_probe || client->missed > 0;
	char probes[24], missed[24];

	if (is_probe)
		snprintf(probes, sizeof probes, "%" PRIu64,
		    gate_probe(client->home->gate));
	snprintf(missed, sizeof missed, "%" PRIu64, client->missed);
	log_rejection(client);
	log_write(is_minor ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "client closed",
	    LOG_LIST(log_num("client", (int64_t)client->id),
		log_str("connection", client->home->connection->name),
		log_str("peer", client_peer(client)),
		log_str("how", client->how),
		log_str("probes", is_probe ? probes : NULL),
		log_str("missed_cancels", client->missed > 0 ? missed : NULL),
		log_str("stage", failed_stage(client)),
		log_str("sqlstate", error.sqlstate[0] ? error.sqlstate : NULL),
		log_num("to_database", (int64_t)client->traffic.to_database),
		log_num("to_client", (int64_t)client->traffic.to_client),
		log_num("duration_ms", clock_ms() - client->start_ms)));
}

static void
retire(struct client *client)
{
	struct clients *clients = list_of(client);

	event_del(client->timer);
	log_closed(client);
	LIST_REMOVE(client, entry);
	LIST_INSERT_HEAD(&clients->closed, client, entry);
	event_active(clients->reaper, EV_TIMEOUT, 0);
}

/* The only place that assigns a state and arms the timer. */
static void
client_run(void *arg)
{
	struct client *client = arg;
	enum client_state next;

	if (client->state == CLIENT_CLOSED)
		return;
	while ((next = next_state(client)) != client->state) {
		enter_state(client, next);
		if (next == CLIENT_CLOSED) {
			retire(client);
			return;
		}
	}
	arm_timer(client);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	client_run(arg);
}

/* --- One client ----------------------------------------------------------- */

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
		.wake = client_run,
	};
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
	arm_timer(client);
	stream_listen(client->stream, client_run, client);
}

size_t
clients_count(const struct clients *clients)
{
	return clients->count;
}

size_t
clients_waiting(const struct clients *clients)
{
	const struct client *client;
	size_t count = 0;

	LIST_FOREACH(client, &clients->live, entry)
		count += client->state == CLIENT_OPENING;
	return count;
}

void
clients_drain(struct clients *clients)
{
	struct client *client, *next;

	clients->home.is_draining = true;
	for (client = LIST_FIRST(&clients->live); client != NULL;
	     client = next) {
		next = LIST_NEXT(client, entry);
		client_run(client);
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
	log_closed(client);
}

void
clients_close(struct clients *clients)
{
	struct client *client;

	while (reap(clients))
		continue;
	while ((client = LIST_FIRST(&clients->live)) != NULL) {
		LIST_REMOVE(client, entry);
		stop(client);
		client_free(client);
	}
	event_free(clients->reaper);
	tls_client_rules_free(clients->home.rules);
	free(clients);
}
