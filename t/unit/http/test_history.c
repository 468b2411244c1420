/* SPDX-License-Identifier: PostgreSQL */

/*
 * The last hour of connections, whatever comes and goes.
 */
#include "http/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct http_minute minutes[HTTP_HISTORY_MINUTES];

static void
note(struct http_history *history, const char *name, uint64_t clients,
    uint64_t total)
{
	http_history_note(history, name,
	    &(struct http_minute){ clients, total, 2 * total, 3 * total });
}

static void
a_minute_is_what_passed_in_it(void **state)
{
	struct http_history *history = http_history_new();

	(void)state;
	assert_int_equal(http_history_read(history, "orders", minutes), 0);
	http_history_begin(history);
	note(history, "orders", 1, 100);
	http_history_end(history);
	assert_int_equal(http_history_read(history, "orders", minutes), 0);
	http_history_begin(history);
	note(history, "orders", 5, 110);
	http_history_end(history);
	assert_int_equal(http_history_read(history, "orders", minutes), 1);
	assert_int_equal(minutes[0].clients, 5);
	assert_int_equal(minutes[0].to_database, 10);
	assert_int_equal(minutes[0].to_client, 20);
	assert_int_equal(minutes[0].failures, 30);
	http_history_free(history);
}

static void
an_hour_is_kept_the_oldest_first(void **state)
{
	struct http_history *history = http_history_new();

	(void)state;
	for (uint64_t i = 0; i <= 100; i++) {
		http_history_begin(history);
		note(history, "orders", i, i * i);
		http_history_end(history);
	}
	assert_int_equal(http_history_read(history, "orders", minutes),
	    HTTP_HISTORY_MINUTES);
	assert_int_equal(minutes[0].clients, 41);
	assert_int_equal(minutes[HTTP_HISTORY_MINUTES - 1].clients, 100);
	assert_int_equal(minutes[HTTP_HISTORY_MINUTES - 1].to_database, 199);
	http_history_free(history);
}

static void
a_connection_that_is_gone_is_forgotten(void **state)
{
	struct http_history *history = http_history_new();

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		http_history_begin(history);
		note(history, "orders", i, i);
		note(history, "billing", i, i);
		http_history_end(history);
	}
	http_history_begin(history);
	note(history, "billing", 3, 3);
	http_history_end(history);
	assert_int_equal(http_history_read(history, "orders", minutes), 0);
	assert_int_equal(http_history_read(history, "billing", minutes), 3);
	http_history_free(history);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_minute_is_what_passed_in_it),
		cmocka_unit_test(an_hour_is_kept_the_oldest_first),
		cmocka_unit_test(a_connection_that_is_gone_is_forgotten),
	};

	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
