/* SPDX-License-Identifier: PostgreSQL */

/*
 * Promises that every text is read back as it is, and that no line is written
 * for a setting that has its default.
 */
#include "import/write.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xmalloc.h"
#include "config/yaml_write.h"
#include "import/credentials.h"
#include "import/forward.h"
#include "import/settings.h"
#include "import/texts.h"
#include "import/way.h"

/* What is written, where, and how many notes it has got. */
struct writing {
	FILE *out;
	const struct import_way *way;
	size_t note_count;
};

/* Whether a text is a YAML scalar as it is, on whatever key: null is none. */
static bool
is_plain(const char *text)
{
	static const char admitted[] = TEXT_LETTERS TEXT_DIGITS "/_.-";

	return strcasecmp(text, "null") != 0 && text[0] != '\0' &&
	    strchr("-.", text[0]) == NULL &&
	    text[strspn(text, admitted)] == '\0';
}

static void
write_text(FILE *out, const char *text)
{
	if (is_plain(text))
		fputs(text, out);
	else
		yaml_write_quoted(out, text);
}

static void
write_key(FILE *out, const char *key, const char *text)
{
	fprintf(out, "    %s: ", key);
	write_text(out, text);
	fputc('\n', out);
}

/* One text, or a list of several. */
static void
write_list(FILE *out, const char *key, const struct import_texts *texts)
{
	if (texts->count == 1) {
		write_key(out, key, texts->items[0]);
		return;
	}
	fprintf(out, "    %s:\n", key);
	for (size_t i = 0; i < texts->count; i++) {
		fputs("      - ", out);
		write_text(out, texts->items[i]);
		fputc('\n', out);
	}
}

/* A comment must not end early: a value of ssh_config is one line. */
static void
write_notes(struct writing *writing, const char *title,
    const struct import_texts *notes)
{
	for (size_t i = 0; i < notes->count; i++) {
		char line[400];

		text_printable(line, sizeof line, notes->items[i],
		    strlen(notes->items[i]));
		fprintf(writing->out, "    # %s%s\n", title, line);
		writing->note_count++;
	}
}

/* --- Credentials and trust -------------------------------------------------
 */

static void
write_credentials(struct writing *writing, const struct import_hop *hop)
{
	struct import_credentials found = { 0 };
	FILE *out = writing->out;
	const char *methods = "agent";

	import_credentials_find(writing->way, hop, &found);
	if (found.uses_keys && found.uses_agent)
		methods = found.are_keys_first ? "[key, agent]"
					       : "[agent, key]";
	else if (found.uses_keys)
		methods = "key";
	fprintf(out, "    auth_method: %s\n", methods);
	if (found.keys.count > 0)
		write_list(out, "private_key_file", &found.keys);
	if (found.certificate != NULL)
		write_key(out, "certificate_file", found.certificate);
	if (found.agent_socket != NULL)
		write_key(out, "agent_socket", found.agent_socket);
	write_notes(writing, "", &found.notes);
	import_credentials_clear(&found);
}

/* Add those files of a setting that exist; note the others. */
static void
find_known_hosts(const struct import_hop *hop, const char *key,
    struct import_texts *files, struct import_texts *notes)
{
	const struct import_tokens tokens = import_way_tokens(hop);
	struct import_texts words = { 0 };
	const char *value = import_settings_get(&hop->settings, key);

	if (value != NULL)
		import_texts_split(&words, value);
	for (size_t i = 0; i < words.count; i++) {
		char *path = import_tokens_expand(words.items[i], &tokens);

		if (path != NULL && access(path, R_OK) == 0 &&
		    strcmp(path, "/dev/null") != 0)
			import_texts_add(files, "%s", path);
		else if (strcmp(words.items[i], "/dev/null") != 0)
			import_texts_add(notes, "%s %s: there is no such file",
			    key, words.items[i]);
		free(path);
	}
	import_texts_clear(&words);
}

/* known_hosts replaces pgjump's own files, so it has all that ssh reads. */
static void
write_known_hosts(struct writing *writing, const struct import_hop *hop)
{
	struct import_texts files = { 0 }, notes = { 0 }, ignored = { 0 };
	const struct import_settings *defaults = &writing->way->defaults;

	if (import_settings_agree(&hop->settings, defaults,
		"userknownhostsfile") &&
	    import_settings_agree(&hop->settings, defaults,
		"globalknownhostsfile"))
		return;
	find_known_hosts(hop, "userknownhostsfile", &files, &notes);
	find_known_hosts(hop, "globalknownhostsfile", &files, &ignored);
	if (files.count > 0)
		write_list(writing->out, "known_hosts", &files);
	write_notes(writing, "", &notes);
	import_texts_clear(&files);
	import_texts_clear(&notes);
	import_texts_clear(&ignored);
}

static void
write_trust(struct writing *writing, const struct import_hop *hop)
{
	FILE *out = writing->out;
	const char *alias = import_settings_get(&hop->settings, "hostkeyalias");
	const char *strict = import_settings_get(&hop->settings,
	    "stricthostkeychecking");

	if (alias != NULL)
		write_key(out, "host_key_alias", alias);
	write_known_hosts(writing, hop);
	if (text_equal(strict, "accept-new"))
		fputs("    host_key: accept-new\n", out);
	else if (text_equal(strict, "no") || text_equal(strict, "off") ||
	    text_equal(strict, "false"))
		fputs("    # ssh accepts any host key here, pgjump does not; "
		      "with this line it would:\n"
		      "    # host_key: any\n",
		    out);
}

/* --- What could not be carried over -----------------------------------------
 */

/* Carried over elsewhere, or of no meaning for a tunnel of pgjump's. */
static const char *const silent_keys[] = { "addkeystoagent", "batchmode",
	"canonicaldomains", "canonicalizefallbacklocal", "canonicalizehostname",
	"canonicalizemaxdots", "canonicalizePermittedcnames",
	"canonicalizepermittedcnames", "certificatefile", "checkhostip",
	"clearallforwardings", "connectionattempts", "controlmaster",
	"controlpath", "controlpersist", "enableescapecommandline",
	"enablesshkeysign", "escapechar", "exitonforwardfailure",
	"fingerprinthash", "forkafterauthentication", "forwardagent",
	"forwardx11", "forwardx11timeout", "forwardx11trusted", "gatewayports",
	"globalknownhostsfile", "gssapiauthentication",
	"gssapidelegatecredentials", "gssapikexalgorithms", "gssapikeyexchange",
	"gssapirenewalforcesrekey", "gssapitrustdns", "hashknownhosts", "host",
	"hostkeyalias", "hostname", "identitiesonly", "identityagent",
	"identityfile", "ipqos", "localforward", "loglevel", "logverbose",
	"numberofpasswordprompts", "permitremoteopen", "port", "proxycommand",
	"proxyjump", "proxyusefdpass", "requesttty", "sendenv",
	"serveralivecountmax", "serveraliveinterval", "sessiontype", "setenv",
	"stdinnull", "streamlocalbindmask", "streamlocalbindunlink",
	"stricthostkeychecking", "syslogfacility", "tcpkeepalive",
	"tunneldevice", "updatehostkeys", "user", "userknownhostsfile",
	"verifyhostkeydns", "visualhostkey", "xauthlocation", NULL };

static bool
is_silent(const char *key)
{
	for (const char *const *silent = silent_keys; *silent != NULL; silent++)
		if (strcmp(*silent, key) == 0)
			return true;
	return false;
}

/* ssh prints a forward to a Unix socket as a DynamicForward, too (9.2). */
static bool
is_doubled(const struct import_hop *hop, const struct import_setting *setting)
{
	size_t at = 0, len = strlen(setting->value);
	const char *forward;

	if (strcmp(setting->key, "dynamicforward") != 0)
		return false;
	while ((forward = import_settings_next(&hop->settings, "localforward",
		    &at)) != NULL)
		if (strncmp(forward, setting->value, len) == 0 &&
		    strncmp(forward + len, " /", 2) == 0)
			return true;
	return false;
}

static void
write_rest(struct writing *writing, const struct import_hop *hop)
{
	struct import_texts rest = { 0 };

	for (size_t i = 0; i < hop->settings.count; i++) {
		const struct import_setting *setting = &hop->settings.list[i];

		if (!is_silent(setting->key) && !is_doubled(hop, setting) &&
		    !import_settings_agree(&hop->settings,
			&writing->way->defaults, setting->key))
			import_texts_add(&rest, "%s %s", setting->key,
			    setting->value);
	}
	write_notes(writing, "not carried over: ", &hop->notes);
	write_notes(writing, "not carried over: ", &rest);
	import_texts_clear(&rest);
}

/* --- The file
 * ----------------------------------------------------------------- */

static void
write_proxy(FILE *out, const struct import_proxy *proxy)
{
	fprintf(out, "    proxy_type: %s\n", proxy->type);
	write_key(out, "proxy_host", proxy->host);
	if (proxy->port != NULL)
		write_key(out, "proxy_port", proxy->port);
}

static void
write_hop(struct writing *writing, const struct import_hop *hop)
{
	const struct import_tokens tokens = import_way_tokens(hop);
	FILE *out = writing->out;

	fputs("  ", out);
	write_text(out, hop->name);
	fputs(":\n", out);
	write_key(out, "host", tokens.host != NULL ? tokens.host : hop->alias);
	if (tokens.port != NULL && strcmp(tokens.port, "22") != 0)
		write_key(out, "port", tokens.port);
	if (tokens.user != NULL)
		write_key(out, "username", tokens.user);
	write_credentials(writing, hop);
	write_trust(writing, hop);
	if (hop->via >= 0)
		write_key(out, "via", writing->way->hops[hop->via].name);
	if (hop->proxy.type != NULL)
		write_proxy(out, &hop->proxy);
	write_rest(writing, hop);
}

static bool
is_taken(const struct import_texts *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

/* What a connection is called: its database, or the jump box where the database
 * is on that.  The caller frees it. */
static char *
base_name(const struct import_way *way, const char *host)
{
	char *first, *name;

	if (host[0] == '/' || strcmp(host, "localhost") == 0 ||
	    strcmp(host, "127.0.0.1") == 0 || strcmp(host, "::1") == 0)
		return xstrdup(way->hops[0].name);
	first = xstrndup(host, 50);
	if (first[strspn(first, TEXT_DIGITS ".:")] != '\0')
		first[strcspn(first, ".")] = '\0';
	name = import_way_name(first[0] != '\0' ? first : "db");
	free(first);
	return name;
}

/* The name of a connection, which `names` owns: "db", "db-2". */
static const char *
name_connection(struct import_texts *names, const struct import_way *way,
    const struct import_forward *database)
{
	char *base = base_name(way, database->host), *name = xstrdup(base);
	unsigned number = 1;

	while (is_taken(names, name)) {
		free(name);
		name = xasprintf("%.60s-%u", base, ++number);
	}
	free(base);
	import_texts_take(names, name);
	return name;
}

static void
write_connection(FILE *out, const char *name, const char *jump,
    const struct import_forward *database)
{
	fputs("  - name: ", out);
	write_text(out, name);
	fputc('\n', out);
	if (database->listen != NULL)
		write_key(out, "listen", database->listen);
	if (database->is_open)
		fputs("    # ssh would let other machines use this port; for "
		      "that, listen needs an\n"
		      "    # address and allow_from the networks to admit.\n",
		    out);
	write_key(out, "host", database->host);
	if (database->port != NULL && strcmp(database->port, "5432") != 0)
		write_key(out, "port", database->port);
	write_key(out, "ssh_tunnel", jump);
}

/* The hops that lead to one before it. */
static void
write_way(struct writing *writing, const struct import_hop *hop)
{
	if (hop->via >= 0)
		write_way(writing, &writing->way->hops[hop->via]);
	write_hop(writing, hop);
}

size_t
import_write(FILE *out, const struct import_way *way,
    const struct import_forward *databases, size_t count)
{
	struct writing writing = { .out = out, .way = way };
	struct import_texts names = { 0 };

	fprintf(out,
	    "# Made by pgjump import from what ssh is configured to do for "
	    "%s.\n"
	    "jump_boxes:\n",
	    way->hops[0].alias);
	write_way(&writing, &way->hops[0]);
	fputs("\nconnections:\n"
	      "  # database, username and password are for pgjump check; a "
	      "client brings its own.\n",
	    out);
	for (size_t i = 0; i < count; i++)
		write_connection(out,
		    name_connection(&names, way, &databases[i]),
		    way->hops[0].name, &databases[i]);
	import_texts_clear(&names);
	return writing.note_count;
}
