/* SPDX-License-Identifier: PostgreSQL */

/*
 * The option table is sound, its keys are found, and each type accepts what it
 * should and nothing else.
 */
#include "config/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/nearest.h"
#include "config/config.h"
#include "config/section.h"
#include "config/value.h"

/* Room for a field of any type. */
union field {
	char *text;
	unsigned number;
	int64_t duration_ms;
	bool flag;
	struct secret secret;
	struct config_words words;
};

static const struct option *
option(enum option_section section, const char *name)
{
	bool is_file;
	const struct option *found = config_options_find(section, name,
	    &is_file);

	assert_non_null(found);
	assert_false(is_file);
	return found;
}

static void
every_row_is_sound(void **state)
{
	(void)state;
	assert_true(config_option_count <= SECTION_SLOTS);
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *row = &config_options[i];
		char expected[200];

		assert_ptr_equal(option(row->section, row->name), row);
		assert_non_null(row->sentence);
		assert_int_not_equal(row->sentence[strlen(row->sentence) - 1],
		    '.');
		assert_int_equal(row->type == OPTION_WORD ||
			row->type == OPTION_WORDS,
		    row->words != NULL);
		if (row->type == OPTION_SPECIAL)
			assert_int_equal(row->offset, OPTION_NO_FIELD);
		config_value_expected(row, expected, sizeof expected);
		assert_true(strlen(expected) > 0);
		assert_true(strlen(expected) < sizeof expected - 1);
	}
}

static void
every_default_is_allowed(void **state)
{
	(void)state;
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *row = &config_options[i];
		union field field;

		memset(&field, 0, sizeof field);
		if (row->fallback == NULL)
			continue;
		assert_int_not_equal(row->need, NEED_REQUIRED);
		assert_int_equal(config_value_parse(row, row->fallback, &field),
		    VALUE_GOOD);
	}
}

static void
a_secret_has_a_file(void **state)
{
	bool is_file;

	(void)state;
	assert_ptr_equal(config_options_find(SECTION_TUNNEL, "private_key_file",
			     &is_file),
	    option(SECTION_TUNNEL, "private_key"));
	assert_true(is_file);
	assert_ptr_equal(config_options_find(SECTION_SSL, "ca_cert_file",
			     &is_file),
	    option(SECTION_SSL, "ca_cert"));
	assert_true(is_file);
	assert_null(config_options_find(SECTION_TUNNEL, "host_file", &is_file));
	assert_null(
	    config_options_find(SECTION_TUNNEL, "private_key_fil", &is_file));
	assert_ptr_not_equal(option(SECTION_TUNNEL, "private_key"),
	    option(SECTION_TUNNEL, "private_key_passphrase"));
}

static void
the_nearest_key_is_found(void **state)
{
	static const struct {
		enum option_section section;
		const char *key, *nearest;
	} cases[] = {
		{ SECTION_CONNECTION, "prot", "port" },
		{ SECTION_CONNECTION, "Host", "host" },
		{ SECTION_CONNECTION, "user", "username" },
		{ SECTION_TUNNEL, "user", "username" },
		{ SECTION_TUNNEL, "pasword_file", "password_file" },
		{ SECTION_TUNNEL, "passphrase", "private_key_passphrase" },
		{ SECTION_CONNECTION, "frobnicate", "" },
		{ SECTION_CONNECTION, "", "" },
	};
	char word[NEAREST_LEN_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		config_options_nearest(cases[i].section, cases[i].key, word);
		assert_string_equal(word, cases[i].nearest);
	}
}

static void
a_key_of_another_section_is_known(void **state)
{
	char hint[100];

	(void)state;
	assert_true(
	    config_options_hint_section("log_level", hint, sizeof hint));
	assert_string_equal(hint,
	    "; it belongs in the top level (beside connections)");
	assert_true(config_options_hint_section("mode", hint, sizeof hint));
	assert_string_equal(hint, "; it belongs in ssl_config");
	assert_false(config_options_hint_section("prot", hint, sizeof hint));
}

static enum value_verdict
parse(enum option_section section, const char *name, const char *text,
    union field *field)
{
	memset(field, 0, sizeof *field); /* all of it, not its first member */
	return config_value_parse(option(section, name), text, field);
}

static void
numbers_keep_their_range(void **state)
{
	static const char *const bad[] = { "", "0", "65536", "-1", "+1", "1 2",
		"1.0", "0x10", "1e3", "99999999999999999999", "true" };
	union field field;

	(void)state;
	assert_int_equal(parse(SECTION_CONNECTION, "port", "1", &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, 1);
	assert_int_equal(parse(SECTION_CONNECTION, "port", "65535", &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, 65535);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(parse(SECTION_CONNECTION, "port", bad[i],
				     &field),
		    VALUE_BAD);
}

static void
space_at_the_ends_is_none_of_a_value(void **state)
{
	union field field;

	(void)state;
	assert_int_equal(parse(SECTION_CONNECTION, "port", " 1\n", &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, 1);
	assert_int_equal(parse(SECTION_CONNECTION, "host", "h \r\n", &field),
	    VALUE_GOOD);
	assert_string_equal(field.text, "h");
	free(field.text);
	/* Of a secret it is, but for one line end. */
	assert_int_equal(parse(SECTION_CONNECTION, "password", " x \n\n",
			     &field),
	    VALUE_GOOD);
	assert_string_equal(field.secret.text, " x \n");
	secret_clear(&field.secret);
}

static void
durations_have_units(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = { { "4s", 4000 }, { "500ms", 500 }, { "1m", 60000 },
		{ "10", 10000 }, { "0", 0 }, { "24h", 86400000 },
		{ "86400000ms", 86400000 } };
	static const char *const bad[] = { "", "s", "4 s", "4S", "1d", "-1s",
		"1.5s", "25h", "1440001s", "99999999999999999999s" };
	union field field;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(parse(SECTION_GLOBAL, "shutdown_timeout",
				     good[i].text, &field),
		    VALUE_GOOD);
		assert_int_equal(field.duration_ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(parse(SECTION_GLOBAL, "shutdown_timeout",
				     bad[i], &field),
		    VALUE_BAD);
	assert_int_equal(parse(SECTION_CONNECTION, "connection_timeout",
			     "999ms", &field),
	    VALUE_BAD);
	assert_int_equal(parse(SECTION_CONNECTION, "connection_timeout", "300",
			     &field),
	    VALUE_GOOD);
}

static void
flags_are_words(void **state)
{
	union field field;

	(void)state;
	assert_int_equal(parse(SECTION_TUNNEL, "enabled", "true", &field),
	    VALUE_GOOD);
	assert_true(field.flag);
	assert_int_equal(parse(SECTION_TUNNEL, "enabled", "Yes", &field),
	    VALUE_GOOD);
	assert_true(field.flag);
	field.flag = true;
	assert_int_equal(config_value_parse(option(SECTION_TUNNEL, "enabled"),
			     "off", &field),
	    VALUE_GOOD);
	assert_false(field.flag);
	assert_int_equal(parse(SECTION_TUNNEL, "enabled", "1", &field),
	    VALUE_GOOD);
	assert_true(field.flag);
	assert_int_equal(parse(SECTION_TUNNEL, "enabled", "2", &field),
	    VALUE_BAD);
}

static void
words_may_be_for_later(void **state)
{
	union field field;

	(void)state;
	assert_int_equal(parse(SECTION_SSL, "mode", "verify-full", &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, SSL_MODE_VERIFY_FULL);
	assert_int_equal(parse(SECTION_SSL, "mode", "Require", &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, SSL_MODE_REQUIRE);
	assert_int_equal(parse(SECTION_SSL, "mode", "verify", &field),
	    VALUE_BAD);
	assert_int_equal(parse(SECTION_CONNECTION, "ssl", "True", &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, SSL_MODE_REQUIRE);
	assert_int_equal(parse(SECTION_CONNECTION, "client_tls", "terminate",
			     &field),
	    VALUE_GOOD);
	assert_int_equal(field.number, TLS_ENDS_HERE);
}

static void
hosts_are_names_or_addresses(void **state)
{
	static const char *const good[] = { "a", "db.example.com", "10.0.0.1",
		"::1", "2001:db8::1", "fe80::1%eth0", "my_host-1", "/run/x" };
	static const char *const bad[] = { "", "h:5432", "[::1]", "h/x",
		"postgres://h", "u@h", "a b", "h\ni", "\xc3\xa4" };
	char longest[255];
	union field field;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(parse(SECTION_CONNECTION, "host", good[i],
				     &field),
		    VALUE_GOOD);
		assert_string_equal(field.text, good[i]);
		free(field.text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(parse(SECTION_CONNECTION, "host", bad[i],
				     &field),
		    VALUE_BAD);
	assert_int_equal(parse(SECTION_TUNNEL, "host", "/run/x", &field),
	    VALUE_BAD);
	memset(longest, 'a', 254);
	longest[254] = '\0';
	assert_int_equal(parse(SECTION_TUNNEL, "host", longest, &field),
	    VALUE_BAD);
	longest[253] = '\0';
	assert_int_equal(parse(SECTION_TUNNEL, "host", longest, &field),
	    VALUE_GOOD);
	free(field.text);
}

static void
names_are_short_and_plain(void **state)
{
	char longest[66];
	union field field;

	(void)state;
	memset(longest, 'x', 65);
	longest[65] = '\0';
	assert_int_equal(parse(SECTION_CONNECTION, "name", longest, &field),
	    VALUE_BAD);
	assert_int_equal(parse(SECTION_CONNECTION, "name", "a b", &field),
	    VALUE_BAD);
	longest[64] = '\0';
	assert_int_equal(parse(SECTION_CONNECTION, "name", longest, &field),
	    VALUE_GOOD);
	free(field.text);
}

static void
texts_have_one_line(void **state)
{
	union field field;

	(void)state;
	assert_int_equal(parse(SECTION_TUNNEL, "username", "a\nb", &field),
	    VALUE_BAD);
	assert_int_equal(parse(SECTION_TUNNEL, "username", "\xc3\xa4 b",
			     &field),
	    VALUE_GOOD);
	free(field.text);
	assert_int_equal(parse(SECTION_TUNNEL, "password", "a\nb", &field),
	    VALUE_GOOD);
	secret_clear(&field.secret);
	assert_int_equal(parse(SECTION_SSL, "ca_cert", "hello", &field),
	    VALUE_BAD);
}

static void
what_a_terminal_obeys_is_no_text(void **state)
{
	static const char *const bad[] = { "/a\x1b[m", "/a\x7f", "/a\xc2\x9b",
		"/a\xe2\x80\xae", "/a\xe2\x81\xa6", "/a\xff", "/a\xc3" };
	static const char *const names[] = { "username", "agent_socket" };
	union field field;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		for (size_t j = 0; j < sizeof names / sizeof *names; j++)
			assert_int_equal(parse(SECTION_TUNNEL, names[j], bad[i],
					     &field),
			    VALUE_BAD);
		assert_int_equal(parse(SECTION_CONNECTION, "host", bad[i],
				     &field),
		    VALUE_BAD);
	}
	assert_int_equal(parse(SECTION_TUNNEL, "agent_socket",
			     "/\xd7\xa9\xe2\x80\x8d", &field),
	    VALUE_GOOD);
	free(field.text);
}

static void
what_is_expected_is_said(void **state)
{
	static const struct {
		enum option_section section;
		const char *name, *expected;
	} cases[] = {
		{ SECTION_CONNECTION, "port", "a number from 1 to 65535" },
		{ SECTION_GLOBAL, "shutdown_timeout",
		    "a duration from 0s to 24h, such as 4s, 500ms or 1m" },
		{ SECTION_GLOBAL, "open_timeout",
		    "a duration from 100ms to 5m, such as 4s, 500ms or 1m" },
		{ SECTION_GLOBAL, "log_format", "one of auto, text, json" },
		{ SECTION_CONNECTION, "client_tls",
		    "one of passthrough, terminate" },
		{ SECTION_TUNNEL, "enabled", "true or false" },
	};
	char expected[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		config_value_expected(option(cases[i].section, cases[i].name),
		    expected, sizeof expected);
		assert_string_equal(expected, cases[i].expected);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_sound),
		cmocka_unit_test(every_default_is_allowed),
		cmocka_unit_test(a_secret_has_a_file),
		cmocka_unit_test(the_nearest_key_is_found),
		cmocka_unit_test(a_key_of_another_section_is_known),
		cmocka_unit_test(numbers_keep_their_range),
		cmocka_unit_test(space_at_the_ends_is_none_of_a_value),
		cmocka_unit_test(durations_have_units),
		cmocka_unit_test(flags_are_words),
		cmocka_unit_test(words_may_be_for_later),
		cmocka_unit_test(hosts_are_names_or_addresses),
		cmocka_unit_test(names_are_short_and_plain),
		cmocka_unit_test(texts_have_one_line),
		cmocka_unit_test(what_a_terminal_obeys_is_no_text),
		cmocka_unit_test(what_is_expected_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
