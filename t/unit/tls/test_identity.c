/* SPDX-License-Identifier: PostgreSQL */

/*
 * tls_cert and tls_key in files that change while threads show them.
 */
#include "tls/identity.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../pki.h"
#include "config/config.h"
#include "tls/tls.h"

#define THREADS 3
#define CHANGES 200

static struct pki_cert one, two;
static char dir[] = "/tmp/test_tls_identity.XXXXXX";
static char cert_path[64], key_path[64];
static struct tls_identity *throwaway, *identity;
static struct config_connection connection;
static atomic_bool is_over;

/* Replace a file, as programs that renew certificates do. */
static void
replace(const char *path, const char *text)
{
	char new_path[80];
	FILE *file;

	snprintf(new_path, sizeof new_path, "%s.new", path);
	file = fopen(new_path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(rename(new_path, path), 0);
}

static void
show(const struct pki_cert *cert, const struct pki_cert *key)
{
	replace(cert_path, cert->cert_text);
	replace(key_path, key->key_text);
}

static bool
is_shown(const struct pki_cert *cert)
{
	struct tls *tls = tls_identity_accept(identity, false);
	bool is_same = X509_cmp(SSL_get_certificate(tls_ssl(tls)),
			   cert->x509) == 0;

	tls_free(tls);
	return is_same;
}

static void
the_last_good_pair_is_shown(void **state)
{
	(void)state;
	show(&one, &one);
	assert_true(is_shown(&one));
	show(&two, &two);
	assert_true(is_shown(&two));
	show(&two, &one);
	assert_true(is_shown(&two));
	unlink(cert_path);
	assert_true(is_shown(&two));
	show(&one, &one);
	assert_true(is_shown(&one));
}

/* A file may vanish between the configuration's check and the start. */
static void
the_throwaway_one_is_shown_at_first(void **state)
{
	(void)state;
	tls_identity_unref(identity);
	unlink(cert_path);
	identity = tls_identity_open(&connection, throwaway);
	assert_false(is_shown(&one) || is_shown(&two));
	show(&one, &one);
	assert_true(is_shown(&one));
}

static void
a_session_outlives_its_identity(void **state)
{
	struct tls *tls = tls_identity_accept(identity, true);

	(void)state;
	tls_identity_unref(identity);
	identity = NULL;
	tls_feed(tls, "GET / HTTP/1.1\r\n\r\n", 18);
	assert_int_equal(tls_handshake(tls), TLS_FAILED);
	assert_string_not_equal(tls_words(tls), "");
	tls_free(tls);
}

static void *
accept_always(void *arg)
{
	unsigned *count = arg;

	while (!is_over) {
		tls_free(tls_identity_accept(identity, *count % 2 == 0));
		++*count;
	}
	return NULL;
}

static void
threads_share_it_while_it_changes(void **state)
{
	pthread_t threads[THREADS];
	unsigned counts[THREADS] = { 0 };

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, accept_always, &counts[i]);
	for (int i = 0; i < CHANGES; i++) {
		const struct pki_cert *cert = i % 2 == 0 ? &two : &one;

		show(cert, cert);
		assert_true(is_shown(cert));
	}
	is_over = true;
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(counts[i] > 0);
	}
}

static int
set_up(void **state)
{
	(void)state;
	show(&one, &one);
	connection = (struct config_connection){ .name = (char *)"test",
		.tls_cert.path = cert_path,
		.tls_key.path = key_path };
	identity = tls_identity_open(&connection, throwaway);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tls_identity_unref(identity);
	identity = NULL;
	unlink(cert_path);
	unlink(key_path);
	return 0;
}

static int
make_all(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(cert_path, sizeof cert_path, "%s/cert", dir);
	snprintf(key_path, sizeof key_path, "%s/key", dir);
	one = pki_cert_new(&(struct pki_wish){ .name = "one" });
	two = pki_cert_new(&(struct pki_wish){ .name = "two" });
	throwaway = tls_identity_new();
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	return 0;
}

static int
free_all(void **state)
{
	(void)state;
	tls_identity_unref(throwaway);
	pki_cert_clear(&one);
	pki_cert_clear(&two);
	return rmdir(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_last_good_pair_is_shown),
		TEST(the_throwaway_one_is_shown_at_first),
		TEST(a_session_outlives_its_identity),
		TEST(threads_share_it_while_it_changes),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
