/* SPDX-License-Identifier: PostgreSQL */

/*
 * How a client fails: one fault, completed with names and facts, logged once.
 */
#include "client/client.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xmalloc.h"
#include "client/gate.h"
#include "config/config.h"
#include "tls/client.h"

const char *
client_peer(const struct client *client)
{
	return client->is_local ? "local" : client->peer.host;
}

void
client_settle(struct client *client)
{
	if (client->has_arrived)
		gate_settle(client->home->gate);
	client->has_arrived = false;
}

struct fault *
client_fault(struct client *client)
{
	if (client->fault == NULL)
		client->fault = xcalloc(1, sizeof *client->fault);
	return client->fault;
}

void
client_complete_fault(struct client *client)
{
	const struct config_connection *connection = client->home->connection;
	const struct config_jump *jump = connection->jump;

	fault_name(client->fault, jump != NULL ? jump->label : NULL,
	    jump != NULL ? jump->username : NULL, connection->label);
}

enum client_state
client_refuse(struct client *client)
{
	struct fault *fault = client->fault;
	char message[FAULT_DETAIL_MAX];

	client_complete_fault(client);
	gate_fail(client->home->gate, fault->code);
	if (fault->detail[0] == '\0')
		fault_note(fault, "the client at %s had been connected for %s",
		    client->peer.host,
		    clock_text(clock_ms() - client->start_ms).text);
	fault_message(fault, message, sizeof message);
	log_warning("client refused", log_num("client", (int64_t)client->id),
	    log_str("connection", client->home->connection->name),
	    log_str("peer", client_peer(client)),
	    log_str("stage", failure_stage(fault->code)->label),
	    log_str("error", message), log_str("detail", fault->detail));
	if (client->is_cancel)
		return client_end(client, "cancel request not delivered");
	client->how = "refused";
	return CLIENT_REFUSING;
}

enum client_state
client_fail(struct client *client, enum failure code, const char *words, ...)
{
	char text[FAULT_WORDS_MAX];
	va_list args;

	va_start(args, words);
	vsnprintf(text, sizeof text, words, args);
	va_end(args);
	fault_set(client_fault(client), code, "%s", text);
	return client_refuse(client);
}

void
client_free_startup(struct client *client)
{
	if (client->startup == NULL)
		return;
	tls_client_free(client->startup->securing);
	free(client->startup);
	client->startup = NULL;
}

enum client_state
client_end(struct client *client, const char *how)
{
	client->how = how;
	return CLIENT_CLOSED;
}
