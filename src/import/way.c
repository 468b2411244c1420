/* SPDX-License-Identifier: PostgreSQL */

/*
 * ssh reaches the first hop of ProxyJump as the configuration of that hop says,
 * and each further one through the hop before, whatever its own says
 * (ssh_config(5), ProxyJump).
 */
#include "import/way.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "import/line.h"
#include "import/ssh.h"

/* The longest name that a configuration takes. */
#define NAME_MAX_LEN 64

/* A hop to add: how ssh is asked about it, and the hop that leads to it. */
struct step {
	const struct import_texts *options;
	const char *host;
	int via; /* -1: as its own configuration says */
};

static int add_step(struct import_way *, const struct step *);

static int
fail(const char *format, const char *first, const char *second)
{
	fputs("pgjump: ", stderr);
	fprintf(stderr, format, first, second);
	fputc('\n', stderr);
	return -1;
}

char *
import_way_name(const char *text)
{
	static const char admitted[] = TEXT_LETTERS TEXT_DIGITS "_-";
	const char *at = strrchr(text, '@');
	char *name = xstrndup(at != NULL ? at + 1 : text, NAME_MAX_LEN);

	for (char *c = name; *c != '\0'; c++)
		if (strchr(admitted, *c) == NULL)
			*c = '-';
	return name;
}

/* Two aliases may give the same name, and then the later one gets a number. */
static char *
unique_name(const struct import_way *way, const char *alias)
{
	char *name = import_way_name(alias), *base = xstrndup(name, 60);
	unsigned number = 1;

	for (size_t i = 0; i < way->hop_count; i++)
		if (strcmp(way->hops[i].name, name) == 0) {
			free(name);
			name = xasprintf("%s-%u", base, ++number);
			i = (size_t)-1;
		}
	free(base);
	return name;
}

struct import_tokens
import_way_tokens(const struct import_hop *hop)
{
	return (struct import_tokens){
		.alias = hop->alias,
		.host = import_settings_get(&hop->settings, "hostname"),
		.user = import_settings_get(&hop->settings, "user"),
		.port = import_settings_get(&hop->settings, "port"),
	};
}

/* Options for one more question: the file that was given, and these. */
static void
begin_options(const struct import_way *way, struct import_texts *options)
{
	for (size_t i = 0; i < way->file.count; i++)
		import_texts_add(options, "%s", way->file.items[i]);
}

/* One hop of ProxyJump; returns its index, or -1. */
static int
add_listed(struct import_way *way, const char *listed, int via)
{
	struct import_texts options = { 0 };
	char *host;
	int index = -1;

	begin_options(way, &options);
	host = import_line_hop(listed, &options);
	if (host == NULL)
		fail("ProxyJump has the hop \"%s\", which import does not "
		     "understand%s",
		    listed, "");
	else
		index = add_step(way, &(struct step){ &options, host, via });
	free(host);
	import_texts_clear(&options);
	return index;
}

/* The value as ssh reads it at this hop, which the caller frees; NULL: an error
 * was printed. */
static char *
expand(const struct import_hop *hop, const char *value)
{
	const struct import_tokens tokens = import_way_tokens(hop);
	char *text = import_tokens_expand(value, &tokens);

	if (text == NULL)
		fail("import does not know what stands for the tokens of "
		     "\"%s\", on the way to \"%s\"",
		    value, hop->alias);
	return text;
}

/* All hops of ProxyJump; returns the index of the last, or -1. */
static int
add_list(struct import_way *way, const struct import_hop *of, const char *list)
{
	char *copy = expand(of, list), *rest = copy, *listed;
	int index = -1;

	while ((listed = strsep(&rest, ",")) != NULL) {
		index = add_listed(way, listed + strspn(listed, " "), index);
		if (index < 0)
			break;
	}
	free(copy);
	return index;
}

/* Add what the options of a line mean at this hop; false: an error was
 * printed. */
static bool
expand_options(const struct import_hop *hop, const struct import_line *line,
    struct import_texts *options)
{
	for (size_t i = 0; i < line->options.count; i++) {
		char *text = expand(hop, line->options.items[i]);

		if (text == NULL)
			return false;
		import_texts_take(options, text);
	}
	return true;
}

/* The hop of "ssh -W %h:%p HOST", on the way to `of`; returns its index, or -1.
 */
static int
add_line(struct import_way *way, const struct import_hop *of,
    const struct import_line *line)
{
	struct import_texts options = { 0 };
	char *host = expand(of, line->host);
	int index = -1;

	if (line->file.count == 0)
		begin_options(way, &options);
	if (host != NULL && expand_options(of, line, &options))
		index = add_step(way, &(struct step){ &options, host, -1 });
	free(host);
	import_texts_clear(&options);
	return index;
}

/* What leads to a hop by its ProxyCommand; false: an error was printed. */
static bool
add_command(struct import_way *way, struct import_hop *hop, const char *command)
{
	struct import_texts words = { 0 };
	struct import_line line = { 0 };
	bool is_good = true;

	import_texts_split(&words, command);
	switch (import_proxy_command_read(&words, &line, &hop->proxy)) {
	case IMPORT_PROXY_JUMP:
		hop->via = add_line(way, hop, &line);
		is_good = hop->via >= 0;
		break;
	case IMPORT_PROXY_PROXY:
		break;
	case IMPORT_PROXY_UNKNOWN:
		import_proxy_command_clear(&hop->proxy);
		import_texts_add(&hop->notes, "proxycommand %s", command);
		break;
	}
	import_line_clear(&line);
	import_texts_clear(&words);
	return is_good;
}

/* What leads to a hop by its own configuration. */
static bool
add_before(struct import_way *way, struct import_hop *hop)
{
	const char *jumps = import_settings_get(&hop->settings, "proxyjump");
	const char *command = import_settings_get(&hop->settings,
	    "proxycommand");
	bool is_good = true;

	hop->is_busy = true;
	if (jumps != NULL) {
		hop->via = add_list(way, hop, jumps);
		is_good = hop->via >= 0;
	} else if (command != NULL) {
		is_good = add_command(way, hop, command);
	}
	hop->is_busy = false;
	return is_good;
}

/* Whether both are the same login, reached the same way. */
static bool
is_same(const struct import_hop *hop, const struct import_settings *settings)
{
	static const char *const keys[] = { "hostname", "port", "user" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!import_settings_agree(&hop->settings, settings, keys[i]))
			return false;
	return true;
}

/* A hop that is known already: -1 for none, -2 for a loop. */
static int
find_known(const struct import_way *way, const struct step *step,
    const struct import_settings *settings)
{
	for (size_t i = 0; i < way->hop_count; i++) {
		const struct import_hop *hop = &way->hops[i];

		if (!is_same(hop, settings))
			continue;
		if (hop->is_busy && strcmp(hop->alias, step->host) == 0)
			return -2;
		if (!hop->is_busy && (step->via < 0 || hop->via == step->via))
			return (int)i;
	}
	return -1;
}

static int
add_new(struct import_way *way, const struct step *step,
    struct import_settings *take)
{
	struct import_hop *hop;

	if (way->hop_count == IMPORT_HOPS_MAX) {
		import_settings_clear(take);
		return fail("the way to \"%s\" has more than 8 hops%s",
		    step->host, "");
	}
	hop = &way->hops[way->hop_count];
	hop->name = unique_name(way, step->host);
	hop->alias = xstrdup(step->host);
	hop->settings = *take;
	hop->via = step->via;
	way->hop_count++;
	if (step->via < 0 && !add_before(way, hop))
		return -1;
	return (int)(hop - way->hops);
}

/* Ask ssh about a host, and add it behind what leads there. */
static int
add_step(struct import_way *way, const struct step *step)
{
	struct import_settings settings = { 0 };
	int known;

	if (!import_line_is_name(step->host))
		return fail("import does not ask ssh about \"%s\": a host or "
			    "user has only letters, digits and . _ : @ %% -%s",
		    step->host, "");
	if (!import_ssh_ask(step->options, step->host, &settings))
		return -1;
	known = find_known(way, step, &settings);
	if (known == -1)
		return add_new(way, step, &settings);
	import_settings_clear(&settings);
	if (known == -2)
		return fail("the way to \"%s\" leads through itself: see "
			    "ProxyJump and ProxyCommand%s",
		    step->host, "");
	return known;
}

bool
import_way_find(struct import_way *way, const struct import_texts *options,
    const char *host)
{
	struct import_texts none = { 0 };
	bool is_good;

	import_texts_add(&none, "-F");
	import_texts_add(&none, "none");
	is_good = import_line_is_name(host)
	    ? import_ssh_ask(&none, host, &way->defaults)
	    : true; /* add_step() says what is wrong with it */
	import_texts_clear(&none);
	return is_good &&
	    add_step(way, &(struct step){ options, host, -1 }) >= 0;
}

void
import_way_clear(struct import_way *way)
{
	for (size_t i = 0; i < way->hop_count; i++) {
		struct import_hop *hop = &way->hops[i];

		free(hop->name);
		free(hop->alias);
		import_settings_clear(&hop->settings);
		import_proxy_command_clear(&hop->proxy);
		import_texts_clear(&hop->notes);
	}
	import_settings_clear(&way->defaults);
	import_texts_clear(&way->file);
	*way = (struct import_way){ 0 };
}
