/* SPDX-License-Identifier: PostgreSQL */

/*
 * Only options whose meaning for a tunnel is known are understood.  Those that
 * a tunnel does not need are dropped.
 */
#include "import/line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xmalloc.h"

/* Letters of ssh(1): with an argument, handed on without one, and dropped. */
static const char with_argument[] = "FJLWilop";
static const char handed_on[] = "46g";
static const char dropped[] = "ACNTfqv";

bool
import_line_is_name(const char *name)
{
	static const char admitted[] = TEXT_LETTERS TEXT_DIGITS "._:@%-";

	return name[0] != '\0' && name[0] != '-' &&
	    name[strspn(name, admitted)] == '\0';
}

static void
take_argument(struct import_line *line, char letter, const char *argument)
{
	if (letter == 'W') {
		line->target = argument;
		return;
	}
	import_texts_add(&line->options, "-%c", letter);
	import_texts_add(&line->options, "%s", argument);
	if (letter == 'F') {
		import_texts_clear(&line->file);
		import_texts_add(&line->file, "-F");
		import_texts_add(&line->file, "%s", argument);
	}
}

/* A word of letters, as "-fNL": returns how many words it took, 0 for an
 * error. */
static size_t
read_letters(struct import_line *line, const char *word, const char *next,
    char *error, size_t size)
{
	for (const char *letter = word + 1; *letter != '\0'; letter++) {
		const char *rest = letter + 1;

		if (strchr(with_argument, *letter) != NULL) {
			if (rest[0] == '\0' && next == NULL) {
				snprintf(error, size,
				    "the argument of -%c is missing", *letter);
				return 0;
			}
			take_argument(line, *letter,
			    rest[0] != '\0' ? rest : next);
			return rest[0] != '\0' ? 1 : 2;
		}
		if (strchr(handed_on, *letter) != NULL)
			import_texts_add(&line->options, "-%c", *letter);
		else if (strchr(dropped, *letter) == NULL) {
			snprintf(error, size,
			    "import does not understand ssh's option -%c",
			    *letter);
			return 0;
		}
	}
	return 1;
}

bool
import_line_read(struct import_line *line, char *const *words, size_t count,
    char *error, size_t size)
{
	size_t at = 0, taken;

	while (at < count) {
		if (strcmp(words[at], "--") == 0 && line->host == NULL) {
			at++;
		} else if (words[at][0] == '-' && words[at][1] != '\0') {
			taken = read_letters(line, words[at],
			    at + 1 < count ? words[at + 1] : NULL, error, size);
			if (taken == 0)
				return false;
			at += taken;
		} else if (line->host == NULL) {
			line->host = words[at++];
		} else {
			break;
		}
	}
	line->command = at;
	if (line->host == NULL)
		snprintf(error, size, "that ssh command line names no host");
	return line->host != NULL;
}

void
import_line_clear(struct import_line *line)
{
	import_texts_clear(&line->options);
	import_texts_clear(&line->file);
}

/* Where the port of "HOST:PORT" or "[V6]:PORT" begins; NULL: there is none. */
static const char *
find_port(const char *host)
{
	const char *colon = strrchr(host, ':');

	if (host[0] == '[')
		colon = strstr(host, "]:") != NULL ? colon : NULL;
	else if (colon != NULL && strchr(host, ':') != colon)
		colon = NULL; /* a bare IPv6 address */
	return colon != NULL ? colon + 1 : NULL;
}

/* A number that a port can be, or none. */
static bool
is_port(const char *text)
{
	if (text == NULL)
		return true;
	return text[0] != '\0' && strlen(text) <= 5 &&
	    text[strspn(text, TEXT_DIGITS)] == '\0' && atoi(text) >= 1 &&
	    atoi(text) <= 65535;
}

static void
add_option(struct import_texts *options, const char *option, const char *text,
    size_t len)
{
	import_texts_add(options, "%s", option);
	import_texts_add(options, "%.*s", (int)len, text);
}

char *
import_line_hop(const char *hop, struct import_texts *options)
{
	const char *at = strrchr(hop, '@'), *host, *port;
	char *name;
	size_t len;

	host = at != NULL ? at + 1 : hop;
	port = find_port(host);
	len = port != NULL ? (size_t)(port - 1 - host) : strlen(host);
	if (host[0] == '[' && len >= 2 && host[len - 1] == ']')
		name = xstrndup(host + 1, len - 2);
	else
		name = xstrndup(host, len);
	if (at != NULL)
		add_option(options, "-l", hop, (size_t)(at - hop));
	if (port != NULL)
		add_option(options, "-p", port, strlen(port));
	if (import_line_is_name(name) && is_port(port) &&
	    (at == NULL || import_line_is_name(hop)))
		return name;
	free(name);
	return NULL;
}
