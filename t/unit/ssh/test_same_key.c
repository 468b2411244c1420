/* SPDX-License-Identifier: PostgreSQL */

/*
 * The host keys of a session's key exchanges, on a fake libssh2 that forgets
 * its copy of a key, or frees it and makes the next one at the same address.
 */
#include "ssh/same_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "key/ssh_memory.h"
#include "ssh/algorithms.h"

static struct {
	char *copy;
	char hash[SSH_SAME_KEY_HASH_LEN];
	unsigned kept; /* how often its algorithms were set */
} session;

const char *
libssh2_session_hostkey(LIBSSH2_SESSION *asked, size_t *len, int *type)
{
	(void)asked, (void)len, (void)type;
	return session.copy;
}

const char *
libssh2_hostkey_hash(LIBSSH2_SESSION *asked, int type)
{
	(void)asked;
	assert_int_equal(type, LIBSSH2_HOSTKEY_HASH_SHA256);
	return session.copy != NULL ? session.hash : NULL;
}

void
ssh_algorithms_keep(LIBSSH2_SESSION *asked)
{
	(void)asked;
	session.kept++;
}

struct lab {
	struct ssh_same_key same;
	struct ssh_memory memory;
	char words[128];
};

static int
set_up(void **state)
{
	memset(&session, 0, sizeof session);
	*state = calloc(1, sizeof(struct lab));
	return *state != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	ssh_memory_clear(&lab->memory, false);
	free(lab);
	return 0;
}

static bool
look(struct lab *lab)
{
	return ssh_same_key_look(&lab->same, NULL, &lab->memory, lab->words,
	    sizeof lab->words);
}

/* A key exchange in which this key is shown; libssh2 copies it. */
static bool
exchange(struct lab *lab, char key)
{
	session.copy = ssh_memory_alloc(&lab->memory, 100);
	memset(session.hash, key, sizeof session.hash);
	return look(lab);
}

static void
the_first_key_is_whatever_it_is(void **state)
{
	assert_true(look(*state));
	assert_true(exchange(*state, 'a'));
	assert_true(look(*state));
}

static void
the_same_key_is_shown_again(void **state)
{
	struct lab *lab = *state;

	for (int i = 0; i < 5; i++)
		assert_true(exchange(lab, 'a'));
	assert_int_equal(lab->memory.blocks, 1);
}

static void
the_algorithms_of_the_first_exchange_are_kept(void **state)
{
	assert_true(look(*state));
	assert_int_equal(session.kept, 0);
	for (int i = 0; i < 3; i++) {
		assert_true(exchange(*state, 'a'));
		assert_int_equal(session.kept, 1);
	}
}

static void
another_key_is_named(void **state)
{
	struct lab *lab = *state;

	assert_true(exchange(lab, 'a'));
	assert_true(exchange(lab, 'a'));
	assert_false(exchange(lab, '\0'));
	assert_string_equal(lab->words,
	    "it showed another host key in a later key exchange, "
	    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
}

/* At the same address, which libssh2 has freed. */
static void
another_key_at_the_same_place_is_seen(void **state)
{
	struct lab *lab = *state;

	assert_true(exchange(lab, 'a'));
	ssh_same_key_freed(&lab->same, lab);
	assert_true(look(lab));
	ssh_same_key_freed(&lab->same, session.copy);
	memset(session.hash, 'b', sizeof session.hash);
	assert_false(look(lab));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_key_is_whatever_it_is),
		TEST(the_same_key_is_shown_again),
		TEST(the_algorithms_of_the_first_exchange_are_kept),
		TEST(another_key_is_named),
		TEST(another_key_at_the_same_place_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
