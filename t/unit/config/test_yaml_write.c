/* SPDX-License-Identifier: PostgreSQL */

/*
 * Everything that is written is read back unchanged by libyaml: every code
 * point, bytes that are no UTF-8, and texts of several lines.
 */
#include "config/yaml_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/xmalloc.h"
#include "config/yaml.h"

#define AT_A_TIME 1000

/* A document under construction. */
struct document {
	char *text;
	size_t len;
	FILE *out;
};

static void
document_open(struct document *document)
{
	document->out = open_memstream(&document->text, &document->len);
	assert_non_null(document->out);
}

/* Close it and read it; the tree is the caller's. */
static struct yaml_tree *
read_back(struct document *document)
{
	struct report *report = report_new("F");
	struct yaml_tree *tree;

	fclose(document->out);
	tree = yaml_tree_parse(document->text, document->len, report);
	report_write(report, stderr);
	if (tree == NULL)
		print_message("%s\n", document->text);
	assert_non_null(tree);
	report_free(report);
	free(document->text);
	return tree;
}

/* UTF-8 of a code point. */
static const char *
encode(uint32_t code)
{
	static char text[5];
	unsigned len = code < 0x80 ? 1
	    : code < 0x800         ? 2
	    : code < 0x10000       ? 3
				   : 4;

	memset(text, 0, sizeof text);
	for (unsigned i = len; i-- > 1; code >>= 6)
		text[i] = (char)(0x80 | (code & 0x3f));
	text[0] = (char)(len == 1 ? code : code | (0xf00U >> len & 0xff));
	return text;
}

static void
check_codes(uint32_t first)
{
	struct document document;
	struct yaml_tree *tree;
	char text[8];

	document_open(&document);
	for (uint32_t i = 0; i < AT_A_TIME; i++) {
		snprintf(text, sizeof text, "a%sz", encode(first + i));
		fputs("- ", document.out);
		yaml_write_quoted(document.out, text);
		fputc('\n', document.out);
	}
	tree = read_back(&document);
	assert_int_equal(tree->root->count, AT_A_TIME);
	for (uint32_t i = 0; i < AT_A_TIME; i++) {
		snprintf(text, sizeof text, "a%sz", encode(first + i));
		assert_string_equal(tree->root->items[i]->text, text);
	}
	yaml_tree_free(tree);
}

static void
every_code_point_is_read_back(void **state)
{
	(void)state;
	for (uint32_t code = 1; code < 0xd800 - AT_A_TIME; code += AT_A_TIME)
		check_codes(code);
	check_codes(0xd800 - AT_A_TIME);
	check_codes(0xe000);
	check_codes(0xfa00);
	check_codes(0x10000 - AT_A_TIME);
	check_codes(0x10000);
	check_codes(0x1f600);
	check_codes(0x110000 - AT_A_TIME);
}

/* The only item of a list, written by one of the two. */
static char *
written(const char *text, bool is_block)
{
	struct document document;
	struct yaml_tree *tree;
	char *found;

	document_open(&document);
	fputs("- ", document.out);
	if (is_block)
		yaml_write_lines(document.out, text, 4);
	else
		yaml_write_quoted(document.out, text);
	tree = read_back(&document);
	assert_int_equal(tree->root->count, 1);
	found = xstrdup(tree->root->items[0]->text);
	yaml_tree_free(tree);
	return found;
}

static void
what_yaml_takes_for_something_else_is_a_text(void **state)
{
	static const char *const texts[] = { "", " ", "~", "null", "yes", "0",
		"# no comment", "a # b", "a: b", "- a", "[a]", "{a}", "&a",
		"*a", "!a", "|", ">", "'", "\"", "\\", "\\n", "%a", "@a", "`a",
		"? a", "---", "...", " a ", "\ta\t", "a\nb", "\n", "a\r\n",
		"\r", "\\ud83d\\ude00", "C:\\x", "a\x7f\x01z" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		for (int lines = 0; lines <= 1; lines++) {
			char *found = written(texts[i], lines);

			assert_string_equal(found, texts[i]);
			free(found);
		}
}

static void
texts_of_many_lines_stay_what_they_are(void **state)
{
	static const char *const texts[] = { "a\nb\n", "a\nb", "a\n\nb\n",
		"a\n  b\n", "a\n", "a\n\n", "\na\n", " a\nb\n", "a\n \nb",
		"a \nb \n", "-----BEGIN X-----\nAA+/=\n-----END X-----\n",
		"a\n# b\n", "a\n\tb\n", "a\r\nb\r\n", "\xc3\xa4\nb\n",
		"a: b\n- c\n", "---\n...\n" };

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *found = written(texts[i], true);

		assert_string_equal(found, texts[i]);
		free(found);
	}
}

static void
lines_are_lines(void **state)
{
	struct document document;

	(void)state;
	document_open(&document);
	yaml_write_lines(document.out, "one\n\n two\n", 2);
	yaml_write_lines(document.out, "a\nb", 0);
	yaml_write_lines(document.out, "a\tb", 2);
	fclose(document.out);
	assert_string_equal(document.text,
	    "|\n  one\n\n   two\n|-\na\nb\n\"a\\tb\"\n");
	free(document.text);
}

static void
what_a_terminal_obeys_is_escaped(void **state)
{
	struct document document;

	(void)state;
	document_open(&document);
	yaml_write_quoted(document.out,
	    "\x1b\xc2\x9b\xe2\x80\xae\xf3\xa0\x80\x81");
	fclose(document.out);
	assert_string_equal(document.text, "\"\\x1b\\x9b\\u202e\\U000e0001\"");
	free(document.text);
}

/* Each byte that is not UTF-8 becomes U+FFFD. */
static void
bytes_that_are_no_text_are_replaced(void **state)
{
	static const struct {
		const char *text, *read;
	} cases[] = {
		{ "a\xffz", "a?z" },
		{ "\x80", "?" },
		{ "\xc3", "?" },
		{ "\xc3z", "?z" },
		{ "\xe2\x82", "??" },
		{ "\xc0\xaf", "??" },           /* overlong */
		{ "\xed\xa0\x80", "???" },      /* a surrogate */
		{ "\xf4\x90\x80\x80", "????" }, /* beyond U+10FFFF */
		{ "\xf8\x88\x80\x80\x80", "?????" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *found = written(cases[i].text, false), *end = found;

		for (const char *at = found; *at != '\0'; end++) {
			bool is_replaced = strncmp(at, "\xef\xbf\xbd", 3) == 0;

			*end = is_replaced ? '?' : *at;
			at += is_replaced ? 3 : 1;
		}
		*end = '\0';
		assert_string_equal(found, cases[i].read);
		free(found);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_is_read_back),
		cmocka_unit_test(what_yaml_takes_for_something_else_is_a_text),
		cmocka_unit_test(texts_of_many_lines_stay_what_they_are),
		cmocka_unit_test(lines_are_lines),
		cmocka_unit_test(what_a_terminal_obeys_is_escaped),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
