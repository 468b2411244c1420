/* SPDX-License-Identifier: PostgreSQL */

/*
 * A conversation with the person at the terminal, on /dev/tty, line by line.
 */
#ifndef PGJUMP_CHECK_TALK_H
#define PGJUMP_CHECK_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

/* The signals that arrive meanwhile. */
struct check_talk_signals {
	int fd; /* readable: one has come */
	/* Take it; returns its number if it ends the program, else 0. */
	int (*take)(void *arg);
	void *arg;
};

struct check_talk {
	int tty;                                  /* -1: nobody can be asked */
	const struct check_talk_signals *signals; /* borrowed */
	int signal;           /* that ended the conversation; 0: none */
	bool is_hidden;       /* what is typed is not shown ... */
	struct termios usual; /* unlike before */
};

/*
 * Nobody can be asked where standard input is no terminal, or where the program
 * runs in the background of one.
 */
void check_talk_open(struct check_talk *, const struct check_talk_signals *);
void check_talk_close(struct check_talk *);

void check_talk_say(const struct check_talk *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Read a line without its end; what exceeds `size` is left out.  False: the
 * terminal is gone, the person typed ^D, or a signal came.
 */
bool check_talk_hear(struct check_talk *, char *line, size_t size);

/*
 * The same, not shown as it is typed.  Hide before the question is written, so
 * that no answer comes too soon; hearing ends it.
 */
void check_talk_hide(struct check_talk *);
bool check_talk_hear_secret(struct check_talk *, char *line, size_t size);

#endif
