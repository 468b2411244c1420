/* SPDX-License-Identifier: PostgreSQL */

/*
 * The option table.  A row begins with section, name, type and need on one
 * line, in this order: t/004_samples.t reads the rows to compare them with the
 * man page and etc/pgjump.yaml.  The other fields of a row are named.
 */
#include "config/options.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

/* Longer than the name of every option. */
#define KEY_MAX 40

#define OF_CONFIG(field)     .offset = offsetof(struct config, field)
#define OF_CONNECTION(field) .offset = offsetof(struct config_connection, field)
#define OF_JUMP(field)       .offset = offsetof(struct config_jump, field)
#define NO_FIELD             .offset = OPTION_NO_FIELD

#define MS     ((int64_t)1)
#define SECOND (1000 * MS)
#define HOUR   (3600 * SECOND)

#define CONFIG_HTTP_ADDRESS_FORMS \
	"PORT, HOST:PORT, \"[V6]:PORT\", /dir/name.sock or off"

static const struct option_word log_formats[] = {
	{ "auto", LOG_FORMAT_AUTO },
	{ "text", LOG_FORMAT_TEXT },
	{ "json", LOG_FORMAT_JSON },
	{ NULL, 0 },
};

static const struct option_word reload_ways[] = {
	{ "signal", RELOAD_BY_SIGNAL_ONLY },
	{ "watch", RELOAD_BY_WATCHING },
	{ NULL, 0 },
};

static const struct option_word log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

static const struct option_word db_types[] = {
	{ "postgres", 0 },
	{ "postgresql", 0 },
	{ NULL, 0 },
};

static const struct option_word client_tls_words[] = {
	{ "passthrough", TLS_ENDS_AT_DATABASE },
	{ "terminate", TLS_ENDS_HERE },
	{ NULL, 0 },
};

static const struct option_word auth_methods[] = {
	{ "password", AUTH_METHOD_PASSWORD },
	{ "key", AUTH_METHOD_KEY },
	{ "agent", AUTH_METHOD_AGENT },
	{ "none", AUTH_METHOD_NONE },
	{ NULL, 0 },
};

static const struct option_word proxy_types[] = {
	{ "http", PROXY_HTTP },
	{ "https", PROXY_HTTPS },
	{ "socks5", PROXY_SOCKS5 },
	{ "socks4a", PROXY_SOCKS4A },
	{ NULL, 0 },
};

static const struct option_word ssl_modes[] = {
	{ "disable", SSL_MODE_DISABLE },
	{ "allow", SSL_MODE_ALLOW },
	{ "prefer", SSL_MODE_PREFER },
	{ "require", SSL_MODE_REQUIRE },
	{ "verify-ca", SSL_MODE_VERIFY_CA },
	{ "verify-full", SSL_MODE_VERIFY_FULL },
	{ NULL, 0 },
};

/* The words of `ssl`: those of a flag, and the modes. */
static const struct option_word ssl_words[] = {
	{ "true", SSL_MODE_REQUIRE },
	{ "yes", SSL_MODE_REQUIRE },
	{ "on", SSL_MODE_REQUIRE },
	{ "false", SSL_MODE_DISABLE },
	{ "no", SSL_MODE_DISABLE },
	{ "off", SSL_MODE_DISABLE },
	{ "disable", SSL_MODE_DISABLE },
	{ "allow", SSL_MODE_ALLOW },
	{ "prefer", SSL_MODE_PREFER },
	{ "require", SSL_MODE_REQUIRE },
	{ "verify-ca", SSL_MODE_VERIFY_CA },
	{ "verify-full", SSL_MODE_VERIFY_FULL },
	{ NULL, 0 },
};

const struct option config_options[] = {
	{ SECTION_GLOBAL, "connections", OPTION_SPECIAL, NEED_OPTIONAL,
	    NO_FIELD, .expects = "a list of connections",
	    .sentence = "the list of connections" },
	{ SECTION_GLOBAL, "listen_host", OPTION_HOST, NEED_OPTIONAL,
	    OF_CONFIG(listen_host),
	    .sentence = "the address for a port without host, instead of "
			"127.0.0.1 and ::1" },
	{ SECTION_GLOBAL, "log_format", OPTION_WORD, NEED_OPTIONAL,
	    OF_CONFIG(log_format), .words = log_formats, .fallback = "auto",
	    .sentence = "the format of log lines" },
	{ SECTION_GLOBAL, "log_level", OPTION_WORD, NEED_OPTIONAL,
	    OF_CONFIG(log_level), .words = log_levels, .fallback = "info",
	    .sentence = "the least severe level that is logged" },
	{ SECTION_GLOBAL, "workers", OPTION_NUMBER, NEED_OPTIONAL,
	    OF_CONFIG(workers), .min = 1, .max = 64, .fallback = "1",
	    .sentence = "the number of threads that carry clients, at most "
			"max_links" },
	{ SECTION_GLOBAL, "max_links", OPTION_NUMBER, NEED_OPTIONAL,
	    OF_CONFIG(max_links), .min = 1, .max = 64, .fallback = "8",
	    .sentence = "the largest number of SSH sessions to one jump box" },
	{ SECTION_GLOBAL, "keepalive_interval", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(keepalive_interval_ms), .min = 100 * MS, .max = HOUR,
	    .fallback = "15s",
	    .sentence = "how often a silent jump box is asked for a sign of "
			"life" },
	{ SECTION_GLOBAL, "keepalive_count", OPTION_NUMBER, NEED_OPTIONAL,
	    OF_CONFIG(keepalive_count), .min = 1, .max = 100, .fallback = "3",
	    .sentence = "how many signs of life in a row may be missing" },
	{ SECTION_GLOBAL, "shutdown_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(shutdown_timeout_ms), .min = 0, .max = 24 * HOUR,
	    .fallback = "10s",
	    .sentence = "how long busy sessions may go on after SIGTERM" },
	{ SECTION_GLOBAL, "min_sigterm_delay", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(min_sigterm_delay_ms), .min = 0, .max = 24 * HOUR,
	    .fallback = "0s",
	    .sentence = "how long clients are accepted after SIGTERM" },
	{ SECTION_GLOBAL, "exit_zero_on_sigterm", OPTION_FLAG, NEED_OPTIONAL,
	    OF_CONFIG(exit_zero_on_sigterm), .fallback = "false",
	    .sentence = "whether the exit status after SIGTERM is 0" },
	{ SECTION_GLOBAL, "reload", OPTION_WORD, NEED_OPTIONAL,
	    OF_CONFIG(reload), .words = reload_ways, .fallback = "signal",
	    .sentence = "whether a changed file is loaded by itself" },
	{ SECTION_GLOBAL, "startup_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(startup_timeout_ms), .min = 100 * MS, .max = 300 * SECOND,
	    .fallback = "15s",
	    .sentence = "how long a client may take for its startup packet" },
	{ SECTION_GLOBAL, "resolve_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(resolve_timeout_ms), .min = 100 * MS, .max = 300 * SECOND,
	    .fallback = "3s",
	    .sentence = "how long a name may take to resolve" },
	{ SECTION_GLOBAL, "connect_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(connect_timeout_ms), .min = 100 * MS, .max = 300 * SECOND,
	    .fallback = "4s",
	    .sentence = "how long a TCP connection may take to be made" },
	{ SECTION_GLOBAL, "handshake_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(handshake_timeout_ms), .min = 100 * MS,
	    .max = 300 * SECOND, .fallback = "4s",
	    .sentence = "how long the SSH handshake may take" },
	{ SECTION_GLOBAL, "auth_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(auth_timeout_ms), .min = 100 * MS, .max = 300 * SECOND,
	    .fallback = "6s",
	    .sentence = "how long the login to a jump box may take" },
	{ SECTION_GLOBAL, "open_timeout", OPTION_DURATION, NEED_OPTIONAL,
	    OF_CONFIG(open_timeout_ms), .min = 100 * MS, .max = 300 * SECOND,
	    .fallback = "4s",
	    .sentence = "how long a jump box may take to reach a database" },
	{ SECTION_GLOBAL, "jump_boxes", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects = "a mapping of names to jump boxes",
	    .sentence = "jump boxes that connections use by their names" },
	{ SECTION_GLOBAL, "http", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects = CONFIG_HTTP_ADDRESS_FORMS,
	    .sentence = "the address of health, metrics and status" },
	{ SECTION_GLOBAL, "admin", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects = CONFIG_HTTP_ADDRESS_FORMS,
	    .sentence = "the address of commands to a running pgjump" },
	{ SECTION_GLOBAL, "http_hosts", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects = "a name without a port, or a list of these",
	    .sentence = "the names by which clients may call an http address "
			"beyond loopback" },
	{ SECTION_GLOBAL, "http_status", OPTION_FLAG, NEED_OPTIONAL,
	    OF_CONFIG(http_status), .fallback = "false",
	    .sentence = "whether an http address beyond loopback shows the "
			"status, too" },

	{ SECTION_CONNECTION, "name", OPTION_NAME, NEED_REQUIRED,
	    OF_CONNECTION(name),
	    .sentence = "the name of the connection in logs and commands" },
	{ SECTION_CONNECTION, "db_type", OPTION_WORD, NEED_OPTIONAL, NO_FIELD,
	    .words = db_types, .fallback = "postgres", .expects = "postgres",
	    .sentence = "the kind of database" },
	{ SECTION_CONNECTION, "listen", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects = "PORT, HOST:PORT, \"[V6]:PORT\", localhost, /dir, "
		       "/dir:PORT, or a list of these",
	    .sentence = "the addresses where clients connect" },
	{ SECTION_CONNECTION, "host", OPTION_HOST_OR_DIR, NEED_REQUIRED,
	    OF_CONNECTION(host),
	    .sentence = "the host of the database, as the jump box sees it" },
	{ SECTION_CONNECTION, "port", OPTION_NUMBER, NEED_OPTIONAL,
	    OF_CONNECTION(port), .min = 1, .max = 65535, .fallback = "5432",
	    .sentence = "the port of the database" },
	{ SECTION_CONNECTION, "database", OPTION_TEXT, NEED_OPTIONAL,
	    OF_CONNECTION(database),
	    .sentence = "the database for pgjump check and printed commands" },
	{ SECTION_CONNECTION, "username", OPTION_TEXT, NEED_OPTIONAL,
	    OF_CONNECTION(username),
	    .sentence = "the database user for pgjump check and printed "
			"commands" },
	{ SECTION_CONNECTION, "password", OPTION_SECRET, NEED_OPTIONAL,
	    OF_CONNECTION(password),
	    .sentence = "the password of that user, for pgjump check" },
	{ SECTION_CONNECTION, "ssl", OPTION_WORD, NEED_OPTIONAL,
	    OF_CONNECTION(ssl_mode), .words = ssl_words, .fallback = "prefer",
	    .expects = "true, false or a mode such as verify-full",
	    .sentence = "whether pgjump's own connections to the database use "
			"TLS; true means mode require" },
	{ SECTION_CONNECTION, "ssl_config", OPTION_SPECIAL, NEED_OPTIONAL,
	    NO_FIELD, .expects = "a mapping",
	    .sentence = "the TLS settings of those connections" },
	{ SECTION_CONNECTION, "connection_timeout", OPTION_DURATION,
	    NEED_OPTIONAL, OF_CONNECTION(connection_timeout_ms), .min = SECOND,
	    .max = 300 * SECOND, .fallback = "8s",
	    .sentence = "how long a client waits for the database's first "
			"byte" },
	{ SECTION_CONNECTION, "ssl_response_timeout", OPTION_DURATION,
	    NEED_OPTIONAL, OF_CONNECTION(ssl_response_timeout_ms),
	    .min = SECOND, .max = 300 * SECOND, .fallback = "4s",
	    .sentence = "how long a client waits for the answer to its request "
			"for TLS" },
	{ SECTION_CONNECTION, "max_clients", OPTION_NUMBER, NEED_OPTIONAL,
	    OF_CONNECTION(max_clients), .min = 1, .max = 100000,
	    .fallback = "1000", .sentence = "the largest number of clients" },
	{ SECTION_CONNECTION, "allow_from", OPTION_SPECIAL, NEED_OPTIONAL,
	    NO_FIELD,
	    .expects = "an address or CIDR block such as 10.0.0.0/8, or a list "
		       "of these",
	    .sentence = "the addresses from which clients may connect; "
			"required unless listen is loopback" },
	{ SECTION_CONNECTION, "client_tls", OPTION_WORD, NEED_OPTIONAL,
	    OF_CONNECTION(client_tls), .words = client_tls_words,
	    .fallback = "passthrough",
	    .sentence = "where a client's TLS ends: at the database "
			"(passthrough) or at pgjump (terminate)" },
	{ SECTION_CONNECTION, "tls_cert", OPTION_PEM, NEED_OPTIONAL,
	    OF_CONNECTION(tls_cert),
	    .sentence = "the certificate shown to clients" },
	{ SECTION_CONNECTION, "tls_key", OPTION_SECRET, NEED_OPTIONAL,
	    OF_CONNECTION(tls_key),
	    .sentence = "the private key of that certificate" },
	{ SECTION_CONNECTION, "ssh_tunnel", OPTION_SPECIAL, NEED_OPTIONAL,
	    NO_FIELD, .expects = "a mapping, or the name of one in jump_boxes",
	    .sentence = "the jump box on the way to the database; without it "
			"connections are direct" },

	{ SECTION_SSL, "enabled", OPTION_FLAG, NEED_OPTIONAL, NO_FIELD,
	    .sentence = "true means mode require, false means mode disable" },
	{ SECTION_SSL, "mode", OPTION_WORD, NEED_OPTIONAL,
	    OF_CONNECTION(ssl_mode), .words = ssl_modes,
	    .sentence = "the mode, as in libpq's sslmode" },
	{ SECTION_SSL, "ca_cert", OPTION_PEM, NEED_OPTIONAL,
	    OF_CONNECTION(ca_cert),
	    .sentence =
		"the authorities that sign the database's certificate" },
	{ SECTION_SSL, "client_cert", OPTION_PEM, NEED_OPTIONAL,
	    OF_CONNECTION(client_cert),
	    .sentence = "the certificate shown to the database" },
	{ SECTION_SSL, "client_key", OPTION_SECRET, NEED_OPTIONAL,
	    OF_CONNECTION(client_key),
	    .sentence = "the private key of that certificate" },

	{ SECTION_TUNNEL, "enabled", OPTION_FLAG, NEED_OPTIONAL, NO_FIELD,
	    .sentence = "false makes the connection direct" },
	{ SECTION_TUNNEL, "use", OPTION_NAME, NEED_OPTIONAL, NO_FIELD,
	    .sentence = "the jump box of jump_boxes whose keys count where "
			"none is given here" },
	{ SECTION_TUNNEL, "host", OPTION_HOST, NEED_REQUIRED, OF_JUMP(host),
	    .sentence = "the host of the jump box" },
	{ SECTION_TUNNEL, "port", OPTION_NUMBER, NEED_OPTIONAL, OF_JUMP(port),
	    .min = 1, .max = 65535, .fallback = "22",
	    .sentence = "the port of its SSH server" },
	{ SECTION_TUNNEL, "username", OPTION_TEXT, NEED_REQUIRED,
	    OF_JUMP(username), .sentence = "the user on the jump box" },
	{ SECTION_TUNNEL, "auth_method", OPTION_WORDS, NEED_OPTIONAL,
	    OF_JUMP(auth_methods), .words = auth_methods,
	    .fallback = "password",
	    .expects = "password, key, agent, none or a list of these",
	    .sentence = "how that user logs in: a method, or several in the "
			"order in which to try them" },
	{ SECTION_TUNNEL, "password", OPTION_SECRET, NEED_OPTIONAL,
	    OF_JUMP(password),
	    .sentence = "the password of that user; it also answers prompts" },
	{ SECTION_TUNNEL, "private_key", OPTION_SECRETS, NEED_OPTIONAL,
	    OF_JUMP(private_keys),
	    .sentence = "the private key as PEM text, or a list of keys; for "
			"auth_method agent the public key to offer" },
	{ SECTION_TUNNEL, "private_key_passphrase", OPTION_SECRET,
	    NEED_OPTIONAL, OF_JUMP(passphrase),
	    .sentence = "the passphrase of an encrypted private key" },
	{ SECTION_TUNNEL, "certificate", OPTION_CERTIFICATE, NEED_OPTIONAL,
	    OF_JUMP(certificate),
	    .sentence = "an OpenSSH certificate of the private key, or of a "
			"key of the agent" },
	{ SECTION_TUNNEL, "agent_socket", OPTION_SOCKET, NEED_OPTIONAL,
	    OF_JUMP(agent_socket),
	    .sentence = "the socket of the agent for auth_method agent, "
			"instead of $SSH_AUTH_SOCK" },
	{ SECTION_TUNNEL, "known_hosts", OPTION_SPECIAL, NEED_OPTIONAL,
	    NO_FIELD, .expects = "a path or a list of paths",
	    .sentence = "the files of trusted host keys" },
	{ SECTION_TUNNEL, "host_key", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects =
		"a pin SHA256:... or a key, a list of these, accept-new or any",
	    .sentence =
		"what makes the host key trusted, instead of known_hosts" },
	{ SECTION_TUNNEL, "host_key_alias", OPTION_HOST, NEED_OPTIONAL,
	    OF_JUMP(host_key_alias),
	    .sentence = "the name of the jump box in known_hosts, instead of "
			"its host and port" },
	{ SECTION_TUNNEL, "via", OPTION_SPECIAL, NEED_OPTIONAL, NO_FIELD,
	    .expects = "the name of a jump box, a mapping, or a list of these",
	    .sentence = "the jump boxes through which it is reached" },
	{ SECTION_TUNNEL, "proxy_host", OPTION_HOST, NEED_OPTIONAL,
	    OF_JUMP(proxy.host),
	    .sentence = "a proxy on the way to the jump box" },
	{ SECTION_TUNNEL, "proxy_port", OPTION_NUMBER, NEED_OPTIONAL,
	    OF_JUMP(proxy.port), .min = 1, .max = 65535,
	    .sentence = "the port of the proxy" },
	{ SECTION_TUNNEL, "proxy_type", OPTION_WORD, NEED_OPTIONAL,
	    OF_JUMP(proxy.type), .words = proxy_types,
	    .sentence = "the protocol of the proxy" },
	{ SECTION_TUNNEL, "proxy_username", OPTION_TEXT, NEED_OPTIONAL,
	    OF_JUMP(proxy.username), .sentence = "the user at the proxy" },
	{ SECTION_TUNNEL, "proxy_password", OPTION_SECRET, NEED_OPTIONAL,
	    OF_JUMP(proxy.password), .sentence = "the password of that user" },
	{ SECTION_TUNNEL, "proxy_ca_cert", OPTION_PEM, NEED_OPTIONAL,
	    OF_JUMP(proxy.ca_cert),
	    .sentence = "the authorities that sign the certificate of a proxy "
			"of type https" },
};

const size_t config_option_count = sizeof config_options /
    sizeof *config_options;

/* --- Finding a row ------------------------------------------------------- */

static const char *const section_titles[SECTION_COUNT] = {
	[SECTION_GLOBAL] = "the top level (beside connections)",
	[SECTION_CONNECTION] = "a connection",
	[SECTION_TUNNEL] = "ssh_tunnel",
	[SECTION_SSL] = "ssl_config",
};

const char *
config_options_ssl_mode(enum ssl_mode mode)
{
	assert(ssl_modes[mode].value == (int)mode);
	return ssl_modes[mode].word;
}

const char *
config_options_proxy_type(enum proxy_type type)
{
	const struct option_word *word = &proxy_types[type - PROXY_HTTP];

	assert(type != PROXY_NONE && word->value == (int)type);
	return word->word;
}

const char *
config_options_title(enum option_section section)
{
	return section_titles[section];
}

static bool
has_file(const struct option *option)
{
	return option->type == OPTION_SECRET ||
	    option->type == OPTION_SECRETS || option->type == OPTION_PEM ||
	    option->type == OPTION_CERTIFICATE;
}

const struct option *
config_options_find(enum option_section section, const char *key, bool *is_file)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct option *option = &config_options[i];
		size_t len = strlen(option->name);

		if (option->section != section ||
		    strncmp(key, option->name, len) != 0)
			continue;
		*is_file = has_file(option) && strcmp(key + len, "_file") == 0;
		if (key[len] == '\0' || *is_file)
			return option;
	}
	return NULL;
}

/*
 * --- The key that may be meant ----------------------------------------------
 */

/* "use" is nearer to "user" and "usr" than "username", which they mean. */
static bool
is_suggested(const struct option *option)
{
	return strcmp(option->name, "use") != 0;
}

static void
consider_keys(struct nearest *nearest, const struct option *option)
{
	char file[KEY_MAX];

	nearest_consider(nearest, option->name);
	if (!has_file(option))
		return;
	snprintf(file, sizeof file, "%s_file", option->name);
	nearest_consider(nearest, file);
}

bool
config_options_hint_section(const char *key, char *hint, size_t size)
{
	bool is_file;

	for (enum option_section other = 0; other < SECTION_COUNT; other++)
		if (config_options_find(other, key, &is_file) != NULL) {
			snprintf(hint, size, "; it belongs in %s",
			    config_options_title(other));
			return true;
		}
	return false;
}

void
config_options_nearest(enum option_section section, const char *key, char *word)
{
	char typed[KEY_MAX];
	struct nearest nearest = { .typed = typed };
	size_t len = strlen(key);

	word[0] = '\0';
	if (len >= sizeof typed)
		return;
	for (size_t i = 0; i <= len; i++)
		typed[i] = (char)tolower((unsigned char)key[i]);
	for (size_t i = 0; i < config_option_count; i++)
		if (config_options[i].section == section &&
		    is_suggested(&config_options[i]))
			consider_keys(&nearest, &config_options[i]);
	strcpy(word, nearest.word);
}
