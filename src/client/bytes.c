/* SPDX-License-Identifier: PostgreSQL */

/*
 * The client's packet stays kept until it is answered, and the database's
 * answer until pgjump knows what it is.
 */
#include "client/bytes.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/stream.h"
#include "client/client.h"
#include "config/config.h"
#include "tls/stream.h"

/* --- The client's side ---------------------------------------------------- */

void
client_bytes_receive(struct client *client)
{
	struct client_startup *startup = client->startup;
	const size_t size = sizeof startup->kept;
	ssize_t got;

	while (startup->kept_len < size && !client->has_ended) {
		got = stream_read(client->stream,
		    startup->kept + startup->kept_len,
		    size - startup->kept_len);
		if (got == STREAM_WAIT)
			break;
		if (got > 0)
			startup->kept_len += (size_t)got;
		else
			client->has_ended = true;
	}
	stream_pause(client->stream, startup->kept_len == size);
}

void
client_bytes_drop_packet(struct client_startup *startup)
{
	startup->kept_len -= startup->packet_len;
	memmove(startup->kept, startup->kept + startup->packet_len,
	    startup->kept_len);
	startup->packet_len = 0;
	startup->forwarded = 0;
}

/* A client that does not trust tls_cert sends an alert and closes. */
static void
log_tls(const struct client *client)
{
	const char *words = client->is_in_tls ? tls_stream_words(client->stream)
					      : "";

	if (words[0] != '\0')
		log_warning("TLS with client failed",
		    log_num("client", (int64_t)client->id),
		    log_str("connection", client->home->connection->name),
		    log_str("peer", client_peer(client)),
		    log_str("reason", words));
}

enum client_state
client_bytes_gone(struct client *client)
{
	log_tls(client);
	return client_end(client,
	    client_is_probe(client)
		? "probe"
		: "client closed before the session was up");
}

/* --- The database's side -------------------------------------------------- */

/* Pass on what is kept, up to the offset `end`. */
static void
forward(struct client *client, size_t end)
{
	struct client_startup *startup = client->startup;
	ssize_t taken;

	while (startup->forwarded < end) {
		taken = stream_write(client->database,
		    startup->kept + startup->forwarded,
		    end - startup->forwarded);
		if (taken < 0)
			return; /* the next read tells what is wrong */
		startup->forwarded += (size_t)taken;
		client->traffic.to_database += (uint64_t)taken;
	}
}

void
client_bytes_forward_packet(struct client *client)
{
	forward(client, client->startup->packet_len);
}

void
client_bytes_forward_all(struct client *client)
{
	forward(client, client->startup->kept_len);
}

/* From the packet that is served to the first byte of the database. */
static void
count_first_byte(struct client *client)
{
	struct client_startup *startup = client->startup;

	if (!startup->is_heard)
		counts_open(&client->home->counts,
		    clock_ms() - startup->asked_ms);
	startup->is_heard = true;
}

enum client_state
client_bytes_hear(struct client *client)
{
	struct client_startup *startup = client->startup;
	size_t room = sizeof startup->answer - startup->answer_len;
	ssize_t got = stream_read(client->database,
	    startup->answer + startup->answer_len, room);

	if (got > 0) {
		startup->answer_len += (size_t)got;
		count_first_byte(client);
	} else if (got != STREAM_WAIT)
		return client_hung_up(client, got == STREAM_LOST);
	return client->state;
}

enum client_state
client_bytes_expect(struct client *client)
{
	if (client->has_ended)
		return client_bytes_gone(client);
	return clock_ms() >= client->deadline_ms ? client_silent(client)
						 : client->state;
}
