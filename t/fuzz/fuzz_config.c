/* SPDX-License-Identifier: PostgreSQL */
/*
 * The configuration file, from bytes to snapshot.  Whatever the bytes are:
 * there is a snapshot or an error, never both, never neither; and each message
 * is one line that names the file.  A snapshot that is printed is read again,
 * and printed again the same.  Documents which name other files are let
 * go, and those with a passphrase, which may ask for a second of bcrypt.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/load.h"
#include "config/print.h"

static bool
is_let_go(const char *bytes, size_t len)
{
	return memmem(bytes, len, "_file", 5) != NULL ||
	    memmem(bytes, len, "passphrase", 10) != NULL;
}

static void
check_snapshot(const struct config *cfg)
{
	assert(cfg->connection_count > 0);
	assert(cfg->jump_count <= cfg->connection_count);
	for (size_t i = 0; i < cfg->connection_count; i++) {
		const struct config_connection
		    *connection = &cfg->connections[i];

		assert(connection->name != NULL && connection->host != NULL);
		assert(connection->label != NULL);
		assert(connection->listen_count > 0);
		assert(connection->jump == NULL ||
		    (connection->jump->label != NULL &&
			connection->jump->username != NULL));
	}
}

/* Returns whether there is an error among the messages. */
static bool
check_messages(char *messages)
{
	bool error = false;

	for (char *line = strtok(messages, "\n"); line != NULL;
	     line = strtok(NULL, "\n")) {
		assert(strncmp(line, "F:", 2) == 0);
		error |= strstr(line, " warning: ") == NULL;
	}
	return error;
}

/* The caller's. */
static char *
printed(const struct config *cfg)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert(out != NULL);
	config_print(cfg, out);
	fclose(out);
	return text;
}

/* The caller's; what is wrong with it is shown, its warnings are not. */
static struct config *
read_again(const char *text)
{
	char *messages = NULL;
	size_t len;
	FILE *out = open_memstream(&messages, &len);
	struct config *cfg;

	assert(out != NULL);
	cfg = config_load_text("F", text, strlen(text), false, out);
	fclose(out);
	if (cfg == NULL)
		fputs(messages, stderr);
	assert(cfg != NULL);
	free(messages);
	return cfg;
}

static void
check_print(const struct config *cfg)
{
	char *first = printed(cfg), *second;
	struct config *again = read_again(first);

	second = printed(again);
	assert(strcmp(first, second) == 0);
	config_unref(again);
	free(first);
	free(second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *bytes = (const char *)data;
	char *messages = NULL;
	size_t messages_len;
	struct config *cfg;
	FILE *out;

	if (is_let_go(bytes, len))
		return 0;
	out = open_memstream(&messages, &messages_len);
	assert(out != NULL);
	cfg = config_load_text("F", bytes, len, false, out);
	fclose(out);
	assert(check_messages(messages) == (cfg == NULL));
	if (cfg != NULL) {
		check_snapshot(cfg);
		check_print(cfg);
	}
	config_unref(cfg);
	free(messages);
	return 0;
}
