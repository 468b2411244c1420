/* SPDX-License-Identifier: PostgreSQL */

/*
 * What ssh would try is tried: the agent, then the usual key files, and
 * known_hosts.  The command line becomes a configuration in memory; then this
 * is `exec` without a command, until a signal ends it.
 */
#include "command/tunnel.h"

#include <arpa/inet.h>
#include <assert.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/failure.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/signals.h"
#include "base/xmalloc.h"
#include "check/way.h"
#include "command/passage.h"
#include "command/psql_line.h"
#include "command/tunnel_line.h"
#include "command/tunnel_text.h"
#include "command/upkeep.h"
#include "config/config.h"
#include "config/load.h"
#include "config/path.h"
#include "key/ssh_key.h"

#define SSH_PORT 22

/* Where pgjump listens by default, and how many ports from there are tried. */
#define PORT_FIRST 6432
#define PORT_TRIES 100

static const char *const usual_files[] = { "~/.ssh/id_ed25519",
	"~/.ssh/id_ecdsa", "~/.ssh/id_rsa" };

#define USUAL_COUNT (sizeof usual_files / sizeof *usual_files)

struct tunnel {
	struct tunnel_line line;
	char *usual[USUAL_COUNT]; /* those that can be used */
	size_t usual_count;
	char *given[TUNNEL_FILES_MAX];
	struct config *cfg;
	struct check_way way;
	struct event_base *base;
	struct passage *passage;
	int signal_fd;
	int signal; /* that ended it; 0: none yet */
};

static bool
complain(const char *what, const char *why)
{
	fprintf(stderr, "pgjump: %s%s%s\n", what, why[0] != '\0' ? ": " : "",
	    why);
	return false;
}

/* --- Defaults, as ssh has them -------------------------------------------- */

static bool
name_users(struct tunnel_line *line)
{
	const struct passwd *self = getpwuid(geteuid());

	for (size_t i = 0; i < line->hop_count; i++) {
		struct tunnel_hop *hop = &line->hops[i];

		if (hop->port == 0)
			hop->port = SSH_PORT;
		if (hop->user == NULL && self != NULL)
			hop->user = xstrdup(self->pw_name);
		if (hop->user == NULL)
			return complain(hop->host, "name its user: USER@HOST");
	}
	return true;
}

/*
 * Only a key that needs no passphrase, or one for which somebody can be asked:
 * an agent holds the others, or they are named by -i.
 */
static bool
is_usable(const char *path)
{
	const struct secret file = { .path = (char *)path };
	char error[256], *text;
	struct ssh_key key;
	enum ssh_key_verdict verdict;

	text = access(path, R_OK) == 0 ? secret_load(&file, error, sizeof error)
				       : NULL;
	if (text == NULL)
		return false;
	verdict = ssh_key_judge(text, NULL, &key);
	secret_free(text);
	if (verdict == SSH_KEY_NEEDS_PASSPHRASE && check_way_may_ask())
		return true;
	if (verdict == SSH_KEY_GOOD)
		ssh_key_clear(&key);
	else
		fprintf(stderr, "pgjump: %s is not tried: %s\n", path,
		    ssh_key_verdict_text(verdict));
	return verdict == SSH_KEY_GOOD;
}

static void
find_usual_files(struct tunnel *tunnel)
{
	const char *why;
	char *path;

	for (size_t i = 0; i < USUAL_COUNT; i++) {
		path = config_path_resolve(NULL, usual_files[i], &why);
		if (path != NULL && is_usable(path))
			tunnel->usual[tunnel->usual_count++] = path;
		else
			free(path);
	}
}

/* As the user typed them, from the working directory. */
static bool
resolve_given(struct tunnel *tunnel)
{
	const struct tunnel_line *line = &tunnel->line;
	const char *why;

	for (size_t i = 0; i < line->identity_count; i++) {
		tunnel->given[i] = config_path_resolve(NULL,
		    line->identities[i], &why);
		if (tunnel->given[i] == NULL)
			return complain(line->identities[i], why);
	}
	return true;
}

static bool
needs_usual_files(const struct tunnel_line *line)
{
	return line->identity_count == 0 || line->hop_count > 1;
}

static bool
is_free(unsigned port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool is_bound = fd >= 0 &&
	    bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;

	if (fd >= 0)
		close(fd);
	return is_bound;
}

/* Without -L: the usual port, or the next one that is free. */
static void
choose_port(struct tunnel_forward *forward)
{
	for (unsigned i = 0; i < PORT_TRIES && forward->listen == 0; i++)
		if (is_free(PORT_FIRST + i))
			forward->listen = PORT_FIRST + i;
	if (forward->listen == 0)
		forward->listen = PORT_FIRST;
}

/* --- The configuration ---------------------------------------------------- */

static bool
load(struct tunnel *tunnel)
{
	const struct tunnel_line *line = &tunnel->line;
	bool has_given = line->identity_count > 0;
	const struct tunnel_keys keys = {
		.agent = getenv("SSH_AUTH_SOCK"),
		.usual = (const char **)tunnel->usual,
		.usual_count = tunnel->usual_count,
		.last = (const char **)(has_given ? tunnel->given
						  : tunnel->usual),
		.last_count = has_given ? line->identity_count
					: tunnel->usual_count,
	};
	char *text;

	if (keys.agent == NULL &&
	    (keys.last_count == 0 ||
		(keys.usual_count == 0 && line->hop_count > 1)))
		return complain("there is nothing to log in with",
		    "start an SSH agent, or name a key by -i");
	text = tunnel_text_write(line, &keys);
	tunnel->cfg = config_load_text("tunnel", text, strlen(text),
	    check_way_may_ask(), stderr);
	free(text);
	return tunnel->cfg != NULL;
}

static bool
prepare(struct tunnel *tunnel)
{
	if (!name_users(&tunnel->line) || !resolve_given(tunnel))
		return false;
	if (needs_usual_files(&tunnel->line))
		find_usual_files(tunnel);
	for (size_t i = 0; i < tunnel->line.forward_count; i++)
		choose_port(&tunnel->line.forwards[i]);
	return load(tunnel);
}

/* --- Signals -------------------------------------------------------------- */

static const int ending[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP };

static int
take_signal(void *arg)
{
	struct tunnel *tunnel = arg;

	return signals_next(tunnel->signal_fd);
}

/* The first one drains, the second one ends the wait for that. */
static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct tunnel *tunnel = arg;
	int number = signals_next(fd);

	(void)what;
	if (tunnel->signal == 0)
		tunnel->signal = number;
	if (number != 0)
		event_base_loopbreak(tunnel->base);
}

/* --- From start to end ---------------------------------------------------- */

/* What to paste, one line for each port. */
static void
announce(const struct tunnel *tunnel)
{
	char *line;

	for (size_t i = 0; i < tunnel->cfg->connection_count; i++) {
		line = psql_line(&tunnel->cfg->connections[i]);
		puts(line);
		free(line);
	}
	fflush(stdout);
}

static void
run_loop(struct tunnel *tunnel)
{
	struct upkeep *upkeep = upkeep_open(tunnel->base);
	struct event *heard = loop_event(tunnel->base, tunnel->signal_fd,
	    EV_READ | EV_PERSIST, on_signal, tunnel);

	event_add(heard, NULL);
	while (tunnel->signal == 0)
		event_base_dispatch(tunnel->base);
	passage_drain(tunnel->passage);
	event_free(heard);
	upkeep_close(upkeep);
}

static int
serve(struct tunnel *tunnel)
{
	const struct passage_setup setup = {
		.base = tunnel->base,
		.cfg = tunnel->cfg,
		.take_worker_base = tunnel->way.base,
		.take_link = tunnel->way.link,
	};
	char error[256];

	tunnel->passage = passage_open(&setup, error, sizeof error);
	if (tunnel->passage == NULL ||
	    !passage_listen(tunnel->passage, error, sizeof error)) {
		complain("cannot listen", error);
		return 1;
	}
	announce(tunnel);
	run_loop(tunnel);
	return 128 + tunnel->signal;
}

/* A database that is down may come up; a jump box that lets nobody pass is the
 * end, as with ssh. */
static bool
is_of_tunnel(int code)
{
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		if (failure_stage_info(stage)->exit_code == code)
			return failure_stage_info(stage)->side == SIDE_TUNNEL;
	return true;
}

/* Returns 0, or the exit code. */
static int
find_way(struct tunnel *tunnel)
{
	const struct check_talk_signals signals = { .fd = tunnel->signal_fd,
		.take = take_signal,
		.arg = tunnel };
	int code = check_way_walk(tunnel->cfg, &tunnel->cfg->connections[0],
	    &signals, &tunnel->way);

	if (code == 0 || is_of_tunnel(code))
		return code;
	tunnel->way.base = event_base_new();
	assert(tunnel->way.base != NULL);
	return 0;
}

static int
run(struct tunnel *tunnel)
{
	int code;

	log_setup(tunnel->cfg->log_level, tunnel->cfg->log_format);
	check_way_prepare();
	code = find_way(tunnel);
	if (code != 0)
		return code;
	tunnel->base = event_base_new();
	assert(tunnel->base != NULL);
	code = serve(tunnel);
	passage_close(tunnel->passage);
	check_way_end(&tunnel->way);
	event_base_free(tunnel->base);
	return code;
}

static void
clear(struct tunnel *tunnel)
{
	for (size_t i = 0; i < tunnel->usual_count; i++)
		free(tunnel->usual[i]);
	for (size_t i = 0; i < TUNNEL_FILES_MAX; i++)
		free(tunnel->given[i]);
	tunnel_line_clear(&tunnel->line);
	config_unref(tunnel->cfg);
	close(tunnel->signal_fd);
}

int
command_tunnel_run(const struct command_line *line)
{
	struct tunnel tunnel = { .signal_fd = signals_catch(ending,
				     sizeof ending / sizeof *ending) };
	int code = 1;

	if (line->config_paths.count > 0)
		complain("tunnel reads no configuration file",
		    line->config_paths.items[0]);
	else if (tunnel_line_read(line, &tunnel.line) && prepare(&tunnel))
		code = run(&tunnel);
	clear(&tunnel);
	return code;
}
