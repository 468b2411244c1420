/* SPDX-License-Identifier: PostgreSQL */

/*
 * The places of a connection, the turns of its cancel requests, and the brake.
 * The test owns the clock.
 */
#include "client/gate.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdatomic.h>
#include <cmocka.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/mailbox.h"

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
	gate_unref(gate);
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
	gate_unref(gate);
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
	gate_unref(gate);
}

static void
probes_are_counted(void **state)
{
	struct gate *gate = gate_new(1);

	(void)state;
	assert_int_equal(gate_probe(gate), 1);
	assert_int_equal(gate_probe(gate), 2);
	gate_unref(gate);
}

static void
the_last_failure_is_remembered(void **state)
{
	struct gate *gate = gate_new(2);
	struct gate_state seen = gate_look(gate);

	(void)state;
	assert_int_equal(seen.failures, 0);
	assert_int_equal(seen.last_failure, FAIL_NONE);
	gate_enter(gate);
	gate_arrive(gate);
	gate_probe(gate);
	now_ms = 7000;
	gate_fail(gate, &(struct fault){ .code = FAIL_CLIENT_LIMIT });
	now_ms = 8000;
	gate_fail(gate, &(struct fault){ .code = FAIL_DB_REFUSED });
	now_ms = 9000;
	seen = gate_look(gate);
	assert_int_equal(seen.clients, 1);
	assert_int_equal(seen.arrivals, 1);
	assert_int_equal(seen.probes, 1);
	assert_int_equal(seen.failures, 2);
	assert_int_equal(seen.last_failure, FAIL_DB_REFUSED);
	assert_int_equal(seen.failed_ms, 8000);
	gate_unref(gate);
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
	gate_unref(gate);
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
	gate_unref(gate);
}

/* --- Cancel requests ------------------------------------------------------ */

#define CANCELS 80

struct lab {
	struct gate *gate;
	struct event_base *base;
	struct mailbox *mailbox;
	struct gate_cancel *cancels[CANCELS];
	char called[CANCELS + 1]; /* their names, in order */
	unsigned calls;
};

struct turn {
	struct lab *lab;
	char name;
};

static int
set_up(void **state)
{
	static struct lab lab;

	lab = (struct lab){ .gate = gate_new(100) };
	lab.base = event_base_new();
	lab.mailbox = mailbox_new(lab.base, NULL);
	*state = &lab;
	return 0;
}

static int
tear_down(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < CANCELS; i++)
		gate_cancel_leave(lab->cancels[i]);
	mailbox_close(lab->mailbox);
	mailbox_unref(lab->mailbox);
	event_base_free(lab->base);
	gate_unref(lab->gate);
	return 0;
}

static void
on_turn(void *arg)
{
	struct turn *turn = arg;

	turn->lab->called[turn->lab->calls++] = turn->name;
}

/* The requests are named A, B, C and so on. */
static bool
enter(struct lab *lab, unsigned i)
{
	static struct turn turns[CANCELS];

	turns[i] = (struct turn){ lab, (char)('A' + i) };
	lab->cancels[i] = gate_cancel_enter(lab->gate, lab->mailbox, on_turn,
	    &turns[i]);
	return lab->cancels[i] != NULL;
}

static void
leave(struct lab *lab, unsigned i)
{
	gate_cancel_leave(lab->cancels[i]);
	lab->cancels[i] = NULL;
}

static void
settle(struct lab *lab)
{
	event_base_loop(lab->base, EVLOOP_NONBLOCK);
}

static void
eight_cancels_are_let_and_more_wait(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < GATE_CANCELS_MIN + GATE_CANCELS_WAITING; i++) {
		assert_true(enter(lab, i));
		assert_int_equal(gate_cancel_has_turn(lab->cancels[i]),
		    i < GATE_CANCELS_MIN);
	}
	assert_false(enter(lab, CANCELS - 1));
	leave(lab, 20);
	assert_true(enter(lab, CANCELS - 1));
	assert_false(enter(lab, CANCELS - 2));
	settle(lab);
	assert_string_equal(lab->called, "");
}

static void
a_turn_comes_in_order(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 12; i++)
		enter(lab, i);
	leave(lab, 9);
	leave(lab, 0);
	leave(lab, 5);
	settle(lab);
	assert_string_equal(lab->called, "IK");
	assert_true(gate_cancel_has_turn(lab->cancels[10]));
	assert_false(gate_cancel_has_turn(lab->cancels[11]));
	leave(lab, 10);
	settle(lab);
	assert_string_equal(lab->called, "IKL");
}

static void
each_client_gives_a_turn(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 11; i++)
		enter(lab, i);
	for (unsigned i = 0; i < GATE_CANCELS_MIN; i++)
		gate_enter(lab->gate);
	settle(lab);
	assert_string_equal(lab->called, "");
	gate_enter(lab->gate);
	settle(lab);
	assert_string_equal(lab->called, "I");
	gate_enter(lab->gate);
	settle(lab);
	assert_string_equal(lab->called, "IJ");
}

/* Ten are under way, and then eight clients leave. */
static void
fewer_clients_give_fewer_turns(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 10; i++)
		gate_enter(lab->gate);
	for (unsigned i = 0; i < 12; i++)
		enter(lab, i);
	for (unsigned i = 0; i < 8; i++)
		gate_leave(lab->gate);
	leave(lab, 0);
	leave(lab, 1);
	settle(lab);
	assert_string_equal(lab->called, "");
	leave(lab, 2);
	settle(lab);
	assert_string_equal(lab->called, "K");
}

static void
who_leaves_when_its_turn_comes_is_not_called(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 10; i++)
		enter(lab, i);
	leave(lab, 0);
	assert_true(gate_cancel_has_turn(lab->cancels[8]));
	leave(lab, 8);
	settle(lab);
	assert_string_equal(lab->called, "J");
	leave(lab, 1);
	assert_true(enter(lab, 10));
	assert_true(gate_cancel_has_turn(lab->cancels[10]));
}

/*
 * The message is on its way when its mailbox closes.  One request has left
 * before that, another leaves after it.
 */
static void
a_turn_that_nobody_takes_is_freed(void **state)
{
	struct lab *lab = *state;

	for (unsigned i = 0; i < 10; i++)
		enter(lab, i);
	leave(lab, 0);
	leave(lab, 1);
	leave(lab, 8);
	mailbox_close(lab->mailbox);
	assert_string_equal(lab->called, "");
}

static void
missed_turns_are_told_now_and_then(void **state)
{
	struct lab *lab = *state;

	now_ms = 10000;
	assert_int_equal(gate_cancels_untold(lab->gate), 0);
	for (unsigned i = 0; i < 9; i++)
		enter(lab, i);
	assert_int_equal(gate_cancel_miss(lab->gate), 1);
	assert_int_equal(gate_cancels_untold(lab->gate), 1);
	assert_int_equal(gate_cancel_miss(lab->gate), 2);
	assert_int_equal(gate_cancel_miss(lab->gate), 3);
	assert_int_equal(gate_cancels_untold(lab->gate), 0);
	now_ms = 11000;
	assert_int_equal(gate_cancels_untold(lab->gate), 2);
	assert_int_equal(gate_cancel_miss(lab->gate), 4);
	assert_int_equal(gate_cancels_untold(lab->gate), 0);
	leave(lab, 8);
	assert_int_equal(gate_cancels_untold(lab->gate), 1);
	assert_int_equal(gate_cancels_untold(lab->gate), 0);
}

static atomic_int under_way, turns_taken;

static void
mark_turn(void *arg)
{
	*(bool *)arg = true;
}

static void *
take_turns(void *arg)
{
	struct event_base *base = event_base_new();
	struct mailbox *mailbox = mailbox_new(base, NULL);

	for (int i = 0; i < 500; i++) {
		bool is_called = false;
		struct gate_cancel *cancel = gate_cancel_enter(arg, mailbox,
		    mark_turn, &is_called);

		while (!gate_cancel_has_turn(cancel) && !is_called)
			event_base_loop(base, EVLOOP_ONCE);
		if (atomic_fetch_add(&under_way, 1) >= GATE_CANCELS_MIN)
			abort();
		atomic_fetch_add(&turns_taken, 1);
		atomic_fetch_sub(&under_way, 1);
		gate_cancel_leave(cancel);
	}
	mailbox_close(mailbox);
	mailbox_unref(mailbox);
	event_base_free(base);
	return NULL;
}

static void
turns_survive_threads(void **state)
{
	struct gate *gate = gate_new(1);
	pthread_t threads[2 * GATE_CANCELS_MIN];

	(void)state;
	for (int i = 0; i < 2 * GATE_CANCELS_MIN; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, take_turns,
				     gate),
		    0);
	for (int i = 0; i < 2 * GATE_CANCELS_MIN; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&turns_taken), 1000 * GATE_CANCELS_MIN);
	gate_unref(gate);
}

#define TEST(function) \
	cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(places_are_counted),
		cmocka_unit_test(arrivals_are_counted_apart),
		cmocka_unit_test(the_brake_delays_the_sixth_answer_of_a_second),
		cmocka_unit_test(probes_are_counted),
		cmocka_unit_test(the_last_failure_is_remembered),
		cmocka_unit_test(a_slow_client_is_never_delayed),
		cmocka_unit_test(places_survive_threads),
		TEST(eight_cancels_are_let_and_more_wait),
		TEST(a_turn_comes_in_order),
		TEST(each_client_gives_a_turn),
		TEST(fewer_clients_give_fewer_turns),
		TEST(who_leaves_when_its_turn_comes_is_not_called),
		TEST(a_turn_that_nobody_takes_is_freed),
		TEST(missed_turns_are_told_now_and_then),
		cmocka_unit_test(turns_survive_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
