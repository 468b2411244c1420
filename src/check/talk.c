/* SPDX-License-Identifier: PostgreSQL */

/*
 * While a secret is typed, ^Z does nothing: a program that is stopped would
 * leave a terminal that shows nothing.
 */
#include "check/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

void
check_talk_open(struct check_talk *talk,
    const struct check_talk_signals *signals)
{
	*talk = (struct check_talk){ .tty = -1, .signals = signals };
	if (!isatty(STDIN_FILENO))
		return;
	talk->tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	/* In the background a read would stop the program. */
	if (talk->tty >= 0 && tcgetpgrp(talk->tty) != getpgrp())
		check_talk_close(talk);
}

void
check_talk_close(struct check_talk *talk)
{
	if (talk->tty >= 0)
		close(talk->tty);
	talk->tty = -1;
}

void
check_talk_say(const struct check_talk *talk, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vdprintf(talk->tty, format, args);
	va_end(args);
}

/* Wait for input.  False: a signal ends the conversation. */
static bool
await_input(struct check_talk *talk)
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

bool
check_talk_hear(struct check_talk *talk, char *line, size_t size)
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

/* What was typed ahead is dropped: it was shown, and meant for another. */
void
check_talk_hide(struct check_talk *talk)
{
	struct termios hidden;

	talk->is_hidden = tcgetattr(talk->tty, &talk->usual) == 0;
	if (!talk->is_hidden)
		return;
	hidden = talk->usual;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	hidden.c_cc[VSUSP] = _POSIX_VDISABLE;
	tcsetattr(talk->tty, TCSAFLUSH, &hidden);
}

bool
check_talk_hear_secret(struct check_talk *talk, char *line, size_t size)
{
	bool is_heard;

	if (!talk->is_hidden)
		return false;
	is_heard = check_talk_hear(talk, line, size);
	tcsetattr(talk->tty, TCSAFLUSH, &talk->usual);
	talk->is_hidden = false;
	check_talk_say(talk, "\n");
	return is_heard;
}
