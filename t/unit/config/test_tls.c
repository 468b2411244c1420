/* SPDX-License-Identifier: PostgreSQL */

/*
 * client_tls, tls_cert and tls_key of documents: what is accepted, and the
 * errors for everything else.
 */
#include "config/tls.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "../pki.h"
#include "config/config.h"
#include "documents.h"

/* The text of a certificate or key on one line, as it is pasted into YAML. */
static const char *
one_line(const char *pem)
{
	static char lines[4][2000];
	static size_t turn;
	char *out = lines[turn++ % 4], *at = out;

	for (; *pem != '\0'; pem++)
		at += sprintf(at, *pem == '\n' ? "\\n" : "%c", *pem);
	return out;
}

static const char *
tls_document(const char *cert, const char *key, const char *more)
{
	static char document[8000];

	snprintf(document, sizeof document,
	    "{name: a, host: h, tls_cert: \"%s\", tls_key: \"%s\"%s}",
	    one_line(cert), one_line(key), more);
	return document;
}

static void
certificates_for_clients_are_judged(void **state)
{
	struct pki_cert one = pki_cert_new(&(struct pki_wish){ .name = "one" });
	struct pki_cert two = pki_cert_new(&(struct pki_wish){ .name = "two" });
	struct pki_cert old = pki_cert_new(&(struct pki_wish){ .name = "old",
	    .from_days = -10,
	    .until_days = -1 });
	struct config *cfg;

	(void)state;
	cfg = good(tls_document(one.cert_text, one.key_text,
	    ", client_tls: terminate"));
	assert_int_equal(cfg->connections->client_tls, TLS_ENDS_HERE);
	assert_int_equal(cfg->connections->ssl_mode, SSL_MODE_PREFER);
	assert_non_null(cfg->connections->tls_cert.text);
	assert_non_null(cfg->connections->tls_key.text);
	config_unref(cfg);
	assert_non_null(
	    strstr(errors(tls_document(one.cert_text, two.key_text, "")),
		": tls_key: it is not the key of the certificate\n"));
	assert_non_null(
	    strstr(errors(tls_document(one.cert_text, one.cert_text, "")),
		": tls_key: it is a certificate, not a private key\n"));
	cfg = parse(tls_document(old.cert_text, old.key_text, ""));
	assert_non_null(strstr(said,
	    "1:30: warning: tls_cert: the certificate expired on 20"));
	config_unref(cfg);
	pki_cert_clear(&one);
	pki_cert_clear(&two);
	pki_cert_clear(&old);
}

static void
a_pair_is_given_whole(void **state)
{
	(void)state;
	assert_string_equal(errors("{name: a, host: h, tls_key: y}"),
	    "1:29: tls_cert and tls_key must be given together\n");
	assert_string_equal(errors("{name: a, host: h, tls_cert: x}"),
	    "1:30: tls_cert and tls_key must be given together\n"
	    "1:30: tls_cert must be a certificate in PEM format\n");
	assert_string_equal(errors("{name: a, host: h, client_tls: "
				   "terminate}"),
	    "1:32: client_tls: terminate needs tls_cert and tls_key\n");
}

/* Inside a tunnel TLS to the database is off unless asked for. */
static void
terminate_chooses_a_mode(void **state)
{
	static const struct {
		const char *keys;
		enum ssl_mode mode;
	} cases[] = {
		{ "", SSL_MODE_DISABLE },
		{ "  ssl: true\n", SSL_MODE_REQUIRE },
		{ "  ssl_config: {mode: prefer}\n", SSL_MODE_PREFER },
		{ "  ssl_config: {}\n", SSL_MODE_DISABLE },
	};
	struct pki_cert one = pki_cert_new(&(struct pki_wish){ .name = "one" });
	char document[8000];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct config *cfg;

		snprintf(document, sizeof document,
		    TUNNEL("a", "1000") "    password: x\n"
					"  client_tls: terminate\n"
					"  tls_cert: \"%s\"\n"
					"  tls_key: \"%s\"\n%s",
		    one_line(one.cert_text), one_line(one.key_text),
		    cases[i].keys);
		cfg = good(document);
		assert_int_equal(cfg->connections->ssl_mode, cases[i].mode);
		config_unref(cfg);
	}
	pki_cert_clear(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_for_clients_are_judged),
		cmocka_unit_test(a_pair_is_given_whole),
		cmocka_unit_test(terminate_chooses_a_mode),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
