/* SPDX-License-Identifier: PostgreSQL */

#include "command/status.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/command_line.h"
#include "base/xmalloc.h"
#include "command/running.h"
#include "command/status_text.h"
#include "config/report.h"
#include "config/value.h"
#include "config/yaml.h"
#include "http/ask.h"

#define ASK_MS 10000

/* "/status?connections=a,b", which the caller frees; NULL: a name is none. */
static char *
target_of(char *const *names)
{
	char *target = xstrdup("/status"), *longer;
	const char *separator = "?connections=";

	for (; *names != NULL; names++) {
		if (!config_value_is_name(*names)) {
			fprintf(stderr,
			    "pgjump: \"%s\" is not the name of a connection\n",
			    *names);
			free(target);
			return NULL;
		}
		longer = xasprintf("%s%s%s", target, separator, *names);
		free(target);
		target = longer;
		separator = ",";
	}
	return target;
}

/* JSON is YAML.  False: it is not what a pgjump answers. */
static bool
print_text(const struct http_reply *reply)
{
	struct report *report = report_new("");
	struct yaml_tree *tree = yaml_tree_parse(reply->body, reply->len,
	    report);
	bool is_good = tree != NULL && status_text_print(tree->root, stdout);

	yaml_tree_free(tree);
	report_free(report);
	if (!is_good)
		fputs("pgjump: the answer is not understood; try --json\n",
		    stderr);
	return is_good;
}

static bool
print(const struct command_line *line, const struct http_reply *reply)
{
	if (reply->status != 200) {
		fprintf(stderr, "pgjump: %.*s\n",
		    (int)strcspn(reply->body, "\n"), reply->body);
		return false;
	}
	if (!line->json)
		return print_text(reply);
	fputs(reply->body, stdout);
	return true;
}

int
command_status_run(const struct command_line *line)
{
	char error[RUNNING_ERROR_MAX], *target = target_of(line->names);
	struct running running;
	struct http_reply reply;
	bool is_good;

	if (target == NULL)
		return 1;
	running = running_find(line);
	is_good = running_ask(&running, true, "GET", target,
	    clock_ms() + ASK_MS, &reply, error, sizeof error);
	if (is_good)
		is_good = print(line, &reply);
	else
		fprintf(stderr, "pgjump: %s\n", error);
	http_ask_clear(&reply);
	running_close(&running);
	free(target);
	return is_good ? 0 : 1;
}
