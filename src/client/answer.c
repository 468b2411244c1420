/* SPDX-License-Identifier: PostgreSQL */

/*
 * The byte that answers a request for encryption, the first message of a login,
 * the first byte of TLS: pgjump looks at each before the client sees it.  Where
 * it does not come from a PostgreSQL server, the client gets an error instead.
 */
#include "client/answer.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stream.h"
#include "client/bytes.h"
#include "client/client.h"
#include "client/tls.h"
#include "config/config.h"

/* --- The session begins --------------------------------------------------- */

/* A parameter of the StartupMessage; NULL: TLS hides it, or it has none. */
static const char *
parameter(const struct client_startup *startup, const char *name)
{
	return startup->asked == PGWIRE_STARTUP && startup->packet_len > 8
	    ? pgwire_parameter(startup->kept, startup->packet_len, name)
	    : NULL;
}

/* The login itself may still fail: its end is told by "client closed". */
static void
log_session(const struct client *client, bool is_opaque)
{
	const struct client_startup *startup = client->startup;
	const char *user = is_opaque ? NULL : parameter(startup, "user");
	/* A client asks in TLS when its way is open already. */
	int64_t tunnel_ms = startup->opened_ms - startup->asked_ms;
	const char *database = is_opaque ? NULL
					 : parameter(startup, "database");

	log_info("session up", log_num("client", (int64_t)client->id),
	    log_str("connection", client->home->connection->name),
	    log_str("peer", client_peer(client)), log_str("user", user),
	    log_str("database", database != NULL ? database : user),
	    log_str("tls",
		is_opaque               ? "passthrough"
		    : client->is_in_tls ? "terminated"
					: "none"),
	    log_num("tunnel_ms", tunnel_ms > 0 ? tunnel_ms : 0),
	    log_num("database_ms", clock_ms() - startup->opened_ms));
}

static void
count_session(struct client *client, bool is_opaque)
{
	counts_add(&client->home->counts, COUNT_SESSIONS, 1);
	log_session(client, is_opaque);
}

enum client_state
client_answer_relay(struct client *client, bool is_opaque)
{
	struct client_startup *startup = client->startup;
	struct relay_setup setup = {
		.take_client = client->stream,
		.take_database = client->database,
		.is_opaque = is_opaque,
		.scratch = client->home->scratch,
		.scratch_len = client->home->scratch_len,
		.traffic = &client->traffic,
	};

	if (client->is_cancel)
		client->end_ms = startup->answer_by_ms;
	client->relay = relay_new(&setup);
	client->stream = client->database = NULL;
	if (startup->kept_len > startup->forwarded)
		relay_send_database(client->relay,
		    startup->kept + startup->forwarded,
		    startup->kept_len - startup->forwarded);
	if (startup->answer_len > 0)
		relay_send_client(client->relay, startup->answer,
		    startup->answer_len);
	if (client->is_cancel)
		client->fate = COUNT_CANCEL_DELIVERED;
	else
		count_session(client, is_opaque);
	client_free_startup(client);
	client_settle(client);
	client->deadline_ms = 0;
	return CLIENT_RELAYING;
}

/*
 * The client gets the database's request, and its reply will be looked at.  Its
 * StartupMessage stays kept, so that it can still be told an error.
 */
static enum client_state
ask_choice(struct client *client)
{
	struct client_startup *startup = client->startup;
	ssize_t taken = stream_write(client->stream, startup->answer,
	    startup->answer_len);

	if (taken != (ssize_t)startup->answer_len)
		return client_end(client, "client lost");
	stream_credit(client->database, startup->answer_len);
	client->traffic.to_client += startup->answer_len;
	startup->answer_len = 0;
	startup->was_answered = true;
	client->deadline_ms = 0; /* the database limits the login itself */
	return CLIENT_CHOOSING;
}

enum client_state
client_answer_choosing(struct client *client)
{
	enum client_state next;

	client_bytes_receive(client);
	switch (client_tls_choice(client)) {
	case CLIENT_TLS_DONE:
		return client_answer_relay(client, false);
	case CLIENT_TLS_FAILED:
		return client_refuse(client);
	case CLIENT_TLS_WAIT:
		break;
	}
	if (client->has_ended)
		return client_end(client,
		    "client closed when asked for SCRAM; it has no password, "
		    "or wants channel binding, which client_tls: terminate "
		    "cannot give");
	next = client_bytes_hear(client);
	return next == CLIENT_CHOOSING && client->startup->answer_len > 0
	    ? client_answer_relay(client, false)
	    : next;
}

/* The error has the form of protocol 2, which current drivers cannot read. */
static enum client_state
refused_by_words(struct client *client)
{
	struct pgwire_error_fields error;

	pgwire_refusal(client->startup->answer, client->startup->answer_len,
	    &error);
	return client_rejected(client, &error);
}

enum client_state
client_answer_login(struct client *client)
{
	struct client_startup *startup = client->startup;
	enum client_state next;

	client_bytes_forward_packet(client);
	client_bytes_receive(client);
	next = client_bytes_hear(client);
	if (next != CLIENT_LOGIN)
		return next;
	client_tls_unbind(client);
	switch (pgwire_answer(startup->answer, startup->answer_len)) {
	case PGWIRE_ANSWER_PLAUSIBLE:
		if (pgwire_is_unframed(startup->answer, startup->answer_len))
			return refused_by_words(client);
		return client_tls_has_choice(client)
		    ? ask_choice(client)
		    : client_answer_relay(client, false);
	case PGWIRE_ANSWER_FOREIGN:
		return client_not_postgres(client);
	case PGWIRE_ANSWER_MORE:
		break;
	}
	return client_bytes_expect(client);
}

/* The types of a TLS record are 20 to 23 (RFC 8446, 5.1). */
enum client_state
client_answer_direct_tls(struct client *client)
{
	struct client_startup *startup = client->startup;
	enum client_state next;

	client_bytes_receive(client);
	client_bytes_forward_all(client);
	next = client_bytes_hear(client);
	if (next != CLIENT_HELLO)
		return next;
	if (startup->answer_len == 0)
		return client_bytes_expect(client);
	if (startup->answer[0] < 20 || startup->answer[0] > 23)
		return client_not_postgres(client);
	return client_answer_relay(client, true);
}

/* --- Negotiations --------------------------------------------------------- */

enum client_state
client_answer_injected(struct client *client)
{
	return client_fail(client, FAIL_CLIENT_PROTOCOL,
	    "it sends more before its request for encryption is answered");
}

/* Send the byte to the client; false: *next is the state to go to. */
static bool
answer_client(struct client *client, char answer, enum client_state *next)
{
	struct client_startup *startup = client->startup;

	if (startup->kept_len > startup->packet_len) {
		*next = client_answer_injected(client);
		return false;
	}
	if (stream_write(client->stream, &answer, 1) != 1) {
		*next = client_end(client, "client lost");
		return false;
	}
	client->traffic.to_client++;
	client_bytes_drop_packet(startup);
	startup->answer_len = 0;
	startup->was_answered = true;
	return true;
}

/* Pass the byte on as it came. */
static enum client_state
pass_answer(struct client *client, char answer)
{
	struct client_startup *startup = client->startup;
	enum client_state next;

	if (!answer_client(client, answer, &next))
		return next;
	stream_credit(client->database, 1);
	if (answer == 'G')
		return client_answer_relay(client, true);
	startup->is_in_tls = answer == 'S';
	client->deadline_ms = startup->expires_ms;
	return CLIENT_GREETING;
}

/*
 * PostgreSQL 11 and earlier do not know GSSENCRequest: they send an error and
 * close.  libpq then connects again without it, and so does pgjump.
 */
static enum client_state
forget_gssenc(struct client *client)
{
	enum client_state next;

	if (!answer_client(client, 'N', &next))
		return next;
	stream_close(client->database, true);
	client->database = NULL;
	client->deadline_ms = client->startup->expires_ms;
	return CLIENT_GREETING;
}

/* The database answers with an error; wait until it is complete. */
static enum client_state
on_error(struct client *client)
{
	const struct client_startup *startup = client->startup;
	struct pgwire_error_fields error;

	switch (pgwire_refusal(startup->answer, startup->answer_len, &error)) {
	case PGWIRE_ANSWER_MORE:
		return client_bytes_expect(client);
	case PGWIRE_ANSWER_FOREIGN:
		return client_not_postgres(client);
	case PGWIRE_ANSWER_PLAUSIBLE:
		break;
	}
	return startup->asked == PGWIRE_GSSENC_REQUEST
	    ? forget_gssenc(client)
	    : client_rejected(client, &error);
}

/*
 * H2 takes GSSENCRequest for a startup packet and begins the login, at which
 * libpq gives up.  So the client is told N, and its next packet goes to a new
 * connection.
 */
static enum client_state
on_login(struct client *client)
{
	const struct client_startup *startup = client->startup;

	switch (pgwire_answer(startup->answer, startup->answer_len)) {
	case PGWIRE_ANSWER_MORE:
		return client_bytes_expect(client);
	case PGWIRE_ANSWER_FOREIGN:
		return client_not_postgres(client);
	case PGWIRE_ANSWER_PLAUSIBLE:
		break;
	}
	return forget_gssenc(client);
}

static bool
is_answer_to(enum pgwire_kind asked, char answer)
{
	return answer == 'N' ||
	    answer == (asked == PGWIRE_SSL_REQUEST ? 'S' : 'G');
}

/*
 * The byte comes alone.  More bytes with it are the greeting of another
 * protocol, or were injected by an attacker who wants them taken for encrypted
 * ones.
 */
enum client_state
client_answer_negotiating(struct client *client)
{
	struct client_startup *startup = client->startup;
	enum client_state next;

	client_bytes_forward_packet(client);
	client_bytes_receive(client);
	next = client_bytes_hear(client);
	if (next != CLIENT_NEGOTIATING)
		return next;
	if (startup->answer_len == 0)
		return client_bytes_expect(client);
	if (startup->answer[0] == 'E')
		return on_error(client);
	if (startup->answer[0] == 'R' &&
	    startup->asked == PGWIRE_GSSENC_REQUEST)
		return on_login(client);
	if (startup->answer_len > 1 ||
	    !is_answer_to(startup->asked, (char)startup->answer[0]))
		return client_not_postgres(client);
	return pass_answer(client, (char)startup->answer[0]);
}
