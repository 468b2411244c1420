/* SPDX-License-Identifier: PostgreSQL */

/*
 * Documents for the tests of the configuration, read from memory in a
 * directory that exists.
 */
#include "documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "config/load.h"

char documents_dir[DOCUMENTS_DIR_SIZE] = "/tmp/pgjump-config.XXXXXX";
char said[65536];

int
make_dir(void **state)
{
	(void)state;
	return mkdtemp(documents_dir) != NULL ? 0 : -1;
}

int
remove_dir(void **state)
{
	(void)state;
	return rmdir(documents_dir);
}

int
clear_environment(void **state)
{
	static const char *const names[] = { "DB_HOST", "FROM",
		"PGJUMP_KNOWN_HOSTS", "STATE_DIRECTORY", "XDG_STATE_HOME" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unsetenv(names[i]);
	return setenv("HOME", "/home/me", 1);
}

struct config *
parse(const char *document)
{
	char file[DOCUMENTS_DIR_SIZE + 10];
	FILE *out = fmemopen(said, sizeof said, "w");
	struct config *cfg;

	snprintf(file, sizeof file, "%s/F", documents_dir);
	said[0] = '\0';
	cfg = config_load_text(file, document, strlen(document), false, out);
	fclose(out);
	return cfg;
}

struct config *
accepted(const char *document)
{
	struct config *cfg = parse(document);

	assert_non_null(cfg);
	return cfg;
}

struct config *
good(const char *document)
{
	struct config *cfg = accepted(document);

	assert_string_equal(said, "");
	return cfg;
}

struct config *
unwise(const char *document, const char *words)
{
	struct config *cfg = parse(document);

	assert_non_null(cfg);
	assert_non_null(strstr(said, ": warning: "));
	assert_non_null(strstr(said, words));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
	return cfg;
}

const char *
errors(const char *document)
{
	static char text[sizeof said];
	size_t prefix = strlen(documents_dir) + strlen("/F:");
	char *end = text;

	assert_null(parse(document));
	for (const char *line = said; *line != '\0';) {
		size_t len = strcspn(line, "\n") + 1;

		assert_true(len > prefix);
		memcpy(end, line + prefix, len - prefix);
		end += len - prefix;
		line += len;
	}
	*end = '\0';
	return text;
}
