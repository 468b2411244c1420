/* SPDX-License-Identifier: PostgreSQL */

/*
 * Sessions of tls/tls.c with an identity against a client of OpenSSL, all in
 * memory.
 */
#include "tls/identity.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "tls/tls.h"

static struct tls_identity *identity;

/* Both ends of one conversation. */
struct talk {
	struct tls *server;
	SSL_CTX *ctx;
	SSL *client;
	BIO *in, *out;
	enum tls_status status;
	int done; /* of the client's handshake */
};

static struct talk
talk_new(bool direct)
{
	struct talk talk = { .server = tls_identity_accept(identity, direct) };

	talk.ctx = SSL_CTX_new(TLS_client_method());
	talk.client = SSL_new(talk.ctx);
	talk.in = BIO_new(BIO_s_mem());
	talk.out = BIO_new(BIO_s_mem());
	SSL_set_bio(talk.client, talk.in, talk.out);
	SSL_set_connect_state(talk.client);
	return talk;
}

static void
talk_free(struct talk *talk)
{
	tls_free(talk->server);
	SSL_free(talk->client);
	SSL_CTX_free(talk->ctx);
	ERR_clear_error();
}

/*
 * Carry each side's output to the other; the server gets `piece` bytes at a
 * time.
 */
static void
carry(struct talk *talk, size_t piece)
{
	unsigned char bytes[512];
	const void *window;
	size_t len;
	int got;

	while ((got = BIO_read(talk->out, bytes, (int)piece)) > 0)
		tls_feed(talk->server, bytes, (size_t)got);
	while ((len = tls_output(talk->server, &window)) > 0) {
		len = len > 100 ? 100 : len;
		BIO_write(talk->in, window, (int)len);
		tls_output_sent(talk->server, len);
	}
}

static void
shake(struct talk *talk, size_t piece)
{
	talk->status = TLS_WAIT;
	for (int i = 0; i < 10; i++) {
		talk->done = SSL_do_handshake(talk->client);
		carry(talk, piece);
		if (talk->status == TLS_WAIT)
			talk->status = tls_handshake(talk->server);
		carry(talk, piece);
	}
}

static void
offer(struct talk *talk, const char *protocols)
{
	SSL_set_alpn_protos(talk->client, (const unsigned char *)protocols,
	    (unsigned)strlen(protocols));
}

/* The alert that the client got: "tlsv1 alert no application protocol". */
static const char *
client_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_error());

	return reason != NULL ? reason : "";
}

static void
text_goes_both_ways(void **state)
{
	struct talk talk = talk_new(false);
	char buf[64];

	(void)state;
	shake(&talk, 1);
	assert_int_equal(talk.status, TLS_READY);
	assert_int_equal(talk.done, 1);
	assert_int_equal(tls_read(talk.server, buf, sizeof buf), TLS_READ_WAIT);
	assert_int_equal(SSL_write(talk.client, "startup", 7), 7);
	carry(&talk, 512);
	assert_int_equal(tls_read(talk.server, buf, sizeof buf), 7);
	assert_memory_equal(buf, "startup", 7);
	tls_write(talk.server, "fatal", 5);
	tls_finish(talk.server);
	carry(&talk, 512);
	assert_int_equal(SSL_read(talk.client, buf, sizeof buf), 5);
	assert_memory_equal(buf, "fatal", 5);
	assert_int_equal(SSL_read(talk.client, buf, sizeof buf), TLS_READ_END);
	assert_int_equal(SSL_get_shutdown(talk.client), SSL_RECEIVED_SHUTDOWN);
	SSL_shutdown(talk.client);
	carry(&talk, 512);
	assert_int_equal(tls_read(talk.server, buf, sizeof buf), TLS_READ_END);
	assert_string_equal(tls_words(talk.server), "");
	talk_free(&talk);
}

static void
tls_1_2_is_spoken_and_1_1_is_not(void **state)
{
	struct talk talk = talk_new(false);

	(void)state;
	SSL_set_max_proto_version(talk.client, TLS1_2_VERSION);
	shake(&talk, 512);
	assert_int_equal(talk.status, TLS_READY);
	talk_free(&talk);

	talk = talk_new(false);
	SSL_set_security_level(talk.client, 0);
	SSL_set_min_proto_version(talk.client, TLS1_VERSION);
	SSL_set_max_proto_version(talk.client, TLS1_1_VERSION);
	shake(&talk, 512);
	assert_int_equal(talk.status, TLS_FAILED);
	assert_string_not_equal(tls_words(talk.server), "");
	talk_free(&talk);
}

static void
direct_tls_selects_postgresql(void **state)
{
	struct talk talk = talk_new(true);
	const unsigned char *selected;
	unsigned len;

	(void)state;
	offer(&talk, "\010http/1.1\012postgresql");
	shake(&talk, 512);
	assert_int_equal(talk.status, TLS_READY);
	SSL_get0_alpn_selected(talk.client, &selected, &len);
	assert_int_equal(len, 10);
	assert_memory_equal(selected, "postgresql", 10);
	talk_free(&talk);
}

/* `offered` may be NULL. */
static void
assert_alert_120(bool direct, const char *offered)
{
	struct talk talk = talk_new(direct);

	if (offered != NULL)
		offer(&talk, offered);
	shake(&talk, 512);
	assert_int_equal(talk.status, TLS_FAILED);
	assert_string_equal(client_reason(),
	    "tlsv1 alert no application protocol");
	talk_free(&talk);
}

static void
direct_tls_without_postgresql_gets_alert_120(void **state)
{
	(void)state;
	assert_alert_120(true, NULL);
	assert_alert_120(true, "\002h2\010http/1.1");
	assert_alert_120(true, "\013postgresqlx");
}

static void
negotiated_tls_with_other_protocols_gets_it_too(void **state)
{
	(void)state;
	assert_alert_120(false, "\002h2\010http/1.1");
	assert_alert_120(false, "\013postgresqlx");
}

/* After an SSLRequest most clients offer nothing; psql offers "postgresql". */
static void
negotiated_tls_may_offer_nothing(void **state)
{
	static const char *const offers[] = { NULL, "\012postgresql",
		"\002h2\012postgresql" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct talk talk = talk_new(false);
		const unsigned char *selected;
		unsigned len;

		if (offers[i] != NULL)
			offer(&talk, offers[i]);
		shake(&talk, 512);
		assert_int_equal(talk.status, TLS_READY);
		SSL_get0_alpn_selected(talk.client, &selected, &len);
		assert_int_equal(len, i > 0 ? 10 : 0);
		talk_free(&talk);
	}
}

static void
a_verifying_client_is_heard(void **state)
{
	struct talk talk = talk_new(false);

	(void)state;
	SSL_set_verify(talk.client, SSL_VERIFY_PEER, NULL);
	shake(&talk, 512);
	assert_int_equal(talk.status, TLS_FAILED);
	assert_string_equal(tls_words(talk.server),
	    "client sent alert: unknown CA");
	talk_free(&talk);
}

static void
no_tickets_are_given(void **state)
{
	struct talk talk = talk_new(false);
	SSL_SESSION *session;
	char byte;

	(void)state;
	shake(&talk, 512);
	tls_write(talk.server, "x", 1);
	carry(&talk, 512);
	assert_int_equal(SSL_read(talk.client, &byte, 1), 1);
	session = SSL_get_session(talk.client);
	assert_false(SSL_SESSION_has_ticket(session));
	talk_free(&talk);
}

static void
the_certificate_says_what_it_is(void **state)
{
	struct talk talk = talk_new(false);
	char name[128];
	X509 *certificate;

	(void)state;
	shake(&talk, 512);
	certificate = SSL_get0_peer_certificate(talk.client);
	assert_non_null(certificate);
	X509_NAME_oneline(X509_get_subject_name(certificate), name,
	    sizeof name);
	assert_string_equal(name, "/CN=pgjump reports a failure");
	assert_int_equal(X509_check_host(certificate, "localhost", 0, 0, NULL),
	    1);
	assert_int_equal(X509_check_ip_asc(certificate, "127.0.0.1", 0), 1);
	assert_int_equal(X509_check_ip_asc(certificate, "::1", 0), 1);
	assert_true(
	    X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0);
	assert_true(X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0);
	talk_free(&talk);
}

static void
noise_fails(void **state)
{
	struct talk talk = talk_new(false);

	(void)state;
	tls_feed(talk.server, "GET / HTTP/1.1\r\n\r\n", 18);
	assert_int_equal(tls_handshake(talk.server), TLS_FAILED);
	assert_string_not_equal(tls_words(talk.server), "");
	talk_free(&talk);
}

static int
set_up(void **state)
{
	(void)state;
	identity = tls_identity_new();
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_identity_unref(identity);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_goes_both_ways),
		cmocka_unit_test(tls_1_2_is_spoken_and_1_1_is_not),
		cmocka_unit_test(direct_tls_selects_postgresql),
		cmocka_unit_test(direct_tls_without_postgresql_gets_alert_120),
		cmocka_unit_test(
		    negotiated_tls_with_other_protocols_gets_it_too),
		cmocka_unit_test(negotiated_tls_may_offer_nothing),
		cmocka_unit_test(a_verifying_client_is_heard),
		cmocka_unit_test(no_tickets_are_given),
		cmocka_unit_test(the_certificate_says_what_it_is),
		cmocka_unit_test(noise_fails),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
