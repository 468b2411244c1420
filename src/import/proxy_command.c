/* SPDX-License-Identifier: PostgreSQL */

/*
 * The options of nc are those of OpenBSD's (nc(1): -X 4, 5 or connect, 5 if it
 * is not given; -x HOST:PORT); ncat's are of nmap (ncat(1): --proxy,
 * --proxy-type); connect's of connect-proxy (connect(1): -H, -S, -4, -5);
 * corkscrew takes HOST PORT %h %p.
 */
#include "import/proxy_command.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"

/* The name of a program without its directory. */
static const char *
program(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
is_one_of(const char *word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(word, *words) == 0)
			return true;
	return false;
}

/* Both words, or one of them with a colon, that stand for the target. */
static bool
is_target(const struct import_texts *words, size_t at)
{
	if (at + 1 == words->count)
		return strcmp(words->items[at], "%h:%p") == 0 ||
		    strcmp(words->items[at], "[%h]:%p") == 0;
	return at + 2 == words->count && strcmp(words->items[at], "%h") == 0 &&
	    strcmp(words->items[at + 1], "%p") == 0;
}

/* "ssh -W %h:%p HOST", or the older "ssh HOST nc %h %p". */
static bool
is_jump(const struct import_texts *words, struct import_line *line)
{
	static const char *const nc[] = { "nc", "netcat", "ncat", NULL };
	char error[128];
	size_t at;

	if (!import_line_read(line, words->items + 1, words->count - 1, error,
		sizeof error))
		return false;
	at = line->command + 1;
	if (line->target != NULL)
		return at == words->count &&
		    (strcmp(line->target, "%h:%p") == 0 ||
			strcmp(line->target, "[%h]:%p") == 0);
	if (at >= words->count || !is_one_of(program(words->items[at]), nc))
		return false;
	while (++at < words->count && words->items[at][0] == '-')
		; /* -q0, -w 5 and their like end a connection sooner */
	return is_target(words, at) || is_target(words, at + 1);
}

/* Set host and port from "HOST:PORT" or "HOST". */
static bool
set_address(struct import_proxy *proxy, const char *address)
{
	struct import_texts options = { 0 };

	/* A second address is another form, and a user would be lost. */
	if (proxy->host != NULL || strchr(address, '@') != NULL)
		return false;
	proxy->host = import_line_hop(address, &options);
	if (proxy->host != NULL && options.count == 2)
		proxy->port = xstrdup(options.items[1]);
	import_texts_clear(&options);
	return proxy->host != NULL;
}

static const char *
type_of(const char *name)
{
	static const struct {
		const char *name, *type;
	} names[] = {
		{ "4", "socks4a" },
		{ "5", "socks5" },
		{ "connect", "http" },
		{ "http", "http" },
		{ "socks4", "socks4a" },
		{ "socks5", "socks5" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].type;
	return NULL;
}

/* The options of one program: how it names the proxy, and of which type. */
struct spelling {
	const char *const *programs;
	const char *const *address; /* options whose argument is the proxy */
	const char *type;           /* the option whose argument is its type */
	const char *fallback;       /* the type without that option */
};

/* nc and ncat: everything that is not about the proxy must be the target. */
static bool
read_spelled(const struct spelling *spelling, const struct import_texts *words,
    struct import_proxy *proxy)
{
	size_t at = 1;

	proxy->type = spelling->fallback;
	for (; at + 1 < words->count && words->items[at][0] == '-'; at++) {
		const char *word = words->items[at];

		if (is_one_of(word, spelling->address)) {
			if (!set_address(proxy, words->items[++at]))
				return false;
		} else if (strcmp(word, spelling->type) == 0) {
			proxy->type = type_of(words->items[++at]);
		} else if (strcmp(word, "-v") != 0) {
			return false;
		}
	}
	return proxy->host != NULL && proxy->type != NULL &&
	    is_target(words, at);
}

/* connect -H PROXY %h %p */
static bool
read_connect(const struct import_texts *words, struct import_proxy *proxy)
{
	size_t at = 1;

	for (; at + 1 < words->count && words->items[at][0] == '-'; at++) {
		const char *word = words->items[at];

		if (strcmp(word, "-H") == 0)
			proxy->type = "http";
		else if (strcmp(word, "-S") == 0)
			proxy->type = proxy->type != NULL ? proxy->type
							  : "socks5";
		else if (strcmp(word, "-4") == 0)
			proxy->type = "socks4a";
		if (strcmp(word, "-H") == 0 || strcmp(word, "-S") == 0) {
			if (!set_address(proxy, words->items[++at]))
				return false;
		} else if (strcmp(word, "-4") != 0 && strcmp(word, "-5") != 0) {
			return false;
		}
	}
	return proxy->host != NULL && is_target(words, at);
}

static bool
read_corkscrew(const struct import_texts *words, struct import_proxy *proxy)
{
	/* A file of credentials behind the target would be lost. */
	if (words->count != 5 || !set_address(proxy, words->items[1]) ||
	    proxy->port != NULL)
		return false;
	proxy->type = "http";
	proxy->port = xstrdup(words->items[2]);
	return is_target(words, 3);
}

static bool
is_proxy(const struct import_texts *words, struct import_proxy *proxy)
{
	static const char *const nc[] = { "nc", "netcat", NULL };
	static const char *const nc_address[] = { "-x", NULL };
	static const char *const ncat[] = { "ncat", NULL };
	static const char *const ncat_address[] = { "--proxy", NULL };
	static const char *const connect[] = { "connect", "connect-proxy",
		NULL };
	static const struct spelling spellings[] = {
		{ nc, nc_address, "-X", "socks5" },
		{ ncat, ncat_address, "--proxy-type", "http" },
	};
	const char *name = program(words->items[0]);

	for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
		if (is_one_of(name, spellings[i].programs))
			return read_spelled(&spellings[i], words, proxy);
	if (is_one_of(name, connect))
		return read_connect(words, proxy);
	return strcmp(name, "corkscrew") == 0 && read_corkscrew(words, proxy);
}

enum import_proxy_form
import_proxy_command_read(const struct import_texts *words,
    struct import_line *line, struct import_proxy *proxy)
{
	struct import_texts rest = *words;

	if (rest.count > 0 && strcmp(rest.items[0], "exec") == 0) {
		rest.items++;
		rest.count--;
	}
	if (rest.count == 0)
		return IMPORT_PROXY_UNKNOWN;
	if (strcmp(program(rest.items[0]), "ssh") == 0)
		return is_jump(&rest, line) ? IMPORT_PROXY_JUMP
					    : IMPORT_PROXY_UNKNOWN;
	return is_proxy(&rest, proxy) ? IMPORT_PROXY_PROXY
				      : IMPORT_PROXY_UNKNOWN;
}

void
import_proxy_command_clear(struct import_proxy *proxy)
{
	free(proxy->host);
	free(proxy->port);
	*proxy = (struct import_proxy){ 0 };
}
