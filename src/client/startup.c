/* SPDX-License-Identifier: PostgreSQL */

/*
 * The client's bytes are kept until the database has answered them.  If the
 * far side fails in between, the client can still be told, in the way that its
 * last packet allows.
 */
#include "client/startup.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stream.h"
#include "client/answer.h"
#include "client/bytes.h"
#include "client/cancel.h"
#include "client/client.h"
#include "client/gate.h"
#include "client/tls.h"
#include "config/config.h"
#include "jump/jump.h"

/*
 * Time that the database has for its answer, however long the forward took: it
 * is not blamed for the time that others used up.  A round trip through a jump
 * box on another continent takes less than half a second.
 */
#define ANSWER_MIN_MS 500

/* --- The forward ---------------------------------------------------------- */

/*
 * The database's silence counts only if the tunnel was heard meanwhile.  So
 * the tunnel is asked for a sign of life after a quarter of the time.
 */
static void
expect_answer(struct client *client)
{
	struct client_startup *startup = client->startup;
	int64_t now_ms = clock_ms(), left_ms = startup->answer_by_ms - now_ms;
	int64_t doubt_ms = client->home->cfg->open_timeout_ms;

	if (left_ms < doubt_ms)
		doubt_ms = left_ms;
	startup->heard_by_ms = now_ms + doubt_ms / 4;
	stream_expect_by(client->database, startup->heard_by_ms);
}

/* The state in which the database is asked, by the kind of the packet. */
static enum client_state
serve(struct client *client)
{
	expect_answer(client);
	switch (client->startup->asked) {
	case PGWIRE_SSL_REQUEST:
	case PGWIRE_GSSENC_REQUEST:
		return CLIENT_NEGOTIATING;
	case PGWIRE_TLS:
		return CLIENT_HELLO;
	case PGWIRE_CANCEL_REQUEST:
		return client_answer_relay(client, true);
	default:
		return CLIENT_LOGIN;
	}
}

/* The forward is open: from now on pgjump waits for the database. */
static void
grant_time(struct client_startup *startup)
{
	startup->opened_ms = clock_ms();
	if (startup->answer_by_ms < startup->opened_ms + ANSWER_MIN_MS)
		startup->answer_by_ms = startup->opened_ms + ANSWER_MIN_MS;
}

static void
on_answer(void *arg, struct stream *take, const struct fault *fault)
{
	struct client *client = arg;

	client->request = NULL;
	if (take != NULL) {
		client->database = take;
		grant_time(client->startup);
		client->deadline_ms = client->startup->answer_by_ms;
		stream_listen(take, client->home->wake, client);
	} else {
		*client_fault(client) = *fault;
	}
	client->home->wake(client);
}

static void
ask_for_forward(struct client *client)
{
	client->request = jump_request_open(client->home->jump,
	    client->home->connection, &client->peer,
	    client->startup->answer_by_ms, client->is_cancel, on_answer,
	    client);
	client->deadline_ms = 0; /* the request answers by its own deadline */
}

/* The sender of a CancelRequest may close at once; it is delivered anyway. */
enum client_state
client_startup_opening(struct client *client)
{
	if (client->fault != NULL)
		return client_refuse(client);
	if (client->database != NULL && client_tls_is_due(client)) {
		expect_answer(client);
		return CLIENT_SECURING;
	}
	if (client->database != NULL)
		return serve(client);
	client_bytes_receive(client);
	if (client->has_ended && !client->is_cancel)
		return client_bytes_gone(client);
	if (client->request == NULL)
		ask_for_forward(client);
	return CLIENT_OPENING;
}

/* The sender of a CancelRequest may have closed, so it is not read. */
enum client_state
client_startup_securing(struct client *client)
{
	if (!client->is_cancel)
		client_bytes_receive(client);
	switch (client_tls_secure(client)) {
	case CLIENT_TLS_DONE:
		return serve(client);
	case CLIENT_TLS_FAILED:
		return client_refuse(client);
	case CLIENT_TLS_WAIT:
		break;
	}
	return client->is_cancel && clock_ms() < client->deadline_ms
	    ? CLIENT_SECURING
	    : client_bytes_expect(client);
}

/* --- The client's packets ------------------------------------------------- */

/* Begin to serve a complete packet. */
static enum client_state
ask(struct client *client, const struct pgwire_packet *packet,
    int64_t timeout_ms)
{
	struct client_startup *startup = client->startup;

	startup->asked = packet->kind;
	startup->packet_len = packet->len;
	startup->asked_ms = clock_ms();
	startup->answer_by_ms = startup->asked_ms + timeout_ms;
	client->deadline_ms = startup->answer_by_ms;
	client->is_cancel = packet->kind == PGWIRE_CANCEL_REQUEST;
	if (client->is_cancel && !client->has_place)
		return client_cancel_begin(client);
	if (!client->has_place) {
		client->has_place = gate_enter(client->home->gate);
		if (!client->has_place)
			return client_fail(client, FAIL_CLIENT_LIMIT,
			    "max_clients is %u",
			    client->home->connection->max_clients);
		client_settle(client);
	}
	return client->database != NULL ? serve(client) : CLIENT_OPENING;
}

static enum client_state
on_negotiation(struct client *client, const struct pgwire_packet *packet)
{
	struct client_startup *startup = client->startup;
	bool *has_asked = packet->kind == PGWIRE_SSL_REQUEST
	    ? &startup->has_asked_ssl
	    : &startup->has_asked_gssenc;

	if (*has_asked)
		return client_fail(client, FAIL_CLIENT_PROTOCOL,
		    "it asks for encryption a second time");
	if (startup->is_in_tls || client->is_in_tls)
		return client_fail(client, FAIL_CLIENT_PROTOCOL,
		    "it asks for encryption where TLS was agreed");
	if (startup->kept_len > packet->len)
		return client_answer_injected(client);
	*has_asked = true;
	if (client_tls_is_ours(client)) {
		startup->packet_len = packet->len;
		return client_tls_answer(client, packet->kind)
		    ? client_startup_greeting(client)
		    : client_end(client, "client lost");
	}
	return ask(client, packet,
	    client->home->connection->ssl_response_timeout_ms);
}

/* A client whose TLS ends here has begun TLS without asking for it first. */
static enum client_state
on_hello(struct client *client)
{
	if (client->is_in_tls)
		return client_fail(client, FAIL_CLIENT_PROTOCOL,
		    "it begins TLS within TLS");
	client_tls_begin_direct(client);
	return client_startup_greeting(client);
}

/* A StartupMessage, a ClientHello or a CancelRequest: the login begins. */
static enum client_state
on_login(struct client *client, const struct pgwire_packet *packet)
{
	struct client_startup *startup = client->startup;
	int64_t timeout_ms = client->home->connection->connection_timeout_ms;

	if (packet->kind == PGWIRE_TLS && client_tls_is_ours(client))
		return on_hello(client);
	if (startup->is_in_tls != (packet->kind == PGWIRE_TLS) &&
	    startup->was_answered)
		return client_fail(client, FAIL_CLIENT_PROTOCOL,
		    "it does not fit the encryption that was agreed");
	startup->login_ms = clock_ms() + timeout_ms;
	return ask(client, packet, timeout_ms);
}

static enum client_state
on_malformed(struct client *client, const struct pgwire_packet *packet)
{
	return client_fail(client, FAIL_CLIENT_PROTOCOL, "%s", packet->what);
}

static enum client_state
on_foreign(struct client *client, const struct pgwire_packet *packet)
{
	return client_fail(client, FAIL_CLIENT_NOT_POSTGRES, "%s",
	    packet->what);
}

static enum client_state
on_more(struct client *client, const struct pgwire_packet *packet)
{
	const struct client_startup *startup = client->startup;

	(void)packet;
	if (client->has_ended)
		return client_bytes_gone(client);
	if (clock_ms() < startup->expires_ms)
		return CLIENT_GREETING;
	if (!client->has_place && !client->has_arrived)
		return client_fail(client, FAIL_CLIENT_CROWD, "%s",
		    clock_text(startup->expires_ms - client->start_ms).text);
	return client_fail(client, FAIL_CLIENT_TIMEOUT, "%s",
	    clock_text(client->home->cfg->startup_timeout_ms).text);
}

static enum client_state (*const on_packet[])(struct client *,
    const struct pgwire_packet *) = {
	[PGWIRE_MORE] = on_more,
	[PGWIRE_SSL_REQUEST] = on_negotiation,
	[PGWIRE_GSSENC_REQUEST] = on_negotiation,
	[PGWIRE_CANCEL_REQUEST] = on_login,
	[PGWIRE_STARTUP] = on_login,
	[PGWIRE_TLS] = on_login,
	[PGWIRE_MALFORMED] = on_malformed,
	[PGWIRE_HTTP] = on_foreign,
	[PGWIRE_FOREIGN] = on_foreign,
};

enum client_state
client_startup_greeting(struct client *client)
{
	struct client_startup *startup = client->startup;
	struct pgwire_packet packet;
	enum client_state next;

	if (client->fault != NULL)
		return client_refuse(client);
	client_bytes_receive(client);
	if (client->database != NULL) {
		next = client_bytes_hear(client);
		if (next != CLIENT_GREETING)
			return next;
		if (startup->answer_len > 0)
			return client_not_postgres(client);
	}
	packet = pgwire_packet(startup->kept, startup->kept_len);
	return on_packet[packet.kind](client, &packet);
}
