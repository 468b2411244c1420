/* SPDX-License-Identifier: PostgreSQL */

/*
 * One row for a connection: its state, its numbers, and the way that a client
 * takes.  What is broken is said below its row, with what to do.  Every text is
 * made fit for a terminal, whoever has answered.
 */
#include "command/status_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "config/yaml.h"

#define TEXT_MAX 1300
/* More than a chain may have; an answer that goes round ends here. */
#define HOPS_MAX 16

struct text {
	char bytes[TEXT_MAX];
};

/* How the state of a connection looks. */
enum look {
	LOOK_PLAIN,
	LOOK_GOOD,
	LOOK_BAD,
	LOOK_BUSY,
	LOOK_DIM,
};

struct page {
	FILE *out;
	bool is_colored;
	int name_width, state_width;
};

/* --- Values
 * -------------------------------------------------------------------- */

static const struct node *
find(const struct node *map, const char *key)
{
	for (size_t i = 0;
	     map != NULL && map->kind == NODE_MAPPING && i < map->count; i++)
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	return NULL;
}

/* A text or a number as it is; "" where there is none. */
static struct text
text_of(const struct node *map, const char *key)
{
	const struct node *node = find(map, key);
	struct text text = { "" };

	if (node != NULL && node->kind == NODE_SCALAR && !yaml_is_null(node))
		text_printable(text.bytes, sizeof text.bytes, node->text,
		    strlen(node->text));
	return text;
}

static double
number_of(const struct node *map, const char *key)
{
	return strtod(text_of(map, key).bytes, NULL);
}

/* "40 s", "3 min", "5 h", "2 days" */
static struct text
duration(double seconds)
{
	struct text text;

	if (seconds < 120)
		snprintf(text.bytes, sizeof text.bytes, "%.0f s", seconds);
	else if (seconds < 7200)
		snprintf(text.bytes, sizeof text.bytes, "%.0f min",
		    seconds / 60);
	else if (seconds < 48 * 3600)
		snprintf(text.bytes, sizeof text.bytes, "%.0f h",
		    seconds / 3600);
	else
		snprintf(text.bytes, sizeof text.bytes, "%.0f days",
		    seconds / 86400);
	return text;
}

/* "512 B", "3.4 MB" */
static struct text
amount(double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	struct text text;
	size_t unit = 0;

	while (bytes >= 1000 && unit < 4) {
		bytes /= 1000;
		unit++;
	}
	snprintf(text.bytes, sizeof text.bytes,
	    unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
	return text;
}

/* --- Looks
 * --------------------------------------------------------------------- */

static void
put(const struct page *page, enum look look, const char *text, int width)
{
	static const char *const colors[] = {
		[LOOK_PLAIN] = "",
		[LOOK_GOOD] = "\033[32m",
		[LOOK_BAD] = "\033[1;31m",
		[LOOK_BUSY] = "\033[33m",
		[LOOK_DIM] = "\033[2m",
	};
	bool is_colored = page->is_colored && look != LOOK_PLAIN;

	fprintf(page->out, "%s%-*s%s", is_colored ? colors[look] : "", width,
	    text, is_colored ? "\033[0m" : "");
}

/* The jump box that `of` names by its key `key`; NULL: it names none. */
static const struct node *
jump_named(const struct node *status, const struct node *of, const char *key)
{
	const struct node *jumps = find(status, "jump_boxes");
	struct text name = text_of(of, key);

	for (size_t i = 0;
	     jumps != NULL && jumps->kind == NODE_LIST && i < jumps->count; i++)
		if (strcmp(text_of(jumps->items[i], "name").bytes,
			name.bytes) == 0)
			return jumps->items[i];
	return NULL;
}

static const struct node *
jump_of(const struct node *status, const struct node *connection)
{
	return jump_named(status, connection, "jump_box");
}

static const char *
state_of(const struct node *jump, enum look *look)
{
	static const struct {
		const char *state, *word;
		enum look look;
	} states[] = {
		{ "up", "up", LOOK_GOOD },
		{ "dialling", "dialling", LOOK_BUSY },
		{ "down", "TUNNEL DOWN", LOOK_BAD },
		{ "not dialled", "not dialled", LOOK_BUSY },
	};
	struct text state = text_of(jump, "state");

	*look = LOOK_PLAIN;
	if (jump == NULL)
		return "direct";
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (strcmp(state.bytes, states[i].state) == 0) {
			*look = states[i].look;
			return states[i].word;
		}
	return "?";
}

/* --- Rows
 * ---------------------------------------------------------------------- */

/* The outer jump boxes before the inner ones. */
static void
print_hops(const struct page *page, const struct node *status,
    const struct node *jump, unsigned left)
{
	if (jump == NULL || left == 0)
		return;
	print_hops(page, status, jump_named(status, jump, "via"), left - 1);
	fprintf(page->out, " > %s", text_of(jump, "address").bytes);
}

static void
print_way(const struct page *page, const struct node *status,
    const struct node *connection, const struct node *jump)
{
	const struct node *listens = find(connection, "listen");

	if (listens != NULL && listens->kind == NODE_LIST &&
	    listens->count > 0 && listens->items[0]->kind == NODE_SCALAR) {
		struct text first;

		text_printable(first.bytes, sizeof first.bytes,
		    listens->items[0]->text, strlen(listens->items[0]->text));
		fputs(first.bytes, page->out);
	}
	print_hops(page, status, jump, HOPS_MAX);
	fprintf(page->out, " > %s\n", text_of(connection, "database").bytes);
}

static void
print_failure(const struct page *page, const struct node *failure,
    const char *next_try)
{
	fprintf(page->out, "  %s (%s ago%s%s)\n",
	    text_of(failure, "message").bytes,
	    duration(number_of(failure, "age_seconds")).bytes,
	    next_try[0] != '\0' ? ", next try in " : "", next_try);
	fputs("  ", page->out);
	put(page, LOOK_DIM, text_of(failure, "hint").bytes, 0);
	fputc('\n', page->out);
}

static bool
is_mapping(const struct node *node)
{
	return node != NULL && node->kind == NODE_MAPPING;
}

/* Why the tunnel is down, else the last failure of the connection. */
static void
print_trouble(const struct page *page, const struct node *connection,
    const struct node *jump)
{
	const struct node *tunnel = find(jump, "last_failure");
	const struct node *own = find(connection, "last_failure");
	bool is_down = number_of(jump, "attempts") > 0;
	struct text wait = { "" };

	if (is_down && is_mapping(tunnel)) {
		if (text_of(jump, "next_try_seconds").bytes[0] != '\0')
			wait = duration(number_of(jump, "next_try_seconds"));
		print_failure(page, tunnel, wait.bytes);
	} else if (is_mapping(own)) {
		print_failure(page, own, "");
	}
}

static void
print_row(const struct page *page, const struct node *status,
    const struct node *connection)
{
	const struct node *jump = jump_of(status, connection);
	char clients[60], traffic[80];
	enum look look;
	const char *state = state_of(jump, &look);

	snprintf(clients, sizeof clients, "%.15s/%.15s",
	    text_of(connection, "clients").bytes,
	    text_of(connection, "max_clients").bytes);
	snprintf(traffic, sizeof traffic, "%.20s",
	    amount(number_of(connection, "bytes_to_client") +
		number_of(connection, "bytes_to_database"))
		.bytes);
	put(page, LOOK_PLAIN, text_of(connection, "name").bytes,
	    page->name_width);
	fputs("  ", page->out);
	put(page, look, state, page->state_width);
	fprintf(page->out, "  %-10s  %8s  %8s  %9s  ", clients,
	    text_of(connection, "sessions").bytes,
	    text_of(connection, "failures").bytes, traffic);
	print_way(page, status, connection, jump);
	print_trouble(page, connection, jump);
}

static void
measure(struct page *page, const struct node *status,
    const struct node *connections)
{
	page->name_width = (int)strlen("CONNECTION");
	page->state_width = (int)strlen("STATE");
	for (size_t i = 0; i < connections->count; i++) {
		const struct node *each = connections->items[i];
		enum look look;
		int name = (int)strlen(text_of(each, "name").bytes);
		int state = (int)strlen(state_of(jump_of(status, each), &look));

		if (name > page->name_width)
			page->name_width = name;
		if (state > page->state_width)
			page->state_width = state;
	}
}

/* --- The page
 * ------------------------------------------------------------------ */

static void
print_reload(const struct page *page, const struct node *configuration)
{
	const struct node *reload = find(configuration, "last_reload");

	if (!is_mapping(reload) ||
	    strcmp(text_of(reload, "accepted").bytes, "true") == 0)
		return;
	put(page, LOOK_BAD, "The last reload was refused:", 0);
	fprintf(page->out, " %s\n", text_of(reload, "text").bytes);
}

static void
print_head(const struct page *page, const struct node *status)
{
	const struct node *configuration = find(status, "configuration");

	fprintf(page->out, "pgjump %s is %s, up for %s; %s, read %s ago\n",
	    text_of(status, "version").bytes, text_of(status, "phase").bytes,
	    duration(number_of(status, "uptime_seconds")).bytes,
	    text_of(configuration, "file").bytes,
	    duration(number_of(configuration, "age_seconds")).bytes);
	print_reload(page, configuration);
}

static void
print_titles(const struct page *page)
{
	char titles[200];

	snprintf(titles, sizeof titles, "%-*s  %-*s  %-10s  %8s  %8s  %9s  WAY",
	    page->name_width, "CONNECTION", page->state_width, "STATE",
	    "CLIENTS", "SESSIONS", "FAILURES", "BYTES");
	put(page, LOOK_DIM, titles, 0);
	fputc('\n', page->out);
}

static bool
may_color(FILE *out)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	return isatty(fileno(out)) && term != NULL &&
	    strcmp(term, "dumb") != 0 &&
	    (no_color == NULL || no_color[0] == '\0');
}

bool
status_text_print(const struct node *status, FILE *out)
{
	const struct node *connections = find(status, "connections");
	struct page page = { .out = out, .is_colored = may_color(out) };

	if (connections == NULL || connections->kind != NODE_LIST)
		return false;
	measure(&page, status, connections);
	print_head(&page, status);
	print_titles(&page);
	for (size_t i = 0; i < connections->count; i++)
		print_row(&page, status, connections->items[i]);
	return true;
}
