/* SPDX-License-Identifier: PostgreSQL */

/*
 * Certificates and keys as people paste them: which are read, and what is said
 * of the others.
 */
#include "key/tls_pem.h"

#include <openssl/pem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../pki.h"

static struct pki_cert one, two;

/* Replace each line end of `text` by `by`, between `before` and `after`. */
static char *
pasted(const char *text, const char *before, const char *by, const char *after)
{
	char *out = calloc(1, 4 * strlen(text) + 200);

	strcat(out, before);
	for (; *text != '\0'; text++)
		if (*text == '\n')
			strcat(out, by);
		else
			strncat(out, text, 1);
	return strcat(out, after);
}

static void
pasted_texts_are_read(void **state)
{
	static const char *const ends[] = { "\n", "\r\n", "\n\n", "\\n",
		"\\r\\n", " ", "\n    " };
	char why[200];

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		char *cert = pasted(one.cert_text, "subject=db\n", ends[i], "");
		char *key = pasted(one.key_text, "  ", ends[i], "  ");

		assert_int_equal(tls_pem_judge(cert, key, why, sizeof why),
		    TLS_PEM_GOOD);
		free(cert);
		free(key);
	}
}

static char *
write_key(int nid, const EVP_CIPHER *cipher)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *bytes = NULL, *text;
	long len;

	if (nid == NID_X9_62_id_ecPublicKey)
		PEM_write_bio_PrivateKey_traditional(out, one.key, cipher,
		    cipher != NULL ? (unsigned char *)"secret" : NULL,
		    cipher != NULL ? 6 : 0, NULL, NULL);
	else if (cipher != NULL)
		PEM_write_bio_PKCS8PrivateKey(out, one.key, cipher, "secret", 6,
		    NULL, NULL);
	else
		PEM_write_bio_PUBKEY(out, one.key);
	len = BIO_get_mem_data(out, &bytes);
	text = strndup(bytes, (size_t)len);
	BIO_free(out);
	return text;
}

static void
keys_of_each_form_are_read(void **state)
{
	static const char curve[] = "-----BEGIN EC PARAMETERS-----\n"
				    "BggqhkjOPQMBBw==\n"
				    "-----END EC PARAMETERS-----\n";
	char *sec1 = write_key(NID_X9_62_id_ecPublicKey, NULL);
	char *both = pasted(sec1, curve, "\n", "");
	char why[200];

	(void)state;
	assert_non_null(strstr(sec1, "BEGIN EC PRIVATE KEY"));
	assert_int_equal(tls_pem_judge(one.cert_text, sec1, why, sizeof why),
	    TLS_PEM_GOOD);
	assert_int_equal(tls_pem_judge(one.cert_text, both, why, sizeof why),
	    TLS_PEM_GOOD);
	free(both);
	free(sec1);
}

static void
is_told(const char *cert, const char *key, enum tls_pem_verdict verdict,
    const char *words)
{
	char why[200];

	assert_int_equal(tls_pem_judge(cert, key, why, sizeof why), verdict);
	if (strstr(why, words) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", words, why);
}

static void
what_is_wrong_is_named(void **state)
{
	char *locked = write_key(0, EVP_aes_128_cbc());
	char *old_locked = write_key(NID_X9_62_id_ecPublicKey,
	    EVP_aes_128_cbc());
	char *public = write_key(0, NULL);
	char *cut = strndup(one.cert_text, 200);

	(void)state;
	is_told("", one.key_text, TLS_PEM_BAD_CERT, "holds no certificate");
	is_told("hello", one.key_text, TLS_PEM_BAD_CERT,
	    "holds no certificate");
	is_told(cut, one.key_text, TLS_PEM_BAD_CERT, "holds no certificate");
	is_told(one.key_text, one.key_text, TLS_PEM_BAD_CERT,
	    "is a private key, not a certificate");
	is_told("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
	    one.key_text, TLS_PEM_BAD_CERT, "is damaged: certificate 1");
	is_told(one.cert_text, "hello", TLS_PEM_BAD_KEY,
	    "holds no private key");
	is_told(one.cert_text, two.key_text, TLS_PEM_BAD_KEY,
	    "is not the key of the certificate");
	is_told(one.cert_text, one.cert_text, TLS_PEM_BAD_KEY,
	    "is a certificate, not a private key");
	is_told(one.cert_text, locked, TLS_PEM_BAD_KEY, "is encrypted");
	is_told(one.cert_text, old_locked, TLS_PEM_BAD_KEY, "is encrypted");
	is_told(one.cert_text, public, TLS_PEM_BAD_KEY, "is a public key");
	is_told(one.cert_text,
	    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"
	    "-----END OPENSSH PRIVATE KEY-----\n",
	    TLS_PEM_BAD_KEY, "in the form of OpenSSH");
	is_told(one.cert_text,
	    "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
	    TLS_PEM_BAD_KEY, "is damaged");
	free(locked);
	free(old_locked);
	free(public);
	free(cut);
}

static void
a_chain_is_shown_in_its_order(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char *both = pasted(one.cert_text, "", "\n", two.cert_text);
	STACK_OF(X509) *chain = NULL;
	char why[200];

	(void)state;
	assert_int_equal(tls_pem_use(ctx, both, one.key_text, why, sizeof why),
	    TLS_PEM_GOOD);
	assert_int_equal(X509_cmp(SSL_CTX_get0_certificate(ctx), one.x509), 0);
	SSL_CTX_get0_chain_certs(ctx, &chain);
	assert_int_equal(sk_X509_num(chain), 1);
	assert_int_equal(X509_cmp(sk_X509_value(chain, 0), two.x509), 0);
	SSL_CTX_free(ctx);
	free(both);
}

static void
every_authority_is_trusted(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char *both = pasted(one.cert_text, "", "\n", two.cert_text);
	char why[200];

	(void)state;
	assert_true(tls_pem_trust(ctx, both, why, sizeof why));
	assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(
			     SSL_CTX_get_cert_store(ctx))),
	    2);
	assert_false(tls_pem_trust(ctx, "none", why, sizeof why));
	assert_true(tls_pem_judge_authorities(both, why, sizeof why));
	assert_false(tls_pem_judge_authorities(one.key_text, why, sizeof why));
	assert_string_equal(why, "is a private key, not a certificate");
	SSL_CTX_free(ctx);
	free(both);
}

static void
dates_are_told(void **state)
{
	struct pki_cert old = pki_cert_new(&(struct pki_wish){ .name = "old",
	    .from_days = -10,
	    .until_days = -1 });
	struct pki_cert early = pki_cert_new(
	    &(struct pki_wish){ .name = "early",
		.from_days = 1,
		.until_days = 10 });
	char when[200];

	(void)state;
	assert_false(tls_pem_is_outdated(one.cert_text, when, sizeof when));
	assert_true(tls_pem_is_outdated(old.cert_text, when, sizeof when));
	assert_int_equal(strncmp(when, "expired on 20", 13), 0);
	assert_true(tls_pem_is_outdated(early.cert_text, when, sizeof when));
	assert_int_equal(strncmp(when, "is valid only from 20", 21), 0);
	pki_cert_clear(&old);
	pki_cert_clear(&early);
}

static int
set_up(void **state)
{
	(void)state;
	one = pki_cert_new(&(struct pki_wish){ .name = "one" });
	two = pki_cert_new(&(struct pki_wish){ .name = "two" });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_cert_clear(&one);
	pki_cert_clear(&two);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pasted_texts_are_read),
		cmocka_unit_test(keys_of_each_form_are_read),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_chain_is_shown_in_its_order),
		cmocka_unit_test(every_authority_is_trusted),
		cmocka_unit_test(dates_are_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
