/* SPDX-License-Identifier: PostgreSQL */

/*
 * A path must be the one that PostgreSQL makes of a directory and a port, since
 * a configuration names these two.
 */
#include "import/forward.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "import/line.h"
#include "import/texts.h"

/* Split "/dir/.s.PGSQL.5432"; the caller frees both. */
static bool
read_path(const char *path, char **dir, char **port)
{
	static const char name[] = "/.s.PGSQL.";
	const char *at = strstr(path, name);
	const char *digits = at != NULL ? at + sizeof name - 1 : "";

	if (at == NULL || at == path || digits[0] == '\0' ||
	    digits[strspn(digits, TEXT_DIGITS)] != '\0')
		return false;
	*dir = xstrndup(path, (size_t)(at - path));
	*port = xstrdup(digits);
	return true;
}

/* Split "[HOST]:PORT", "HOST:PORT" or "HOST"; the caller frees both. */
static bool
read_address(const char *text, char **host, char **port)
{
	struct import_texts options = { 0 };

	*host = strchr(text, '@') == NULL ? import_line_hop(text, &options)
					  : NULL;
	if (*host != NULL && options.count == 2)
		*port = xstrdup(options.items[1]);
	import_texts_clear(&options);
	return *host != NULL;
}

static bool
is_loopback(const char *host)
{
	return strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0 ||
	    strcmp(host, "localhost") == 0;
}

/* "5433", "[127.0.0.1]:5433", "[*]:5433" or a path. */
static bool
read_listen(const char *text, struct import_forward *forward)
{
	static const char everywhere[] = "[*]:";
	char *host = NULL, *port = NULL;
	bool is_good = true;

	if (text[strspn(text, TEXT_DIGITS)] == '\0') {
		forward->listen = xstrdup(text);
	} else if (text[0] == '/') {
		is_good = read_path(text, &host, &port);
		if (is_good)
			forward->listen = xasprintf("%s:%s", host, port);
	} else if (strncmp(text, everywhere, sizeof everywhere - 1) == 0) {
		forward->listen = xstrdup(text + sizeof everywhere - 1);
		forward->is_open = true;
	} else {
		is_good = read_address(text, &host, &port) && port != NULL;
		forward->is_open = is_good && !is_loopback(host);
		if (forward->is_open)
			forward->listen = xstrdup(port);
		else if (is_good)
			forward->listen = xasprintf(strchr(host, ':') != NULL
				? "[%s]:%s"
				: "%s:%s",
			    host, port);
	}
	free(host);
	free(port);
	return is_good;
}

bool
import_forward_database(const char *text, struct import_forward *forward)
{
	if (text[0] == '/')
		return read_path(text, &forward->host, &forward->port);
	return read_address(text, &forward->host, &forward->port);
}

bool
import_forward_read(const char *value, struct import_forward *forward)
{
	const char *blank = strchr(value, ' ');
	char *listen;
	bool is_good;

	if (blank == NULL || strchr(blank + 1, ' ') != NULL)
		return false;
	listen = xstrndup(value, (size_t)(blank - value));
	is_good = read_listen(listen, forward) &&
	    import_forward_database(blank + 1, forward);
	free(listen);
	return is_good;
}

void
import_forward_clear(struct import_forward *forward)
{
	free(forward->listen);
	free(forward->host);
	free(forward->port);
	*forward = (struct import_forward){ 0 };
}
