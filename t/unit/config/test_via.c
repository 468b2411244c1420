/* SPDX-License-Identifier: PostgreSQL */

/*
 * Chains of jump boxes: every form of `via`, who shares what, what is refused
 * and where that is told.
 */
#include "config/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "config/hops.h"
#include "config/print.h"
#include "documents.h"

/* A jump box of jump_boxes, on a line of its own. */
#define BOX(name, more) \
	"  " name ": { host: " name ".h, username: u, password: x" more " }\n"

/* A connection; `tunnel` is what its ssh_tunnel is. */
#define BY(name, port, tunnel)                                               \
	"- { name: " name ", host: h, listen: " port ", ssh_tunnel: " tunnel \
	" }\n"

#define CHAIN "jump_boxes:\n" BOX("a", "") BOX("b", ", via: a")

/* "a.h:22 b.h:22", the first hop first. */
static const char *
way(const struct config *cfg, size_t connection)
{
	static char text[1000];
	const struct config_jump *last = cfg->connections[connection].jump;

	text[0] = '\0';
	for (unsigned i = 1; i <= config_hops_count(last); i++) {
		strcat(text, i > 1 ? " " : "");
		strcat(text, config_hops_at(last, i)->label);
	}
	return text;
}

static void
every_form_makes_the_same_chain(void **state)
{
	static const char *const forms[] = {
		"b",
		"{ use: b }",
		"{ use: b, via: a }",
		"{ use: b, via: [a] }",
		"{ use: b, via: { use: a } }",
		"{ use: b, via: { host: a.h, username: u, password: x } }",
		"{ host: b.h, username: u, password: x, via: a }",
		"{ enabled: true, host: b.h, username: u, password: x, "
		"via: a }",
	};
	char document[2000] = CHAIN "connections:\n", line[300];
	struct config *cfg;

	(void)state;
	for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
		snprintf(line, sizeof line, BY("c%u", "%u", "%s"), i, 1000 + i,
		    forms[i]);
		strcat(document, line);
	}
	cfg = good(document);
	assert_int_equal(cfg->jump_count, 2);
	for (size_t i = 0; i < cfg->connection_count; i++) {
		assert_ptr_equal(cfg->connections[i].jump, &cfg->jumps[1]);
		assert_string_equal(way(cfg, i), "a.h:22 b.h:22");
	}
	assert_ptr_equal(cfg->jumps[1].via, &cfg->jumps[0]);
	config_unref(cfg);
}

/* A list says how each is reached, whatever its own via says. */
static void
a_list_is_the_whole_way(void **state)
{
	struct config *cfg = good(CHAIN BOX("c", ", via: [b, a]") BOX("d",
	    ", via: c") "connections:\n" BY("x", "1000", "c")
		BY("y", "1001", "d") BY("z", "1002", "{ use: d, via: [] }"));

	(void)state;
	assert_string_equal(way(cfg, 0), "a.h:22 b.h:22 a.h:22 c.h:22");
	assert_string_equal(way(cfg, 1), "a.h:22 b.h:22 a.h:22 c.h:22 d.h:22");
	assert_string_equal(way(cfg, 2), "d.h:22");
	config_unref(cfg);
}

static void
outer_ones_stand_before_inner_ones(void **state)
{
	struct config *cfg = good(
	    "jump_boxes:\n" BOX("c", ", via: b") BOX("b", ", via: a") BOX("a",
		"") "connections:\n" BY("x", "1000", "c") BY("y", "1001", "a"));

	(void)state;
	for (size_t i = 0; i < cfg->jump_count; i++) {
		assert_int_equal(cfg->jumps[i].index, i);
		if (cfg->jumps[i].via != NULL)
			assert_true(cfg->jumps[i].via->index < i);
	}
	config_unref(cfg);
}

static void
another_way_is_another_jump_box(void **state)
{
	struct config *cfg = good(CHAIN "connections:\n" BY("x", "1000", "b")
		BY("y", "1001", "{ use: b, via: { use: a, port: 23 } }")
		    BY("z", "1002", "{ use: b, via: [] }"));

	(void)state;
	assert_ptr_not_equal(cfg->connections[0].jump,
	    cfg->connections[1].jump);
	assert_ptr_not_equal(cfg->connections[0].jump,
	    cfg->connections[2].jump);
	assert_string_equal(way(cfg, 1), "a.h:23 b.h:22");
	config_unref(cfg);
}

static void
a_circle_is_told_once_with_its_way(void **state)
{
	(void)state;
	assert_string_equal(errors("jump_boxes:\n" BOX("a", ", via: c")
				    BOX("b", ", via: a") BOX("c",
					", via: { use: b, port: 23 }") BOX("d",
					", via: c") "connections:\n" BY("x",
					"1000", "d") BY("y", "1001", "a")),
	    "3:50: jump_boxes.b.via goes round in a circle: a -> c -> b -> "
	    "a\n");
	assert_string_equal(errors("jump_boxes:\n" BOX("a",
				", via: a") "connections:\n" BY("x", "1000",
				"a")),
	    "2:50: jump_boxes.a.via goes round in a circle: a -> a\n");
}

static void
eight_hops_and_no_more(void **state)
{
	static const char chain[] = "jump_boxes:\n" BOX("a", "")
	    BOX("b", ", via: a") BOX("c", ", via: b") BOX("d", ", via: c")
		BOX("e", ", via: d") BOX("f", ", via: e") BOX("g", ", via: f")
		    BOX("h", ", via: g");
	char document[3000];
	struct config *cfg;

	(void)state;
	snprintf(document, sizeof document, "%sconnections:\n%s", chain,
	    BY("x", "1000", "h"));
	cfg = good(document);
	assert_int_equal(config_hops_count(cfg->connections[0].jump), 8);
	config_unref(cfg);
	snprintf(document, sizeof document, "%sconnections:\n%s", chain,
	    BY("x", "1000", "{ use: a, via: h }"));
	assert_non_null(strstr(errors(document),
	    "ssh_tunnel.via makes a chain of more than 8 jump boxes\n"));
	snprintf(document, sizeof document, "%s%sconnections:\n%s", chain,
	    BOX("i", ", via: h"), BY("x", "1000", "h"));
	assert_string_equal(errors(document),
	    "10:50: jump_boxes.i.via makes a chain of more than 8 jump "
	    "boxes\n");
	snprintf(document, sizeof document, "%sconnections:\n%s", chain,
	    BY("x", "1000", "{ use: a, via: [b,b,b,b,b,b,b,b,b,b,b,b,b,b] }"));
	assert_non_null(strstr(errors(document), "more than 8 jump boxes\n"));
}

static void
what_is_no_jump_box_is_refused(void **state)
{
	static const char *const cases[][2] = {
		{ "{ use: a, via: bb }",
		    "5:64: ssh_tunnel.via: there is no jump box \"bb\"; did" },
		{ "{ use: a, via: [[b]] }",
		    "5:65: ssh_tunnel.via must be the name of a jump box, a "
		    "mapping, or a list of these, not a list" },
		{ "{ use: a, via: { host: j, username: u, enabled: true, "
		  "password: x } }",
		    "5:97: via.enabled belongs in ssh_tunnel of a "
		    "connection" },
		{ "{ use: a, via: { username: u, password: x } }",
		    "5:64: via.host is required" },
		{ "{ use: a, via: { hots: j, username: u, password: x } }",
		    "unknown key \"hots\" in a jump box; did you mean "
		    "\"host\"?" },
		{ "{ use: a, via: [a, { use: b, via: a }] }",
		    "via.via is said by the list: each jump box is reached "
		    "through the one before it" },
		{ "{ use: a, via: b, proxy_host: p }",
		    "ssh_tunnel.proxy_host is for a jump box that is reached "
		    "from this machine, and not through another one (via)" },
	};
	char document[2000];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(document, sizeof document,
		    CHAIN "connections:\n" BY("x", "1000", "%s"), cases[i][0]);
		if (strstr(errors(document), cases[i][1]) == NULL)
			assert_string_equal(errors(document), cases[i][1]);
	}
}

/* Who is on the way of a connection is used; others are not. */
static void
the_unused_are_unwise(void **state)
{
	struct config *cfg = good(CHAIN "connections:\n" BY("x", "1000", "b"));

	(void)state;
	assert_int_equal(cfg->unused_jump_count, 0);
	config_unref(cfg);
	cfg = unwise(CHAIN "connections:\n" BY("x", "1000", "a"),
	    "3:3: warning: no connection uses the jump box \"b\"");
	assert_ptr_equal(cfg->jump_boxes[1].settings.via, &cfg->jumps[0]);
	config_unref(cfg);
}

static void
what_is_printed_means_the_same(void **state)
{
	static char once[65536], twice[65536];
	struct config *cfg = good(CHAIN BOX("c",
	    ", via: [a, b, { host: d.h, username: u, password: x }]") BOX("e",
	    ", via: { use: c, port: 23 }") "connections:\n" BY("x", "1000", "c")
		BY("y", "1001", "{ use: e, via: [b, { use: c, username: v }] }")
		    BY("z", "1002", "{ use: b, via: [] }") BY("w", "1003",
			"{ host: f.h, username: u, password: x, "
			"via: { host: g.h, username: u, password: x, "
			"via: e } }"));
	FILE *out = fmemopen(once, sizeof once, "w");

	(void)state;
	config_print(cfg, out);
	fclose(out);
	config_unref(cfg);
	cfg = accepted(once);
	assert_string_equal(way(cfg, 0), "a.h:22 b.h:22 d.h:22 c.h:22");
	assert_string_equal(way(cfg, 2), "b.h:22");
	assert_string_equal(way(cfg, 3),
	    "a.h:22 b.h:22 d.h:22 c.h:23 e.h:22 g.h:22 f.h:22");
	out = fmemopen(twice, sizeof twice, "w");
	config_print(cfg, out);
	fclose(out);
	config_unref(cfg);
	assert_string_equal(once, twice);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup(function, clear_environment)
	const struct CMUnitTest tests[] = {
		TEST(every_form_makes_the_same_chain),
		TEST(a_list_is_the_whole_way),
		TEST(outer_ones_stand_before_inner_ones),
		TEST(another_way_is_another_jump_box),
		TEST(a_circle_is_told_once_with_its_way),
		TEST(eight_hops_and_no_more),
		TEST(what_is_no_jump_box_is_refused),
		TEST(the_unused_are_unwise),
		TEST(what_is_printed_means_the_same),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
