/* SPDX-License-Identifier: PostgreSQL */

/*
 * YAML in its flow style, a line for each jump box and each connection.  What
 * is right or wrong with it is config/load.c's to say, as with any file.
 */
#include "command/tunnel_text.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xmalloc.h"
#include "command/tunnel_line.h"
#include "config/yaml_write.h"

static void
put_text(FILE *out, const char *key, const char *text)
{
	fprintf(out, ", %s: ", key);
	yaml_write_quoted(out, text);
}

static void
put_list(FILE *out, const char *key, const char *const *list, size_t count)
{
	if (count == 0)
		return;
	fprintf(out, ", %s: [", key);
	for (size_t i = 0; i < count; i++) {
		fputs(i > 0 ? ", " : "", out);
		yaml_write_quoted(out, list[i]);
	}
	fputc(']', out);
}

/* What cannot be tried is left out; if nothing is left, an agent is missing. */
static void
put_login(FILE *out, const struct tunnel_keys *keys, bool is_last)
{
	size_t count = is_last ? keys->last_count : keys->usual_count;

	if (count == 0)
		fputs(", auth_method: agent", out);
	else if (keys->agent == NULL)
		fputs(", auth_method: key", out);
	else
		fputs(", auth_method: [agent, key]", out);
	put_list(out, "private_key_file", is_last ? keys->last : keys->usual,
	    count);
}

static void
put_hop(FILE *out, const struct tunnel_line *line,
    const struct tunnel_keys *keys, size_t i)
{
	const struct tunnel_hop *hop = &line->hops[i];

	fprintf(out, "  hop%zu: { port: %u", i + 1, hop->port);
	put_text(out, "host", hop->host);
	put_text(out, "username", hop->user);
	put_login(out, keys, i + 1 == line->hop_count);
	put_list(out, "known_hosts", (const char *const *)line->known_hosts,
	    line->known_hosts_count);
	if (line->accepts_new)
		put_text(out, "host_key", "accept-new");
	if (i > 0)
		fprintf(out, ", via: hop%zu", i);
	fputs(" }\n", out);
}

static void
put_connection(FILE *out, const struct tunnel_line *line, size_t i)
{
	const struct tunnel_forward *forward = &line->forwards[i];
	char *address = forward->bind == NULL
	    ? xasprintf("%u", forward->listen)
	    : xasprintf(strchr(forward->bind, ':') != NULL ? "[%s]:%u"
							   : "%s:%u",
		  forward->bind, forward->listen);

	fprintf(out, "  - { name: tunnel%zu, port: %u", i + 1, forward->port);
	put_text(out, "listen", address);
	put_text(out, "host", forward->host);
	fprintf(out, ", ssh_tunnel: hop%zu }\n", line->hop_count);
	free(address);
}

char *
tunnel_text_write(const struct tunnel_line *line,
    const struct tunnel_keys *keys)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		xmalloc_fail(0);
	fputs("log_level: warning\njump_boxes:\n", out);
	for (size_t i = 0; i < line->hop_count; i++)
		put_hop(out, line, keys, i);
	fputs("connections:\n", out);
	for (size_t i = 0; i < line->forward_count; i++)
		put_connection(out, line, i);
	if (fclose(out) != 0 || text == NULL)
		xmalloc_fail(0);
	return text;
}
