/* SPDX-License-Identifier: PostgreSQL */

/*
 * The memory that libssh2 gets.  In a login each block has room for the jump
 * box's list of signatures, since libssh2 1.11.1 copies names from it past the
 * end of a block.  Blocks are allocated and freed here as they are there, by
 * libssh2's own calls.
 */
#include "ssh/transport.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "key/base64.h"
#include "key/ssh_wire.h"

#define LIST_LEN 5000

struct pair {
	struct ssh_transport *transport;
	int peer;
};

static int
set_up(void **state)
{
	static struct pair pair;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0)
		return -1;
	pair.transport = ssh_transport_new(fds[0]);
	pair.peer = fds[1];
	*state = &pair;
	return 0;
}

static int
tear_down(void **state)
{
	struct pair *pair = *state;

	ssh_transport_free(pair->transport);
	close(pair->peer);
	return 0;
}

/* The room in a small block that libssh2 asks for. */
static size_t
room_of_a_block(const struct pair *pair)
{
	LIBSSH2_SESSION *session = ssh_transport_session(pair->transport);
	const char **names;
	size_t room;

	assert_true(libssh2_session_supported_algs(session,
			LIBSSH2_METHOD_COMP_CS, &names) > 0);
	room = malloc_usable_size(names);
	libssh2_free(session, names);
	return room;
}

/* Free a packet as libssh2 does after reading it: in a block of its own. */
static void
receive(const struct pair *pair, struct ssh_blob *packet)
{
	LIBSSH2_SESSION *session = ssh_transport_session(pair->transport);
	static char text[BASE64_TEXT_SIZE(2 * LIST_LEN)];
	size_t text_len = base64_encode(text, packet->bytes, packet->len);
	unsigned len;
	char *block;

	assert_int_equal(libssh2_base64_decode(session, &block, &len, text,
			     (unsigned)text_len),
	    0);
	libssh2_free(session, block);
	free(packet->bytes);
}

static void
receive_list(const struct pair *pair, const char *list, size_t len)
{
	struct ssh_blob packet = { 0 };

	ssh_wire_write_byte(&packet, 7);
	ssh_wire_write_u32(&packet, 1);
	ssh_wire_write_string(&packet, "server-sig-algs", 15);
	ssh_wire_write_string(&packet, list, len);
	receive(pair, &packet);
}

static void
a_block_of_a_login_has_room_for_the_list(void **state)
{
	const struct pair *pair = *state;
	static char list[LIST_LEN];

	assert_true(room_of_a_block(pair) < LIST_LEN);
	memset(list, 'x', sizeof list);
	receive_list(pair, list, sizeof list);
	assert_true(room_of_a_block(pair) >= LIST_LEN);
}

/* libssh2 forgets the longer list, but may have copied from it before. */
static void
the_longest_list_counts_and_the_last_is_kept(void **state)
{
	const struct pair *pair = *state;
	const struct ssh_said *said = ssh_transport_said(pair->transport);
	static char list[LIST_LEN];

	memset(list, 'x', sizeof list);
	receive_list(pair, list, sizeof list);
	assert_false(said->takes_rsa_sha2);
	receive_list(pair, "rsa-sha2-256", 12);
	assert_true(said->takes_rsa_sha2);
	assert_true(room_of_a_block(pair) >= LIST_LEN);
}

/* However often a list is sent, the room does not grow with it. */
static void
the_room_is_that_of_one_list(void **state)
{
	const struct pair *pair = *state;
	static char list[LIST_LEN];

	for (int i = 0; i < 100; i++)
		receive_list(pair, list, sizeof list);
	assert_true(room_of_a_block(pair) < (size_t)2 * LIST_LEN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_block_of_a_login_has_room_for_the_list, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    the_longest_list_counts_and_the_last_is_kept, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(the_room_is_that_of_one_list,
		    set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
