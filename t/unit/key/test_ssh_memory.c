/* SPDX-License-Identifier: PostgreSQL */

/*
 * What a session holds is counted by the byte; what libssh2 forgets is freed at
 * the end, and what libc's free() may release is left alone.
 */
#include "key/ssh_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void
what_is_held_is_counted(void **state)
{
	struct ssh_memory memory = { 0 };
	void *large = ssh_memory_alloc(&memory, 100000);
	void *small = ssh_memory_alloc(&memory, 1);

	(void)state;
	assert_int_equal(memory.blocks, 2);
	assert_in_range(memory.held, 100001, 100200);
	ssh_memory_free(&memory, large, false);
	assert_in_range(memory.held, 1, 100);
	ssh_memory_free(&memory, small, true);
	ssh_memory_free(&memory, NULL, true);
	assert_int_equal(memory.blocks, 0);
	assert_int_equal(memory.held, 0);
}

static void
a_block_has_the_size_that_was_asked_for(void **state)
{
	struct ssh_memory memory = { 0 };

	(void)state;
	for (size_t size = 0; size < 100; size++) {
		char *block = ssh_memory_alloc(&memory, size);

		assert_true(ssh_memory_size(block) >= size);
		memset(block, 'x', ssh_memory_size(block));
		block = ssh_memory_realloc(&memory, block, size + 50, true);
		memset(block + size, 'x', 50);
		for (size_t i = 0; i < size + 50; i++)
			assert_int_equal(block[i], 'x');
		ssh_memory_free(&memory, block, true);
	}
	assert_int_equal(memory.held, 0);
}

/* LeakSanitizer would find a leak here. */
static void
what_is_forgotten_goes_in_the_end(void **state)
{
	struct ssh_memory memory = { 0 };

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_non_null(ssh_memory_alloc(&memory, 1000));
	ssh_memory_clear(&memory, true);
	assert_int_equal(memory.blocks, 0);
	assert_int_equal(memory.held, 0);
}

static void
a_block_that_libc_may_free_can_go_by_itself(void **state)
{
	struct ssh_memory memory = { .may_libc_free = true };
	void *taken = ssh_memory_alloc(&memory, 133);

	(void)state;
	free(taken);
	memory.may_libc_free = false;
	assert_non_null(ssh_memory_alloc(&memory, 133));
	ssh_memory_clear(&memory, true);
	assert_int_equal(memory.blocks, 1);
}

static void
no_more_is_given_than_there_is(void **state)
{
	struct ssh_memory memory = { 0 };

	(void)state;
	assert_null(ssh_memory_alloc(&memory, SIZE_MAX));
	assert_int_equal(memory.blocks, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_held_is_counted),
		cmocka_unit_test(a_block_has_the_size_that_was_asked_for),
		cmocka_unit_test(what_is_forgotten_goes_in_the_end),
		cmocka_unit_test(a_block_that_libc_may_free_can_go_by_itself),
		cmocka_unit_test(no_more_is_given_than_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
