/* SPDX-License-Identifier: PostgreSQL */

/*
 * The main thread: it starts, accepts clients and hands them to workers, acts
 * on signals, drains and stops.  It promises that nothing is dialled before
 * every listener is bound, that signals reach this thread only, and that a stop
 * ends in time whatever the clients do.  It refuses to know what a client or a
 * jump box is.
 */
#include "command/serve.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/signals.h"
#include "base/xmalloc.h"
#include "client/listener.h"
#include "command/psql_line.h"
#include "command/shared.h"
#include "command/state_log.h"
#include "command/survey.h"
#include "command/upkeep.h"
#include "command/worker.h"
#include "config/config.h"
#include "config/http.h"
#include "config/load.h"
#include "http/http.h"

struct server;

/* One `listen` entry, and the index of its connection. */
struct entrance {
	struct server *server;
	size_t connection;
	struct listener *listener;
};

struct server {
	struct config *cfg;
	struct event_base *base;
	struct entrance *entrances;
	size_t entrance_count;
	struct shared *shared;
	struct worker **workers;
	unsigned worker_count;
	uint64_t clients_seen; /* the id of the last one */
	struct mailbox *mailbox;
	struct survey *survey;
	struct event *deadline; /* of a drain */
	unsigned undrained;     /* workers with clients, while draining */
	int signal_fd;
	struct http *http; /* NULL: off */
	bool is_stopping;
	int stop_signal; /* the first signal that asked to stop; 0: none */
	int exit_code;   /* whoever asked first decides */
};

/* --- Accepting ---------------------------------------------------------- */

static struct worker *
least_loaded(const struct server *server)
{
	struct worker *least = server->workers[0];

	for (unsigned i = 1; i < server->worker_count; i++)
		if (worker_load(server->workers[i]) < worker_load(least))
			least = server->workers[i];
	return least;
}

static void
on_accept(void *arg, int take_fd, const struct sockaddr *peer,
    socklen_t peer_len)
{
	struct entrance *entrance = arg;
	struct server *server = entrance->server;

	worker_hand(least_loaded(server), entrance->connection, take_fd,
	    ++server->clients_seen, peer, peer_len);
}

static bool
open_entrance(struct server *server, size_t connection,
    const struct config_listen *listen)
{
	struct entrance *entrance = server->entrances + server->entrance_count;
	char error[256];

	entrance->server = server;
	entrance->connection = connection;
	entrance->listener = listener_open(server->base, listen, on_accept,
	    entrance, error, sizeof error);
	if (entrance->listener != NULL) {
		server->entrance_count++;
		return true;
	}
	log_error("cannot listen",
	    log_str("connection", server->cfg->connections[connection].name),
	    log_str("listen", listen->label), log_str("error", error));
	return false;
}

/* Open all of them; false after a log line that says why not. */
static bool
open_entrances(struct server *server)
{
	const struct config_connection *of = server->cfg->connections;
	size_t of_count = server->cfg->connection_count, count = 0;

	for (size_t i = 0; i < of_count; i++)
		count += of[i].listen_count;
	server->entrances = xcalloc(count, sizeof *server->entrances);
	for (size_t i = 0; i < of_count; i++)
		for (size_t j = 0; j < of[i].listen_count; j++)
			if (!open_entrance(server, i, &of[i].listens[j]))
				return false;
	return true;
}

static void
close_entrances(struct server *server)
{
	for (size_t i = 0; i < server->entrance_count; i++)
		listener_close(server->entrances[i].listener);
	server->entrance_count = 0;
}

/* --- Stopping ----------------------------------------------------------- */

static size_t
client_count(const struct server *server)
{
	size_t count = 0;

	for (unsigned i = 0; i < server->worker_count; i++)
		count += worker_load(server->workers[i]);
	return count;
}

static void
on_drained(struct message *message, void *receiver)
{
	struct server *server = receiver;

	free(message);
	if (--server->undrained == 0)
		event_base_loopbreak(server->base);
}

static void
on_drained_discard(struct message *message)
{
	free(message);
}

static void
drain(struct server *server)
{
	struct message *drained;

	server->undrained = server->worker_count;
	for (unsigned i = 0; i < server->worker_count; i++) {
		drained = xcalloc(1, sizeof *drained);
		drained->deliver = on_drained;
		drained->discard = on_drained_discard;
		worker_drain(server->workers[i], server->mailbox, drained);
	}
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd, (void)what;
	log_warning("shutdown_timeout has passed",
	    log_num("clients", (int64_t)client_count(server)));
	event_base_loopbreak(server->base);
}

/* Readiness is told before the first client can be refused. */
static void
begin_to_stop(struct server *server, int exit_code)
{
	if (!server->is_stopping)
		server->exit_code = exit_code;
	server->is_stopping = true;
	http_enter(server->http, HTTP_STOPPING);
	close_entrances(server);
}

static void
stop_at_once(struct server *server, int number, const char *name)
{
	log_info("stopping at once", log_str("signal", name),
	    log_num("clients", (int64_t)client_count(server)));
	begin_to_stop(server, 128 + number);
	event_base_loopbreak(server->base);
}

static void
stop_soon(struct server *server, int exit_code)
{
	struct timeval timeout = clock_timeval(
	    server->cfg->shutdown_timeout_ms);

	begin_to_stop(server, exit_code);
	drain(server);
	event_add(server->deadline, &timeout);
}

/*
 * The first signal drains, a second one stops at once.  A signal that follows a
 * request to quit is the first: an orchestrator sends it when its hook, which
 * made the request, has ended.
 */
static void
stop(struct server *server, int number, const char *name)
{
	if (server->stop_signal != 0) {
		stop_at_once(server, number, name);
		return;
	}
	server->stop_signal = number;
	log_info("stopping", log_str("signal", name),
	    log_num("clients", (int64_t)client_count(server)));
	if (!server->is_stopping)
		stop_soon(server, 128 + number);
}

static void
on_quit(void *arg)
{
	struct server *server = arg;

	if (server->is_stopping)
		return;
	log_info("stopping on request",
	    log_num("clients", (int64_t)client_count(server)));
	stop_soon(server, 0);
}

/* --- Signals ------------------------------------------------------------ */

static void
refuse_reload(struct server *server, int number, const char *name)
{
	(void)server, (void)number;
	log_warning("reload is not supported yet, restart pgjump instead",
	    log_str("signal", name));
}

static void
ignore(struct server *server, int number, const char *name)
{
	(void)server, (void)number;
	log_warning("signal ignored", log_str("signal", name));
}

static void
ask_state(struct server *server, int number, const char *name)
{
	(void)number, (void)name;
	survey_ask(server->survey);
}

static void
on_state(void *arg, const struct state *sum, unsigned silent)
{
	struct server *server = arg;

	state_log(server->shared, sum, silent);
}

static const struct {
	int number;
	const char *name;
	void (*act)(struct server *, int number, const char *name);
} signals[] = {
	{ SIGTERM, "SIGTERM", stop },
	{ SIGINT, "SIGINT", stop },
	{ SIGQUIT, "SIGQUIT", stop_at_once },
	{ SIGHUP, "SIGHUP", refuse_reload },
	{ SIGUSR1, "SIGUSR1", ask_state },
	{ SIGUSR2, "SIGUSR2", ignore },
};

#define SIGNAL_COUNT (sizeof signals / sizeof *signals)

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	int number = signals_next(fd);

	(void)what;
	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		if (signals[i].number == number)
			signals[i].act(arg, signals[i].number, signals[i].name);
}

static int
catch_signals(void)
{
	int numbers[SIGNAL_COUNT];

	for (size_t i = 0; i < SIGNAL_COUNT; i++)
		numbers[i] = signals[i].number;
	return signals_catch(numbers, SIGNAL_COUNT);
}

/* --- From start to end -------------------------------------------------- */

static bool
start_workers(struct server *server)
{
	struct worker *worker;

	server->workers = xcalloc(server->cfg->workers,
	    sizeof *server->workers);
	for (unsigned i = 0; i < server->cfg->workers; i++) {
		worker = worker_start(server->shared, i);
		if (worker == NULL) {
			log_error("cannot start a worker",
			    log_str("error", strerror(errno)));
			return false;
		}
		server->workers[server->worker_count++] = worker;
	}
	return true;
}

/* End the clients that are left at once. */
static void
stop_workers(struct server *server)
{
	for (unsigned i = 0; i < server->worker_count; i++)
		worker_stop(server->workers[i]);
	free(server->workers);
}

static void
announce(const struct server *server)
{
	const struct config *cfg = server->cfg;
	char *line;

	for (size_t i = 0; i < cfg->connection_count; i++) {
		line = psql_line(&cfg->connections[i]);
		log_info("listening",
		    log_str("connection", cfg->connections[i].name),
		    log_str("psql", line));
		free(line);
	}
	log_info("ready",
	    log_num("connections", (int64_t)cfg->connection_count),
	    log_num("workers", cfg->workers));
}

/*
 * Run until a signal ends it.  Later signals are not read: what follows is
 * short, and the first signal has decided the exit code.
 */
static void
run_loop(struct server *server)
{
	struct upkeep *upkeep = upkeep_open(server->base);
	struct event *heard = loop_event(server->base, server->signal_fd,
	    EV_READ | EV_PERSIST, on_signal, server);

	server->deadline = loop_event(server->base, -1, 0, on_deadline, server);
	event_add(heard, NULL);
	event_base_dispatch(server->base);
	assert(server->is_stopping);
	upkeep_close(upkeep);
	event_free(heard);
	event_free(server->deadline);
}

static struct survey *
make_survey(struct server *server)
{
	return survey_open(&(struct survey_setup){
	    .base = server->base,
	    .workers = server->workers,
	    .worker_count = server->worker_count,
	    .jump_count = server->cfg->jump_count + 1,
	    .connection_count = server->cfg->connection_count,
	    .on_state = on_state,
	    .arg = server,
	});
}

static void
show(struct server *server)
{
	http_show(server->http,
	    &(struct http_view){
		.cfg = server->cfg,
		.gates = server->shared->gates,
		.boxes = server->shared->boxes,
	    });
	http_enter(server->http, HTTP_RUNNING);
}

static int
serve(struct server *server)
{
	int code = 1;

	server->shared = shared_new(server->cfg);
	if (start_workers(server)) {
		show(server);
		announce(server);
		server->survey = make_survey(server);
		run_loop(server);
		code = server->exit_code;
	}
	http_close(server->http);
	stop_workers(server);
	survey_close(server->survey);
	shared_free(server->shared);
	return code;
}

static int64_t
turned_ms(void *arg, unsigned worker)
{
	const struct server *server = arg;

	return worker_turned_ms(server->workers[worker]);
}

static bool
open_http(struct server *server)
{
	const struct http_setup setup = {
		.cfg = server->cfg,
		.main = server->mailbox,
		.on_quit = on_quit,
		.turned_ms = turned_ms,
		.arg = server,
	};

	return http_open(&setup, &server->http) == 0;
}

static int
serve_config(struct server *server)
{
	int code = 1;

	log_setup(server->cfg->log_level, server->cfg->log_format);
	log_info("configuration loaded", log_str("file", server->cfg->path));
	server->base = event_base_new();
	assert(server->base != NULL);
	server->mailbox = mailbox_new(server->base, server);
	if (open_http(server)) {
		if (open_entrances(server))
			code = serve(server);
		else
			http_close(server->http);
	}
	close_entrances(server);
	free(server->entrances);
	mailbox_close(server->mailbox);
	mailbox_unref(server->mailbox);
	event_base_free(server->base);
	log_tell_all_counts();
	if (server->is_stopping)
		log_info("stopped", log_num("exit_code", code));
	return code;
}

int
serve_run(const struct command_line *line)
{
	struct server server = { .signal_fd = catch_signals() };
	int code = 1;

	server.cfg = config_load(line->config_path, line->names);
	if (server.cfg != NULL &&
	    config_http_set_admin(server.cfg, line->admin))
		code = serve_config(&server);
	config_unref(server.cfg);
	close(server.signal_fd);
	return code;
}
