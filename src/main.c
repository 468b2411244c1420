/* SPDX-License-Identifier: PostgreSQL */

/*
 * pgjump: the subcommands and options, each a row of a table from which the
 * command line is read and --help is printed.  It refuses to know what a
 * subcommand does.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/command_line.h"
#include "base/log.h"
#include "base/nearest.h"
#include "check/check.h"
#include "command/config.h"
#include "command/hostkey.h"
#include "command/libraries.h"
#include "command/process.h"
#include "command/serve.h"

enum command_index {
	COMMAND_SERVE,
	COMMAND_CHECK,
	COMMAND_HOSTKEY,
	COMMAND_CONFIG,
	COMMAND_COUNT
};

enum names {
	NAMES_NONE,
	NAMES_ANY,  /* none means all */
	NAMES_SOME, /* at least one */
};

static const struct command {
	const char *name;
	int (*run)(const struct command_line *); /* returns the exit code */
	enum names names;
	const char *usage, *description;
} commands[] = {
	[COMMAND_SERVE] = { "serve", serve_run, NAMES_NONE, "serve",
	    "carry clients, in the foreground (default)" },
	[COMMAND_CHECK] = { "check", check_run, NAMES_ANY, "check [NAME...]",
	    "test every hop, name the broken one and its fix" },
	[COMMAND_HOSTKEY] = { "hostkey", hostkey_run, NAMES_SOME,
	    "hostkey NAME...", "print the host keys of jump boxes" },
	[COMMAND_CONFIG] = { "config", command_config_run, NAMES_NONE, "config",
	    "validate the configuration; opens no connection" },
};

/* What the command line asks for. */
struct request {
	struct command_line line;
	const struct command *command;
	bool wants_help, wants_version;
};

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

enum kind {
	KIND_FLAG,
	KIND_FILE,
	KIND_DURATION,
};

static const struct {
	const char *argument; /* NULL: none */
	bool (*take)(const char *text, void *field);
} kinds[] = {
	[KIND_FLAG] = { NULL, take_flag },
	[KIND_FILE] = { "a file name", take_text },
	[KIND_DURATION] = { "a duration", take_text },
};

#define EVERY       (~0U)
#define OF(command) (1U << (command))
#define SETS(field) offsetof(struct request, field)

static const struct command_option {
	const char *name;
	int letter; /* 0: none */
	enum kind kind;
	unsigned commands;
	size_t offset;
	const char *usage, *description;
} options[] = {
	{ "config", 'c', KIND_FILE, EVERY, SETS(line.config_path),
	    "-c, --config FILE", "the configuration file" },
	{ "json", 0, KIND_FLAG, OF(COMMAND_CHECK), SETS(line.json), "--json",
	    "print one JSON object for each connection" },
	{ "no-login", 0, KIND_FLAG, OF(COMMAND_CHECK), SETS(line.no_login),
	    "--no-login", "do not log in to the database" },
	{ "timeout", 0, KIND_DURATION, OF(COMMAND_CHECK), SETS(line.timeout),
	    "--timeout TIME",
	    "stop after 10s, 500ms, ...; report what is known" },
	{ "add", 0, KIND_FLAG, OF(COMMAND_HOSTKEY), SETS(line.add), "--add",
	    "append new keys to known_hosts" },
	{ "print", 0, KIND_FLAG, OF(COMMAND_CONFIG), SETS(line.print),
	    "--print", "print the settings in effect, without secrets" },
	{ "help", 'h', KIND_FLAG, EVERY, SETS(wants_help), "-h, --help",
	    "print this text" },
	{ "version", 'V', KIND_FLAG, EVERY, SETS(wants_version),
	    "-V, --version",
	    "print the versions of pgjump and of its libraries" },
};

#define OPTION_COUNT (sizeof options / sizeof *options)

static const char help_top[] =
    "Usage: pgjump [-c FILE] [COMMAND]\n"
    "\n"
    "pgjump carries PostgreSQL clients through SSH jump boxes and tells them\n"
    "which side failed: the tunnel or the database.\n"
    "\n"
    "Commands:\n";

static const char help_end[] =
    "\n"
    "Without -c the configuration is $PGJUMP_CONFIG, or the first file that\n"
    "exists of ./pgjump.yaml, $XDG_CONFIG_HOME/pgjump/pgjump.yaml and\n" SYSCONFDIR
    "/pgjump/pgjump.yaml.  See pgjump(1) and pgjump.yaml(5).\n";

/* Print the options of one subcommand, or those that every subcommand takes. */
static void
print_options(unsigned of, int indent)
{
	for (size_t i = 0; i < OPTION_COUNT; i++)
		if ((options[i].commands == EVERY) == (of == EVERY) &&
		    (options[i].commands & of) != 0)
			printf("%*s%-*s %s\n", indent, "", 22 - indent,
			    options[i].usage, options[i].description);
}

static void
print_help(void)
{
	fputs(help_top, stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		printf("  %-20s %s\n", commands[i].usage,
		    commands[i].description);
		print_options(OF(i), 4);
	}
	puts("\nOptions:");
	print_options(EVERY, 2);
	fputs(help_end, stdout);
}

/* What one subcommand does, and every option that it takes. */
static void
print_command_help(const struct command *command)
{
	printf("Usage: pgjump [OPTION]... %s\n\n%s\n\nOptions:\n",
	    command->usage, command->description);
	print_options(OF(command - commands), 2);
	print_options(EVERY, 2);
	puts("\nSee pgjump(1).");
}

static void
print_version(void)
{
	printf("pgjump %s (", PACKAGE_VERSION);
	libraries_write(stdout);
	puts(")");
}

/* Print what is wrong, and the word that may be meant, or "". */
static void
complain(const char *what, const char *typed, const char *meant)
{
	fprintf(stderr, "pgjump: %s \"%s\"", what, typed);
	if (meant[0] != '\0')
		fprintf(stderr, "; did you mean \"%s\"?", meant);
	fputs("\nTry \"pgjump --help\".\n", stderr);
}

static const struct command *
find_command(const char *name)
{
	struct nearest nearest = { .typed = name };

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		nearest_consider(&nearest, commands[i].name);
	}
	complain("unknown command", name, nearest.word);
	return NULL;
}

static void
complain_of_option(const char *typed)
{
	struct nearest nearest = { .typed = typed };
	char known[32];

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		snprintf(known, sizeof known, "--%s", options[i].name);
		nearest_consider(&nearest, known);
	}
	complain("unknown option", typed, nearest.word);
}

/* --- Reading it ---------------------------------------------------------- */

/* getopt_long() returns this plus the row for a long option, and the letter for
 * a short one: no letter is as large. */
#define LONG_OPTION 256

/* getopt's two forms of the option table; both end with zeros. */
struct getopt_tables {
	char letters[2 + 2 * OPTION_COUNT];
	struct option names[OPTION_COUNT + 1];
};

static void
make_getopt_tables(struct getopt_tables *tables)
{
	char *letter = tables->letters;

	memset(tables, 0, sizeof *tables);
	*letter++ = ':'; /* tells a missing argument from an unknown option */
	for (size_t i = 0; i < OPTION_COUNT; i++) {
		bool has_argument = kinds[options[i].kind].argument != NULL;

		tables->names[i] = (struct option){
			.name = options[i].name,
			.has_arg = has_argument,
			.val = LONG_OPTION + (int)i,
		};
		if (options[i].letter == 0)
			continue;
		*letter++ = (char)options[i].letter;
		if (has_argument)
			*letter++ = ':';
	}
}

/* The row of an option, from what getopt_long() returned. */
static const struct command_option *
option_of(int result)
{
	const struct command_option *option = options;

	if (result >= LONG_OPTION)
		return &options[result - LONG_OPTION];
	while (option->letter != result)
		option++;
	return option;
}

/* getopt_long() returned "?" or ":".  optopt is a letter if the option was
 * short. */
static void
refuse_option(int result, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' }, what[80];
	bool is_short = optopt > 0 && optopt < LONG_OPTION;
	const char *typed = is_short ? letter : argv[optind - 1];

	if (result != ':') {
		complain_of_option(typed);
		return;
	}
	snprintf(what, sizeof what, "%s must follow",
	    kinds[option_of(optopt)->kind].argument);
	complain(what, typed, "");
}

static bool
take(const struct command_option *option, struct request *request)
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

/*
 * False after a usage error, which was printed; *given has a bit for each row.
 */
static bool
read_options(struct request *request, int argc, char **argv, unsigned *given)
{
	const struct command_option *option;
	struct getopt_tables tables;
	int result;

	make_getopt_tables(&tables);
	opterr = 0;
	while ((result = getopt_long(argc, argv, tables.letters, tables.names,
		    NULL)) != -1) {
		if (result == '?' || result == ':') {
			refuse_option(result, argv);
			return false;
		}
		option = option_of(result);
		*given |= 1U << (option - options);
		if (!take(option, request))
			return false;
	}
	return true;
}

/* The subcommand and the names behind it; false after a usage error, which was
 * printed. */
static bool
read_command(struct request *request, int argc, char **argv)
{
	const struct command *command = &commands[COMMAND_SERVE];

	if (optind < argc)
		command = find_command(argv[optind++]);
	if (command == NULL)
		return false;
	request->command = command;
	request->line.names = argv + optind;
	if (optind < argc && command->names == NAMES_NONE) {
		complain("unexpected argument", argv[optind], "");
		return false;
	}
	if (optind == argc && command->names == NAMES_SOME) {
		complain("the name of a connection must follow", command->name,
		    "");
		return false;
	}
	return true;
}

/* Whether the subcommand takes each of the given options; false after a usage
 * error, which was printed. */
static bool
check_options(const struct request *request, unsigned given)
{
	unsigned command = OF(request->command - commands);
	char what[80];

	for (size_t i = 0; i < OPTION_COUNT; i++) {
		if ((given & 1U << i) == 0 ||
		    (options[i].commands & command) != 0)
			continue;
		snprintf(what, sizeof what, "%s does not take the option",
		    request->command->name);
		complain(what, options[i].usage, "");
		return false;
	}
	return true;
}

/* --- Running it ---------------------------------------------------------- */

static int
run(const struct request *request)
{
	int code;

	process_prepare();
	libraries_start();
	code = request->command->run(&request->line);
	log_tell_all_counts();
	libraries_stop();
	return code;
}

/* Output that was not written is no answer: the exit code must say so. */
static bool
is_written(void)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return true;
	fprintf(stderr, "pgjump: cannot write to standard output: %s\n",
	    strerror(errno));
	return false;
}

/* Help on the named subcommand, or on all; false: there is none of that name,
 * which was printed. */
static bool
help(int argc, char **argv)
{
	const struct command *command;

	if (optind == argc) {
		print_help();
		return true;
	}
	command = find_command(argv[optind]);
	if (command != NULL)
		print_command_help(command);
	return command != NULL;
}

int
main(int argc, char **argv)
{
	struct request request = { .command = NULL };
	unsigned given = 0;
	int code = 0;

	if (!read_options(&request, argc, argv, &given))
		return 1;
	if (request.wants_help)
		code = help(argc, argv) ? 0 : 1;
	else if (request.wants_version)
		print_version();
	else if (!read_command(&request, argc, argv) ||
	    !check_options(&request, given))
		return 1;
	else
		code = run(&request);
	return is_written() ? code : 1;
}
