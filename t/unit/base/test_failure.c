/* SPDX-License-Identifier: PostgreSQL */

/*
 * Every row of failure.def renders as one line of ASCII with all names filled
 * in.
 */
#include "base/fault.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static struct fault
complete_fault(enum failure code)
{
	struct fault fault = { 0 };

	fault_set(&fault, code, "%s", "the peer's own words");
	fault_name_proxy(&fault, "proxy.example.com:3128");
	fault_name(&fault, "bastion.example.com:22", "ubuntu",
	    "10.0.2.45:5432");
	return fault;
}

/* Name the row that fails, which an assertion alone would not. */
static void
require(bool is_true, const char *what, const char *text)
{
	if (!is_true)
		fail_msg("%s: %s", what, text);
}

static void
check_line(const char *text, size_t max)
{
	size_t len = strlen(text);

	require(len > 20 && len < max, "length", text);
	for (size_t i = 0; i < len; i++)
		require(text[i] >= ' ' && text[i] < 0x7f, "byte", text);
	require(strpbrk(text, "{}") == NULL, "brace", text);
	require(strstr(text, "  ") == NULL, "two spaces", text);
}

static void
message_stands_alone(enum failure code, enum software software)
{
	struct fault fault = complete_fault(code);
	char text[FAULT_DETAIL_MAX], label[64];
	size_t label_len;

	fault_software(&fault, software);
	label[0] = '\0';
	strcat(label, " [");
	strcat(label, failure_stage(code)->label);
	strcat(label, "]");
	label_len = strlen(label);
	fault_message(&fault, text, sizeof text);
	check_line(text, 320);
	require(strncmp(text, "pgjump: ", 8) == 0, "opening", text);
	require(strcmp(text + strlen(text) - label_len, label) == 0, "label",
	    text);
	require(text[strlen(text) - label_len - 1] != '.', "period", text);
	fault_message_mid_session(&fault, text, sizeof text);
	check_line(text, 320);
	require(strncmp(text, "terminating connection: pgjump: ", 32) == 0,
	    "opening", text);
}

/*
 * Rails takes a text that holds the name of the database for the message that
 * there is no such database.
 */
static void
check_names(const char *text)
{
	static const char *const names[] = { "app", "prod", "shop", "demo",
		"dev", "stag" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		require(strstr(text, names[i]) == NULL, names[i], text);
}

static void
hint_is_one_sentence(enum failure code, enum software software)
{
	struct fault fault = complete_fault(code);
	char text[FAULT_DETAIL_MAX];
	size_t len;

	fault_software(&fault, software);
	fault_hint(&fault, text, sizeof text);
	check_line(text, 400);
	len = strlen(text);
	require(text[0] >= 'A' && text[0] <= 'Z', "capital", text);
	require(text[len - 1] == '.' && text[len - 2] != '.', "period", text);
	require(strstr(text, ". ") == NULL, "one sentence", text);
	check_names(text);
}

static void
for_each_text(void (*judge)(enum failure, enum software))
{
	for (enum failure code = FAIL_NONE + 1; code < FAILURE_COUNT; code++)
		for (enum software of = SOFTWARE_UNKNOWN; of <= SOFTWARE_OTHER;
		     of++)
			judge(code, of);
}

static void
every_message_stands_alone(void **state)
{
	(void)state;
	for_each_text(message_stands_alone);
}

static void
every_hint_is_one_sentence(void **state)
{
	(void)state;
	for_each_text(hint_is_one_sentence);
}

static void
every_stage_is_whole(void **state)
{
	(void)state;
	for (int i = 0; i < STAGE_COUNT; i++) {
		const struct stage_info *stage = failure_stage_info(
		    (enum stage)i);

		assert_non_null(stage->label);
		assert_int_equal(strlen(stage->sqlstate), 5);
		assert_in_range(stage->exit_code, 10, 49);
		for (int j = 0; j < i; j++) {
			const struct stage_info *other = failure_stage_info(
			    (enum stage)j);

			require(other->exit_code != stage->exit_code &&
				strcmp(other->label, stage->label) != 0,
			    "twice", stage->label);
		}
	}
}

static void
only_the_limit_is_no_57P03_before_the_session(void **state)
{
	(void)state;
	for (int i = 0; i < STAGE_COUNT; i++) {
		const struct stage_info *stage = failure_stage_info(
		    (enum stage)i);
		const char *want = i == STAGE_CLIENT_LIMIT ? "53300"
		    : i == STAGE_CLIENT_PROTOCOL           ? "08P01"
							   : "57P03";

		assert_string_equal(stage->sqlstate, want);
	}
}

static void
a_message_names_side_and_peers(void **state)
{
	struct fault fault = complete_fault(FAIL_DB_REFUSED);
	char text[FAULT_DETAIL_MAX];

	(void)state;
	fault_message(&fault, text, sizeof text);
	assert_string_equal(text,
	    "pgjump: tunnel is up, database failed: 10.0.2.45:5432 refused the "
	    "connection from jump box bastion.example.com:22 [db_refused]");
	fault.jump[0] = '\0';
	fault_message(&fault, text, sizeof text);
	assert_string_equal(text,
	    "pgjump: database failed: 10.0.2.45:5432 refused the connection "
	    "[db_refused]");
	fault_message_bare(&fault, text, sizeof text);
	assert_string_equal(text,
	    "database failed: 10.0.2.45:5432 refused the connection "
	    "[db_refused]");
	fault = complete_fault(FAIL_AUTH_KEY_REJECTED);
	fault_message(&fault, text, sizeof text);
	assert_string_equal(text,
	    "pgjump: tunnel failed: jump box bastion.example.com:22 rejected "
	    "the key of user \"ubuntu\" [jump_auth]");
	fault = complete_fault(FAIL_SHUTDOWN);
	fault_message(&fault, text, sizeof text);
	assert_string_equal(text,
	    "pgjump: refused: pgjump is shutting down [shutdown]");
}

static void
the_first_cause_wins(void **state)
{
	struct fault fault = { 0 };

	(void)state;
	assert_int_equal(fault_set(&fault, FAIL_DB_REFUSED, "%s", "first"),
	    FAIL_DB_REFUSED);
	assert_int_equal(fault_set(&fault, FAIL_DB_TIMEOUT, "%s", "second"),
	    FAIL_DB_REFUSED);
	assert_string_equal(fault.words, "first");
	fault_name(&fault, "a:22", NULL, NULL);
	fault_name(&fault, "b:22", "user", NULL);
	assert_string_equal(fault.jump, "a:22");
	assert_string_equal(fault.user, "user");
	assert_string_equal(fault.database, "");
}

static void
details_are_joined_and_bounded(void **state)
{
	struct fault fault = { 0 };

	(void)state;
	fault_note(&fault, "reached in %d ms", 12);
	fault_note(&fault, "login\ndone");
	assert_string_equal(fault.detail, "reached in 12 ms; login done");
	for (int i = 0; i < 200; i++)
		fault_note(&fault, "clause number %d", i);
	assert_in_range(strlen(fault.detail), FAULT_DETAIL_MAX - 40,
	    FAULT_DETAIL_MAX - 1);
}

static void
text_becomes_printable(void **state)
{
	char out[16];

	(void)state;
	text_printable(out, sizeof out, " \tSSH-2.0\r\n", 11);
	assert_string_equal(out, "SSH-2.0");
	text_printable(out, sizeof out, "a \n b\0\xc3\xa9", 8);
	assert_string_equal(out, "a b???");
	text_printable(out, sizeof out, "0123456789abcdefghij", 20);
	assert_in_range(strlen(out), 13, 15);
	text_printable(out, 1, "abc", 3);
	assert_string_equal(out, "");
}

static void
a_short_buffer_cuts_and_ends(void **state)
{
	struct fault fault = complete_fault(FAIL_DB_REFUSED);
	char text[24];

	(void)state;
	fault_message(&fault, text, sizeof text);
	assert_int_equal(strlen(text), sizeof text - 1);
}

static bool
names_sshd(enum failure code, enum software software)
{
	static const char *const words[] = { "sshd", "MaxStartups",
		"PermitOpen", "AllowTcpForwarding", "ChannelTimeout" };
	struct fault fault = complete_fault(code);
	char hint[FAULT_DETAIL_MAX];

	fault_software(&fault, software);
	fault_hint(&fault, hint, sizeof hint);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strstr(hint, words[i]) != NULL)
			return true;
	return false;
}

/* The texts for a jump box whose banner was not seen. */
static const enum failure before_banner[] = {
	FAIL_JUMP_REFUSED,
	FAIL_JUMP_NOT_SSH,
	FAIL_JUMP_SPEAKS_TLS,
	FAIL_JUMP_SILENT,
	FAIL_JUMP_TURNED_AWAY,
};

static bool
is_before_banner(enum failure code)
{
	for (size_t i = 0; i < sizeof before_banner / sizeof *before_banner;
	     i++)
		if (before_banner[i] == code)
			return true;
	return false;
}

static void
settings_of_sshd_are_named_to_openssh_alone(void **state)
{
	(void)state;
	for (enum failure code = FAIL_NONE + 1; code < FAILURE_COUNT; code++) {
		if (is_before_banner(code))
			continue;
		require(!names_sshd(code, SOFTWARE_OTHER) &&
			!names_sshd(code, SOFTWARE_DROPBEAR),
		    "sshd, to another server", failure_info(code)->message);
	}
	assert_true(names_sshd(FAIL_FORWARD_DENIED, SOFTWARE_UNKNOWN));
	assert_true(names_sshd(FAIL_FORWARD_DENIED, SOFTWARE_OPENSSH));
}

static void
a_server_has_words_of_its_own(void **state)
{
	struct fault fault = complete_fault(FAIL_FORWARD_DENIED);
	char text[1000];

	(void)state;
	fault_software(&fault, SOFTWARE_DROPBEAR);
	fault_software(&fault, SOFTWARE_OPENSSH); /* the first one stands */
	fault_hint(&fault, text, sizeof text);
	assert_non_null(strstr(text, "option -j of dropbear"));
	fault = complete_fault(FAIL_DB_CLOSED);
	fault_software(&fault, SOFTWARE_TWISTED);
	fault_message(&fault, text, sizeof text);
	assert_null(strstr(text, "accepted the connection"));
	assert_non_null(strstr(text, "confirms a forward before it connects"));
}

static void
what_was_noted_since_a_mark_is_told(void **state)
{
	struct fault fault = { 0 };
	size_t mark;

	(void)state;
	assert_string_equal(fault_notes_since(&fault, 0), "");
	fault_note(&fault, "one");
	assert_string_equal(fault_notes_since(&fault, 0), "one");
	mark = strlen(fault.detail);
	assert_string_equal(fault_notes_since(&fault, mark), "");
	fault_note(&fault, "two");
	fault_note(&fault, "three");
	assert_string_equal(fault_notes_since(&fault, mark), "two; three");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_stands_alone),
		cmocka_unit_test(every_hint_is_one_sentence),
		cmocka_unit_test(every_stage_is_whole),
		cmocka_unit_test(only_the_limit_is_no_57P03_before_the_session),
		cmocka_unit_test(a_message_names_side_and_peers),
		cmocka_unit_test(the_first_cause_wins),
		cmocka_unit_test(settings_of_sshd_are_named_to_openssh_alone),
		cmocka_unit_test(a_server_has_words_of_its_own),
		cmocka_unit_test(what_was_noted_since_a_mark_is_told),
		cmocka_unit_test(details_are_joined_and_bounded),
		cmocka_unit_test(text_becomes_printable),
		cmocka_unit_test(a_short_buffer_cuts_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
