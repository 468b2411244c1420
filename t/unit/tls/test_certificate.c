/* SPDX-License-Identifier: PostgreSQL */

/*
 * Names of certificates against hosts: libpq's rules, one row each.
 */
#include "tls/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "../pki.h"

static const struct name_case {
	const char *common, *alternatives, *host;
	bool is_match;
	const char *list;
} cases[] = {
	{ "db", NULL, "db", true, "db" },
	{ "db", NULL, "DB", true, "db" },
	{ "db", NULL, "db2", false, "db" },
	{ NULL, NULL, "db", false, "" },
	/* The common name counts only if no other name has its type. */
	{ "db", "DNS:other", "db", false, "other" },
	{ "db", "DNS:other", "other", true, "other" },
	{ "db", "IP:10.0.0.5", "db", true, "10.0.0.5" },
	{ "10.0.0.5", "DNS:db", "10.0.0.5", true, "db" },
	{ "10.0.0.5", "IP:10.0.0.6", "10.0.0.5", false, "10.0.0.6" },
	{ "10.0.0.5", NULL, "10.0.0.5", true, "10.0.0.5" },
	/* Addresses. */
	{ "x", "IP:10.0.0.5", "10.0.0.5", true, "10.0.0.5" },
	{ "x", "DNS:10.0.0.5", "10.0.0.5", true, "10.0.0.5" },
	{ "x", "IP:fd00:0:0:0:0:0:0:5", "fd00::5", true, "fd00::5" },
	{ "x", "IP:fd00:0:0:0:0:0:0:5", "fd00::6", false, "fd00::5" },
	/* A wildcard stands for one label, which is the first. */
	{ "*.example.com", NULL, "db.example.com", true, "*.example.com" },
	{ "*.example.com", NULL, "DB.EXAMPLE.COM", true, "*.example.com" },
	{ "*.example.com", NULL, "example.com", false, "*.example.com" },
	{ "*.example.com", NULL, "a.b.example.com", false, "*.example.com" },
	{ "*.example.com", NULL, "db.example.org", false, "*.example.com" },
	{ "db*.example.com", NULL, "db1.example.com", false,
	    "db*.example.com" },
	{ "*", NULL, "db", false, "*" },
	{ "*.", NULL, "db.", false, "*." },
	{ "x", "DNS:a.example.com,DNS:*.pool", "b.pool", true,
	    "a.example.com, *.pool" },
};

static void
names_are_matched_as_libpq_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct name_case *it = &cases[i];
		struct pki_cert cert = pki_cert_new(
		    &(struct pki_wish){ .name = it->common,
			.alternatives = it->alternatives });
		char list[100];

		if (tls_certificate_matches(cert.x509, it->host) !=
		    it->is_match)
			fail_msg("%s for %s", it->host,
			    it->alternatives != NULL ? it->alternatives
						     : it->common);
		tls_certificate_names(cert.x509, list, sizeof list);
		assert_string_equal(list, it->list);
		pki_cert_clear(&cert);
	}
}

/* "db\0.evil.com" must not pass for db. */
static void
a_nul_byte_matches_nothing(void **state)
{
	X509 *x509 = X509_new();
	X509_NAME *subject = X509_get_subject_name(x509);
	char list[100], text[100];

	(void)state;
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
	    (const unsigned char *)"db\0.evil.com", 12, -1, 0);
	assert_false(tls_certificate_matches(x509, "db"));
	tls_certificate_names(x509, list, sizeof list);
	assert_string_equal(list, "");
	tls_certificate_subject(subject, text, sizeof text);
	assert_string_equal(text, "CN=db\\00.evil.com");
	X509_free(x509);
}

static void
a_long_list_is_cut(void **state)
{
	struct pki_cert cert = pki_cert_new(
	    &(struct pki_wish){ .name = "x", .alternatives = "DNS:a,DNS:b" });
	char list[3];

	(void)state;
	tls_certificate_names(cert.x509, list, sizeof list);
	assert_string_equal(list, "a,");
	pki_cert_clear(&cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_matched_as_libpq_does),
		cmocka_unit_test(a_nul_byte_matches_nothing),
		cmocka_unit_test(a_long_list_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
