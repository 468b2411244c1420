/* SPDX-License-Identifier: PostgreSQL */

/*
 * pgjump: the subcommands and options, each a row of a table from which the
 * command line is read and --help is printed.  It refuses to know what a
 * subcommand does.
 */
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/command_line.h"
#include "base/log.h"
#include "check/check.h"
#include "command/ask_reload.h"
#include "command/config.h"
#include "command/dsn.h"
#include "command/exec.h"
#include "command/hostkey.h"
#include "command/libraries.h"
#include "command/line.h"
#include "command/process.h"
#include "command/serve.h"
#include "command/tunnel.h"
#include "command/shutdown.h"
#include "command/status.h"
#include "command/wait.h"
#include "import/import.h"

enum command_index {
	COMMAND_SERVE,
	COMMAND_CHECK,
	COMMAND_HOSTKEY,
	COMMAND_CONFIG,
	COMMAND_EXEC,
	COMMAND_WAIT,
	COMMAND_STATUS,
	COMMAND_RELOAD,
	COMMAND_SHUTDOWN,
	COMMAND_DSN,
	COMMAND_TUNNEL,
	COMMAND_IMPORT,
	COMMAND_HELP,
	COMMAND_COUNT
};

static int print_help_on(const struct command_line *);

static const struct line_command commands[] = {
	[COMMAND_SERVE] = { "serve", serve_run, NAMES_NONE, "serve",
	    "carry clients, in the foreground (default)" },
	[COMMAND_CHECK] = { "check", check_run, NAMES_ANY, "check [NAME...]",
	    "test every hop, name the broken one and its fix" },
	[COMMAND_HOSTKEY] = { "hostkey", hostkey_run, NAMES_SOME,
	    "hostkey NAME...", "print the host keys of jump boxes" },
	[COMMAND_CONFIG] = { "config", command_config_run, NAMES_NONE, "config",
	    "validate the configuration; opens no connection" },
	[COMMAND_EXEC] = { "exec", exec_run, NAMES_COMMAND,
	    "exec NAME COMMAND...",
	    "run one command with the database in its reach" },
	[COMMAND_WAIT] = { "wait", command_wait_run, NAMES_ANY,
	    "wait [NAME...]",
	    "wait until pgjump has started, or tunnels are up" },
	[COMMAND_STATUS] = { "status", command_status_run, NAMES_ANY,
	    "status [NAME...]", "show what a running pgjump knows" },
	[COMMAND_RELOAD] = { "reload", command_ask_reload_run, NAMES_NONE,
	    "reload", "make a running pgjump read its configuration again" },
	[COMMAND_SHUTDOWN] = { "shutdown", command_shutdown_run, NAMES_NONE,
	    "shutdown", "make a running pgjump drain and end" },
	[COMMAND_DSN] = { "dsn", command_dsn_run, NAMES_ONE, "dsn NAME",
	    "print how a client reaches a connection" },
	[COMMAND_TUNNEL] = { "tunnel", command_tunnel_run, NAMES_TARGET,
	    "tunnel HOST", "carry clients as ssh -L does, without a file" },
	[COMMAND_IMPORT] = { "import", import_run, NAMES_HOST,
	    "import HOST [DB]", "print a configuration made from that of ssh" },
	[COMMAND_HELP] = { "help", print_help_on, NAMES_ANY, "help [COMMAND]",
	    "print this text, or that of one command" },
};

#define EVERY       (~0U)
#define OF(command) (1U << (command))
#define SETS(field) offsetof(struct line_request, field)

/* Those that ask a running pgjump, and the one that runs. */
#define ADMIN_COMMANDS                                               \
	(OF(COMMAND_SERVE) | OF(COMMAND_WAIT) | OF(COMMAND_STATUS) | \
	    OF(COMMAND_RELOAD) | OF(COMMAND_SHUTDOWN))

static const struct line_option options[] = {
	{ "config", 'c', KIND_FILES, EVERY, SETS(line.config_paths),
	    "-c, --config FILE",
	    "a file, a directory, or - for stdin; repeatable" },
	{ "admin", 0, KIND_ADDRESS, ADMIN_COMMANDS, SETS(line.admin),
	    "--admin ADDRESS", "the admin address, whatever the file says" },
	{ "json", 0, KIND_FLAG, OF(COMMAND_CHECK) | OF(COMMAND_STATUS),
	    SETS(line.json), "--json", "print JSON" },
	{ "quiet", 'q', KIND_FLAG, OF(COMMAND_CHECK), SETS(line.quiet),
	    "-q, --quiet", "print one line for each connection" },
	{ "no-login", 0, KIND_FLAG, OF(COMMAND_CHECK), SETS(line.no_login),
	    "--no-login", "do not log in to the database" },
	{ "timeout", 0, KIND_DURATION, OF(COMMAND_CHECK) | OF(COMMAND_WAIT),
	    SETS(line.timeout), "--timeout TIME",
	    "stop after 10s, 500ms, ...; report what is known" },
	{ "max", 0, KIND_DURATION, OF(COMMAND_WAIT), SETS(line.timeout),
	    "--max TIME", "wait so long at most (30s)" },
	{ "tunnels", 0, KIND_FLAG, OF(COMMAND_WAIT), SETS(line.tunnels),
	    "--tunnels", "wait until every tunnel is up" },
	{ "add", 0, KIND_FLAG, OF(COMMAND_HOSTKEY), SETS(line.add), "--add",
	    "append new keys to known_hosts" },
	{ "print", 0, KIND_FLAG, OF(COMMAND_CONFIG), SETS(line.print),
	    "--print", "print the settings in effect, without secrets" },
	{ "set", 0, KIND_SETTINGS, OF(COMMAND_EXEC), SETS(line.sets),
	    "--set NAME=FORMAT",
	    "also set a variable: uri, keyword, jdbc, ..." },
	{ "keep-env", 0, KIND_FLAG, OF(COMMAND_EXEC), SETS(line.keep_env),
	    "--keep-env", "remove no PG variable from the environment" },
	{ "no-check", 0, KIND_FLAG, OF(COMMAND_EXEC), SETS(line.no_check),
	    "--no-check", "run the command without a check before it" },
	{ "user", 0, KIND_USER, OF(COMMAND_EXEC), SETS(line.user),
	    "--user USER", "this user may connect, too" },
	{ "format", 0, KIND_FORMAT, OF(COMMAND_DSN), SETS(line.format),
	    "--format FORMAT", "uri, keyword, jdbc, odbc, env, service, ..." },
	{ "with-password", 0, KIND_FLAG, OF(COMMAND_DSN),
	    SETS(line.with_password), "--with-password",
	    "print the password, too" },
	{ NULL, 'L', KIND_WORDS, OF(COMMAND_TUNNEL), SETS(line.forwards),
	    "-L FORWARD", "[BIND:]PORT:DBHOST:DBPORT, or [BIND:]PORT" },
	{ NULL, 'J', KIND_WORD, OF(COMMAND_TUNNEL), SETS(line.jumps),
	    "-J HOP,...", "jump boxes on the way: [USER@]HOST[:PORT]" },
	{ NULL, 'p', KIND_WORD, OF(COMMAND_TUNNEL), SETS(line.port), "-p PORT",
	    "the port of the last jump box (22)" },
	{ NULL, 'l', KIND_WORD, OF(COMMAND_TUNNEL), SETS(line.login), "-l USER",
	    "the user on the last jump box" },
	{ NULL, 'i', KIND_WORDS, OF(COMMAND_TUNNEL), SETS(line.identities),
	    "-i FILE", "a private key for the last jump box" },
	{ NULL, 'o', KIND_WORDS, OF(COMMAND_TUNNEL), SETS(line.ssh_options),
	    "-o OPTION", "some options of ssh" },
	{ NULL, 'N', KIND_FLAG, OF(COMMAND_TUNNEL), SETS(line.is_forward_only),
	    "-N", "accepted, as it is always meant" },
	{ NULL, 'f', KIND_FLAG, OF(COMMAND_TUNNEL), SETS(line.in_background),
	    "-f", "refused: pgjump stays in the foreground" },
	{ "help", 'h', KIND_FLAG, EVERY, SETS(wants_help), "-h, --help",
	    "print this text" },
	{ "version", 'V', KIND_FLAG, EVERY, SETS(wants_version),
	    "-V, --version",
	    "print the versions of pgjump and of its libraries" },
};

#define OPTION_COUNT (sizeof options / sizeof *options)

static const struct line_tables tables = { commands, COMMAND_COUNT, options,
	OPTION_COUNT };

static const char help_top[] =
    "Usage: pgjump [-c FILE] [COMMAND]\n"
    "\n"
    "pgjump carries PostgreSQL clients through SSH jump boxes and tells them\n"
    "which side failed: the tunnel or the database.\n"
    "\n"
    "Commands:\n";

static const char help_end[] =
    "\n"
    "Without -c the configuration is the document in $PGJUMP_CONFIG_TEXT, the\n"
    "file $PGJUMP_CONFIG, or the first that exists of ./pgjump.yaml,\n"
    "$XDG_CONFIG_HOME/pgjump/pgjump.yaml and\n" SYSCONFDIR
    "/pgjump/pgjump.yaml, each also as .yml and .json.  See pgjump(1)\n"
    "and pgjump.yaml(5).\n";

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
print_command_help(const struct line_command *command)
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

/* --- Running it ---------------------------------------------------------- */

static int
run(const struct line_request *request)
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
	if (errno == EPIPE)
		return false; /* the reader has what it wanted: head(1) */
	fprintf(stderr, "pgjump: cannot write to standard output: %s\n",
	    strerror(errno));
	return false;
}

/* Help on one subcommand, or on all. */
static void
help(const struct line_command *command)
{
	if (command != NULL)
		print_command_help(command);
	else
		print_help();
}

/* The subcommand "help". */
static int
print_help_on(const struct command_line *line)
{
	const struct line_command *command = NULL;

	if (line->names[0] != NULL) {
		command = line_find(&tables, line->names[0]);
		if (command == NULL)
			return 1;
	}
	help(command);
	return 0;
}

/* Returns the exit code. */
static int
answer(struct line_request *request)
{
	if (request->wants_help) {
		help(request->command);
		return 0;
	}
	if (request->wants_version) {
		print_version();
		return 0;
	}
	if (request->command == NULL)
		request->command = &commands[COMMAND_SERVE];
	return line_check(&tables, request) ? run(request) : 1;
}

int
main(int argc, char **argv)
{
	struct line_request request = { .command = NULL };
	int code = 1;

	if (line_read(&tables, &request, argc, argv))
		code = answer(&request);
	line_clear(&request);
	return is_written() ? code : 1;
}
