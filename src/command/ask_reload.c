/* SPDX-License-Identifier: PostgreSQL */

#include "command/ask_reload.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"
#include "command/running.h"
#include "http/ask.h"

/* Longer than the longest time for which pgjump itself keeps a client waiting
 * for the verdict. */
#define ASK_MS 70000

int
command_ask_reload_run(const struct command_line *line)
{
	struct running running = running_find(line);
	struct http_reply reply;
	char error[RUNNING_ERROR_MAX];
	bool is_answered = running_ask(&running, false, "POST", "/reload",
	    clock_ms() + ASK_MS, &reply, error, sizeof error);
	bool is_accepted;

	running_close(&running);
	if (!is_answered) {
		fprintf(stderr, "pgjump: %s\n", error);
		return 1;
	}
	is_accepted = reply.status == 200;
	fputs(reply.body, is_accepted ? stdout : stderr);
	http_ask_clear(&reply);
	return is_accepted ? 0 : 1;
}
