/* SPDX-License-Identifier: PostgreSQL */

/*
 * The places of a connection and the brake, with a clock of the test's own.
 */
#include "gate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "clock.h"

static int64_t now_ms;

int64_t
clock_ms(void)
{
	return now_ms;
}

int
clock_left_ms(int64_t deadline_ms)
{
	return (int)(deadline_ms - now_ms);
}

struct timeval
clock_timeval(int64_t duration_ms)
{
	return (struct timeval){ .tv_sec = duration_ms / 1000 };
}

static void
arrivals_are_counted_apart(void **state)
{
	struct gate *gate = gate_new(1);

	(void)state;
	for (int i = 0; i < 1 + GATE_ARRIVALS_SPARE; i++)
		assert_true(gate_arrive(gate));
	assert_false(gate_arrive(gate));
	assert_true(gate_enter(gate));
	gate_settle(gate);
	assert_true(gate_arrive(gate));
	assert_false(gate_arrive(gate));
	gate_free(gate);
}

static void
places_are_counted(void **state)
{
	struct gate *gate = gate_new(2);

	(void)state;
	assert_true(gate_enter(gate));
	assert_true(gate_enter(gate));
	assert_false(gate_enter(gate));
	gate_leave(gate);
	assert_true(gate_enter(gate));
	assert_false(gate_enter(gate));
	gate_free(gate);
}

static void
the_brake_delays_the_sixth_answer_of_a_second(void **state)
{
	struct gate *gate = gate_new(1);

	(void)state;
	now_ms = 5000;
	for (int i = 0; i < 5; i++)
		assert_int_equal(gate_brake_ms(gate), 0);
	assert_int_equal(gate_brake_ms(gate), 500);
	now_ms = 5999;
	assert_int_equal(gate_brake_ms(gate), 500);
	now_ms = 6000;
	assert_int_equal(gate_brake_ms(gate), 0);
	gate_free(gate);
}

static void
probes_are_counted(void **state)
{
	struct gate *gate = gate_new(1);

	(void)state;
	assert_int_equal(gate_probe(gate), 1);
	assert_int_equal(gate_probe(gate), 2);
	gate_free(gate);
}

static void
a_slow_client_is_never_delayed(void **state)
{
	struct gate *gate = gate_new(1);

	(void)state;
	for (int i = 0; i < 50; i++) {
		now_ms += 250;
		assert_int_equal(gate_brake_ms(gate), 0);
	}
	gate_free(gate);
}

static void *
enter_and_leave(void *arg)
{
	for (int i = 0; i < 10000; i++)
		if (gate_enter(arg))
			gate_leave(arg);
	return NULL;
}

static void
places_survive_threads(void **state)
{
	struct gate *gate = gate_new(1);
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     enter_and_leave, gate),
		    0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(gate_enter(gate));
	assert_false(gate_enter(gate));
	gate_free(gate);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_counted),
		cmocka_unit_test(arrivals_are_counted_apart),
		cmocka_unit_test(the_brake_delays_the_sixth_answer_of_a_second),
		cmocka_unit_test(probes_are_counted),
		cmocka_unit_test(a_slow_client_is_never_delayed),
		cmocka_unit_test(places_survive_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
