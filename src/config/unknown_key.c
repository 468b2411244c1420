/* SPDX-License-Identifier: PostgreSQL */

/* A key is quoted only if it looks like one: it may be a line of a secret. */
#include "config/unknown_key.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "config/report.h"
#include "config/slip.h"
#include "config/yaml.h"

/* Longer than every key, and shorter than a line of PEM. */
#define QUOTED_MAX 60
#define HINT_MAX   160

/*
 * Words of ssh_config(5), libpq, pgbouncer, DBeaver, SQLAlchemy and the like,
 * in lower case and without "_", "-" and ".".  `key` is what pgjump calls it in
 * the same section; else `advice` says what to do.
 */
static const struct foreign {
	enum option_section section;
	const char *words; /* separated by blanks */
	const char *key, *advice;
} foreign[] = {
	{ SECTION_GLOBAL,
	    "connection conn conns databases database db dbs tunnels tunnel "
	    "servers hosts instances forwards upstreams datasources",
	    "connections", NULL },
	{ SECTION_GLOBAL,
	    "bastions bastion jumphosts jumpservers gateways sshtunnels "
	    "sshhosts",
	    "jump_boxes", NULL },
	{ SECTION_GLOBAL, "bind bindaddress listenaddr listenaddress address",
	    "listen_host", NULL },
	{ SECTION_GLOBAL, "log logging verbosity loglevels", "log_level",
	    NULL },
	{ SECTION_GLOBAL, "serveraliveinterval tcpkeepalivesidle",
	    "keepalive_interval", NULL },
	{ SECTION_GLOBAL, "serveralivecountmax", "keepalive_count", NULL },
	{ SECTION_GLOBAL, "threads processes", "workers", NULL },
	{ SECTION_GLOBAL, "include includes confdir confd", NULL,
	    "pgjump -c takes a directory, and several files" },
	{ SECTION_GLOBAL, "version apiversion kind", NULL, "leave it out" },

	{ SECTION_CONNECTION, "dbname db databasename initialdatabase catalog",
	    "database", NULL },
	{ SECTION_CONNECTION, "sslmode tls tlsmode usessl requiressl", "ssl",
	    NULL },
	{ SECTION_CONNECTION,
	    "hostname hostaddr server address endpoint remotehost dbhost "
	    "servername",
	    "host", NULL },
	{ SECTION_CONNECTION, "remoteport dbport serverport", "port", NULL },
	{ SECTION_CONNECTION, "user login dbuser role userid uid", "username",
	    NULL },
	{ SECTION_CONNECTION, "pass pwd passwd dbpassword dbpass", "password",
	    NULL },
	{ SECTION_CONNECTION,
	    "localport bindport listenport localbindport listenaddr "
	    "listenaddress localaddress bind localhost listenhost",
	    "listen", NULL },
	{ SECTION_CONNECTION,
	    "ssh tunnel sshconfig bastion jumphost jumpbox jump jumpserver "
	    "gateway proxyjump via",
	    "ssh_tunnel", NULL },
	{ SECTION_CONNECTION, "type driver engine adapter dialect dbms",
	    "db_type", NULL },
	{ SECTION_CONNECTION, "id title label alias displayname", "name",
	    NULL },
	{ SECTION_CONNECTION, "timeout logintimeout", "connection_timeout",
	    NULL },
	{ SECTION_CONNECTION,
	    "maxconnections maxconn maxclientconn connectionlimit",
	    "max_clients", NULL },
	{ SECTION_CONNECTION, "sslrootcert sslca cacert rootcert", NULL,
	    "write ssl_config: { ca_cert_file: ... }" },
	{ SECTION_CONNECTION, "sslcert", NULL,
	    "write ssl_config: { client_cert_file: ... }" },
	{ SECTION_CONNECTION, "sslkey", NULL,
	    "write ssl_config: { client_key_file: ... }" },
	{ SECTION_CONNECTION,
	    "sshhost sshport sshuser sshusername sshpassword sshkey "
	    "sshprivatekey sshkeyfile sshauthmethod identityfile privatekey "
	    "bastionhost",
	    NULL, "the keys of the jump box stand below ssh_tunnel" },
	{ SECTION_CONNECTION,
	    "url uri dsn jdbcurl connectionstring connstring databaseurl", NULL,
	    "write host, port, database and username as keys" },
	{ SECTION_CONNECTION,
	    "schema searchpath options applicationname poolsize poolmode "
	    "minpoolsize maxpoolsize pool readonly",
	    NULL, "clients choose this themselves; leave it out" },

	{ SECTION_TUNNEL,
	    "hostname address server bastion bastionhost jumphost sshhost "
	    "endpoint",
	    "host", NULL },
	{ SECTION_TUNNEL, "sshport", "port", NULL },
	{ SECTION_TUNNEL, "user login sshuser sshusername", "username", NULL },
	{ SECTION_TUNNEL, "pass pwd passwd sshpassword", "password", NULL },
	{ SECTION_TUNNEL,
	    "identityfile keyfile sshkey sshkeyfile sshprivatekey "
	    "privatekeypath keypath pkey pkeyfile sshkeypath pemfile",
	    "private_key_file", NULL },
	{ SECTION_TUNNEL, "identity key pem", "private_key", NULL },
	{ SECTION_TUNNEL,
	    "keypassphrase keypassword privatekeypassword sshkeypassphrase "
	    "passphrase",
	    "private_key_passphrase", NULL },
	{ SECTION_TUNNEL, "proxyjump jump jumphosts gateway chain", "via",
	    NULL },
	{ SECTION_TUNNEL,
	    "stricthostkeychecking hostkeyfingerprint fingerprint "
	    "hostkeychecking hostfingerprint serverhostkey",
	    "host_key", NULL },
	{ SECTION_TUNNEL,
	    "userknownhostsfile knownhostsfile globalknownhostsfile "
	    "knownhost",
	    "known_hosts", NULL },
	{ SECTION_TUNNEL, "identityagent agent authsock sshauthsock agentsock",
	    "agent_socket", NULL },
	{ SECTION_TUNNEL,
	    "authtype auth authentication authenticationtype authmethods "
	    "preferredauthentications authenticationmethod sshauthmethod",
	    "auth_method", NULL },
	{ SECTION_TUNNEL, "enable active on", "enabled", NULL },
	{ SECTION_TUNNEL,
	    "serveraliveinterval serveralivecountmax keepalive tcpkeepalive",
	    NULL, "keepalive_interval is at the top level" },
	{ SECTION_TUNNEL,
	    "compression ciphers macs kexalgorithms localforward localport "
	    "remoteport remotehost exitonforwardfailure controlmaster",
	    NULL, "pgjump does this itself; leave it out" },
	{ SECTION_TUNNEL, "proxycommand", NULL,
	    "pgjump runs no command on the way to a jump box" },

	{ SECTION_SSL, "sslmode", "mode", NULL },
	{ SECTION_SSL, "sslrootcert rootcert ca cafile cacertfile sslca",
	    "ca_cert_file", NULL },
	{ SECTION_SSL, "sslcert cert certfile certificate", "client_cert_file",
	    NULL },
	{ SECTION_SSL, "sslkey key keyfile", "client_key_file", NULL },
	{ SECTION_SSL, "rejectunauthorized verify", NULL,
	    "write mode: verify-full" },
};

/* Lower case, without what joins words: "IdentityFile", "identity_file". */
static void
normalize(const char *key, char *out)
{
	for (; *key != '\0'; key++)
		if (strchr("_-.", *key) == NULL)
			*out++ = (char)tolower((unsigned char)*key);
	*out = '\0';
}

static bool
holds_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = words; (at = strstr(at, word)) != NULL; at++)
		if ((at == words || at[-1] == ' ') &&
		    (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

static const struct foreign *
find_foreign(enum option_section section, const char *key)
{
	char word[QUOTED_MAX + 1];

	normalize(key, word);
	for (size_t i = 0;
	     word[0] != '\0' && i < sizeof foreign / sizeof *foreign; i++)
		if (foreign[i].section == section &&
		    holds_word(foreign[i].words, word))
			return &foreign[i];
	return NULL;
}

bool
config_unknown_key_means_connections(const char *key)
{
	const struct foreign *found = NULL;
	char nearest[NEAREST_LEN_MAX + 1];
	bool is_file;

	if (strlen(key) > QUOTED_MAX)
		return false;
	found = find_foreign(SECTION_GLOBAL, key);

	if (found != NULL && found->key != NULL)
		return strcmp(found->key, "connections") == 0;
	config_options_nearest(SECTION_GLOBAL, key, nearest);
	return strcmp(nearest, "connections") == 0 &&
	    config_options_find(SECTION_CONNECTION, key, &is_file) == NULL;
}

/* The hint for a key, and the option that is meant; NULL: none is known. */
static const struct option *
explain(enum option_section section, const char *key, char *hint)
{
	const struct foreign *found = find_foreign(section, key);
	char nearest[NEAREST_LEN_MAX + 1];
	bool is_file;

	if (found != NULL && found->key == NULL) {
		snprintf(hint, HINT_MAX, "; %s", found->advice);
		return NULL;
	}
	if (found != NULL) {
		snprintf(hint, HINT_MAX, "; here it is called \"%s\"",
		    found->key);
		return config_options_find(section, found->key, &is_file);
	}
	if (config_options_hint_section(key, hint, HINT_MAX))
		return NULL;
	config_options_nearest(section, key, nearest);
	if (nearest[0] == '\0')
		return NULL;
	snprintf(hint, HINT_MAX, "; did you mean \"%s\"?", nearest);
	return config_options_find(section, nearest, &is_file);
}

/* The option whose name is left when all that is odd is taken out of a key. */
static const struct option *
find_inside(enum option_section section, const char *text)
{
	char word[QUOTED_MAX + 1];
	size_t len = 0;
	bool is_file;

	for (; *text != '\0' && len < QUOTED_MAX; text++)
		if (strchr(TEXT_LETTERS TEXT_DIGITS "_", *text) != NULL)
			word[len++] = *text;
	word[len] = '\0';
	return config_options_find(section, word, &is_file);
}

/* Why a text cannot be a key, as far as that can be seen without showing it. */
static const char *
odd_key(const char *text)
{
	size_t len = strlen(text);

	if (slip_is_curly_quote(text, len, 0))
		return ": it begins with a typographic quote; write \"";
	if (strstr(text, "\xc2\xa0") != NULL)
		return ": a no-break space (U+00A0) stands in it; put an "
		       "ordinary space in its place";
	if (text[0] == '-' && text[1] != '-')
		return ": a space must follow the dash in front of it";
	if (len > 0 && text[len - 1] == '"')
		return ": a double quote is missing in front of it";
	if (len == 0)
		return ": it is empty";
	return "";
}

const struct option *
config_unknown_key(struct report *report, enum option_section section,
    const char *title, const struct node *key, bool may_guess)
{
	const struct option *meant = NULL;
	size_t len = strlen(key->text);
	char hint[HINT_MAX] = "";

	if (strcmp(key->text, "<<") == 0) {
		report_error(report, key->place,
		    "merge keys are not supported; an alias stands for a whole "
		    "mapping");
		return NULL;
	}
	if (len == 0 || len > QUOTED_MAX || key->text[0] == '-' ||
	    strspn(key->text, TEXT_LETTERS TEXT_DIGITS "_-.") != len) {
		report_error(report, key->place, "unknown key in %s%s", title,
		    odd_key(key->text));
		return find_inside(section, key->text);
	}
	if (may_guess)
		meant = explain(section, key->text, hint);
	report_error(report, key->place, "unknown key \"%s\" in %s%s",
	    key->text, title, hint);
	return meant;
}
