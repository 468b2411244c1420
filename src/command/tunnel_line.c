/* SPDX-License-Identifier: PostgreSQL */

/*
 * An address in brackets may hold colons; every other colon parts fields.
 */
#include "command/tunnel_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/command_line.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "config/value.h"

#define PORT_MAX      65535
#define POSTGRES_PORT 5432
#define TYPED_MAX     300
#define FIELDS_MAX    5

/* A host name has 253 bytes at most, a user of a system 32; longer is no name.
 */
#define TEXT_MAX 255

static bool
complain(const char *what, const char *typed)
{
	char shown[TYPED_MAX];

	text_printable(shown, sizeof shown, typed, strlen(typed));
	fprintf(stderr, "pgjump: tunnel: \"%s\": %s\n", shown, what);
	return false;
}

/* --- Fields --------------------------------------------------------------- */

struct fields {
	char *list[FIELDS_MAX];
	size_t count;
};

static void
fields_clear(struct fields *fields)
{
	for (size_t i = 0; i < fields->count; i++)
		free(fields->list[i]);
	fields->count = 0;
}

/* The end of the field that begins at `text`. */
static const char *
field_end(const char *text)
{
	const char *bracket = *text == '[' ? strchr(text, ']') : NULL;

	return strchrnul(bracket != NULL ? bracket : text, ':');
}

/* A field without its brackets. */
static char *
field_of(const char *text, const char *end)
{
	if (*text == '[' && end > text + 1 && end[-1] == ']')
		return xstrndup(text + 1, (size_t)(end - text - 2));
	return xstrndup(text, (size_t)(end - text));
}

/* False: there are too many. */
static bool
split(const char *text, struct fields *fields)
{
	const char *end;

	fields->count = 0;
	for (;; text = end + 1) {
		if (fields->count == FIELDS_MAX)
			return false;
		end = field_end(text);
		fields->list[fields->count++] = field_of(text, end);
		if (*end == '\0')
			return true;
	}
}

static bool
read_port(const char *text, unsigned *port)
{
	int64_t number;

	if (!config_value_number(text, 1, PORT_MAX, &number))
		return false;
	*port = (unsigned)number;
	return true;
}

/* Nothing that a terminal or a document could misread. */
static bool
is_name(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || len > TEXT_MAX || *text == '-')
		return false;
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' || strchr("\"'\\/", *text))
			return false;
	return true;
}

/* --- Jump boxes ----------------------------------------------------------- */

static bool
read_host_and_port(const char *text, char **host, unsigned *port)
{
	struct fields fields;
	bool is_good = split(text, &fields) && fields.count <= 2 &&
	    is_name(fields.list[0]) &&
	    (fields.count == 1 || read_port(fields.list[1], port));

	if (is_good)
		*host = xstrdup(fields.list[0]);
	fields_clear(&fields);
	return is_good;
}

static bool
add_hop(struct tunnel_line *line, const char *text)
{
	const char *at = strrchr(text, '@');
	struct tunnel_hop *hop = &line->hops[line->hop_count];

	if (line->hop_count == TUNNEL_HOPS_MAX)
		return complain("these are too many jump boxes", text);
	if (!read_host_and_port(at != NULL ? at + 1 : text, &hop->host,
		&hop->port))
		return complain("a jump box is [USER@]HOST[:PORT]", text);
	line->hop_count++;
	if (at == NULL)
		return true;
	hop->user = xstrndup(text, (size_t)(at - text));
	return is_name(hop->user) || complain("this is no user", text);
}

/* A list, parted by commas. */
static bool
add_hops(struct tunnel_line *line, const char *list)
{
	bool is_good = true;
	const char *end;
	char *one;

	for (; is_good; list = end + 1) {
		end = strchrnul(list, ',');
		one = xstrndup(list, (size_t)(end - list));
		is_good = add_hop(line, one);
		free(one);
		if (*end == '\0')
			break;
	}
	return is_good;
}

/* --- Forwards ------------------------------------------------------------- */

static bool
is_loopback(const char *bind)
{
	return strcmp(bind, "localhost") == 0 || strcmp(bind, "::1") == 0 ||
	    strncmp(bind, "127.", 4) == 0;
}

static bool
take_bind(struct tunnel_forward *forward, const char *bind, const char *typed)
{
	if (!is_loopback(bind))
		return complain("a tunnel listens on loopback only; for others "
				"write a configuration, with allow_from",
		    typed);
	forward->bind = xstrdup(bind);
	return true;
}

/* "[BIND:]PORT:HOST:HOSTPORT", or "[BIND:]PORT" in the short form. */
static bool
read_forward(const struct fields *fields, struct tunnel_forward *forward,
    const char *typed)
{
	bool has_target = fields->count >= 3;
	bool has_bind = fields->count == 2 || fields->count == 4;
	const char *const *field = (const char *const *)fields->list + has_bind;

	if (has_bind && !take_bind(forward, fields->list[0], typed))
		return false;
	if (!read_port(field[0], &forward->listen))
		return complain("the port to listen on is a number", typed);
	if (!has_target)
		return true;
	if (!is_name(field[1]) || !read_port(field[2], &forward->port))
		return complain("a forward is [BIND:]PORT:HOST:PORT", typed);
	forward->host = xstrdup(field[1]);
	return true;
}

static bool
add_forward(struct tunnel_line *line, const char *typed)
{
	struct fields fields;
	bool is_good;

	if (line->forward_count == TUNNEL_FORWARDS_MAX)
		return complain("these are too many forwards", typed);
	if (strchr(typed, '/') != NULL)
		return complain("a Unix socket is for the configuration file "
				"(host: /directory)",
		    typed);
	is_good = split(typed, &fields) && fields.count <= 4 &&
	    read_forward(&fields, &line->forwards[line->forward_count++],
		typed);
	if (fields.count > 4)
		complain("a forward is [BIND:]PORT:HOST:PORT", typed);
	fields_clear(&fields);
	return is_good;
}

/* --- Options of ssh ------------------------------------------------------- */

static bool
take_identity(struct tunnel_line *line, const char *file)
{
	if (line->identity_count == TUNNEL_FILES_MAX)
		return complain("at most 5 keys are offered", file);
	line->identities[line->identity_count++] = file;
	return true;
}

static bool
take_known_hosts(struct tunnel_line *line, const char *files)
{
	size_t len;

	for (; *files != '\0'; files += len) {
		files += strspn(files, " \t");
		len = strcspn(files, " \t");
		if (len == 0)
			break;
		if (line->known_hosts_count == TUNNEL_FILES_MAX)
			return complain("these are too many files", files);
		line->known_hosts[line->known_hosts_count++] = xstrndup(files,
		    len);
	}
	return true;
}

static bool
take_checking(struct tunnel_line *line, const char *value)
{
	if (strcasecmp(value, "accept-new") == 0)
		line->accepts_new = true;
	else if (strcasecmp(value, "yes") != 0 && strcasecmp(value, "ask") != 0)
		return complain("an unknown host key is never accepted unseen; "
				"host_key: any in a configuration does that",
		    value);
	return true;
}

static bool
take_port(struct tunnel_line *line, const char *value)
{
	return read_port(value, &line->hops[line->hop_count - 1].port) ||
	    complain("a port is a number from 1 to 65535", value);
}

static bool
take_user(struct tunnel_line *line, const char *value)
{
	struct tunnel_hop *hop = &line->hops[line->hop_count - 1];

	if (!is_name(value))
		return complain("this is no user", value);
	free(hop->user);
	hop->user = xstrdup(value);
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct tunnel_line *, const char *value);
} ssh_options[] = {
	{ "IdentityFile", take_identity },
	{ "UserKnownHostsFile", take_known_hosts },
	{ "StrictHostKeyChecking", take_checking },
	{ "Port", take_port },
	{ "User", take_user },
};

/* NAME=VALUE or "NAME VALUE". */
static bool
take_option(struct tunnel_line *line, const char *typed)
{
	size_t len = strcspn(typed, "= \t");
	const char *value = typed + len + strspn(typed + len, "= \t");

	for (size_t i = 0; i < sizeof ssh_options / sizeof *ssh_options; i++)
		if (strlen(ssh_options[i].name) == len && *value != '\0' &&
		    strncasecmp(ssh_options[i].name, typed, len) == 0)
			return ssh_options[i].take(line, value);
	return complain("of -o only IdentityFile, UserKnownHostsFile, "
			"StrictHostKeyChecking, Port and User are known here",
	    typed);
}

/* -i, -o, -l and -p, which are for the last jump box; the last two win. */
static bool
take_options(const struct command_line *typed, struct tunnel_line *line)
{
	for (size_t i = 0; i < typed->identities.count; i++)
		if (!take_identity(line, typed->identities.items[i]))
			return false;
	for (size_t i = 0; i < typed->ssh_options.count; i++)
		if (!take_option(line, typed->ssh_options.items[i]))
			return false;
	if (typed->login != NULL && !take_user(line, typed->login))
		return false;
	return typed->port == NULL || take_port(line, typed->port);
}

/* --- The two forms -------------------------------------------------------- */

static bool
has_targets(const struct tunnel_line *line)
{
	return line->forward_count > 0 && line->forwards[0].host != NULL;
}

/* As with ssh, the operand is the last jump box. */
static bool
read_long_form(const struct command_line *typed, struct tunnel_line *line)
{
	for (size_t i = 0; i < line->forward_count; i++)
		if (line->forwards[i].host == NULL)
			return complain("beside other forwards this one needs "
					"HOST:PORT of its database",
			    typed->forwards.items[i]);
	return add_hop(line, typed->names[0]);
}

/* The operand is the database. */
static bool
read_short_form(const struct command_line *typed, struct tunnel_line *line)
{
	struct tunnel_forward *forward = &line->forwards[0];

	if (line->hop_count == 0)
		return complain("name the jump box: tunnel -J [USER@]JUMP "
				"DBHOST[:PORT], or as with ssh: tunnel -L "
				"PORT:DBHOST:DBPORT [USER@]JUMP",
		    typed->names[0]);
	if (line->forward_count > 1)
		return complain("several -L need HOST:PORT of each database",
		    typed->forwards.items[1]);
	line->forward_count = 1;
	forward->port = POSTGRES_PORT;
	return read_host_and_port(typed->names[0], &forward->host,
		   &forward->port) ||
	    complain("a database is HOST[:PORT]", typed->names[0]);
}

bool
tunnel_line_read(const struct command_line *typed, struct tunnel_line *line)
{
	*line = (struct tunnel_line){ .hop_count = 0 };
	if (typed->in_background)
		return complain("pgjump stays in the foreground: let a service "
				"or a shell put it elsewhere",
		    "-f");
	for (size_t i = 0; i < typed->forwards.count; i++)
		if (!add_forward(line, typed->forwards.items[i]))
			return false;
	if (typed->jumps != NULL && !add_hops(line, typed->jumps))
		return false;
	if (!(has_targets(line) ? read_long_form(typed, line)
				: read_short_form(typed, line)))
		return false;
	return take_options(typed, line);
}

void
tunnel_line_clear(struct tunnel_line *line)
{
	for (size_t i = 0; i < TUNNEL_HOPS_MAX; i++) {
		free(line->hops[i].user);
		free(line->hops[i].host);
	}
	for (size_t i = 0; i < TUNNEL_FORWARDS_MAX; i++) {
		free(line->forwards[i].bind);
		free(line->forwards[i].host);
	}
	for (size_t i = 0; i < line->known_hosts_count; i++)
		free(line->known_hosts[i]);
}
