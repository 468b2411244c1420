/* SPDX-License-Identifier: PostgreSQL */

/*
 * A command as a child of pgjump that behaves as it would without pgjump: its
 * terminal, its signals, its limits, its end.  One at a time.
 */
#ifndef PGJUMP_COMMAND_CHILD_H
#define PGJUMP_COMMAND_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a command is started with; borrowed. */
struct child_setup {
	char *const *argv;
	char *const *env;
	/* It gets `other_env` if it cannot read this file; NULL: it gets `env`
	 * anyway. */
	const char *readable_path;
	char *const *other_env;
};

/* A plain value. */
struct child {
	pid_t pid;
	int status; /* of waitpid(2), once it has ended */
	bool has_ended, is_stopped;
};

/* The signals that child_pass_on() knows, and SIGCHLD: catch these before there
 * are threads. */
extern const int child_signals[];
extern const size_t child_signal_count;

/*
 * Start the command; it is killed if pgjump is.  Returns 0, or 127 when it is
 * not found, or 126 when it cannot be run, with errno.
 */
int child_start(struct child *, const struct child_setup *);

/* pgjump received this signal, from a process or (false) from the kernel, which
 * has given the signals of a terminal to the command already. */
void child_pass_on(struct child *, int number, bool by_process);

/*
 * After SIGCHLD: see what has become of it, and reap other children, which only
 * the process 1 of a container has.  If the command was stopped, pgjump stops
 * as well, so that the shell which started it takes back the terminal.
 */
void child_look(struct child *);

/* The exit code that tells its end: its own, or 128 plus a signal's number. */
int child_code(const struct child *);

/* A stop signal of the terminal, while there is no command yet. */
void child_stop_self(int number);

/* End as if by this signal.  Returns if that is impossible. */
void child_die_by(int number);

#endif
