/* SPDX-License-Identifier: PostgreSQL */

#include "command/shutdown.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "command/running.h"
#include "http/ask.h"

#define ASK_MS 5000

int
command_shutdown_run(const struct command_line *line)
{
	struct running running = running_find(line);
	struct http_reply reply;
	char error[RUNNING_ERROR_MAX];
	bool is_stopping = running_ask(&running, false, "POST", "/quitquitquit",
	    clock_ms() + ASK_MS, &reply, error, sizeof error);

	running_close(&running);
	if (!is_stopping) {
		fprintf(stderr, "pgjump: %s\n", error);
		return 1;
	}
	is_stopping = reply.status == 200;
	if (!is_stopping)
		fprintf(stderr, "pgjump: %.*s\n",
		    (int)strcspn(reply.body, "\n"), reply.body);
	http_ask_clear(&reply);
	return is_stopping ? 0 : 1;
}
