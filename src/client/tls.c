/* SPDX-License-Identifier: PostgreSQL */

/*
 * Once TLS has begun, client->stream and client->database are streams of TLS,
 * and all other steps work as in the clear.
 *
 * A client in TLS that is offered channel binding binds to the certificate that
 * pgjump showed it, and the database rejects a certificate that is not its own.
 * Removing the offer does not help: the client then says that it could have
 * bound, which the database takes for an attack (RFC 5802, 6).  A client in the
 * clear says no such thing, and takes the offer itself for an attack.
 */
#include "client/tls.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/stream.h"
#include "client/bytes.h"
#include "config/config.h"
#include "tls/client.h"
#include "tls/identity.h"
#include "tls/pump.h"
#include "tls/stream.h"
#include "tls/tls.h"

/* With its NUL, as it stands in SASLInitialResponse. */
static const char bound_mechanism[] = "SCRAM-SHA-256-PLUS";

/* --- The client ----------------------------------------------------------- */

bool
client_tls_is_ours(const struct client *client)
{
	return client->home->connection->client_tls == TLS_ENDS_HERE;
}

/* The client's bytes are TLS from now on, those that are kept included. */
static void
begin(struct client *client, bool is_direct)
{
	struct tls *tls = tls_identity_accept(client->home->identity,
	    is_direct);

	tls_feed(tls, client->startup->kept, client->startup->kept_len);
	client->startup->kept_len = 0;
	client->stream = tls_stream_new(client->stream, tls, NULL);
	client->is_in_tls = true;
}

bool
client_tls_answer(struct client *client, enum pgwire_kind kind)
{
	bool is_wanted = kind == PGWIRE_SSL_REQUEST;

	if (stream_write(client->stream, is_wanted ? "S" : "N", 1) != 1)
		return false;
	client->traffic.to_client++;
	client_bytes_drop_packet(client->startup);
	if (is_wanted)
		begin(client, false);
	return true;
}

void
client_tls_begin_direct(struct client *client)
{
	begin(client, true);
}

/* --- The database --------------------------------------------------------- */

bool
client_tls_is_due(const struct client *client)
{
	const struct config_connection *connection = client->home->connection;

	return client_tls_is_ours(client) &&
	    connection->ssl_mode != SSL_MODE_DISABLE &&
	    connection->host_kind != CONFIG_HOST_SOCKET &&
	    !client->startup->is_secured;
}

/* The rules of all clients; made anew when a file they come from changed. */
static struct tls_client_rules *
rules_of(struct client_home *home, struct fault *fault)
{
	if (home->rules != NULL && tls_client_rules_are_stale(home->rules)) {
		tls_client_rules_free(home->rules);
		home->rules = NULL;
	}
	if (home->rules == NULL)
		home->rules = tls_client_rules_new(home->connection, fault);
	return home->rules;
}

/* The database's certificate is evidence when it was not good enough. */
static void
note_facts(const struct client *client, struct fault *fault)
{
	const struct tls_client *securing = client->startup->securing;
	const struct tls_facts *facts = securing != NULL
	    ? tls_client_facts(securing)
	    : NULL;

	fault_note(fault, "the connection to %s had been open for %s",
	    client->home->connection->label,
	    clock_text(clock_ms() - client->startup->opened_ms).text);
	if (facts != NULL && facts->subject[0] != '\0')
		fault_note(fault,
		    "its certificate is %s, issued by %s, valid until %s",
		    facts->subject, facts->issuer, facts->expires);
}

static enum client_tls_status
secure(struct client *client, struct fault *fault)
{
	struct client_startup *startup = client->startup;

	if (startup->securing == NULL && rules_of(client->home, fault) == NULL)
		return CLIENT_TLS_FAILED;
	if (startup->securing == NULL)
		startup->securing = tls_client_new(client->home->rules);
	switch (tls_pump(startup->securing, client->database, fault)) {
	case TLS_CLIENT_WAIT:
		return CLIENT_TLS_WAIT;
	case TLS_CLIENT_FAILED:
		return CLIENT_TLS_FAILED;
	case TLS_CLIENT_READY:
		client->database = tls_stream_new(client->database,
		    tls_client_take(startup->securing), tls_client_explain);
		break;
	case TLS_CLIENT_PLAIN:
		break;
	}
	return CLIENT_TLS_DONE;
}

enum client_tls_status
client_tls_secure(struct client *client)
{
	struct fault fault = { 0 };
	enum client_tls_status status = secure(client, &fault);

	if (status == CLIENT_TLS_FAILED) {
		note_facts(client, &fault);
		*client_fault(client) = fault;
	}
	client->startup->is_secured = status == CLIENT_TLS_DONE;
	client->is_database_in_tls = status == CLIENT_TLS_DONE &&
	    tls_client_facts(client->startup->securing)->version[0] != '\0';
	return status;
}

/* --- Channel binding ------------------------------------------------------ */

void
client_tls_unbind(struct client *client)
{
	struct client_startup *startup = client->startup;
	size_t len = startup->answer_len;

	if (!client->is_database_in_tls || client->is_in_tls)
		return;
	startup->answer_len = pgwire_unbind(startup->answer, len);
	if (len > startup->answer_len)
		stream_credit(client->database, len - startup->answer_len);
}

bool
client_tls_has_choice(const struct client *client)
{
	const struct client_startup *startup = client->startup;

	return client->is_in_tls && client_tls_is_ours(client) &&
	    pgwire_is_sasl_request(startup->answer, startup->answer_len);
}

/* SASLInitialResponse: a type, a length, the mechanism. */
enum client_tls_status
client_tls_choice(struct client *client)
{
	const struct client_startup *startup = client->startup;
	const unsigned char *said = startup->kept + startup->packet_len;
	size_t len = startup->kept_len - startup->packet_len;
	const size_t needed = 5 + sizeof bound_mechanism;

	if (len == 0)
		return CLIENT_TLS_WAIT;
	if (said[0] != 'p' || !client->is_database_in_tls)
		return CLIENT_TLS_DONE;
	if (len < needed &&
	    (len <= 5 || memchr(said + 5, '\0', len - 5) == NULL))
		return CLIENT_TLS_WAIT;
	if (len < needed ||
	    memcmp(said + 5, bound_mechanism, sizeof bound_mechanism) != 0 ||
	    tls_stream_is_one_certificate(client->stream, client->database))
		return CLIENT_TLS_DONE;
	fault_set_code(client_fault(client), FAIL_CLIENT_BINDING);
	return CLIENT_TLS_FAILED;
}
