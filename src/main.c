/* SPDX-License-Identifier: PostgreSQL */

/*
 * pgjump: the subcommands and options, each a row of a table from which the
 * command line is read and --help is printed.  What a process needs before it
 * has threads is done here, once.  It refuses to know what a subcommand does.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "config_command.h"
#include "libraries.h"
#include "nearest.h"
#include "serve.h"

struct command {
	const char *name;
	/* `arguments` ends with NULL.  Returns the exit code. */
	int (*run)(const char *config_path, char *const *arguments);
	bool takes_arguments;
	const char *usage, *description;
};

/* The first one is the default. */
static const struct command commands[] = {
	{ "serve", serve_run, false, "serve",
	    "carry clients, in the foreground (default)" },
	{ "config", config_command_run, false, "config",
	    "validate the configuration; opens no connection" },
};

enum option_index {
	OPTION_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
	OPTION_COUNT
};

static const struct {
	const char *name;
	int letter, argument;
	const char *usage, *description;
} options[] = {
	[OPTION_CONFIG] = { "config", 'c', required_argument,
	    "-c, --config FILE", "the configuration file" },
	[OPTION_HELP] = { "help", 'h', no_argument, "-h, --help",
	    "print this text" },
	[OPTION_VERSION] = { "version", 'V', no_argument, "-V, --version",
	    "print the versions of pgjump and of its libraries" },
};

#define COMMAND_COUNT (sizeof commands / sizeof *commands)

/* What the command line asks for. */
struct request {
	bool given[OPTION_COUNT];
	const char *value[OPTION_COUNT]; /* of an option with an argument */
	const struct command *command;
	char *const *arguments;
};

static const char help_top[] =
    "Usage: pgjump [-c FILE] [COMMAND]\n"
    "\n"
    "pgjump carries PostgreSQL clients through SSH jump boxes and tells them\n"
    "which side failed: the tunnel or the database.\n"
    "\n"
    "Commands:\n";

static const char help_end[] =
    "\n"
    "Without -c the configuration is $PGJUMP_CONFIG, or the first that exists\n"
    "of ./pgjump.yaml, $XDG_CONFIG_HOME/pgjump/pgjump.yaml and\n" SYSCONFDIR
    "/pgjump/pgjump.yaml.  See pgjump(1) and pgjump.yaml(5).\n";

static void
print_help(void)
{
	fputs(help_top, stdout);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-20s %s\n", commands[i].usage,
		    commands[i].description);
	puts("\nOptions:");
	for (size_t i = 0; i < OPTION_COUNT; i++)
		printf("  %-20s %s\n", options[i].usage,
		    options[i].description);
	fputs(help_end, stdout);
}

static void
print_version(void)
{
	printf("pgjump %s (", PACKAGE_VERSION);
	libraries_write(stdout);
	puts(")");
}

/* One line for what is wrong, with the word that may be meant, or "". */
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

/* What getopt_long() gives for a long option; a short one gives its letter. */
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
	for (int i = 0; i < OPTION_COUNT; i++) {
		*letter++ = (char)options[i].letter;
		if (options[i].argument == required_argument)
			*letter++ = ':';
		tables->names[i] = (struct option){ .name = options[i].name,
			.has_arg = options[i].argument,
			.val = LONG_OPTION + i };
	}
}

static void
take_option(struct request *request, int result)
{
	int index = result - LONG_OPTION;

	if (result < LONG_OPTION)
		for (index = 0; options[index].letter != result;)
			index++;
	request->given[index] = true;
	request->value[index] = optarg;
}

/* getopt's "?" and ":"; optopt is the letter only of a short option. */
static void
refuse_option(int result, char **argv)
{
	char letter[] = { '-', (char)optopt, '\0' };
	bool is_short = optopt > 0 && optopt < LONG_OPTION;
	const char *typed = is_short ? letter : argv[optind - 1];

	if (result == ':')
		complain("a file name must follow", typed, "");
	else
		complain_of_option(typed);
}

/* False after a usage error, which was told. */
static bool
read_options(struct request *request, int argc, char **argv)
{
	struct getopt_tables tables;
	int result;

	make_getopt_tables(&tables);
	opterr = 0;
	for (;;) {
		result = getopt_long(argc, argv, tables.letters, tables.names,
		    NULL);
		if (result == -1)
			return true;
		if (result == '?' || result == ':')
			break;
		take_option(request, result);
	}
	refuse_option(result, argv);
	return false;
}

/* The same. */
static bool
read_command(struct request *request, int argc, char **argv)
{
	request->command = &commands[0];
	if (optind < argc)
		request->command = find_command(argv[optind++]);
	if (request->command == NULL)
		return false;
	request->arguments = argv + optind;
	if (optind < argc && !request->command->takes_arguments) {
		complain("unexpected argument", argv[optind], "");
		return false;
	}
	return true;
}

/* A client costs one or two descriptors, and the usual soft limit is 1024. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * No secret may get into a core dump: none is written, and one that goes to a
 * pipe, where the size limit does not count (core(5)), holds no memory.
 * PR_SET_DUMPABLE would do it, too, but takes /proc/self from a user who is
 * not root, and with it a configuration file given as /dev/fd/63.  Debugging
 * stays possible: a debugger may attach, and whoever needs a core file raises
 * the soft limit with prlimit(1) and writes 0x33 to coredump_filter.
 */
static void
keep_secrets_out_of_dumps(void)
{
	struct rlimit limit;
	bool filtered = false;
	int fd;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		limit.rlim_cur = 0;
		setrlimit(RLIMIT_CORE, &limit);
	}
	fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		filtered = write(fd, "0", 1) == 1;
		close(fd);
	}
	if (!filtered)
		prctl(PR_SET_DUMPABLE, 0);
}

static int
run(const struct request *request)
{
	int code;

	signal(SIGPIPE, SIG_IGN);
	raise_descriptor_limit();
	keep_secrets_out_of_dumps();
	libraries_start();
	code = request->command->run(request->value[OPTION_CONFIG],
	    request->arguments);
	libraries_stop();
	return code;
}

int
main(int argc, char **argv)
{
	struct request request = { .command = NULL };

	if (!read_options(&request, argc, argv))
		return 1;
	if (request.given[OPTION_HELP])
		print_help();
	else if (request.given[OPTION_VERSION])
		print_version();
	else if (!read_command(&request, argc, argv))
		return 1;
	else
		return run(&request);
	return 0;
}
