/* SPDX-License-Identifier: PostgreSQL */

/*
 * tls/stream.c between a user and a raw stream that gives and takes a few bytes
 * at a time.  The peer is a session of tls/tls.c; all is in memory.
 */
#include "tls/stream.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../pki.h"
#include "base/fault.h"
#include "base/stream.h"
#include "tls/tls.h"

#define PLENTY 100000

/* --- A raw stream --------------------------------------------------------- */

struct raw {
	struct stream stream;
	unsigned char in[4 * PLENTY], out[4 * PLENTY];
	size_t in_len, in_at, out_len;
	size_t read_max, write_max; /* in one call; 0: it must wait */
	size_t credited;
	bool is_ended, is_lost, is_finished, is_closed, was_reset;
};

static struct raw raw;

static ssize_t
raw_read(struct stream *stream, void *buf, size_t len)
{
	size_t left = raw.in_len - raw.in_at;

	(void)stream;
	if (len > raw.read_max)
		len = raw.read_max;
	if (len > left)
		len = left;
	memcpy(buf, raw.in + raw.in_at, len);
	raw.in_at += len;
	if (len > 0)
		return (ssize_t)len;
	if (raw.is_lost && left == 0)
		return STREAM_LOST;
	return raw.is_ended && left == 0 ? STREAM_END : STREAM_WAIT;
}

static ssize_t
raw_write(struct stream *stream, const void *buf, size_t len)
{
	(void)stream;
	if (len > raw.write_max)
		len = raw.write_max;
	memcpy(raw.out + raw.out_len, buf, len);
	raw.out_len += len;
	return len > 0 ? (ssize_t)len : STREAM_WAIT;
}

static void
raw_credit(struct stream *stream, size_t len)
{
	(void)stream;
	raw.credited += len;
	assert_true(raw.credited <= raw.in_at);
}

static void
raw_finish(struct stream *stream)
{
	(void)stream;
	raw.is_finished = true;
}

static bool
raw_is_drained(struct stream *stream)
{
	(void)stream;
	return true;
}

static void
raw_fault(struct stream *stream, struct fault *fault)
{
	(void)stream;
	fault_set(fault, FAIL_TUNNEL_LOST, "raw");
}

static void
raw_close(struct stream *stream, bool reset)
{
	(void)stream;
	raw.is_closed = true;
	raw.was_reset = reset;
}

static const struct stream_ops raw_ops = {
	.read = raw_read,
	.write = raw_write,
	.credit = raw_credit,
	.finish = raw_finish,
	.is_drained = raw_is_drained,
	.fault = raw_fault,
	.close = raw_close,
};

/* --- Both ends ------------------------------------------------------------ */

static struct pki_cert cert;
static SSL_CTX *server_ctx, *client_ctx;
static struct tls *peer;
static struct stream *stream;

/* Each end receives what the other has written. */
static void
carry(void)
{
	const void *bytes;
	size_t len;

	tls_feed(peer, raw.out, raw.out_len);
	raw.out_len = 0;
	len = tls_output(peer, &bytes);
	if (len > 0)
		memcpy(raw.in + raw.in_len, bytes, len);
	raw.in_len += len;
	tls_output_sent(peer, len);
}

static void
shake(void)
{
	unsigned char byte;

	for (int i = 0; i < 4000 && tls_handshake(peer) != TLS_READY; i++) {
		assert_int_equal(stream_read(stream, &byte, 1), STREAM_WAIT);
		carry();
	}
	assert_int_equal(stream_read(stream, &byte, 1), STREAM_WAIT);
	assert_int_equal(tls_handshake(peer), TLS_READY);
}

static void
fill(unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = (unsigned char)(i * 31 + i / 256);
}

static size_t
read_all(unsigned char *buf, size_t size)
{
	size_t used = 0;
	ssize_t got;

	while ((got = stream_read(stream, buf + used, size - used)) > 0) {
		used += (size_t)got;
		stream_credit(stream, (size_t)got);
		if (used == size)
			break;
	}
	return used;
}

static void
bytes_come_whole_and_are_given_back(void **state)
{
	static unsigned char said[PLENTY], heard[PLENTY + 1];
	static const size_t pieces[] = { 1, 7, 4096, 4 * PLENTY };

	(void)state;
	shake();
	fill(said, sizeof said);
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		raw.read_max = pieces[i];
		tls_write(peer, said, sizeof said);
		carry();
		assert_int_equal(read_all(heard, sizeof heard), sizeof said);
		assert_memory_equal(heard, said, sizeof said);
		assert_int_equal(raw.credited, raw.in_at);
		raw.in_len = raw.in_at = raw.credited = 0;
	}
}

/* Crediting half of it may not exceed what was read of the raw stream. */
static void
credit_goes_by_what_was_given_back(void **state)
{
	unsigned char said[1000], heard[1000];

	(void)state;
	shake();
	raw.credited = raw.in_at = raw.in_len = 0;
	fill(said, sizeof said);
	tls_write(peer, said, sizeof said);
	carry();
	assert_int_equal(stream_read(stream, heard, 1000), 1000);
	assert_int_equal(raw.credited, 0);
	stream_credit(stream, 999);
	assert_int_equal(raw.credited, 999);
	stream_credit(stream, 1);
	assert_int_equal(raw.credited, raw.in_at);
}

static void
a_slow_raw_stream_makes_the_user_wait(void **state)
{
	static unsigned char said[PLENTY], heard[PLENTY];
	size_t sent = 0, got = 0;
	ssize_t taken;

	(void)state;
	shake();
	fill(said, sizeof said);
	raw.write_max = 0;
	taken = stream_write(stream, said, sizeof said);
	assert_true(taken > 0 && taken < PLENTY);
	sent += (size_t)taken;
	assert_int_equal(stream_write(stream, said + sent, PLENTY - sent),
	    STREAM_WAIT);
	assert_false(stream_is_drained(stream));
	raw.write_max = 1000;
	while (sent < PLENTY) {
		taken = stream_write(stream, said + sent, PLENTY - sent);
		assert_true(taken > 0);
		sent += (size_t)taken;
	}
	assert_true(stream_is_drained(stream));
	carry();
	while (got < PLENTY) {
		taken = tls_read(peer, heard + got, PLENTY - got);
		assert_true(taken > 0);
		got += (size_t)taken;
	}
	assert_memory_equal(heard, said, PLENTY);
}

/*
 * Output of TLS is sent when the raw stream is ready, even if the user has
 * nothing to write.
 */
static void
what_is_left_goes_by_itself(void **state)
{
	(void)state;
	shake();
	raw.write_max = 0;
	assert_int_equal(stream_write(stream, "x", 1), 1);
	stream_finish(stream);
	assert_false(raw.is_finished);
	raw.write_max = PLENTY;
	raw.stream.on_ready(raw.stream.arg);
	assert_true(raw.is_finished);
	assert_true(raw.out_len > 0);
}

static void
ends_are_told_apart(void **state)
{
	struct fault fault = { 0 };
	char byte;

	(void)state;
	shake();
	tls_finish(peer);
	carry();
	assert_int_equal(stream_read(stream, &byte, 1), STREAM_END);
	stream_fault(stream, &fault);
	assert_int_equal(fault.code, FAIL_TUNNEL_LOST);
}

static void
an_end_without_goodbye_is_an_end(void **state)
{
	char byte;

	(void)state;
	shake();
	tls_write(peer, "x", 1);
	carry();
	raw.is_ended = true;
	assert_int_equal(stream_read(stream, &byte, 1), 1);
	assert_int_equal(stream_read(stream, &byte, 1), STREAM_END);
}

static void
explain(const struct tls *tls, struct fault *fault)
{
	fault_set(fault, FAIL_DB_TLS_FAILED, "%s", tls_words(tls));
}

static void
noise_is_a_loss_in_words(void **state)
{
	struct fault fault = { 0 };
	char byte;

	(void)state;
	stream_close(stream, false);
	stream = tls_stream_new(&raw.stream, tls_new(client_ctx, "database"),
	    explain);
	memcpy(raw.in, "HTTP/1.1 400 Bad Request\r\n", 26);
	raw.in_len = 26;
	raw.is_ended = true;
	assert_int_equal(stream_read(stream, &byte, 1), STREAM_LOST);
	assert_int_equal(stream_write(stream, "x", 1), STREAM_LOST);
	stream_fault(stream, &fault);
	assert_int_equal(fault.code, FAIL_DB_TLS_FAILED);
	assert_string_not_equal(tls_stream_words(stream), "");
}

static void
a_loss_comes_after_what_was_received(void **state)
{
	char heard[10];

	(void)state;
	shake();
	tls_write(peer, "last words", 10);
	carry();
	raw.is_lost = true;
	assert_int_equal(stream_read(stream, heard, 10), 10);
	assert_int_equal(stream_read(stream, heard, 10), STREAM_LOST);
	stream_close(stream, true);
	stream = NULL;
	assert_true(raw.is_closed && raw.was_reset);
}

/* Each KeyUpdate asks for one in return (RFC 8446, 4.6.3). */
static void
who_makes_us_talk_and_does_not_listen_is_lost(void **state)
{
	ssize_t got = STREAM_WAIT;
	char byte;
	int asked;

	(void)state;
	shake();
	raw.write_max = 0;
	for (asked = 0; asked < 100000 && got == STREAM_WAIT; asked++) {
		SSL_key_update(tls_ssl(peer), SSL_KEY_UPDATE_REQUESTED);
		assert_int_equal(tls_handshake(peer), TLS_READY);
		carry();
		got = stream_read(stream, &byte, 1);
		raw.in_len = raw.in_at = raw.credited = 0;
	}
	assert_int_equal(got, STREAM_LOST);
	assert_true(asked > 1000);
	assert_int_equal(stream_write(stream, "x", 1), STREAM_LOST);
}

static int
set_up(void **state)
{
	(void)state;
	memset(&raw, 0, sizeof raw);
	raw.stream.ops = &raw_ops;
	raw.read_max = raw.write_max = PLENTY;
	cert = pki_cert_new(&(struct pki_wish){ .name = "database" });
	server_ctx = SSL_CTX_new(TLS_server_method());
	client_ctx = SSL_CTX_new(TLS_client_method());
	tls_set_rules(server_ctx);
	tls_set_rules(client_ctx);
	SSL_CTX_use_certificate(server_ctx, cert.x509);
	SSL_CTX_use_PrivateKey(server_ctx, cert.key);
	peer = tls_new(server_ctx, "client");
	stream = tls_stream_new(&raw.stream, tls_new(client_ctx, "database"),
	    NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	stream_close(stream, false);
	tls_free(peer);
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
	pki_cert_clear(&cert);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_come_whole_and_are_given_back),
		TEST(credit_goes_by_what_was_given_back),
		TEST(a_slow_raw_stream_makes_the_user_wait),
		TEST(what_is_left_goes_by_itself),
		TEST(ends_are_told_apart),
		TEST(an_end_without_goodbye_is_an_end),
		TEST(noise_is_a_loss_in_words),
		TEST(a_loss_comes_after_what_was_received),
		TEST(who_makes_us_talk_and_does_not_listen_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
