/* SPDX-License-Identifier: PostgreSQL */

/*
 * The configuration as an object: one immutable, reference-counted snapshot of
 * a file and of the environment that it names, validated as a whole.  Durations
 * are milliseconds.  A text is NULL if the file does not give it.
 */
#ifndef PGJUMP_CONFIG_CONFIG_H
#define PGJUMP_CONFIG_CONFIG_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/secret.h"

enum auth_method {
	AUTH_METHOD_PASSWORD,
	AUTH_METHOD_KEY,
	AUTH_METHOD_AGENT,
	AUTH_METHOD_NONE, /* the user's name alone */
	AUTH_METHOD_COUNT,
};

/* Values of one enum, in order, each once. */
struct config_words {
	unsigned list[AUTH_METHOD_COUNT];
	size_t count;
};

/* What makes a jump box's host key trusted. */
enum host_trust {
	TRUST_KNOWN_HOSTS, /* the known_hosts files, strictly */
	TRUST_PINS,        /* host_key: SHA256:... */
	TRUST_ACCEPT_NEW,  /* host_key: accept-new */
	TRUST_ANY,         /* host_key: any */
};

enum proxy_type {
	PROXY_NONE,
	PROXY_HTTP,
	PROXY_HTTPS,
	PROXY_SOCKS5,
	PROXY_SOCKS4A,
};

/* When a running pgjump loads its configuration again. */
enum reload_way {
	RELOAD_BY_SIGNAL_ONLY,
	RELOAD_BY_WATCHING,
};

enum ssl_mode {
	SSL_MODE_DISABLE,
	SSL_MODE_ALLOW,
	SSL_MODE_PREFER,
	SSL_MODE_REQUIRE,
	SSL_MODE_VERIFY_CA,
	SSL_MODE_VERIFY_FULL,
};

/* Where a client's TLS ends. */
enum tls_ends {
	TLS_ENDS_AT_DATABASE, /* client_tls: passthrough */
	TLS_ENDS_HERE,        /* client_tls: terminate */
};

/* An address to listen on: a host and a port, or a directory and a port. */
struct config_listen {
	char *host; /* a numeric address or a name; NULL: a Unix socket */
	char *dir;  /* the directory of .s.PGSQL.<port>; NULL: TCP */
	unsigned port;
	bool is_optional;      /* ::1 of localhost: skipped without IPv6 */
	bool has_default_port; /* by the position of the connection */
	int inherited_fd;      /* the socket itself; 0: it must be opened */
	/* "127.0.0.1:6432", "[::1]:6432", "/run/x/.s.PGSQL.6432" */
	char *label;
};

/* A CIDR block of allow_from. */
struct config_network {
	int family; /* AF_INET or AF_INET6 */
	unsigned char address[16];
	unsigned prefix_len;
};

/* Keys that a login offers at most: sshd counts each as a try of six. */
#define CONFIG_KEYS_MAX 5

/* The proxy through which a jump box is reached; all zero: there is none. */
struct config_proxy {
	char *label; /* "proxy.example.com:3128" */
	char *host;
	unsigned port;
	enum proxy_type type;
	char *username; /* NULL: the proxy is not told who uses it */
	struct secret password;
	struct secret ca_cert; /* of PROXY_HTTPS; not set: the system's */
};

/*
 * A jump box.  Connections that agree on its host, port, user, credentials,
 * trusted host keys and proxy share one object.
 */
struct config_jump {
	size_t index; /* in config.jumps, where outer ones come first */
	/* The outer jump box, through which it is reached; NULL: none. */
	const struct config_jump *via;
	struct config_hop *hops; /* what `via` says, first reached first */
	size_t hop_count;
	char *name;  /* see config_name_jumps() */
	char *label; /* "203.0.113.10:22" */
	char *host;
	unsigned port;
	char *username;
	struct config_words
	    auth_methods; /* in the order in which to try them */
	struct secret password;
	/*
	 * Those that are public select keys of the agent; the method `key`
	 * offers the others.
	 */
	struct secrets private_keys;
	struct secret passphrase; /* of those that are encrypted */
	/* Of one of these keys, or of one that the agent holds; public. */
	struct secret certificate;
	char *agent_socket; /* NULL: $SSH_AUTH_SOCK */
	enum host_trust trust;
	char *host_key_alias; /* its name in known_hosts, without a port */
	char **pins;          /* "SHA256:" + 43 characters of base64 */
	size_t pin_count;
	char **known_hosts; /* files, in the order in which they are read */
	size_t known_hosts_count;
	char *accept_new_file; /* where accept-new remembers; read as well */
	struct config_proxy proxy;
};

/* One jump box of `via`, as the file gives it. */
struct config_hop {
	char *jump_box;         /* the name that it uses; NULL: none */
	const char **overrides; /* the options given beside that name */
	size_t override_count;
	const struct config_jump *jump;
};

/* What the host of a connection is. */
enum config_host {
	CONFIG_HOST_NAME,
	CONFIG_HOST_ADDRESS,
	CONFIG_HOST_SOCKET, /* the directory of a Unix socket */
};

enum config_host config_host_kind(const char *host);

/* "10.0.2.45:5432", "[fd00::1]:5432"; the caller frees it. */
char *config_peer_label(const char *host, unsigned port);

struct config_connection {
	size_t index; /* in config.connections */
	char *name;
	char *label; /* "10.0.2.45:5432", or the path of a socket */
	struct config_listen *listens;
	size_t listen_count;
	char *file;                          /* in which it is */
	unsigned listen_line, listen_column; /* in that file */
	char *host;
	enum config_host host_kind;
	unsigned port;
	char *database, *username;
	struct secret password;
	enum ssl_mode ssl_mode;
	struct secret ca_cert, client_cert, client_key;
	enum tls_ends client_tls;
	struct secret tls_cert, tls_key; /* shown to clients */
	int64_t connection_timeout_ms;
	int64_t ssl_response_timeout_ms; /* <= connection_timeout_ms */
	unsigned max_clients;
	struct config_network *allow_from;
	size_t allow_from_count;        /* 0: everybody, on loopback only */
	const struct config_jump *jump; /* NULL: a direct connection */
	/* The name that ssh_tunnel uses, even if it is disabled; NULL: none. */
	char *jump_box;
	const char **overrides; /* the options given beside that name */
	size_t override_count;
};

/* A jump box of jump_boxes, used or not. */
struct config_jump_box {
	char *name;
	struct config_jump settings; /* without an index */
	bool gives_known_hosts;      /* rather than the default files */
};

/* Where health, metrics and commands are answered (config/http_address.h). */
struct config_http_address {
	char *label; /* "localhost:9090", "[::1]:9090", or the path */
	char *host;  /* "localhost" means 127.0.0.1 and ::1; NULL: a socket */
	unsigned port;
	char *path;       /* of a Unix socket; NULL: TCP */
	bool is_loopback; /* other machines cannot reach it */
	bool is_default;  /* nobody has asked for it by name */
};

void config_free_http_address(struct config_http_address *); /* NULL is fine */

/* Set host_kind and label from host and port. */
void config_name_host(struct config_connection *);

struct config {
	char *path;     /* the file as found, or all of them, for messages */
	char **paths;   /* what was asked for; NULL ends them, or it is NULL */
	char **files;   /* what was read; NULL ends them */
	char *document; /* of no file (config/document.h); else NULL */
	size_t document_len;
	struct config_connection *connections;
	size_t connection_count;
	struct config_jump *jumps; /* those that connections use */
	size_t jump_count;
	/* Those that only lead to a jump box which no connection uses. */
	struct config_jump *unused_jumps;
	size_t unused_jump_count;
	struct config_jump_box *jump_boxes; /* as in the file */
	size_t jump_box_count;
	char *listen_host; /* for a port without a host; NULL: loopback */
	enum log_format log_format;
	enum log_level log_level;
	unsigned workers;
	unsigned max_links; /* per jump box, over all workers */
	int64_t keepalive_interval_ms;
	unsigned keepalive_count;
	int64_t shutdown_timeout_ms;
	int64_t min_sigterm_delay_ms;
	bool exit_zero_on_sigterm;
	enum reload_way reload;
	int64_t startup_timeout_ms;
	int64_t resolve_timeout_ms, connect_timeout_ms, handshake_timeout_ms,
	    auth_timeout_ms, open_timeout_ms;
	struct config_http_address *http, *admin; /* NULL: off */
	char **http_hosts; /* names beyond loopback; none: not restricted */
	size_t http_host_count;
	bool http_status; /* /status and / beyond loopback */
};

/*
 * Name each jump box for metrics and commands: by its key in jump_boxes, or, if
 * it has none or a connection overrides a setting of it, "HOST:PORT/CONNECTION"
 * after the first connection that uses it.
 */
void config_name_jumps(struct config *);

/* An empty snapshot with one reference, for config/load.c to fill. */
struct config *config_new(void);

/* Whether auth_method has this method, alone or in its list. */
bool config_uses_method(const struct config_jump *, enum auth_method);

/*
 * Set the passphrase of each jump box that has this private key and none yet.
 * Only before other threads use the snapshot.
 */
void config_set_passphrase(struct config *, const struct secret *key,
    const char *passphrase);

/* Release what a jump box holds, and wipe its secrets. */
void config_clear_jump(struct config_jump *);

/*
 * Leave one connection, which is admitted to whoever reaches its port: for a
 * command that listens on a port of its own.  Before the snapshot is shared.
 * Returns the connection.
 */
const struct config_connection *config_keep_one(struct config *,
    const struct config_connection *);

struct config *config_ref(struct config *); /* any thread */
void config_unref(struct config *);         /* any thread; NULL is fine */

/* Whether allow_from admits this address; it always admits Unix sockets. */
bool config_allows(const struct config_connection *, const struct sockaddr *);

#endif
