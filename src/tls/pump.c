/* SPDX-License-Identifier: PostgreSQL */

/*
 * A broken stream is noticed by reading, not by writing: the bytes that came
 * before it broke may say why.
 */
#include "tls/pump.h"

#include "base/stream.h"

/* A record of TLS (RFC 8446, 5.1), of which a handshake seldom needs more. */
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

/*
 * Read once.  False: nothing has come; if the stream ended, *status is FAILED.
 */
static bool
take_input(struct tls_client *client, struct stream *database,
    struct fault *fault, enum tls_client_status *status)
{
	unsigned char bytes[READ_MAX];
	ssize_t got = stream_read(database, bytes, sizeof bytes);

	if (got == STREAM_WAIT)
		return false;
	if (got > 0) {
		tls_client_feed(client, bytes, (size_t)got);
		stream_credit(database, (size_t)got);
		return true;
	}
	if (got == STREAM_LOST)
		stream_fault(database, fault);
	tls_client_closed(client, fault);
	*status = TLS_CLIENT_FAILED;
	return false;
}

enum tls_client_status
tls_pump(struct tls_client *client, struct stream *database,
    struct fault *fault)
{
	enum tls_client_status status;

	do {
		status = tls_client_step(client, fault);
		send_output(client, database);
	} while (status == TLS_CLIENT_WAIT &&
	    take_input(client, database, fault, &status));
	return status;
}
