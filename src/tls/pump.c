/* SPDX-License-Identifier: PostgreSQL */

/*
 * A broken stream is found out by reading: what it brought before it broke may
 * say why.
 */
#include "tls/pump.h"

#include "base/stream.h"

#define READ_MAX ((size_t)16 * 1024)

static void
send_output(struct tls_client *client, struct stream *database)
{
	const void *bytes;
	ssize_t taken;
	size_t len;

	while ((len = tls_client_output(client, &bytes)) > 0) {
		taken = stream_write(database, bytes, len);
		if (taken < 0)
			return;
		tls_client_sent(client, (size_t)taken);
	}
}

/* READY: something has come. */
static enum tls_client_status
take_input(struct tls_client *client, struct stream *database,
    struct fault *fault)
{
	unsigned char bytes[READ_MAX];
	ssize_t got = stream_read(database, bytes, sizeof bytes);

	if (got == STREAM_WAIT)
		return TLS_CLIENT_WAIT;
	if (got > 0) {
		tls_client_feed(client, bytes, (size_t)got);
		stream_credit(database, (size_t)got);
		return TLS_CLIENT_READY;
	}
	if (got == STREAM_LOST)
		stream_fault(database, fault);
	tls_client_closed(client, fault);
	return TLS_CLIENT_FAILED;
}

enum tls_client_status
tls_pump(struct tls_client *client, struct stream *database,
    struct fault *fault)
{
	enum tls_client_status status, input;

	do {
		status = tls_client_step(client, fault);
		send_output(client, database);
		if (status != TLS_CLIENT_WAIT)
			return status;
		input = take_input(client, database, fault);
	} while (input == TLS_CLIENT_READY);
	return input;
}
