/* SPDX-License-Identifier: PostgreSQL */

/* A running pgjump, as a command asks it. */
#ifndef PGJUMP_COMMAND_RUNNING_H
#define PGJUMP_COMMAND_RUNNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/http_find.h"

struct command_line;
struct http_reply;

/* Room for an address and a reason. */
#define RUNNING_ERROR_MAX 600

struct running {
	struct config_http_found found;
};

/* Where it answers.  The caller gives it to running_close(). */
struct running running_find(const struct command_line *);
void running_close(struct running *);

/*
 * Ask on the admin address; where that does not answer, and `by_http` is true,
 * on the http address.  False: nobody answered, and `error` says where and why.
 */
bool running_ask(const struct running *, bool by_http, const char *method,
    const char *target, int64_t deadline_ms, struct http_reply *, char *error,
    size_t error_size);

#endif
