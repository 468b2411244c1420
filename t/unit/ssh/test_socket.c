/* SPDX-License-Identifier: PostgreSQL */

/*
 * A socket pair: in the clear, and in TLS, of which the far end is pgjump's own
 * identity.  What poll() does not show, the socket says itself.
 */
#include "ssh/socket.h"

#include <errno.h>
#include <event2/buffer.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "tls/identity.h"
#include "tls/tls.h"

struct lab {
	struct ssh_socket *near;
	int far;
	struct tls_identity *identity;
	struct tls *server; /* at the far end */
};

static int
set_up(void **state)
{
	struct lab *lab = calloc(1, sizeof *lab);
	int ends[2];

	assert_non_null(lab);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
			     ends),
	    0);
	lab->near = ssh_socket_new(ends[0]);
	lab->far = ends[1];
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	ssh_socket_free(lab->near);
	tls_free(lab->server);
	if (lab->identity != NULL)
		tls_identity_unref(lab->identity);
	close(lab->far);
	free(lab);
	return 0;
}

/* Carry the far end's output to the socket, and what came back to it. */
static void
carry(const struct lab *lab)
{
	unsigned char bytes[65536];
	const void *out;
	size_t len;
	ssize_t got;

	while ((len = tls_output(lab->server, &out)) > 0) {
		got = write(lab->far, out, len);
		if (got < 0)
			break;
		tls_output_sent(lab->server, (size_t)got);
	}
	while ((got = read(lab->far, bytes, sizeof bytes)) > 0)
		tls_feed(lab->server, bytes, (size_t)got);
}

static void
encrypt(struct lab *lab)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct tls *session;
	enum ssh_socket_shake progress = SSH_SOCKET_WAIT;

	tls_set_rules(ctx);
	session = tls_new(ctx, "the proxy");
	SSL_CTX_free(ctx);
	lab->identity = tls_identity_new();
	lab->server = tls_identity_accept(lab->identity, false);
	while (progress == SSH_SOCKET_WAIT) {
		progress = ssh_socket_shake(lab->near, session);
		carry(lab);
		tls_handshake(lab->server);
		carry(lab);
	}
	assert_int_equal(progress, SSH_SOCKET_READY);
	ssh_socket_encrypt(lab->near, session);
	carry(lab);
	assert_int_equal(tls_handshake(lab->server), TLS_READY);
	carry(lab);
}

static void
bytes_that_were_put_back_come_first(void **state)
{
	struct lab *lab = *state;
	char buf[16];

	assert_false(ssh_socket_holds(lab->near));
	assert_int_equal(write(lab->far, "cd", 2), 2);
	ssh_socket_unread(lab->near, "b", 1);
	ssh_socket_unread(lab->near, "a", 1);
	assert_true(ssh_socket_holds(lab->near));
	assert_int_equal(ssh_socket_receive(lab->near, buf, 1), 1);
	assert_int_equal(buf[0], 'a');
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 1);
	assert_int_equal(buf[0], 'b');
	assert_false(ssh_socket_holds(lab->near));
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 2);
	assert_memory_equal(buf, "cd", 2);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), -1);
	assert_int_equal(errno, EAGAIN);
}

/* A record of which a part was taken: poll() shows nothing of the rest. */
static void
a_session_says_that_it_holds_bytes(void **state)
{
	struct lab *lab = *state;
	char buf[4];

	encrypt(lab);
	tls_write(lab->server, "abcdef", 6);
	carry(lab);
	assert_int_equal(ssh_socket_receive(lab->near, buf, 4), 4);
	assert_memory_equal(buf, "abcd", 4);
	assert_true(ssh_socket_holds(lab->near));
	assert_int_equal(ssh_socket_receive(lab->near, buf, 4), 2);
	assert_memory_equal(buf, "ef", 2);
	assert_false(ssh_socket_holds(lab->near));
	assert_int_equal(ssh_socket_receive(lab->near, buf, 4), -1);
	assert_int_equal(errno, EAGAIN);
	assert_false(ssh_socket_holds(lab->near));
}

static void
a_second_record_is_held(void **state)
{
	struct lab *lab = *state;
	char buf[16];

	encrypt(lab);
	tls_write(lab->server, "ab", 2);
	tls_write(lab->server, "cd", 2);
	carry(lab);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 2);
	assert_true(ssh_socket_holds(lab->near));
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 2);
	assert_false(ssh_socket_holds(lab->near));
}

/* Half a record must not keep a loop busy. */
static void
half_a_record_is_not_held(void **state)
{
	struct lab *lab = *state;
	const void *out;
	size_t len;
	char buf[16];

	encrypt(lab);
	tls_write(lab->server, "abcdef", 6);
	len = tls_output(lab->server, &out);
	assert_int_equal(write(lab->far, out, len - 1), len - 1);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), -1);
	assert_int_equal(errno, EAGAIN);
	assert_false(ssh_socket_holds(lab->near));
	assert_int_equal(write(lab->far, (const char *)out + len - 1, 1), 1);
	tls_output_sent(lab->server, len);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 6);
}

/* More than the socket takes at once, and all of it arrives in order. */
static void
a_full_socket_keeps_records_back(void **state)
{
	struct lab *lab = *state;
	struct evbuffer *output = evbuffer_new();
	static unsigned char bytes[1 << 20], got[1 << 20];
	size_t len = 0;
	ssize_t more;

	encrypt(lab);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)(i * 7 >> 3);
	evbuffer_add(output, bytes, sizeof bytes);
	while (ssh_socket_send(lab->near, output))
		;
	assert_int_equal(errno, EAGAIN);
	assert_true(ssh_socket_unsent(lab->near) > 0);
	assert_true(ssh_socket_unsent(lab->near) < 20000);
	while (len < sizeof bytes) {
		if (evbuffer_get_length(output) > 0 ||
		    ssh_socket_unsent(lab->near) > 0)
			ssh_socket_send(lab->near, output);
		carry(lab);
		while ((more = tls_read(lab->server, got + len,
			    sizeof got - len)) > 0)
			len += (size_t)more;
	}
	assert_memory_equal(got, bytes, sizeof bytes);
	assert_int_equal(ssh_socket_unsent(lab->near), 0);
	evbuffer_free(output);
}

static void
an_end_is_an_end_with_and_without_notice(void **state)
{
	struct lab *lab = *state;
	char buf[16];

	encrypt(lab);
	tls_write(lab->server, "bye", 3);
	tls_finish(lab->server);
	carry(lab);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 3);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 0);
	shutdown(lab->far, SHUT_WR);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), 0);
}

static void
damage_is_told_in_words(void **state)
{
	struct lab *lab = *state;
	char buf[16];

	encrypt(lab);
	assert_int_equal(write(lab->far, "HTTP/1.1 500", 12), 12);
	assert_int_equal(ssh_socket_receive(lab->near, buf, sizeof buf), -1);
	assert_int_equal(errno, EPROTO);
	assert_string_equal(ssh_socket_words(lab->near),
	    "wrong version number");
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(bytes_that_were_put_back_come_first),
		TEST(a_session_says_that_it_holds_bytes),
		TEST(a_second_record_is_held),
		TEST(half_a_record_is_not_held),
		TEST(a_full_socket_keeps_records_back),
		TEST(an_end_is_an_end_with_and_without_notice),
		TEST(damage_is_told_in_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
