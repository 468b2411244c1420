/* SPDX-License-Identifier: PostgreSQL */

/*
 * Whatever ssh_config or a pasted line holds: a name that ssh is asked about is
 * no option and has nothing that is special to a shell, a hop is a host, and a
 * database has one.  Nothing is run and no file is opened.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "import/forward.h"
#include "import/line.h"
#include "import/proxy_command.h"
#include "import/settings.h"
#include "import/texts.h"
#include "import/tokens.h"

static void
must_be_name(const char *name)
{
	assert(import_line_is_name(name));
	assert(name[0] != '-');
	assert(strpbrk(name, " \t\n;&|<>$`\\\"'*?/()") == NULL);
}

static void
try_hop(const char *text)
{
	struct import_texts options = { 0 };
	char *host = import_line_hop(text, &options);

	if (host != NULL)
		must_be_name(host);
	free(host);
	import_texts_clear(&options);
}

static void
try_forward(const char *text)
{
	struct import_forward forward = { 0 }, database = { 0 };

	if (import_forward_read(text, &forward))
		assert(forward.listen != NULL && forward.host != NULL);
	if (import_forward_database(text, &database))
		assert(database.host != NULL && database.host[0] != '\0');
	import_forward_clear(&forward);
	import_forward_clear(&database);
}

static void
try_command(const struct import_texts *words)
{
	struct import_line line = { 0 }, pasted = { 0 };
	struct import_proxy proxy = { 0 };
	char error[128];

	switch (import_proxy_command_read(words, &line, &proxy)) {
	case IMPORT_PROXY_JUMP:
		assert(line.host != NULL);
		break;
	case IMPORT_PROXY_PROXY:
		assert(proxy.type != NULL);
		must_be_name(proxy.host);
		break;
	case IMPORT_PROXY_UNKNOWN:
		break;
	}
	if (import_line_read(&pasted, words->items, words->count, error,
		sizeof error))
		assert(pasted.host != NULL && pasted.command <= words->count);
	import_line_clear(&line);
	import_line_clear(&pasted);
	import_proxy_command_clear(&proxy);
}

static void
try_settings(const char *text)
{
	struct import_settings settings = { 0 };

	import_settings_read(&settings, text);
	for (size_t i = 0; i < settings.count; i++) {
		const char *key = settings.list[i].key;
		size_t at = 0;

		assert(key[0] != '\0' && strpbrk(key, " \n") == NULL);
		assert(import_settings_next(&settings, key, &at) != NULL);
		assert(import_settings_agree(&settings, &settings, key));
	}
	import_settings_clear(&settings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct import_tokens tokens = { "alias", "host", "user", "22" };
	struct import_texts words = { 0 };
	char *text = strndup((const char *)data, len);

	import_texts_split(&words, text);
	try_command(&words);
	try_hop(text);
	try_forward(text);
	try_settings(text);
	free(import_tokens_expand(text, &tokens));
	import_texts_clear(&words);
	free(text);
	return 0;
}
