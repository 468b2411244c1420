/* SPDX-License-Identifier: PostgreSQL */

/*
 * Questions and answers are lines of the terminal.  Only "yes" and the
 * fingerprint itself trust a key, as with ssh.
 */
#include "check/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "check/board.h"
#include "check/report.h"
#include "config/config.h"
#include "config/jump.h"
#include "ssh/known_name.h"

#define ANSWER_MAX 256

/* One conversation. */
struct talk {
	int tty;
	const struct check_ask_signals *signals;
	int signal; /* that ended it; 0: none */
};

static int
open_terminal(void)
{
	int tty;

	if (!isatty(STDIN_FILENO))
		return -1;
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	/* In the background a read would stop the program. */
	if (tty >= 0 && tcgetpgrp(tty) != getpgrp()) {
		close(tty);
		return -1;
	}
	return tty;
}

bool
check_ask_is_possible(void)
{
	int tty = open_terminal();

	if (tty < 0)
		return false;
	close(tty);
	return true;
}

static void __attribute__((format(printf, 2, 3)))
say(const struct talk *talk, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(talk->tty, format, args);
	va_end(args);
}

/* Wait for input.  False: a signal ends the conversation. */
static bool
await_input(struct talk *talk)
{
	struct pollfd fds[] = {
		{ .fd = talk->tty, .events = POLLIN },
		{ .fd = talk->signals->fd, .events = POLLIN },
	};

	while (talk->signal == 0) {
		if (poll(fds, 2, -1) < 0)
			continue; /* EINTR, from ^Z and fg */
		if (fds[1].revents != 0)
			talk->signal = talk->signals->take(talk->signals->arg);
		else if (fds[0].revents != 0)
			return true;
	}
	return false;
}

/*
 * A line without its end; what exceeds the room is left out.  False: the
 * terminal is gone, its user typed ^D, or a signal came.
 */
static bool
read_line(struct talk *talk, char *line, size_t size)
{
	size_t len = 0;
	char byte;

	while (await_input(talk)) {
		ssize_t got = read(talk->tty, &byte, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		if (byte == '\n') {
			line[len] = '\0';
			return true;
		}
		if (len < size - 1)
			line[len++] = byte;
	}
	return false;
}

static char *
trim(char *line)
{
	size_t len = strlen(line);

	while (len > 0 && strchr(" \t\r", line[len - 1]) != NULL)
		line[--len] = '\0';
	return line + strspn(line, " \t");
}

static bool
wants_trust(struct talk *talk, const struct check_question *question)
{
	const char *file = question->jump->known_hosts[0];
	char line[ANSWER_MAX];

	say(talk,
	    "\nThe host key of jump box %s is not known: %s\n%s\n"
	    "Compare the fingerprint by another path first.  Trust this key, "
	    "and add it to\n%s (yes, no or the fingerprint)? ",
	    question->jump->label, question->type, question->fingerprint, file);
	while (read_line(talk, line, sizeof line)) {
		const char *answer = trim(line);

		if (strcasecmp(answer, "yes") == 0 ||
		    strcmp(answer, question->fingerprint) == 0)
			return true;
		if (strcasecmp(answer, "no") == 0)
			return false;
		say(talk, "Please type yes, no or the fingerprint: ");
	}
	say(talk, "\n");
	return false;
}

static bool
add(const struct talk *talk, const struct check_question *question)
{
	const char *file = question->jump->known_hosts[0];

	if (!ssh_known_name_write(file, question->jump, question->type,
		question->hostkey, question->hostkey_len)) {
		say(talk, "It cannot be added to %s: %s.\n", file,
		    errno == EEXIST
			? "another key of this type was added meanwhile"
			: strerror(errno));
		return false;
	}
	say(talk, "Added to %s.\n\n", file);
	return true;
}

static enum check_answer
ask(struct talk *talk, const struct check_question *question)
{
	if (question->about == CHECK_QUESTION_NOTHING || talk->signal != 0)
		return CHECK_ANSWER_NO;
	return wants_trust(talk, question) && add(talk, question)
	    ? CHECK_ANSWER_YES
	    : CHECK_ANSWER_NO;
}

/* The earlier question that was the same one; `index`: there is none. */
static size_t
find_same(const struct check_question questions[], size_t index)
{
	const struct check_question *question = &questions[index];

	for (size_t i = 0; i < index; i++)
		if (question->about != CHECK_QUESTION_NOTHING &&
		    questions[i].about == question->about &&
		    config_jump_has_same_host_key(questions[i].jump,
			question->jump))
			return i;
	return index;
}

static struct check_question *
read_questions(struct check_board *const boards[], size_t count)
{
	struct check_question *questions = xcalloc(count, sizeof *questions);
	struct check_report *report = xmalloc(sizeof *report);

	for (size_t i = 0; i < count; i++) {
		check_board_look(boards[i], report);
		questions[i] = report->question;
	}
	free(report);
	return questions;
}

int
check_ask_boards(struct check_board *const boards[], size_t count,
    const struct check_ask_signals *signals, enum check_answer answers[])
{
	struct talk talk = { .tty = open_terminal(), .signals = signals };
	struct check_question *questions = read_questions(boards, count);

	for (size_t i = 0; i < count; i++) {
		size_t same = find_same(questions, i);

		answers[i] = CHECK_ANSWER_NO;
		if (same < i)
			answers[i] = answers[same];
		else if (talk.tty >= 0)
			answers[i] = ask(&talk, &questions[i]);
	}
	free(questions);
	if (talk.tty >= 0)
		close(talk.tty);
	return talk.signal;
}
