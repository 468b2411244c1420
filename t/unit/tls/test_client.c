/* SPDX-License-Identifier: PostgreSQL */

/*
 * tls/client.c against a server of OpenSSL with certificates of every kind,
 * all in memory.
 */
#include "tls/client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../pki.h"
#include "base/fault.h"
#include "config/config.h"
#include "tls/tls.h"

static struct pki_cert root, other_root, namesake, good, expired, early, own,
    old_root, of_old_root, guest;

/* A database with TLS, and how a session with it ended. */
struct database {
	const struct pki_cert *cert;
	const char *ca; /* of clients; NULL: none is asked for */
	int max_version;
	int alert; /* its answer to any name; 0: it accepts */
};

struct outcome {
	enum tls_client_status status;
	struct fault fault;
	struct tls_facts facts;
	char server_name[64],
	    protocol[16]; /* the name that the database was told */
};

static int
reject_name(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	*alert = *(const int *)arg;
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *
database_context(const struct database *database)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	const int mode = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;

	SSL_CTX_use_certificate(ctx, database->cert->x509);
	SSL_CTX_use_PrivateKey(ctx, database->cert->key);
	if (database->max_version != 0) {
		SSL_CTX_set_security_level(ctx, 0);
		SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
		SSL_CTX_set_max_proto_version(ctx, database->max_version);
	}
	if (database->alert != 0) {
		SSL_CTX_set_tlsext_servername_callback(ctx, reject_name);
		SSL_CTX_set_tlsext_servername_arg(ctx,
		    (void *)&database->alert);
	}
	if (database->ca == NULL)
		return ctx;
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), root.x509);
	SSL_CTX_set_verify(ctx, mode, NULL);
	return ctx;
}

static int
take_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
    const unsigned char *offered, unsigned len, void *arg)
{
	struct outcome *outcome = arg;

	(void)ssl;
	(void)out;
	(void)out_len;
	snprintf(outcome->protocol, sizeof outcome->protocol, "%.*s",
	    len > 0 ? offered[0] : 0, offered + 1);
	return SSL_TLSEXT_ERR_NOACK;
}

/* Move the client's output, `piece` bytes at a time. */
static void
drain(struct tls_client *client, BIO *to)
{
	const void *bytes;
	size_t len;

	while ((len = tls_client_output(client, &bytes)) > 0) {
		BIO_write(to, bytes, 1);
		tls_client_sent(client, 1);
	}
}

static void
shake(struct tls_client *client, SSL *ssl, struct outcome *outcome)
{
	unsigned char byte;

	tls_client_feed(client, "S", 1);
	for (int i = 0; i < 20; i++) {
		if (outcome->status == TLS_CLIENT_WAIT)
			outcome->status = tls_client_step(client,
			    &outcome->fault);
		drain(client, SSL_get_rbio(ssl));
		SSL_do_handshake(ssl);
		while (BIO_read(SSL_get_wbio(ssl), &byte, 1) == 1)
			tls_client_feed(client, &byte, 1);
	}
}

static void
drop_request(struct tls_client *client)
{
	const void *bytes;

	assert_int_equal(tls_client_output(client, &bytes), 8);
	assert_memory_equal(bytes, "\0\0\0\x08\x04\xd2\x16\x2f", 8);
	tls_client_sent(client, 8);
	assert_int_equal(tls_client_output(client, &bytes), 0);
}

static struct outcome
meet(const struct config_connection *connection,
    const struct database *database)
{
	struct outcome outcome = { .status = TLS_CLIENT_WAIT };
	struct tls_client_rules *rules = tls_client_rules_new(connection,
	    &outcome.fault);
	SSL_CTX *ctx = database_context(database);
	SSL *ssl = SSL_new(ctx);
	struct tls_client *client;
	const char *name;

	assert_non_null(rules);
	client = tls_client_new(rules);
	tls_client_rules_free(rules);
	SSL_CTX_set_alpn_select_cb(ctx, take_protocol, &outcome);
	SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(ssl);
	drop_request(client);
	shake(client, ssl, &outcome);
	outcome.facts = *tls_client_facts(client);
	name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	snprintf(outcome.server_name, sizeof outcome.server_name, "%s",
	    name != NULL ? name : "");
	tls_client_free(client);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return outcome;
}

static struct config_connection
to(const char *host, enum ssl_mode mode, const struct pki_cert *ca)
{
	return (struct config_connection){ .host = (char *)host,
		.host_kind = config_host_kind(host),
		.ssl_mode = mode,
		.ca_cert.text = ca != NULL ? ca->cert_text : NULL };
}

/* --- The certificate of the database -------------------------------------- */

static const struct certificate_case {
	const char *name, *host;
	enum ssl_mode mode;
	const struct pki_cert *ca, *cert;
	enum failure code; /* FAIL_NONE: it must succeed */
	const char *words;
} certificate_cases[] = {
	{ "prefer takes anything", "db.example.com", SSL_MODE_PREFER, NULL,
	    &own, FAIL_NONE, "not verified: mode prefer" },
	{ "require takes anything", "x", SSL_MODE_REQUIRE, NULL, &expired,
	    FAIL_NONE, "not verified: mode require" },
	{ "require with an authority verifies it", "x", SSL_MODE_REQUIRE,
	    &other_root, &good, FAIL_DB_TLS_UNTRUSTED, "issuer" },
	{ "verify-ca does not look at names", "x", SSL_MODE_VERIFY_CA, &root,
	    &good, FAIL_NONE, "signed by ca_cert" },
	{ "verify-full, a name", "db.example.com", SSL_MODE_VERIFY_FULL, &root,
	    &good, FAIL_NONE, "issued for db.example.com" },
	{ "verify-full, an address", "10.0.0.5", SSL_MODE_VERIFY_FULL, &root,
	    &good, FAIL_NONE, "issued for 10.0.0.5" },
	{ "verify-full, another name", "other.example.com",
	    SSL_MODE_VERIFY_FULL, &root, &good, FAIL_DB_TLS_NAME,
	    "db.example.com, *.pool.example.com, 10.0.0.5" },
	{ "verify-full, another address", "10.0.0.6", SSL_MODE_VERIFY_FULL,
	    &root, &good, FAIL_DB_TLS_NAME, "10.0.0.5" },
	{ "self-signed", "db.example.com", SSL_MODE_VERIFY_FULL, &root, &own,
	    FAIL_DB_TLS_UNTRUSTED, "it is self-signed and is not in " },
	{ "self-signed and in ca_cert", "db.example.com", SSL_MODE_VERIFY_FULL,
	    &own, &own, FAIL_NONE, "signed by ca_cert" },
	{ "unknown authority", "db.example.com", SSL_MODE_VERIFY_CA,
	    &other_root, &good, FAIL_DB_TLS_UNTRUSTED,
	    "the issuer is not in ssl_config.ca_cert: CN=Test root" },
	{ "authority of the same name", "db.example.com", SSL_MODE_VERIFY_CA,
	    &namesake, &good, FAIL_DB_TLS_UNTRUSTED, "of the same name" },
	{ "authorities of the system", "db.example.com", SSL_MODE_VERIFY_FULL,
	    NULL, &good, FAIL_DB_TLS_UNTRUSTED, "issuer is not in" },
	{ "expired", "db.example.com", SSL_MODE_VERIFY_CA, &root, &expired,
	    FAIL_DB_TLS_OUTDATED, "it expired on 20" },
	{ "not valid yet", "db.example.com", SSL_MODE_VERIFY_CA, &root, &early,
	    FAIL_DB_TLS_OUTDATED, "it is valid only from 20" },
	{ "its authority expired", "db.example.com", SSL_MODE_VERIFY_CA,
	    &old_root, &of_old_root, FAIL_DB_TLS_OUTDATED,
	    "its authority CN=Old root" },
};

static void
certificates_are_judged_as_the_mode_asks(void **state)
{
	(void)state;
	for (size_t i = 0;
	     i < sizeof certificate_cases / sizeof *certificate_cases; i++) {
		const struct certificate_case *it = &certificate_cases[i];
		struct config_connection connection = to(it->host, it->mode,
		    it->ca);
		struct outcome outcome = meet(&connection,
		    &(struct database){ .cert = it->cert });
		const char *words = it->code == FAIL_NONE
		    ? outcome.facts.verified
		    : outcome.fault.words;

		if (outcome.fault.code != it->code ||
		    strstr(words, it->words) == NULL)
			fail_msg("%s: code %d, \"%s\"", it->name,
			    outcome.fault.code, words);
		assert_int_equal(outcome.status,
		    it->code == FAIL_NONE ? TLS_CLIENT_READY
					  : TLS_CLIENT_FAILED);
		assert_string_equal(outcome.facts.names,
		    it->cert == &good
			? "db.example.com, *.pool.example.com, 10.0.0.5"
			: "db.example.com");
	}
}

static void
facts_tell_what_was_seen(void **state)
{
	struct config_connection connection = to("db.example.com",
	    SSL_MODE_VERIFY_FULL, &root);
	struct outcome outcome = meet(&connection,
	    &(struct database){ .cert = &good });

	(void)state;
	assert_string_equal(outcome.facts.version, "TLSv1.3");
	assert_string_equal(outcome.facts.cipher, "TLS_AES_256_GCM_SHA384");
	assert_string_equal(outcome.facts.subject, "CN=A database,O=Test");
	assert_string_equal(outcome.facts.issuer, "CN=Test root,O=Test");
	assert_int_equal(strlen(outcome.facts.expires), 10);
	assert_true(outcome.facts.expires_s > 1700000000);
	assert_true(outcome.facts.is_verified);
	assert_string_equal(outcome.server_name, "db.example.com");
	assert_string_equal(outcome.protocol, "postgresql");
	connection.host = (char *)"10.0.0.5";
	connection.host_kind = CONFIG_HOST_ADDRESS;
	outcome = meet(&connection, &(struct database){ .cert = &good });
	assert_string_equal(outcome.server_name, "");
}

static void
tls_1_1_is_refused(void **state)
{
	struct config_connection connection = to("x", SSL_MODE_REQUIRE, NULL);
	struct outcome outcome = meet(&connection,
	    &(struct database){ .cert = &good, .max_version = TLS1_1_VERSION });

	(void)state;
	assert_int_equal(outcome.status, TLS_CLIENT_FAILED);
	assert_int_equal(outcome.fault.code, FAIL_DB_TLS_FAILED);
	assert_string_not_equal(outcome.fault.words, "");
}

/* --- The certificate of the client ---------------------------------------- */

static void
a_client_certificate_is_shown(void **state)
{
	const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct config_connection connection = to("x", SSL_MODE_REQUIRE,
		    NULL);
		struct database strict = { .cert = &good,
			.ca = root.cert_text,
			.max_version = versions[i] };

		connection.client_cert.text = guest.cert_text;
		connection.client_key.text = guest.key_text;
		assert_int_equal(meet(&connection, &strict).status,
		    TLS_CLIENT_READY);
	}
}

/* With TLS 1.2 that happens inside the handshake. */
static void
a_rejected_client_is_told_why(void **state)
{
	struct config_connection connection = to("x", SSL_MODE_REQUIRE, NULL);
	struct database strict = { .cert = &good,
		.ca = root.cert_text,
		.max_version = TLS1_2_VERSION };
	struct outcome outcome;

	(void)state;
	connection.client_cert.text = own.cert_text;
	connection.client_key.text = own.key_text;
	outcome = meet(&connection, &strict);
	assert_int_equal(outcome.status, TLS_CLIENT_FAILED);
	assert_int_equal(outcome.fault.code, FAIL_DB_TLS_REJECTED);
	assert_non_null(strstr(outcome.fault.words, "unknown CA"));
}

static void
a_server_that_wants_a_name_is_told_apart(void **state)
{
	static const struct {
		const char *host;
		int alert;
		enum failure code;
	} cases[] = {
		{ "10.0.0.5", SSL_AD_HANDSHAKE_FAILURE, FAIL_DB_TLS_NAMELESS },
		{ "::1", SSL_AD_UNRECOGNIZED_NAME, FAIL_DB_TLS_NAMELESS },
		{ "x", SSL_AD_UNRECOGNIZED_NAME, FAIL_DB_TLS_NAME_UNKNOWN },
		{ "x", SSL_AD_HANDSHAKE_FAILURE, FAIL_DB_TLS_FAILED },
		{ "10.0.0.5", SSL_AD_INTERNAL_ERROR, FAIL_DB_TLS_FAILED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct database database = { .cert = &good,
			.alert = cases[i].alert };
		const struct config_connection connection = to(cases[i].host,
		    SSL_MODE_REQUIRE, NULL);

		assert_int_equal(meet(&connection, &database).fault.code,
		    cases[i].code);
	}
}

/* --- Before TLS ----------------------------------------------------------- */

static const struct answer_case {
	enum ssl_mode mode;
	const char *answer;
	enum tls_client_status status;
	enum failure code;
} answer_cases[] = {
	{ SSL_MODE_ALLOW, "N", TLS_CLIENT_PLAIN, FAIL_NONE },
	{ SSL_MODE_PREFER, "N", TLS_CLIENT_PLAIN, FAIL_NONE },
	{ SSL_MODE_REQUIRE, "N", TLS_CLIENT_FAILED, FAIL_DB_TLS_ABSENT },
	{ SSL_MODE_VERIFY_CA, "N", TLS_CLIENT_FAILED, FAIL_DB_TLS_ABSENT },
	{ SSL_MODE_VERIFY_FULL, "N", TLS_CLIENT_FAILED, FAIL_DB_TLS_ABSENT },
	{ SSL_MODE_PREFER, "E", TLS_CLIENT_FAILED, FAIL_DB_NOT_POSTGRES },
	{ SSL_MODE_PREFER, "SSH-2.0", TLS_CLIENT_FAILED, FAIL_DB_NOT_POSTGRES },
	{ SSL_MODE_PREFER, "N\n", TLS_CLIENT_FAILED, FAIL_DB_NOT_POSTGRES },
	{ SSL_MODE_PREFER, "", TLS_CLIENT_WAIT, FAIL_NONE },
};

static struct tls_client *
client_of(const struct config_connection *connection)
{
	struct fault fault = { 0 };
	struct tls_client_rules *rules = tls_client_rules_new(connection,
	    &fault);
	struct tls_client *client = tls_client_new(rules);

	tls_client_rules_free(rules);
	return client;
}

static void
the_answer_to_the_request_decides(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof answer_cases / sizeof *answer_cases;
	     i++) {
		const struct answer_case *it = &answer_cases[i];
		struct config_connection connection = to("x", it->mode, NULL);
		struct tls_client *client;
		struct fault fault = { 0 };

		connection.ca_cert.text = root.cert_text;
		client = client_of(&connection);
		drop_request(client);
		tls_client_feed(client, it->answer, strlen(it->answer));
		assert_int_equal(tls_client_step(client, &fault), it->status);
		assert_int_equal(fault.code, it->code);
		tls_client_free(client);
	}
}

static void
nothing_is_asked_where_tls_is_off(void **state)
{
	const struct config_connection off[] = { to("x", SSL_MODE_DISABLE,
						     NULL),
		to("/run/postgresql", SSL_MODE_PREFER, NULL) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tls_client *client = client_of(&off[i]);
		struct fault fault = { 0 };
		const void *bytes;

		assert_int_equal(tls_client_output(client, &bytes), 0);
		assert_int_equal(tls_client_step(client, &fault),
		    TLS_CLIENT_PLAIN);
		tls_client_free(client);
	}
}

static void
a_close_is_told(void **state)
{
	struct config_connection connection = to("x", SSL_MODE_REQUIRE, NULL);
	struct tls_client *client = client_of(&connection);
	struct fault fault = { 0 };

	(void)state;
	tls_client_closed(client, &fault);
	assert_int_equal(fault.code, FAIL_DB_TLS_FAILED);
	assert_string_equal(fault.words,
	    "it closed the connection on an SSLRequest");
	tls_client_free(client);
}

/* --- Settings ------------------------------------------------------------- */

static void
settings_that_cannot_be_used_are_named(void **state)
{
	struct config_connection connection = to("x", SSL_MODE_VERIFY_CA, NULL);
	struct fault fault = { 0 };

	(void)state;
	connection.ca_cert = (struct secret){ .path = (char *)"/nowhere/ca" };
	assert_null(tls_client_rules_new(&connection, &fault));
	assert_int_equal(fault.code, FAIL_DB_TLS_SETTINGS);
	assert_string_equal(fault.words,
	    "ca_cert: cannot read /nowhere/ca: No such file or directory");

	fault = (struct fault){ 0 };
	connection.ca_cert = (struct secret){ .text = (char *)"none" };
	assert_null(tls_client_rules_new(&connection, &fault));
	assert_string_equal(fault.words,
	    "ca_cert holds no certificate in PEM form");

	fault = (struct fault){ 0 };
	connection.ca_cert.text = root.cert_text;
	connection.client_cert.text = guest.cert_text;
	connection.client_key.text = good.key_text;
	assert_null(tls_client_rules_new(&connection, &fault));
	assert_string_equal(fault.words,
	    "client_key is not the key of the certificate");
}

static int
set_up(void **state)
{
	(void)state;
	root = pki_cert_new(
	    &(struct pki_wish){ .name = "Test root", .is_authority = true });
	other_root = pki_cert_new(
	    &(struct pki_wish){ .name = "Other root", .is_authority = true });
	namesake = pki_cert_new(
	    &(struct pki_wish){ .name = "Test root", .is_authority = true });
	old_root = pki_cert_new(&(struct pki_wish){ .name = "Old root",
	    .is_authority = true,
	    .from_days = -10,
	    .until_days = -1 });
	good = pki_cert_new(&(struct pki_wish){ .name = "A database",
	    .alternatives =
		"DNS:db.example.com,DNS:*.pool.example.com,IP:10.0.0.5",
	    .issuer = &root });
	expired = pki_cert_new(&(struct pki_wish){ .name = "db.example.com",
	    .issuer = &root,
	    .from_days = -10,
	    .until_days = -1 });
	early = pki_cert_new(&(struct pki_wish){ .name = "db.example.com",
	    .issuer = &root,
	    .from_days = 1,
	    .until_days = 10 });
	own = pki_cert_new(&(struct pki_wish){ .name = "db.example.com" });
	of_old_root = pki_cert_new(&(
	    struct pki_wish){ .name = "db.example.com", .issuer = &old_root });
	guest = pki_cert_new(
	    &(struct pki_wish){ .name = "reader", .issuer = &root });
	return 0;
}

static int
tear_down(void **state)
{
	struct pki_cert *all[] = { &root, &other_root, &namesake, &good,
		&expired, &early, &own, &old_root, &of_old_root, &guest };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		pki_cert_clear(all[i]);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_judged_as_the_mode_asks),
		cmocka_unit_test(facts_tell_what_was_seen),
		cmocka_unit_test(tls_1_1_is_refused),
		cmocka_unit_test(a_client_certificate_is_shown),
		cmocka_unit_test(a_server_that_wants_a_name_is_told_apart),
		cmocka_unit_test(a_rejected_client_is_told_why),
		cmocka_unit_test(the_answer_to_the_request_decides),
		cmocka_unit_test(nothing_is_asked_where_tls_is_off),
		cmocka_unit_test(a_close_is_told),
		cmocka_unit_test(settings_that_cannot_be_used_are_named),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
