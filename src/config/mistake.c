/* SPDX-License-Identifier: PostgreSQL */

#include "config/mistake.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/nearest.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/options.h"
#include "config/value.h"
#include "config/yaml.h"

/* Long enough for a value, and shorter than a line of PEM. */
#define QUOTED_MAX 60

/* Words of other programs for the values of an option. */
static const struct foreign_word {
	const char *option, *word, *meant;
} foreign_words[] = {
	{ "auth_method", "publickey", "key" },
	{ "auth_method", "public_key", "key" },
	{ "auth_method", "public-key", "key" },
	{ "auth_method", "pubkey", "key" },
	{ "auth_method", "private_key", "key" },
	{ "auth_method", "privatekey", "key" },
	{ "auth_method", "ssh-key", "key" },
	{ "auth_method", "ssh_key", "key" },
	{ "auth_method", "sshkey", "key" },
	{ "auth_method", "keyfile", "key" },
	{ "auth_method", "keypair", "key" },
	{ "auth_method", "identity", "key" },
	{ "auth_method", "ssh-agent", "agent" },
	{ "auth_method", "ssh_agent", "agent" },
	{ "auth_method", "sshagent", "agent" },
	{ "auth_method", "keyboard-interactive", "password" },
	{ "auth_method", "keyboard_interactive", "password" },
	{ "db_type", "pg", "postgres" },
	{ "db_type", "psql", "postgres" },
	{ "db_type", "pgsql", "postgres" },
	{ "ssl", "required", "require" },
	{ "ssl", "enable", "true" },
	{ "ssl", "enabled", "true" },
	{ "ssl", "disabled", "disable" },
	{ "ssl", "none", "disable" },
	{ "ssl", "1", "true" },
	{ "ssl", "0", "false" },
	{ "mode", "required", "require" },
	{ "mode", "true", "require" },
	{ "mode", "false", "disable" },
	{ "host_key", "accept_new", "accept-new" },
	{ "host_key", "yes", "known_hosts, without host_key" },
	{ "host_key", "strict", "known_hosts, without host_key" },
	{ "host_key", "no", "any" },
	{ "host_key", "off", "any" },
	{ "host_key", "ignore", "any" },
	{ "log_format", "logfmt", "text" },
	{ "log_format", "plain", "text" },
	{ "log_level", "warn", "warning" },
	{ "log_level", "err", "error" },
	{ "log_level", "verbose", "debug" },
	{ "log_level", "trace", "debug" },
};

static const char *
find_foreign(const char *option, const char *text)
{
	for (size_t i = 0; i < sizeof foreign_words / sizeof *foreign_words;
	     i++)
		if (strcmp(foreign_words[i].option, option) == 0 &&
		    strcasecmp(foreign_words[i].word, text) == 0)
			return foreign_words[i].meant;
	return NULL;
}

/* What is shown beside a SHA256 pin, or pasted from known_hosts. */
static bool
explain_host_key(const char *text, char *hint, size_t size)
{
	if (strncasecmp(text, "MD5:", 4) == 0)
		snprintf(hint, size,
		    "; pgjump hostkey prints the SHA256 fingerprint");
	else if (strstr(text, " AAAA") != NULL)
		snprintf(hint, size,
		    "; leave out what stands before the type of the key");
	return hint[0] != '\0';
}

static void
explain_word(const struct option *option, const char *text, char *hint,
    size_t size)
{
	const char *meant = find_foreign(option->name, text);
	struct nearest nearest = { .typed = text };

	for (const struct option_word *word = option->words;
	     meant == NULL && word != NULL && word->word != NULL; word++)
		nearest_consider(&nearest, word->word);
	if (meant == NULL && nearest.word[0] != '\0')
		meant = nearest.word;
	if (meant != NULL)
		snprintf(hint, size, "; did you mean %s?", meant);
}

/* Whether a host is followed by a colon and a number. */
static bool
has_port(const char *text)
{
	const char *colon = strrchr(text, ':');

	return colon != NULL && colon > text && colon[1] != '\0' &&
	    colon[1 + strspn(colon + 1, TEXT_DIGITS)] == '\0' &&
	    (strchr(text, ':') == colon || colon[-1] == ']');
}

/* The neighbours of proxy_host begin with proxy_, too. */
static void
explain_host(const char *key, const char *text, char *hint, size_t size)
{
	const char *proxy = strcmp(key, "proxy_host") == 0 ? "proxy_" : "";

	if (strstr(text, "://") != NULL)
		snprintf(hint, size, "; a URL is several keys: %s",
		    proxy[0] != '\0' ? "proxy_type, proxy_host, proxy_port, "
				       "proxy_username, proxy_password"
				     : "host, port, username, password, "
				       "database");
	else if (strchr(text, '@') != NULL && has_port(text))
		snprintf(hint, size,
		    "; the user goes in %susername, the port in %sport", proxy,
		    proxy);
	else if (strchr(text, '@') != NULL)
		snprintf(hint, size, "; the user goes in %susername", proxy);
	else if (has_port(text))
		snprintf(hint, size, "; the port goes in %sport", proxy);
	else if (text[0] == '[')
		snprintf(hint, size, "; leave the brackets out");
}

/* A name made of what is allowed. */
static void
explain_name(const char *text, char *hint, size_t size)
{
	char name[65];
	size_t len = 0;

	for (; *text != '\0' && len < sizeof name - 1; text++)
		if (strchr(TEXT_LETTERS TEXT_DIGITS "_-", *text) != NULL)
			name[len++] = *text;
		else if (len > 0 && name[len - 1] != '-')
			name[len++] = '-';
	while (len > 0 && name[len - 1] == '-')
		len--;
	name[len] = '\0';
	if (len > 0)
		snprintf(hint, size, "; write %s", name);
}

/* "5 seconds", "10 s", "1min" */
static void
explain_duration(const struct option *option, const char *text, char *hint,
    size_t size)
{
	char meant[16];
	int64_t ms;

	static const char units[] = "hms";
	size_t len = strspn(text, TEXT_DIGITS);
	const char *unit = text + len + strspn(text + len, " ");
	bool is_ms = strncasecmp(unit, "mil", 3) == 0 ||
	    strncasecmp(unit, "ms", 2) == 0;

	if (len == 0 || len > 9 || *unit == '\0' ||
	    strchr(units, tolower((unsigned char)*unit)) == NULL)
		return;
	snprintf(meant, sizeof meant, "%.*s%c%s", (int)len, text,
	    tolower((unsigned char)*unit), is_ms ? "s" : "");
	if (config_value_parse(option, meant, &ms) == VALUE_GOOD)
		snprintf(hint, size, "; write %s", meant);
}

static void
explain_db_type(const char *text, char *hint, size_t size)
{
	if (find_foreign("db_type", text) == NULL)
		snprintf(hint, size,
		    "; pgjump speaks PostgreSQL only, and cloud warehouses "
		    "need no tunnel");
}

static void
explain_text(const struct option *option, const char *text, char *hint,
    size_t size)
{
	switch (option->type) {
	case OPTION_HOST:
	case OPTION_HOST_OR_DIR:
		explain_host(option->name, text, hint, size);
		break;
	case OPTION_NAME:
		explain_name(text, hint, size);
		break;
	case OPTION_DURATION:
		explain_duration(option, text, hint, size);
		break;
	case OPTION_WORD:
	case OPTION_WORDS:
	case OPTION_SPECIAL:
		if (strcmp(option->name, "host_key") == 0 &&
		    explain_host_key(text, hint, size))
			break;
		explain_word(option, text, hint, size);
		if (strcmp(option->name, "db_type") == 0)
			explain_db_type(text, hint, size);
		break;
	default:
		break;
	}
}

static void
explain(const struct option *option, const struct node *node, char *hint,
    size_t size)
{
	hint[0] = '\0';
	if (node->kind != NODE_SCALAR) {
		if (option->type == OPTION_TEXT ||
		    option->type == OPTION_SECRET ||
		    option->type == OPTION_SECRETS)
			snprintf(hint, size,
			    "; if it is a text, put the value in single "
			    "quotes");
	} else if (strstr(node->text, "\xc2\xa0") != NULL) {
		snprintf(hint, size,
		    "; a no-break space (U+00A0) stands in it");
	} else if (strstr(node->text, "${") != NULL ||
	    (node->text[0] == '$' && option->type != OPTION_TEXT)) {
		snprintf(hint, size,
		    "; a variable must be the whole value: ${NAME}");
	} else if (strlen(node->text) <= NEAREST_LEN_MAX ||
	    option->type == OPTION_SPECIAL) {
		explain_text(option, node->text, hint, size);
	}
}

/* A message may not quote a secret, nor what may hold one: PEM, or a URL. */
static bool
may_quote(const struct option *option, const char *text)
{
	return option->type != OPTION_SECRET &&
	    option->type != OPTION_SECRETS && option->type != OPTION_PEM &&
	    option->type != OPTION_CERTIFICATE && strlen(text) <= QUOTED_MAX &&
	    strchr(text, '@') == NULL;
}

char *
config_mistake_text(const struct option *option, const struct node *node)
{
	char expected[200], value[QUOTED_MAX + 1], hint[200];

	config_value_expected(option, expected, sizeof expected);
	explain(option, node, hint, sizeof hint);
	if (node->kind != NODE_SCALAR)
		return xasprintf("must be %s, not %s%s", expected,
		    yaml_kind_text(node), hint);
	if (!may_quote(option, node->text))
		return xasprintf("must be %s%s", expected, hint);
	text_printable(value, sizeof value, node->text, strlen(node->text));
	return xasprintf("must be %s, not \"%s\"%s", expected, value, hint);
}
