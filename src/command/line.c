/* SPDX-License-Identifier: PostgreSQL */

/*
 * getopt_long(3), which is told to keep the order of all arguments: what
 * follows the command of `exec` belongs to that command.
 */
#include "command/line.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/xmalloc.h"

#define BIT(row) ((uint64_t)1 << (row))

/* How an option sets its field. */
static bool
take_flag(const char *text, void *field)
{
	(void)text;
	*(bool *)field = true;
	return true;
}

static bool
take_text(const char *text, void *field)
{
	*(const char **)field = text;
	return true;
}

/* An option that may be given several times. */
static bool
take_item(const char *text, void *field)
{
	struct command_line_list *list = field;

	list->items = xreallocarray(list->items, list->count + 1,
	    sizeof *list->items);
	list->items[list->count++] = text;
	return true;
}

static const struct {
	const char *argument; /* NULL: none */
	bool (*take)(const char *text, void *field);
} kinds[] = {
	[KIND_FLAG] = { NULL, take_flag },
	[KIND_DURATION] = { "a duration", take_text },
	[KIND_USER] = { "a user", take_text },
	[KIND_ADDRESS] = { "an address", take_text },
	[KIND_FORMAT] = { "a format", take_text },
	[KIND_WORD] = { "an argument", take_text },
	[KIND_FILES] = { "a file name", take_item },
	[KIND_SETTINGS] = { "NAME=FORMAT", take_item },
	[KIND_WORDS] = { "an argument", take_item },
};

/* Print what is wrong, and the word that may be meant, or "". */
static void
complain(const char *what, const char *typed, const char *meant)
{
	fprintf(stderr, "pgjump: %s \"%s\"", what, typed);
	if (meant[0] != '\0')
		fprintf(stderr, "; did you mean \"%s\"?", meant);
	fputs("\nTry \"pgjump --help\".\n", stderr);
}

const struct line_command *
line_find(const struct line_tables *tables, const char *name)
{
	struct nearest nearest = { .typed = name };

	for (size_t i = 0; i < tables->command_count; i++) {
		if (strcmp(tables->commands[i].name, name) == 0)
			return &tables->commands[i];
		nearest_consider(&nearest, tables->commands[i].name);
	}
	complain("unknown command", name, nearest.word);
	return NULL;
}

static void
complain_of_option(const struct line_tables *tables, const char *typed)
{
	struct nearest nearest = { .typed = typed };
	char known[32];

	for (size_t i = 0; i < tables->option_count; i++) {
		if (tables->options[i].name == NULL)
			continue;
		snprintf(known, sizeof known, "--%s", tables->options[i].name);
		nearest_consider(&nearest, known);
	}
	complain("unknown option", typed, nearest.word);
}

/* --- Reading it ---------------------------------------------------------- */

/* getopt_long() returns this plus the row for a long option, and the letter for
 * a short one: no letter is as large. */
#define LONG_OPTION 256

/* getopt_long() returns this for what is no option. */
#define OPERAND 1

/* getopt's two forms of the option table; both end with zeros. */
struct getopt_tables {
	char letters[3 + 2 * LINE_OPTIONS_MAX];
	struct option names[LINE_OPTIONS_MAX + 1];
};

static void
make_getopt_tables(const struct line_tables *tables, struct getopt_tables *out)
{
	struct option *name = out->names;
	char *letter = out->letters;

	assert(tables->option_count <= LINE_OPTIONS_MAX);
	memset(out, 0, sizeof *out);
	*letter++ = '-'; /* gives operands in their order, as OPERAND */
	*letter++ = ':'; /* tells a missing argument from an unknown option */
	for (size_t i = 0; i < tables->option_count; i++) {
		const struct line_option *option = &tables->options[i];
		bool has_argument = kinds[option->kind].argument != NULL;

		if (option->name != NULL)
			*name++ = (struct option){
				.name = option->name,
				.has_arg = has_argument,
				.val = LONG_OPTION + (int)i,
			};
		if (option->letter == 0)
			continue;
		*letter++ = (char)option->letter;
		if (has_argument)
			*letter++ = ':';
	}
}

/* The row of an option, from what getopt_long() returned. */
static const struct line_option *
option_of(const struct line_tables *tables, int result)
{
	const struct line_option *option = tables->options;

	if (result >= LONG_OPTION)
		return &tables->options[result - LONG_OPTION];
	while (option->letter != result)
		option++;
	return option;
}

/* getopt_long() returned "?" or ":".  optopt is a letter if the option was
 * short. */
static void
refuse_option(const struct line_tables *tables, int result, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' }, what[80];
	bool is_short = optopt > 0 && optopt < LONG_OPTION;
	const char *typed = is_short ? letter : argv[optind - 1];

	if (result != ':') {
		complain_of_option(tables, typed);
		return;
	}
	snprintf(what, sizeof what, "%s must follow",
	    kinds[option_of(tables, optopt)->kind].argument);
	complain(what, typed, "");
}

static bool
take(const struct line_option *option, struct line_request *request)
{
	void *field = (char *)request + option->offset;
	char what[80];

	if (kinds[option->kind].take(optarg, field))
		return true;
	snprintf(what, sizeof what, "--%s takes %s, not", option->name,
	    kinds[option->kind].argument);
	complain(what, optarg, "");
	return false;
}

/* The names come one by one; the last one may be the first word of a command,
 * whose options are its own. */
static void
take_name(struct line_request *request, char **argv)
{
	if (request->command->names != NAMES_COMMAND ||
	    request->name_count < 1) {
		request->names[request->name_count++] = optarg;
		return;
	}
	request->line.command = argv + optind - 1;
}

/* The subcommand, or a name behind it; false after a usage error, which was
 * printed. */
static bool
take_operand(const struct line_tables *tables, struct line_request *request,
    char **argv)
{
	if (request->command != NULL) {
		take_name(request, argv);
		return true;
	}
	request->command = line_find(tables, optarg);
	return request->command != NULL;
}

/* What follows "--"; false after a usage error, which was printed. */
static bool
read_rest(const struct line_tables *tables, struct line_request *request,
    char **argv)
{
	while (argv[optind] != NULL && request->line.command == NULL) {
		optarg = argv[optind++];
		if (!take_operand(tables, request, argv))
			return false;
	}
	return true;
}

/* What getopt_long() returned; false after a usage error, which was printed. */
static bool
take_result(const struct line_tables *tables, struct line_request *request,
    char **argv, int result)
{
	const struct line_option *option;

	if (result == '?' || result == ':') {
		refuse_option(tables, result, argv);
		return false;
	}
	if (result == OPERAND)
		return take_operand(tables, request, argv);
	option = option_of(tables, result);
	request->given |= BIT(option - tables->options);
	return take(option, request);
}

bool
line_read(const struct line_tables *tables, struct line_request *request,
    int argc, char **argv)
{
	struct getopt_tables getopt_tables;
	int result;

	request->names = xcalloc((size_t)argc + 1, sizeof *request->names);
	request->line.names = request->names;
	make_getopt_tables(tables, &getopt_tables);
	opterr = 0;
	while (request->line.command == NULL &&
	    (result = getopt_long(argc, argv, getopt_tables.letters,
		 getopt_tables.names, NULL)) != -1)
		if (!take_result(tables, request, argv, result))
			return false;
	return read_rest(tables, request, argv);
}

void
line_clear(struct line_request *request)
{
	free(request->line.config_paths.items);
	free(request->line.sets.items);
	free(request->line.forwards.items);
	free(request->line.identities.items);
	free(request->line.ssh_options.items);
	free(request->names);
}

/* What is missing behind a subcommand, for complain(). */
static const char *
missing_name(enum line_names names)
{
	switch (names) {
	case NAMES_TARGET:
		return "a host must follow";
	case NAMES_HOST:
		return "a host that ssh knows, or -- ssh ..., must follow";
	default:
		return "the name of a connection must follow";
	}
}

/* Whether the subcommand has the names that it needs; false after a usage
 * error, which was printed. */
static bool
check_names(const struct line_request *request)
{
	const struct line_command *command = request->command;

	if (request->name_count > 0 && command->names == NAMES_NONE) {
		complain("unexpected argument", request->names[0], "");
		return false;
	}
	if (request->name_count == 0 && command->names >= NAMES_SOME) {
		complain(missing_name(command->names), command->name, "");
		return false;
	}
	if (request->name_count > 1 &&
	    (command->names == NAMES_ONE || command->names == NAMES_TARGET)) {
		complain("unexpected argument", request->names[1], "");
		return false;
	}
	if (command->names == NAMES_COMMAND && request->line.command == NULL) {
		complain("a command must follow", request->names[0], "");
		return false;
	}
	return true;
}

/* Whether the subcommand takes each of the given options; false after a usage
 * error, which was printed. */
static bool
check_options(const struct line_tables *tables,
    const struct line_request *request)
{
	unsigned command = 1U << (request->command - tables->commands);
	char what[80];

	for (size_t i = 0; i < tables->option_count; i++) {
		if ((request->given & BIT(i)) == 0 ||
		    (tables->options[i].commands & command) != 0)
			continue;
		snprintf(what, sizeof what, "%s does not take the option",
		    request->command->name);
		complain(what, tables->options[i].usage, "");
		return false;
	}
	return true;
}

bool
line_check(const struct line_tables *tables, const struct line_request *request)
{
	return check_names(request) && check_options(tables, request);
}
