/* SPDX-License-Identifier: PostgreSQL */

/*
 * The faults of forwards: which side is blamed, and with what evidence.
 */
#include "jump/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "ssh/link.h"

#define JUMP "jump.example:22"

static void
assert_has(const char *text, const char *part)
{
	if (strstr(text, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", text, part);
}

static struct fault
refused(unsigned reason, const char *words, bool is_socket)
{
	struct ssh_opened opened = { .reason = reason, .elapsed_ms = 12 };
	struct fault fault = { 0 };

	strcpy(opened.words, words);
	jump_fault_refused(&fault, JUMP, &opened, is_socket);
	return fault;
}

static void
a_refusal_quotes_the_jump_box(void **state)
{
	struct fault fault = refused(2, "Connection refused", false);

	(void)state;
	assert_int_equal(fault.code, FAIL_DB_REFUSED);
	assert_has(fault.detail, "the tunnel to jump box " JUMP " is up");
	assert_has(fault.detail, "\"Connection refused\" after 12 ms");
}

static void
a_refusal_without_words_says_so(void **state)
{
	struct fault fault = refused(2, "", false);

	(void)state;
	assert_int_equal(fault.code, FAIL_DB_UNREACHED);
	assert_string_equal(fault.words, "refused after 12 ms");
	assert_has(fault.detail, "without giving a reason after 12 ms");

	fault = refused(2, "the moon is full", false);
	assert_int_equal(fault.code, FAIL_DB_UNREACHED_SAID);
	assert_string_equal(fault.words, "the moon is full");

	fault = refused(4, "", false);
	assert_int_equal(fault.code, FAIL_FORWARD_LIMIT_PEER);
	assert_string_equal(fault.words, "it gave no reason");
}

static void
a_time_out_of_the_jump_box_is_told_as_a_time(void **state)
{
	struct fault fault = refused(2, "Connection timed out", false);

	(void)state;
	assert_int_equal(fault.code, FAIL_DB_TIMEOUT);
	assert_string_equal(fault.words, "12 ms");
}

static void
a_socket_has_a_row_of_its_own(void **state)
{
	(void)state;
	assert_int_equal(refused(2, "open failed", true).code,
	    FAIL_DB_UNREACHED_SOCKET);
}

static void
a_refusal_keeps_whose_words_they_are(void **state)
{
	struct ssh_opened opened = { .software = SOFTWARE_ASYNCSSH,
		.reason = 2,
		.words = "Connection refused" };
	struct fault fault = { 0 };

	(void)state;
	jump_fault_refused(&fault, JUMP, &opened, false);
	assert_int_equal(fault.code, FAIL_FORWARD_DENIED);
	assert_int_equal(fault.software, SOFTWARE_ASYNCSSH);
}

static void
silence_of_the_tunnel_is_the_tunnels(void **state)
{
	const struct fault jump = { .jump = JUMP, .hop = 1 };
	struct fault fault = { 0 };

	(void)state;
	jump_fault_silent(&fault, &jump, 4000);
	assert_string_equal(fault.jump, JUMP);
	assert_int_equal(fault.code, FAIL_TUNNEL_SILENT);
	assert_string_equal(fault.words, "4 s");
	assert_int_equal(failure_stage(fault.code)->side, SIDE_TUNNEL);
}

static void
silence_behind_a_live_tunnel_is_the_databases(void **state)
{
	struct fault unanswered = { 0 }, stalled = { 0 }, behind = { 0 };

	(void)state;
	jump_fault_unanswered(&unanswered, JUMP, 4000, false);
	jump_fault_unanswered(&stalled, JUMP, 4000, true);
	jump_fault_behind(&behind, JUMP, 2500);
	assert_int_equal(unanswered.code, FAIL_DB_TIMEOUT);
	assert_int_equal(behind.code, FAIL_DB_TIMEOUT);
	assert_string_equal(behind.words, "2.5 s");
	assert_has(unanswered.detail, "the tunnel to jump box " JUMP " is up");
	assert_has(stalled.detail, "it answers nothing else on that session");
	assert_null(strstr(unanswered.detail, "answers nobody"));
	assert_has(behind.detail, "earlier connections");
}

static void
a_full_pool_is_told_with_its_size(void **state)
{
	struct fault fault = { 0 };

	(void)state;
	jump_fault_busy(&fault, 8000, 3);
	assert_int_equal(fault.code, FAIL_FORWARD_LIMIT);
	assert_has(fault.detail, "all 3 links to the jump box were busy");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_quotes_the_jump_box),
		cmocka_unit_test(a_refusal_without_words_says_so),
		cmocka_unit_test(a_time_out_of_the_jump_box_is_told_as_a_time),
		cmocka_unit_test(a_socket_has_a_row_of_its_own),
		cmocka_unit_test(a_refusal_keeps_whose_words_they_are),
		cmocka_unit_test(silence_of_the_tunnel_is_the_tunnels),
		cmocka_unit_test(silence_behind_a_live_tunnel_is_the_databases),
		cmocka_unit_test(a_full_pool_is_told_with_its_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
