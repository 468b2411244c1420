/* SPDX-License-Identifier: PostgreSQL */

/*
 * A person at a terminal, who is asked on /dev/tty.  Nobody is asked where
 * standard input is no terminal, or where the program runs in the background of
 * one.
 */
#ifndef PGJUMP_CHECK_ASK_H
#define PGJUMP_CHECK_ASK_H

#include <stdbool.h>
#include <stddef.h>

struct check_board;

/* The signals that arrive meanwhile. */
struct check_ask_signals {
	int fd; /* readable: one has come */
	/* Take it; returns its number if it ends the program, else 0. */
	int (*take)(void *arg);
	void *arg;
};

enum check_answer {
	CHECK_ANSWER_NO,
	CHECK_ANSWER_YES, /* the walk may get further now */
};

/* Whether somebody can be asked. */
bool check_ask_is_possible(void);

/*
 * Ask what the report of each board leads to, the same once, and do what a YES
 * means: a host key is added to the first of the known_hosts files of its jump
 * box.  Returns 0, or the number of the signal that ended it.
 */
int check_ask_boards(struct check_board *const boards[], size_t count,
    const struct check_ask_signals *, enum check_answer answers[]);

#endif
