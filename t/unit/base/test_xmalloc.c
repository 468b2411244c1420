/* SPDX-License-Identifier: PostgreSQL */

/*
 * When the system has no memory left, each call logs how much it wanted and
 * ends the program.
 */
#include "base/xmalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../starved.h"

/* Keep every block in a chain, so that none is freed. */
static void **chain;

static void
keep(void *block)
{
	*(void **)block = chain;
	chain = block;
}

static void
allocate(void)
{
	for (;;)
		keep(xmalloc(4096));
}

static void
allocate_zeroed(void)
{
	for (;;)
		keep(xcalloc(3, 1000));
}

static void
grow(void)
{
	char *block = NULL;

	for (size_t size = 1 << 20;; size *= 2)
		block = xrealloc(block, size);
}

static void
grow_beyond_any_number(void)
{
	volatile size_t count = SIZE_MAX;

	keep(xreallocarray(NULL, count, 2));
}

static void
copy(void)
{
	for (;;)
		keep(xstrdup("a text of twenty-seven bytes"));
}

static void
copy_a_part(void)
{
	for (;;)
		keep(xstrndup("a text of which a part is kept", 15));
}

static void
format(void)
{
	for (;;)
		keep(xasprintf("%020d", 1));
}

static const struct {
	void (*act)(void);
	const char *words;
} cases[] = {
	{ allocate, "error: out of memory bytes=4096\n" },
	{ allocate_zeroed, "error: out of memory bytes=3000\n" },
	{ grow, "error: out of memory bytes=1048576\n" },
	{ grow_beyond_any_number, "error: out of memory\n" },
	{ copy, "error: out of memory bytes=29\n" },
	{ copy_a_part, "error: out of memory bytes=16\n" },
	{ format, "error: out of memory\n" },
};

static void
a_lack_of_memory_is_logged(void **state)
{
	(void)state;
	SKIP_UNLESS_STARVING();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(starved_words(cases[i].act),
		    cases[i].words);
}

static void
no_bytes_are_a_block(void **state)
{
	void *blocks[] = { xmalloc(0), xcalloc(0, 8), xrealloc(NULL, 0) };

	(void)state;
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
		assert_non_null(blocks[i]);
		free(blocks[i]);
	}
	assert_null(xstrdup(NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lack_of_memory_is_logged),
		cmocka_unit_test(no_bytes_are_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
