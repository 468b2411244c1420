/* SPDX-License-Identifier: PostgreSQL */

/*
 * A list of descriptors, each with its name and its address in the form of
 * `listen`.
 */
#include "command/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/xmalloc.h"
#include "config/config.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */

/* More than any unit names; a wrong number costs little then. */
#define SOCKETS_MAX 1024

struct inherited {
	int fd;
	char *name;
	struct config_listen listen;
	bool is_loopback; /* or a Unix socket */
};

struct activation {
	struct inherited *list;
	size_t count;
};

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un local;
	struct sockaddr_storage room;
};

/* --- Addresses ------------------------------------------------------------ */

/* A numeric address and a port, as `listen` gives them. */
static void
name_tcp(struct inherited *inherited, int family, const void *bytes,
    uint16_t port)
{
	char host[INET6_ADDRSTRLEN];

	inet_ntop(family, bytes, host, sizeof host);
	inherited->listen.host = xstrdup(host);
	inherited->listen.port = ntohs(port);
	inherited->listen.label = config_peer_label(host, ntohs(port));
}

/* ".s.PGSQL.6432" gives the port; another name of a file gives none. */
static void
name_unix(struct inherited *inherited, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *port = strstr(path, "/.s.PGSQL.");

	inherited->is_loopback = true;
	inherited->listen.dir = slash != NULL
	    ? xstrndup(path, (size_t)(slash - path))
	    : xstrdup("");
	if (port != NULL)
		inherited->listen.port = (unsigned)strtoul(port +
			strlen("/.s.PGSQL."),
		    NULL, 10);
	inherited->listen.label = xstrdup(path);
}

/* False: this is no listening stream socket of a known family. */
static bool
name_socket(struct inherited *inherited)
{
	union address address = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t len = sizeof address, size = sizeof(int);
	int is_listening = 0;

	if (getsockopt(inherited->fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening,
		&size) < 0 ||
	    !is_listening || getsockname(inherited->fd, &address.any, &len) < 0)
		return false;
	if (address.any.sa_family == AF_INET) {
		inherited->is_loopback = (ntohl(address.v4.sin_addr.s_addr) >>
					     24) == 127;
		name_tcp(inherited, AF_INET, &address.v4.sin_addr,
		    address.v4.sin_port);
	} else if (address.any.sa_family == AF_INET6) {
		inherited->is_loopback = IN6_IS_ADDR_LOOPBACK(
		    &address.v6.sin6_addr);
		name_tcp(inherited, AF_INET6, &address.v6.sin6_addr,
		    address.v6.sin6_port);
	} else if (address.any.sa_family == AF_UNIX &&
	    len > offsetof(struct sockaddr_un, sun_path)) {
		name_unix(inherited, address.local.sun_path);
	} else {
		return false;
	}
	return true;
}

/* --- Taking --------------------------------------------------------------- */

/* How many descriptors are for this process. */
static size_t
count_of(const char *count, const char *pid)
{
	long number = count != NULL ? strtol(count, NULL, 10) : 0;

	if (pid == NULL || strtol(pid, NULL, 10) != getpid() || number <= 0)
		return 0;
	return number < SOCKETS_MAX ? (size_t)number : SOCKETS_MAX;
}

/* The next of the names between colons; "": there is none. */
static char *
next_name(const char **names)
{
	size_t len = strcspn(*names, ":");
	char *name = xstrndup(*names, len);

	*names += len + ((*names)[len] == ':');
	return name;
}

static struct activation *
take(size_t count, const char *names)
{
	struct activation *activation = xcalloc(1, sizeof *activation);

	activation->count = count;
	activation->list = xcalloc(count, sizeof *activation->list);
	for (size_t i = 0; i < count; i++) {
		struct inherited *inherited = &activation->list[i];

		inherited->fd = FIRST_FD + (int)i;
		inherited->name = next_name(&names);
		fcntl(inherited->fd, F_SETFD, FD_CLOEXEC);
		if (name_socket(inherited))
			inherited->listen.inherited_fd = inherited->fd;
	}
	return activation;
}

struct activation *
activation_take(void)
{
	const char *names = getenv("LISTEN_FDNAMES");
	size_t count = count_of(getenv("LISTEN_FDS"), getenv("LISTEN_PID"));
	struct activation *activation = NULL;

	if (count > 0)
		activation = take(count, names != NULL ? names : "");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return activation;
}

/* --- Applying ------------------------------------------------------------- */

static void
clear_listens(struct config_connection *connection)
{
	for (size_t i = 0; i < connection->listen_count; i++) {
		free(connection->listens[i].host);
		free(connection->listens[i].dir);
		free(connection->listens[i].label);
	}
	connection->listen_count = 0;
}

static void
add_listen(struct config_connection *connection,
    const struct config_listen *from)
{
	struct config_listen *listen;

	connection->listens = xreallocarray(connection->listens,
	    connection->listen_count + 1, sizeof *connection->listens);
	listen = &connection->listens[connection->listen_count++];
	*listen = *from;
	listen->host = xstrdup(from->host);
	listen->dir = xstrdup(from->dir);
	listen->label = xstrdup(from->label);
}

static bool
is_of(const struct inherited *inherited,
    const struct config_connection *connection)
{
	return inherited->listen.inherited_fd > 0 &&
	    strcmp(inherited->name, connection->name) == 0;
}

/* A client that reaches the port reaches the database, without an SSH key. */
static bool
check_exposure(const struct config *cfg,
    const struct config_connection *connection,
    const struct inherited *inherited, FILE *errors)
{
	if (inherited->is_loopback || connection->allow_from_count > 0)
		return true;
	fprintf(errors,
	    "%s: allow_from of connection \"%s\" is required: %s, which was "
	    "inherited, is not loopback\n",
	    cfg->path, connection->name, inherited->listen.label);
	return false;
}

static bool
apply_to(const struct activation *activation, const struct config *cfg,
    struct config_connection *connection, FILE *errors)
{
	bool has_any = false, is_good = true;

	for (size_t i = 0; i < activation->count; i++) {
		const struct inherited *inherited = &activation->list[i];

		if (!is_of(inherited, connection))
			continue;
		if (!has_any)
			clear_listens(connection);
		has_any = true;
		add_listen(connection, &inherited->listen);
		is_good &= check_exposure(cfg, connection, inherited, errors);
	}
	return is_good;
}

bool
activation_apply(const struct activation *activation, struct config *cfg,
    FILE *errors)
{
	bool is_good = true;

	for (size_t i = 0; activation != NULL && i < cfg->connection_count; i++)
		is_good &= apply_to(activation, cfg, &cfg->connections[i],
		    errors);
	return is_good;
}

static bool
has_connection(const struct inherited *inherited, const struct config *cfg)
{
	for (size_t i = 0; i < cfg->connection_count; i++)
		if (is_of(inherited, &cfg->connections[i]))
			return true;
	return false;
}

static const char *
what_is_wrong(const struct inherited *inherited, const struct config *cfg)
{
	if (inherited->listen.inherited_fd == 0)
		return "is no listening stream socket";
	if (strcmp(inherited->name, "http") == 0 ||
	    strcmp(inherited->name, "admin") == 0)
		return "has a reserved name: pgjump opens http and admin "
		       "itself";
	if (!has_connection(inherited, cfg))
		return "has the name of no connection; set FileDescriptorName= "
		       "of its socket unit";
	return NULL;
}

bool
activation_check_names(const struct activation *activation,
    const struct config *cfg, FILE *errors)
{
	bool is_good = true;

	for (size_t i = 0; activation != NULL && i < activation->count; i++) {
		const struct inherited *inherited = &activation->list[i];
		const char *wrong = what_is_wrong(inherited, cfg);

		if (wrong == NULL)
			continue;
		fprintf(errors, "pgjump: the inherited socket \"%s\" (%s) %s\n",
		    inherited->name,
		    inherited->listen.label != NULL ? inherited->listen.label
						    : "?",
		    wrong);
		is_good = false;
	}
	return is_good;
}

void
activation_free(struct activation *activation)
{
	if (activation == NULL)
		return;
	for (size_t i = 0; i < activation->count; i++) {
		free(activation->list[i].name);
		free(activation->list[i].listen.host);
		free(activation->list[i].listen.dir);
		free(activation->list[i].listen.label);
	}
	free(activation->list);
	free(activation);
}
