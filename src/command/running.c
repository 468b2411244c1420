/* SPDX-License-Identifier: PostgreSQL */

#include "command/running.h"

#include <stdio.h>

#include "base/command_line.h"
#include "config/config.h"
#include "http/ask.h"

#define WHY_MAX 200

struct running
running_find(const struct command_line *line)
{
	return (struct running){
		.found = config_http_find(&line->config_paths, line->admin),
	};
}

void
running_close(struct running *running)
{
	config_http_find_clear(&running->found);
}

static bool
ask(const struct config_http_address *address, const char *method,
    const char *target, int64_t deadline_ms, struct http_reply *reply,
    char *error, size_t error_size)
{
	char why[WHY_MAX];

	if (http_ask(address, method, target, deadline_ms, reply, why,
		sizeof why))
		return true;
	snprintf(error, error_size, "nobody answers at %s: %s", address->label,
	    why);
	return false;
}

bool
running_ask(const struct running *running, bool by_http, const char *method,
    const char *target, int64_t deadline_ms, struct http_reply *reply,
    char *error, size_t error_size)
{
	const struct config_http_address *admin = running->found.admin;
	const struct config_http_address *http = by_http ? running->found.http
							 : NULL;
	char second[RUNNING_ERROR_MAX];

	if (admin == NULL && http == NULL) {
		snprintf(error, error_size,
		    "no admin address is known: name it by --admin, admin in "
		    "the configuration, or $PGJUMP_ADMIN");
		return false;
	}
	if (admin != NULL &&
	    ask(admin, method, target, deadline_ms, reply, error, error_size))
		return true;
	if (http == NULL)
		return false;
	return admin == NULL
	    ? ask(http, method, target, deadline_ms, reply, error, error_size)
	    : ask(http, method, target, deadline_ms, reply, second,
		  sizeof second);
}
