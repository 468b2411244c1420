/* SPDX-License-Identifier: PostgreSQL */

/*
 * A peer that speaks SSH in the clear, before any key exchange, and makes
 * libssh2 hold or answer more than it should: a few MB at most, over a socket
 * pair.
 */
#include "ssh/transport.h"
#include "ssh/transport_wait.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"

#define MB ((size_t)1 << 20)

/* RFC 4253, 6: length, length of the padding, payload. */
static const unsigned char unknown[] = { 0, 0, 0, 2, 0, 192 };
/* RFC 4254, 4: an empty name; a reply is wanted. */
static const unsigned char request[] = { 0, 0, 0, 7, 0, 80, 0, 0, 0, 0, 1 };

struct lab {
	struct ssh_transport *transport;
	int peer;
};

static int
set_up(void **state)
{
	static const char banner[] = "SSH-2.0-unruly\r\n";
	struct lab *lab = calloc(1, sizeof *lab);
	int ends[2];

	assert_non_null(lab);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	lab->transport = ssh_transport_new(ends[0]);
	lab->peer = ends[1];
	assert_int_equal(write(lab->peer, banner, sizeof banner - 1),
	    sizeof banner - 1);
	*state = lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	ssh_transport_free(lab->transport);
	close(lab->peer);
	free(lab);
	return 0;
}

/* Send a packet this many times in one go. */
static void
say(const struct lab *lab, const unsigned char *packet, size_t len,
    size_t count)
{
	unsigned char bytes[16384];

	assert_true(len * count <= sizeof bytes);
	for (size_t i = 0; i < count; i++)
		memcpy(bytes + i * len, packet, len);
	assert_int_equal(write(lab->peer, bytes, len * count), len * count);
}

/* Let libssh2 read what was sent. */
static int
hear(const struct lab *lab)
{
	ssh_transport_readable(lab->transport, SIZE_MAX);
	return libssh2_session_handshake(ssh_transport_session(lab->transport),
	    ssh_transport_fd(lab->transport));
}

static void
a_peer_that_fills_memory_is_cut(void **state)
{
	struct lab *lab = *state;
	size_t count = 0;

	while (!ssh_transport_is_lost(lab->transport)) {
		say(lab, unknown, sizeof unknown, 1000);
		assert_int_equal(hear(lab), LIBSSH2_ERROR_EAGAIN);
		count += 1000;
		assert_true(count < 100000);
	}
	assert_true(count > 10000);
	assert_true(ssh_transport_is_cut(lab->transport));
	assert_string_equal(ssh_transport_lost_words(lab->transport),
	    "it sent more than was asked for");
	assert_int_equal(ssh_transport_wait(lab->transport, clock_ms() + 1000,
			     -1),
	    SSH_WAIT_LOST);
}

/* Packets are limited by the turn, as bytes are. */
static void
a_turn_takes_so_many_packets(void **state)
{
	struct lab *lab = *state;
	uint64_t received;

	for (int i = 0; i < 20; i++)
		say(lab, unknown, sizeof unknown, 1000);
	hear(lab);
	received = ssh_transport_received(lab->transport);
	assert_in_range(received, 2000 * sizeof unknown,
	    10000 * sizeof unknown);
	hear(lab);
	assert_true(ssh_transport_received(lab->transport) > received);
	assert_false(ssh_transport_is_lost(lab->transport));
}

static void
no_more_is_read_of_it(void **state)
{
	struct lab *lab = *state;
	uint64_t received;

	hear(lab);
	ssh_transport_cut(lab->transport);
	received = ssh_transport_received(lab->transport);
	say(lab, unknown, sizeof unknown, 1000);
	hear(lab);
	assert_int_equal(ssh_transport_received(lab->transport), received);
}

static void
what_is_sent_to_it_is_dropped(void **state)
{
	struct lab *lab = *state;

	hear(lab);
	assert_true(ssh_transport_pending(lab->transport) > 0);
	ssh_transport_cut(lab->transport);
	assert_int_equal(ssh_transport_pending(lab->transport), 0);
	say(lab, request, sizeof request, 1);
	hear(lab);
	assert_int_equal(ssh_transport_pending(lab->transport), 0);
}

static void
a_peer_that_asks_and_does_not_read_is_cut(void **state)
{
	struct lab *lab = *state;
	size_t most = 0;

	while (!ssh_transport_is_lost(lab->transport)) {
		say(lab, request, sizeof request, 1000);
		hear(lab);
		if (ssh_transport_pending(lab->transport) > most)
			most = ssh_transport_pending(lab->transport);
		assert_true(most <= 4 * MB);
	}
	assert_true(most > 3 * MB);
	assert_true(ssh_transport_is_cut(lab->transport));
	assert_string_equal(ssh_transport_lost_words(lab->transport),
	    "it asks for more than it reads");
}

static void
a_peer_that_asks_and_reads_is_served(void **state)
{
	struct lab *lab = *state;
	char answers[65536];

	/* 4.8 MB of answers */
	for (int i = 0; i < 300; i++) {
		say(lab, request, sizeof request, 1000);
		assert_int_equal(hear(lab), LIBSSH2_ERROR_EAGAIN);
		ssh_transport_flush(lab->transport);
		while (
		    recv(lab->peer, answers, sizeof answers, MSG_DONTWAIT) > 0)
			ssh_transport_flush(lab->transport);
	}
	assert_false(ssh_transport_is_lost(lab->transport));
	assert_int_equal(ssh_transport_pending(lab->transport), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_peer_that_fills_memory_is_cut),
		TEST(a_turn_takes_so_many_packets),
		TEST(no_more_is_read_of_it),
		TEST(what_is_sent_to_it_is_dropped),
		TEST(a_peer_that_asks_and_does_not_read_is_cut),
		TEST(a_peer_that_asks_and_reads_is_served),
	};

	libssh2_init(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
