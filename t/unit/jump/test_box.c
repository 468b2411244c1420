/* SPDX-License-Identifier: PostgreSQL */

/*
 * When a jump box may be dialled, and what is remembered of the last dial.
 */
#include "jump/box.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <event2/event.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "config/config.h"
#include "jump/box_cause.h"
#include "jump/news.h"

static char secret_path[] = "/tmp/pgjump-test-XXXXXX";

static struct config_jump jump = {
	.label = "jump.example:22",
	.host = "jump.example",
	.port = 22,
	.username = "ubuntu",
	.password = { .path = secret_path },
};

static const struct fault good = { 0 };
static const struct fault lost = { .code = FAIL_TUNNEL_LOST };

static struct fault
failed(enum failure code)
{
	struct fault fault = { 0 };

	fault_set(&fault, code, "%s", "the words");
	return fault;
}

static int
set_up(void **state)
{
	int fd;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
	strcpy(secret_path + strlen(secret_path) - 6, "XXXXXX");
	fd = mkstemp(secret_path);
	if (fd < 0 || write(fd, "one", 3) != 3 || close(fd) != 0)
		return -1;
	*state = jump_box_new(&jump, 8, 1);
	return 0;
}

static int
tear_down(void **state)
{
	jump_box_unref(*state);
	return unlink(secret_path);
}

static void
assert_permit(struct jump_box *box, bool has_client, enum jump_permit want)
{
	int64_t retry_ms;

	assert_int_equal(jump_box_ask(box, has_client, &retry_ms), want);
}

static void
dial_and_fail(struct jump_box *box, enum failure code)
{
	struct fault fault = failed(code);

	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &fault);
}

static void
test_one_dial_until_credentials_are_proved(void **state)
{
	struct jump_box *box = *state;

	assert_permit(box, true, JUMP_PERMIT_DIAL);
	assert_permit(box, true, JUMP_PERMIT_BUSY);
	jump_box_dialled(box, &good);
	for (int i = 0; i < 4; i++)
		assert_permit(box, true, JUMP_PERMIT_DIAL);
	assert_permit(box, true, JUMP_PERMIT_BUSY);
	for (int i = 0; i < 4; i++)
		jump_box_dialled(box, &good);
}

static void
test_a_fresh_failure_is_told_at_once(void **state)
{
	struct jump_box *box = *state;
	struct fault cause;

	assert_false(jump_box_cause(box, &cause));
	dial_and_fail(box, FAIL_JUMP_REFUSED);
	assert_permit(box, true, JUMP_PERMIT_LATER);
	assert_true(jump_box_cause(box, &cause));
	assert_int_equal(cause.code, FAIL_JUMP_REFUSED);
	assert_string_equal(cause.words, "the words");
	assert_non_null(strstr(cause.detail, "attempt 1"));
	assert_non_null(strstr(cause.detail, "next try"));
}

static void
test_rejected_credentials_sleep_long_though_clients_come(void **state)
{
	struct jump_box *box = *state;
	int64_t retry_ms;

	dial_and_fail(box, FAIL_AUTH_KEY_REJECTED);
	assert_int_equal(jump_box_ask(box, true, &retry_ms), JUMP_PERMIT_LATER);
	assert_in_range(retry_ms - clock_ms(), 29000, 30000);
}

static void
test_a_changed_secret_file_ends_the_sleep(void **state)
{
	struct jump_box *box = *state;
	FILE *file;

	dial_and_fail(box, FAIL_AUTH_PASSWORD_REJECTED);
	jump_box_look_at_files(box);
	assert_permit(box, false, JUMP_PERMIT_LATER);
	file = fopen(secret_path, "w");
	assert_non_null(file);
	fputs("another", file);
	fclose(file);
	jump_box_look_at_files(box);
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
}

static void
test_success_forgets_the_cause(void **state)
{
	struct jump_box *box = *state;
	struct fault cause;

	dial_and_fail(box, FAIL_AUTH_KEY_REJECTED);
	assert_int_equal(truncate(secret_path, 1), 0);
	jump_box_look_at_files(box);
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
	assert_false(jump_box_cause(box, &cause));
}

static void
test_a_failure_is_remembered_when_made_good(void **state)
{
	struct jump_box *box = *state;
	struct jump_box_state seen;

	jump_box_look(box, &seen);
	assert_int_equal(seen.fault.code, FAIL_NONE);
	dial_and_fail(box, FAIL_AUTH_KEY_REJECTED);
	jump_box_look(box, &seen);
	assert_int_equal(seen.attempts, 1);
	assert_int_equal(seen.dials, 0);
	assert_true(seen.retry_ms > seen.failed_ms);
	assert_int_equal(truncate(secret_path, 1), 0);
	jump_box_look_at_files(box);
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_look(box, &seen);
	assert_int_equal(seen.dials, 1);
	jump_box_dialled(box, &good);
	jump_box_look(box, &seen);
	assert_int_equal(seen.attempts, 0);
	assert_int_equal(seen.dials, 0);
	assert_int_equal(seen.fault.code, FAIL_AUTH_KEY_REJECTED);
}

static void
test_a_cancelled_dial_leaves_no_trace(void **state)
{
	struct jump_box *box = *state;
	struct fault fault = failed(FAIL_SHUTDOWN), cause;

	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &fault);
	assert_false(jump_box_cause(box, &cause));
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
}

static void
dial_and_lose(struct jump_box *box, int64_t lived_ms)
{
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
	jump_box_lost(box, &lost, lived_ms, true);
}

static void
test_a_lost_link_is_dialled_again_at_once(void **state)
{
	for (int i = 0; i < 5; i++)
		dial_and_lose(*state, 60000);
	assert_permit(*state, false, JUMP_PERMIT_DIAL);
	assert_permit(*state, true, JUMP_PERMIT_BUSY);
	jump_box_dialled(*state, &good);
}

static void
test_links_that_never_live_back_off(void **state)
{
	struct jump_box *box = *state;
	struct fault cause;

	for (int i = 0; i < 3; i++)
		dial_and_lose(box, 5);
	assert_permit(box, true, JUMP_PERMIT_LATER);
	assert_true(jump_box_cause(box, &cause));
	assert_int_equal(cause.code, FAIL_TUNNEL_LOST);
	assert_string_equal(cause.words, "5 ms after the login");
}

static void
test_links_that_break_together_break_once(void **state)
{
	struct jump_box *box = *state;
	struct fault cause = { 0 };

	for (int i = 0; i < 2; i++) {
		dial_and_lose(box, 5);
		for (int other = 0; other < 10; other++)
			jump_box_lost(box, &lost, 5, other % 2 == 0);
	}
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
	assert_false(jump_box_cause(box, &cause));
}

static void
test_links_that_break_unused_are_replaced_once(void **state)
{
	struct jump_box *box = *state;

	for (int i = 0; i < 2; i++) {
		assert_permit(box, false, JUMP_PERMIT_DIAL);
		jump_box_dialled(box, &good);
		jump_box_lost(box, &lost, 60000, false);
	}
	assert_permit(box, false, JUMP_PERMIT_REST);
	assert_permit(box, true, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
	/* A client has come, so the count begins anew. */
	jump_box_lost(box, &lost, 60000, true);
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
}

static void
test_the_stage_of_a_dial_is_known_to_all(void **state)
{
	struct jump_box *box = *state;
	int64_t before_ms = clock_ms(), since_ms;
	enum dial_stage stage;

	assert_false(jump_box_is_dialling(box, &stage, &since_ms));
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	assert_true(jump_box_is_dialling(box, &stage, &since_ms));
	assert_int_equal(stage, DIAL_RESOLVE);
	assert_in_range(since_ms, before_ms, clock_ms());
	jump_box_enter(box, DIAL_AUTH);
	assert_true(jump_box_is_dialling(box, &stage, &since_ms));
	assert_int_equal(stage, DIAL_AUTH);
	jump_box_dialled(box, &good);
	assert_false(jump_box_is_dialling(box, &stage, &since_ms));
}

static void
test_links_are_shared_out_over_workers(void **state)
{
	static const struct {
		unsigned max_links, workers;
		size_t want;
	} cases[] = { { 8, 1, 8 }, { 8, 2, 4 }, { 8, 3, 2 }, { 2, 8, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct jump_box *box = jump_box_new(&jump, cases[i].max_links,
		    cases[i].workers);

		assert_int_equal(jump_box_share(box), cases[i].want);
		jump_box_unref(box);
	}
}

static void
on_news(void *arg)
{
	++*(int *)arg;
}

static void
test_other_workers_hear_of_a_dial(void **state)
{
	struct event_base *base = event_base_new();
	struct mailbox *mailbox = mailbox_new(base, NULL);
	struct jump_box *box = *state;
	int heard = 0;

	jump_news_watch(jump_box_news(box), mailbox, on_news, &heard);
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
	event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(heard, 1);

	/* News that is under way when the worker leaves is dropped. */
	assert_permit(box, false, JUMP_PERMIT_DIAL);
	jump_box_dialled(box, &good);
	jump_news_unwatch(jump_box_news(box), &heard);
	event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(heard, 1);
	mailbox_close(mailbox);
	mailbox_unref(mailbox);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    test_one_dial_until_credentials_are_proved, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_fresh_failure_is_told_at_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_rejected_credentials_sleep_long_though_clients_come,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_changed_secret_file_ends_the_sleep, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(test_success_forgets_the_cause,
		    set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_failure_is_remembered_when_made_good, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_cancelled_dial_leaves_no_trace, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_a_lost_link_is_dialled_again_at_once, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    test_links_that_never_live_back_off, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    test_links_that_break_together_break_once, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    test_links_that_break_unused_are_replaced_once, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    test_the_stage_of_a_dial_is_known_to_all, set_up,
		    tear_down),
		cmocka_unit_test(test_links_are_shared_out_over_workers),
		cmocka_unit_test_setup_teardown(
		    test_other_workers_hear_of_a_dial, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
