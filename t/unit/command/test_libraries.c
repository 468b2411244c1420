/* SPDX-License-Identifier: PostgreSQL */

/*
 * When libevent, OpenSSL or libssh2 gets no memory from the system, the program
 * ends, as when its own code gets none.
 */
#include "command/libraries.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "../starved.h"
#include "ssh/transport.h"

static struct event_base *base;
static struct evbuffer *buffer;

static void
on_event(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
}

static void
make_events(void)
{
	while (event_new(base, -1, 0, on_event, NULL) != NULL)
		;
}

static void
fill_buffer(void)
{
	static const char bytes[4096];

	while (evbuffer_add(buffer, bytes, sizeof bytes) == 0)
		;
}

static void
make_certificates(void)
{
	while (X509_new() != NULL)
		;
}

static void
fill_memory_file(void)
{
	static const char bytes[4096];
	BIO *bio = BIO_new(BIO_s_mem());

	while (bio != NULL && BIO_write(bio, bytes, sizeof bytes) > 0)
		;
}

static void
make_sessions(void)
{
	while (ssh_transport_new(dup(STDERR_FILENO)) != NULL)
		;
}

static void
a_lack_of_memory_is_logged(void **state)
{
	static void (*const acts[])(void) = {
		make_events,
		fill_buffer,
		make_certificates,
		fill_memory_file,
		make_sessions,
	};
	static const char words[] = "error: out of memory bytes=";

	(void)state;
	SKIP_UNLESS_STARVING();
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		assert_memory_equal(starved_words(acts[i]), words,
		    strlen(words));
}

/* OpenSSL expects NULL for no bytes; it grows its blocks and frees them. */
static void
openssl_is_given_memory_as_by_its_own_allocator(void **state)
{
	char *block = OPENSSL_malloc(1);

	(void)state;
	assert_null(OPENSSL_malloc(0));
	assert_non_null(block);
	block[0] = 'x';
	block = OPENSSL_realloc(block, 1 << 20);
	assert_non_null(block);
	assert_int_equal(block[0], 'x');
	assert_null(OPENSSL_realloc(block, 0));
}

static int
start(void **state)
{
	(void)state;
	libraries_start();
	base = event_base_new();
	buffer = evbuffer_new();
	return base != NULL && buffer != NULL ? 0 : -1;
}

static int
stop(void **state)
{
	(void)state;
	evbuffer_free(buffer);
	event_base_free(base);
	libraries_stop();
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lack_of_memory_is_logged),
		cmocka_unit_test(
		    openssl_is_given_memory_as_by_its_own_allocator),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
