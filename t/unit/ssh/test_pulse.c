/* SPDX-License-Identifier: PostgreSQL */

/*
 * When a link asks for a sign of life and when it is dead, as a table of times:
 * an interval of 15 s, 45 s of silence at most, doubt about an open after 1 s.
 */
#include "ssh/pulse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
	const char *name;
	int64_t now_ms, heard_ms, asked_ms, open_ms;
	enum ssh_pulse_verdict want;
} cases[] = {
	{ "heard just now", 100000, 99999, 0, 0, SSH_PULSE_FINE },
	{ "silent for less than the interval", 114999, 100000, 0, 0,
	    SSH_PULSE_FINE },
	{ "silent for the interval", 115000, 100000, 0, 0, SSH_PULSE_ASK },
	{ "asked, not answered yet", 120000, 100000, 115000, 0,
	    SSH_PULSE_FINE },
	{ "asked, no answer for interval x count", 160000, 100000, 115000, 0,
	    SSH_PULSE_DEAD },
	{ "asked, just short of that", 159999, 100000, 115000, 0,
	    SSH_PULSE_FINE },
	{ "asked and answered", 160000, 159000, 115000, 0, SSH_PULSE_FINE },
	{ "open for less than a second", 100999, 99000, 0, 100000,
	    SSH_PULSE_FINE },
	{ "open overdue, nothing heard", 101000, 99000, 0, 100000,
	    SSH_PULSE_ASK },
	{ "open overdue, heard before it was", 101500, 100500, 0, 100000,
	    SSH_PULSE_ASK },
	{ "open overdue, heard after it was", 102000, 101200, 0, 100000,
	    SSH_PULSE_FINE },
	{ "open overdue, asked a moment ago", 102500, 100500, 101000, 100000,
	    SSH_PULSE_FINE },
	{ "open overdue, asked two seconds ago", 103000, 100500, 101000, 100000,
	    SSH_PULSE_ASK },
	{ "heard lately, asked long before", 200000, 199000, 100000, 0,
	    SSH_PULSE_FINE },
};

static const struct ssh_pulse defaults = {
	.interval_ms = 15000,
	.silence_max_ms = 45000,
	.doubt_ms = 1000,
};

static void
test_verdicts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ssh_pulse pulse = defaults;
		enum ssh_pulse_verdict got;

		pulse.asked_ms = pulse.unanswered_ms = cases[i].asked_ms;
		got = ssh_pulse_look(&pulse, cases[i].now_ms, cases[i].heard_ms,
		    cases[i].open_ms);
		if (got != cases[i].want)
			fail_msg("%s: %d instead of %d", cases[i].name, got,
			    cases[i].want);
	}
}

/* When a database is silent, a quiet tunnel is asked in time, and once. */
static void
test_who_waits_makes_it_ask(void **state)
{
	struct ssh_pulse pulse = defaults;

	(void)state;
	ssh_pulse_await(&pulse, 101000);
	ssh_pulse_await(&pulse, 103000);
	assert_int_equal(ssh_pulse_next_ms(&pulse, 100000, 100000, 0), 101000);
	assert_int_equal(ssh_pulse_look(&pulse, 100999, 100000, 0),
	    SSH_PULSE_FINE);
	assert_int_equal(ssh_pulse_look(&pulse, 101000, 100000, 0),
	    SSH_PULSE_ASK);
	/* If nothing could be sent, the next attempt comes soon. */
	assert_in_range(ssh_pulse_next_ms(&pulse, 101000, 100000, 0), 101001,
	    101500);
	ssh_pulse_asked(&pulse, 101200, 100000);
	assert_int_equal(ssh_pulse_look(&pulse, 101300, 100000, 0),
	    SSH_PULSE_FINE);
	assert_false(ssh_pulse_is_mute(&pulse, 101300, 100000));
	assert_true(ssh_pulse_is_mute(&pulse, 101800, 100000));
	assert_false(ssh_pulse_is_mute(&pulse, 101800, 101400));
	/* It was heard in time for the last one. */
	assert_int_equal(ssh_pulse_look(&pulse, 103000, 103000, 0),
	    SSH_PULSE_FINE);
	assert_int_equal(ssh_pulse_next_ms(&pulse, 103000, 103000, 0), 118000);
}

/* The last one who waits is not forgotten when the first is served. */
static void
test_all_who_wait_are_asked_for(void **state)
{
	struct ssh_pulse pulse = defaults;

	(void)state;
	ssh_pulse_await(&pulse, 99000);
	ssh_pulse_await(&pulse, 100250);
	assert_int_equal(ssh_pulse_look(&pulse, 100200, 98000, 0),
	    SSH_PULSE_ASK);
	ssh_pulse_asked(&pulse, 100200, 98000);
	assert_int_equal(ssh_pulse_look(&pulse, 100400, 100201, 0),
	    SSH_PULSE_ASK);
}

/* Nor is one between them, who waits a little longer than the first. */
static void
test_one_of_three_waits(void **state)
{
	struct ssh_pulse pulse = defaults;

	(void)state;
	ssh_pulse_await(&pulse, 101000);
	ssh_pulse_await(&pulse, 101100);
	ssh_pulse_await(&pulse, 115000);
	assert_int_equal(ssh_pulse_look(&pulse, 101000, 100000, 0),
	    SSH_PULSE_ASK);
	ssh_pulse_asked(&pulse, 101000, 100000);
	assert_int_equal(ssh_pulse_look(&pulse, 101001, 101001, 0),
	    SSH_PULSE_FINE);
	assert_in_range(ssh_pulse_next_ms(&pulse, 101001, 101001, 0), 101100,
	    101600);
	assert_int_equal(ssh_pulse_look(&pulse, 101600, 101001, 0),
	    SSH_PULSE_ASK);
}

/*
 * Whatever the times, the next look is in the future and not later than is due.
 */
static void
test_next_look_is_ahead(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ssh_pulse pulse = defaults;
		int64_t next_ms;

		if (cases[i].want != SSH_PULSE_FINE)
			continue;
		pulse.asked_ms = pulse.unanswered_ms = cases[i].asked_ms;
		next_ms = ssh_pulse_next_ms(&pulse, cases[i].now_ms,
		    cases[i].heard_ms, cases[i].open_ms);
		assert_true(next_ms > cases[i].now_ms);
		assert_true(next_ms <= cases[i].now_ms + 45000);
	}
}

/* Play through when a link that is silent from 1000 on is dead. */
static int64_t
death_ms(bool open_begins_with_asking)
{
	struct ssh_pulse pulse = defaults;
	int64_t now_ms = 1000, heard_ms = 1000, open_ms = 0;
	enum ssh_pulse_verdict verdict;

	do {
		now_ms = ssh_pulse_next_ms(&pulse, now_ms, heard_ms, open_ms);
		verdict = ssh_pulse_look(&pulse, now_ms, heard_ms, open_ms);
		if (verdict == SSH_PULSE_ASK) {
			ssh_pulse_asked(&pulse, now_ms, heard_ms);
			if (open_begins_with_asking && open_ms == 0)
				open_ms = now_ms;
		}
	} while (verdict != SSH_PULSE_DEAD && now_ms < 1000000);
	return now_ms;
}

/*
 * Play through ten minutes in which every question is answered at once.  The
 * pulse is not told of answers, so the next question may wait for one interval
 * at most.
 */
static void
test_a_silent_link_is_asked_every_interval(void **state)
{
	struct ssh_pulse pulse = defaults;
	int64_t now_ms = 1000, heard_ms = 1000, since_ms = 1000;

	(void)state;
	while (now_ms < 600000) {
		now_ms = ssh_pulse_next_ms(&pulse, now_ms, heard_ms, 0);
		if (ssh_pulse_look(&pulse, now_ms, heard_ms, 0) !=
		    SSH_PULSE_ASK)
			continue;
		assert_in_range(now_ms - since_ms, 15000, 15100);
		since_ms = now_ms;
		ssh_pulse_asked(&pulse, now_ms, heard_ms);
		/* The timer is armed before the answer comes. */
		now_ms = ssh_pulse_next_ms(&pulse, now_ms, heard_ms, 0);
		heard_ms = since_ms + 30;
	}
}

/* Death comes after 15 + 45 seconds. */
static void
test_silence_is_noticed_in_time(void **state)
{
	(void)state;
	assert_int_equal(death_ms(false), 1000 + 15000 + 45000);
}

/*
 * A ping takes the slot, becomes overdue itself, and is asked about repeatedly.
 */
static void
test_asking_again_does_not_put_off_death(void **state)
{
	(void)state;
	assert_int_equal(death_ms(true), 1000 + 15000 + 45000);
}

/* Not given up while another link is heard, but not for ever. */
static void
test_a_borne_link_dies_with_the_others(void **state)
{
	struct ssh_pulse pulse = defaults;

	(void)state;
	ssh_pulse_asked(&pulse, 1000, 0);
	ssh_pulse_bear(&pulse, 40000, 130000);
	assert_int_equal(ssh_pulse_look(&pulse, 46001, 0, 0), SSH_PULSE_FINE);
	assert_in_range(ssh_pulse_next_ms(&pulse, 46001, 0, 0), 46002, 61001);
	assert_int_equal(ssh_pulse_look(&pulse, 85000, 0, 0), SSH_PULSE_DEAD);
	ssh_pulse_bear(&pulse, 129000, 130000);
	assert_int_equal(ssh_pulse_look(&pulse, 129999, 0, 0), SSH_PULSE_FINE);
	assert_int_equal(ssh_pulse_look(&pulse, 130000, 0, 0), SSH_PULSE_DEAD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_who_waits_makes_it_ask),
		cmocka_unit_test(test_all_who_wait_are_asked_for),
		cmocka_unit_test(test_one_of_three_waits),
		cmocka_unit_test(test_next_look_is_ahead),
		cmocka_unit_test(test_a_silent_link_is_asked_every_interval),
		cmocka_unit_test(test_silence_is_noticed_in_time),
		cmocka_unit_test(test_asking_again_does_not_put_off_death),
		cmocka_unit_test(test_a_borne_link_dies_with_the_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
