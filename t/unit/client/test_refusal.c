/* SPDX-License-Identifier: PostgreSQL */

/*
 * client/refusal.c with clients that would hold it up for ever.  The test sends
 * their bytes, and counts or blocks the bytes for them.
 */
#include "client/refusal.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/stream.h"
#include "tls/identity.h"
#include "tls/tls.h"

#define STARTUP  "\0\0\0\21\0\3\0\0user\0app\0\0"
#define READ_MAX (1024UL * 1024)

struct peer {
	struct stream stream;
	struct tls *tls; /* NULL: it sends zeros for ever */
	size_t sent;
	bool is_reading, was_finished;
};

static ssize_t
peer_read(struct stream *stream, void *buf, size_t len)
{
	struct peer *self = (struct peer *)stream;
	const void *bytes = "";
	size_t left = len;

	memset(buf, 0, len);
	if (self->tls != NULL)
		left = tls_output(self->tls, &bytes);
	if (left > len)
		left = len;
	if (self->tls != NULL && left > 0) {
		memcpy(buf, bytes, left);
		tls_output_sent(self->tls, left);
	}
	self->sent += left;
	assert_true(self->sent < READ_MAX);
	return left > 0 ? (ssize_t)left : STREAM_WAIT;
}

static ssize_t
peer_write(struct stream *stream, const void *buf, size_t len)
{
	struct peer *self = (struct peer *)stream;

	if (!self->is_reading)
		return STREAM_WAIT;
	if (self->tls != NULL)
		tls_feed(self->tls, buf, len);
	return (ssize_t)len;
}

static void
peer_pause(struct stream *stream, bool is_paused)
{
	(void)stream, (void)is_paused;
}

static void
peer_finish(struct stream *stream)
{
	((struct peer *)stream)->was_finished = true;
}

static const struct stream_ops peer_ops = {
	.read = peer_read,
	.write = peer_write,
	.pause = peer_pause,
	.finish = peer_finish,
};

static struct refusal *
refuse(struct peer *peer, struct tls_identity *identity, const char *kept,
    size_t kept_len)
{
	static struct fault fault;
	const struct refusal_setup setup = {
		.client = &peer->stream,
		.identity = identity,
		.fault = &fault,
		.kept = kept,
		.kept_len = kept_len,
		.is_in_tls = identity != NULL,
	};

	peer->stream.ops = &peer_ops;
	peer->is_reading = true;
	fault_name(&fault, "jump:22", "ubuntu", "db:5432");
	fault_set(&fault, FAIL_TUNNEL_LOST, "%s", "");
	return refusal_new(&setup);
}

static void
who_goes_on_sending_has_its_turn(void **state)
{
	struct peer peer = { 0 };
	struct refusal *refusal = refuse(&peer, NULL, STARTUP,
	    sizeof STARTUP - 1);

	(void)state;
	assert_int_equal(refusal_step(refusal), REFUSAL_RUNNING);
	assert_true(peer.was_finished && peer.sent > 0);
	refusal_free(refusal);
}

/* KeyUpdate asks for one in return (RFC 8446, 4.6.3). */
static void
who_makes_us_talk_and_does_not_listen_is_lost(void **state)
{
	struct tls_identity *identity = tls_identity_new();
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct peer peer = { .tls = tls_new(ctx, "pgjump") };
	struct refusal *refusal = refuse(&peer, identity, "", 0);
	enum refusal_status status = REFUSAL_RUNNING;

	(void)state;
	while (tls_handshake(peer.tls) != TLS_READY)
		assert_int_equal(refusal_step(refusal), REFUSAL_RUNNING);
	assert_int_equal(refusal_step(refusal), REFUSAL_RUNNING);
	peer.is_reading = false;
	for (int i = 0; i < 20000 && status == REFUSAL_RUNNING; i++) {
		SSL_key_update(tls_ssl(peer.tls), SSL_KEY_UPDATE_REQUESTED);
		assert_int_equal(tls_handshake(peer.tls), TLS_READY);
		status = refusal_step(refusal);
	}
	assert_int_equal(status, REFUSAL_UNTOLD);
	refusal_free(refusal);
	tls_free(peer.tls);
	tls_identity_unref(identity);
	SSL_CTX_free(ctx);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_goes_on_sending_has_its_turn),
		cmocka_unit_test(who_makes_us_talk_and_does_not_listen_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
