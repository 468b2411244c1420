/* SPDX-License-Identifier: PostgreSQL */

/*
 * Documents as trees: the places of their nodes, what JSON allows and YAML does
 * not, and the bounds on size, depth and aliases.
 */
#include "config/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/xmalloc.h"

/* The messages of a document; "" if there are none. */
static const char *
report_of_bytes(const char *bytes, size_t len)
{
	static char text[4096];
	struct report *report = report_new("F");
	struct yaml_tree *tree = yaml_tree_parse(bytes, len, report);
	FILE *out = fmemopen(text, sizeof text, "w");

	assert_true((tree == NULL) == report_has_error(report));
	text[0] = '\0';
	report_write(report, out);
	fclose(out);
	report_free(report);
	yaml_tree_free(tree);
	return text;
}

static const char *
report_of(const char *document)
{
	return report_of_bytes(document, strlen(document));
}

static struct yaml_tree *
tree_of(const char *document)
{
	struct report *report = report_new("F");
	struct yaml_tree *tree = yaml_tree_parse(document, strlen(document),
	    report);

	report_write(report, stderr);
	assert_non_null(tree);
	report_free(report);
	return tree;
}

/* The value of a document's only key, or of its n-th. */
static const struct node *
value(const struct yaml_tree *tree, size_t index)
{
	assert_int_equal(tree->root->kind, NODE_MAPPING);
	assert_true(index < tree->root->count);
	return tree->root->items[index];
}

static void
assert_value(const char *document, const char *expected)
{
	struct yaml_tree *tree = tree_of(document);
	const struct node *node = value(tree, tree->root->count - 1);

	assert_int_equal(node->kind, NODE_SCALAR);
	assert_string_equal(node->text, expected);
	yaml_tree_free(tree);
}

static void
assert_place(const struct node *node, unsigned line, unsigned column)
{
	assert_int_equal(node->place.line, line);
	assert_int_equal(node->place.column, column);
}

static void
nodes_know_their_places(void **state)
{
	struct yaml_tree *tree = tree_of("a: 1\nb:\n  - x\n  - {c: \xc3\xa4, "
					 "d: y}\n");
	const struct node *list = value(tree, 1);

	(void)state;
	assert_place(tree->root, 1, 1);
	assert_place(tree->root->keys[1], 2, 1);
	assert_place(value(tree, 0), 1, 4);
	assert_int_equal(list->kind, NODE_LIST);
	assert_int_equal(list->count, 2);
	assert_place(list->items[0], 3, 5);
	assert_place(list->items[1]->keys[1], 4, 12); /* in characters */
	assert_string_equal(list->items[1]->keys[1]->text, "d");
	assert_true(list->items[1]->keys[1]->is_key);
	assert_false(list->items[0]->is_key);
	yaml_tree_free(tree);
}

static void
quotes_are_remembered(void **state)
{
	struct yaml_tree *tree = tree_of(
	    "a: null\nb: \"null\"\nc: 'x'\nd: |\n  y\ne:\n");

	(void)state;
	assert_true(value(tree, 0)->is_plain);
	assert_false(value(tree, 1)->is_plain);
	assert_false(value(tree, 2)->is_plain);
	assert_false(value(tree, 3)->is_plain);
	assert_true(value(tree, 4)->is_plain);
	assert_string_equal(value(tree, 4)->text, "");
	yaml_tree_free(tree);
}

static void
duplicate_keys_are_kept_for_others_to_judge(void **state)
{
	struct yaml_tree *tree = tree_of("a: 1\na: 2\n");

	(void)state;
	assert_int_equal(tree->root->count, 2);
	assert_string_equal(value(tree, 1)->text, "2");
	yaml_tree_free(tree);
}

static void
json_is_yaml(void **state)
{
	(void)state;
	assert_value("{\"a\":\"x\\/y\\u0041\\n\"}", "x/yA\n");
	assert_value("{\n\t\"a\":\t[\n\t\t1\n\t],\n\t\"b\": \"x\"\n}\n", "x");
	assert_value("\t{\"a\":\"x\"}\n\t\n", "x");
	assert_value("{\"a\":\"x\"}\r\n", "x");
	assert_value("\xef\xbb\xbf{\"a\":\"x\"}", "x");
}

static void
surrogate_pairs_are_decoded(void **state)
{
	(void)state;
	assert_value("{\"a\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80");
	assert_value("{\"a\":\"x\\uD83D\\uDE00y\\ud800\\udc00\"}",
	    "x\xf0\x9f\x98\x80y\xf0\x90\x80\x80");
	assert_value("{\"a\":\"\\udbff\\udfff\"}", "\xf4\x8f\xbf\xbf");
	assert_value("# \\ud83d\\ude00\na: \"\\ud83d\\ude01\"",
	    "\xf0\x9f\x98\x81");
	assert_value("\"\\ud83d\\ude00\": \"\\ud83d\\ude01\"",
	    "\xf0\x9f\x98\x81");
	assert_value("\xc3\xa4: \"\xc3\xa4\\ud83d\\ude00\"",
	    "\xc3\xa4\xf0\x9f\x98\x80");
	assert_value("\xef\xbb\xbf\"b\": \"\\ud83d\\ude00\"",
	    "\xf0\x9f\x98\x80");
}

static void
surrogate_pairs_mean_nothing_outside_of_double_quotes(void **state)
{
	(void)state;
	assert_value("a: x\\uD83d\\ude00 y", "x\\uD83d\\ude00 y");
	assert_value("a: 'x\\ud83d\\ude00'", "x\\ud83d\\ude00");
	assert_value("a: |\n  x\\ud83d\\ude00\n", "x\\ud83d\\ude00\n");
	assert_value("a: \"\\\\ud83d\\\\ude00\"", "\\ud83d\\ude00");
}

static void
the_mask_of_surrogate_pairs_is_a_text_like_others(void **state)
{
	(void)state;
	assert_value("a: \"\\uFFFF\\uffff\\ud83d\\ude00\"",
	    "\xef\xbf\xbf\xef\xbf\xbf\xf0\x9f\x98\x80");
	assert_value("a: \\uFFFF\\uFFFF\\ud83d\\ude00",
	    "\\uFFFF\\uFFFF\\ud83d\\ude00");
}

static void
surrogate_pairs_move_no_place(void **state)
{
	struct yaml_tree *tree = tree_of(
	    "{\"a\": \"\\ud83d\\ude00\", \"b\": 1}");

	(void)state;
	assert_place(value(tree, 1), 1, 28);
	yaml_tree_free(tree);
}

static void
half_a_surrogate_pair_is_an_error(void **state)
{
	(void)state;
	assert_non_null(
	    strstr(report_of("a: \"x\\ud83d\""), "F:1:8: not YAML"));
	assert_non_null(
	    strstr(report_of("a: \"\\ude00\\ud83d\""), "F:1:7: not YAML"));
}

static void
an_alias_is_the_same_node(void **state)
{
	struct yaml_tree *tree = tree_of("a: &x {b: 1}\nc: *x\nd: &x 2\n"
					 "e: *x\n");

	(void)state;
	assert_ptr_equal(value(tree, 0), value(tree, 1));
	assert_string_equal(value(tree, 3)->text, "2");
	yaml_tree_free(tree);
}

static void
aliases_to_nowhere_are_errors(void **state)
{
	static const char message[] = "an alias must stand after its anchor";

	(void)state;
	assert_non_null(strstr(report_of("a: *x\nb: &x 1\n"), message));
	assert_non_null(strstr(report_of("a: &x [*x]\n"), message));
	assert_string_equal(report_of("&a k: 1\n*a : 2\n"),
	    "F:1:1: a key cannot be an alias\n");
}

/* Each line holds nine times the one before. */
static void
alias_bombs_do_not_go_off(void **state)
{
	char document[2048], *end = document;

	(void)state;
	end += sprintf(end, "- &a0 [x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 20; i++)
		end += sprintf(end,
		    "- &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n",
		    i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1,
		    i - 1);
	assert_non_null(strstr(report_of(document), "aliases counted"));
}

static void
a_large_text_cannot_be_multiplied(void **state)
{
	size_t size = (size_t)8 << 20, len;
	char *document = xmalloc(size + 100);

	(void)state;
	len = (size_t)sprintf(document, "- &a ");
	memset(document + len, 'x', size);
	strcpy(document + len + size, "\n- [*a, *a]\n");
	assert_string_equal(report_of(document), "");
	strcpy(document + len + size, "\n- [*a, *a, *a, *a]\n");
	assert_non_null(strstr(report_of(document), "aliases counted"));
	free(document);
}

static void
anchors_are_bounded(void **state)
{
	char *document = xmalloc(20000), *end = document;

	(void)state;
	for (int i = 0; i < 1001; i++)
		end += sprintf(end, "- &a%d x\n", i);
	assert_string_equal(report_of(document),
	    "F:1001:3: too many anchors (at most 1000)\n");
	free(document);
}

static void
depth_is_bounded(void **state)
{
	char deep[4000];

	(void)state;
	assert_string_equal(report_of("[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]"), "");
	memset(deep, '[', sizeof deep - 1);
	deep[sizeof deep - 1] = '\0';
	assert_string_equal(report_of(deep),
	    "F:1:17: nested too deeply (at most 16 levels)\n");
}

static void
size_is_bounded(void **state)
{
	char *document = xmalloc(YAML_SIZE_MAX + 1);

	(void)state;
	memset(document, ' ', YAML_SIZE_MAX + 1);
	document[0] = 'x';
	assert_string_equal(report_of_bytes(document, YAML_SIZE_MAX), "");
	assert_string_equal(report_of_bytes(document, YAML_SIZE_MAX + 1),
	    "F: larger than 16 MB\n");
	memset(document, ',', YAML_SIZE_MAX);
	document[0] = '[';
	for (size_t i = 1; i < YAML_SIZE_MAX - 1; i += 2)
		document[i] = 'x';
	assert_non_null(strstr(report_of_bytes(document, YAML_SIZE_MAX),
	    "at most 500000 values"));
	free(document);
}

static void
what_is_no_document_is_an_error(void **state)
{
	static const struct {
		const char *document, *report;
	} cases[] = {
		{ "", "F:1:1: the file is empty\n" },
		{ "# only a comment\n", "F:1:1: the file is empty\n" },
		{ "a: 1\n---\nb: 2\n",
		    "F:3:1: a second document; a configuration has only one\n" },
		{ "[a]: 1\n", "F:1:1: a key must be a text, not a list\n" },
		{ "a: !!str 1\n",
		    "F:1:4: YAML tags are not accepted, each option has its "
		    "own type; if this is a text, put the value in single "
		    "quotes\n" },
		{ "a: \"x\\0y\"\n",
		    "F:1:4: a text cannot hold a NUL character\n" },
		{ "b: 1\na: \xff\n",
		    "F:2:4: the byte 0xFF is not UTF-8; save the file as UTF-8\n" },
		{ "a: \"x",
		    "F:1:4: not YAML: the quote that begins here is not "
		    "closed\n" },
		{ "a: 1\nb\n",
		    "F:2:1: not YAML: a colon is missing behind this key\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(report_of(cases[i].document),
		    cases[i].report);
}

static void
an_address_without_quotes_is_known(void **state)
{
	static const char message[] =
	    "quote this address: in YAML a bracket begins a list\n";
	char expected[100];

	(void)state;
	sprintf(expected, "F:2:9: %s", message);
	assert_string_equal(report_of("a: 1\nlisten: [::1]:6432\n"), expected);
	sprintf(expected, "F:3:5: %s", message);
	assert_string_equal(report_of(
				"a: 1\nlisten:\n  - [2001:db8::1]:6432\n"),
	    expected);
	sprintf(expected, "F:1:10: %s", message);
	assert_string_equal(report_of("{listen: [::]:6432, a: b}"), expected);
	assert_string_equal(report_of("listen: \"[::1]:6432\"\n"), "");
	/* Wrong for another reason. */
	assert_null(strstr(report_of("a: [1, 2]:3\n"), "quote this address"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes_know_their_places),
		cmocka_unit_test(quotes_are_remembered),
		cmocka_unit_test(duplicate_keys_are_kept_for_others_to_judge),
		cmocka_unit_test(json_is_yaml),
		cmocka_unit_test(surrogate_pairs_are_decoded),
		cmocka_unit_test(
		    surrogate_pairs_mean_nothing_outside_of_double_quotes),
		cmocka_unit_test(
		    the_mask_of_surrogate_pairs_is_a_text_like_others),
		cmocka_unit_test(surrogate_pairs_move_no_place),
		cmocka_unit_test(half_a_surrogate_pair_is_an_error),
		cmocka_unit_test(an_alias_is_the_same_node),
		cmocka_unit_test(aliases_to_nowhere_are_errors),
		cmocka_unit_test(alias_bombs_do_not_go_off),
		cmocka_unit_test(a_large_text_cannot_be_multiplied),
		cmocka_unit_test(anchors_are_bounded),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(what_is_no_document_is_an_error),
		cmocka_unit_test(an_address_without_quotes_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
