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
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mailbox.h"
#include "base/signals.h"
#include "command/activation.h"
#include "command/crew.h"
#include "command/entrances.h"
#include "command/psql_line.h"
#include "command/reload.h"
#include "command/shared.h"
#include "command/state_log.h"
#include "command/systemd.h"
#include "command/upkeep.h"
#include "command/watch.h"
#include "command/worker.h"
#include "config/config.h"
#include "config/http.h"
#include "config/load.h"
#include "http/errand.h"
#include "http/http.h"

struct server {
	struct shared *shared; /* with the configuration in use */
	struct event_base *base;
	struct entrances *entrances;
	struct crew *crew;
	struct mailbox *mailbox;
	struct reload *reload;
	struct watch *watch;
	struct systemd *systemd; /* NULL: it does not listen */
	struct event *delay;     /* before a drain */
	struct event *deadline;  /* of a drain */
	int signal_fd;
	struct http *http;             /* NULL: off */
	struct activation *activation; /* NULL: no inherited sockets */
	const char *admin;             /* of the command line, or NULL */
	bool is_stopping;
	int stop_signal; /* the first signal that asked to stop; 0: none */
	int exit_code;   /* whoever asked first decides */
};

/* --- Accepting ---------------------------------------------------------- */

static void
on_client(void *arg, size_t connection, int take_fd,
    const struct sockaddr *peer, socklen_t peer_len)
{
	struct server *server = arg;

	crew_hand(server->crew, connection, take_fd, peer, peer_len);
}

static bool
open_entrances(struct server *server)
{
	const struct config *cfg = server->shared->cfg;

	server->entrances = entrances_new(server->base, on_client, server);
	if (!entrances_prepare(server->entrances, NULL, cfg, NULL))
		return false;
	entrances_commit(server->entrances, NULL, cfg);
	return true;
}

/* --- Stopping ----------------------------------------------------------- */

static void
on_drained(void *arg)
{
	struct server *server = arg;

	event_base_loopbreak(server->base);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct server *server = arg;

	(void)fd, (void)what;
	log_warning("shutdown_timeout has passed",
	    log_num("clients", (int64_t)crew_load(server->crew)));
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
	systemd_stopping(server->systemd);
}

/* Refuse new clients, and give those that are here shutdown_timeout. */
static void
drain(struct server *server)
{
	struct timeval timeout = clock_timeval(
	    server->shared->cfg->shutdown_timeout_ms);

	entrances_close(server->entrances);
	crew_drain(server->crew, server->mailbox, on_drained, server);
	event_add(server->deadline, &timeout);
}

static void
on_delay(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	drain(arg);
}

static void
stop_at_once(struct server *server, int number, const char *name)
{
	log_info("stopping at once", log_str("signal", name),
	    log_num("clients", (int64_t)crew_load(server->crew)));
	begin_to_stop(server, 128 + number);
	event_base_loopbreak(server->base);
}

/* While a balancer still sends clients, they are accepted. */
static void
stop_soon(struct server *server, int exit_code, int64_t delay_ms)
{
	struct timeval delay = clock_timeval(delay_ms);

	begin_to_stop(server, exit_code);
	if (delay_ms > 0)
		event_add(server->delay, &delay);
	else
		drain(server);
}

/*
 * The first signal drains, a second one stops at once.  A signal that follows a
 * request to quit is the first: an orchestrator sends it when its hook, which
 * made the request, has ended.
 */
static void
stop(struct server *server, int number, const char *name)
{
	const struct config *cfg = server->shared->cfg;

	if (server->stop_signal != 0) {
		stop_at_once(server, number, name);
		return;
	}
	server->stop_signal = number;
	log_info("stopping", log_str("signal", name),
	    log_num("clients", (int64_t)crew_load(server->crew)));
	if (server->is_stopping)
		return;
	if (number == SIGTERM)
		stop_soon(server, cfg->exit_zero_on_sigterm ? 0 : 128 + number,
		    cfg->min_sigterm_delay_ms);
	else
		stop_soon(server, 128 + number, 0);
}

static void
on_quit(void *arg)
{
	struct server *server = arg;

	if (server->is_stopping)
		return;
	log_info("stopping on request",
	    log_num("clients", (int64_t)crew_load(server->crew)));
	stop_soon(server, 0, server->shared->cfg->min_sigterm_delay_ms);
}

/* --- Signals ------------------------------------------------------------ */

static void
ask_reload(struct server *server, int number, const char *name)
{
	(void)number, (void)name;
	reload_ask(server->reload, RELOAD_BY_SIGNAL, NULL, NULL);
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
	state_log(server->shared);
}

static const struct {
	int number;
	const char *name;
	void (*act)(struct server *, int number, const char *name);
} signals[] = {
	{ SIGTERM, "SIGTERM", stop },
	{ SIGINT, "SIGINT", stop },
	{ SIGQUIT, "SIGQUIT", stop_at_once },
	{ SIGHUP, "SIGHUP", ask_reload },
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

/* --- Reloading ---------------------------------------------------------- */

static void
show(struct server *server)
{
	http_show(server->http,
	    &(struct http_view){
		.cfg = server->shared->cfg,
		.gates = server->shared->gates,
		.boxes = server->shared->boxes,
	    });
	systemd_show(server->systemd, server->shared);
}

/* The links on the way to the files may have changed. */
static void
on_change(void *arg)
{
	struct server *server = arg;

	watch_set(server->watch, server->shared->cfg);
	reload_ask(server->reload, RELOAD_BY_WATCH, NULL, NULL);
}

/* Everybody goes over; each worker does so in its next turn. */
static void
go_over(struct server *server, struct shared *next)
{
	const struct config *cfg = next->cfg;
	struct shared *before = server->shared;

	entrances_commit(server->entrances, before->cfg, cfg);
	shared_begin(next);
	crew_renew(server->crew, next);
	log_setup(cfg->log_level, cfg->log_format);
	server->shared = shared_ref(next);
	watch_set(server->watch, cfg);
	show(server);
	shared_unref(before);
}

static bool
apply(void *arg, struct shared *next, FILE *errors)
{
	struct server *server = arg;

	if (server->is_stopping) {
		fputs("pgjump is stopping\n", errors);
		return false;
	}
	if (!entrances_prepare(server->entrances, server->shared->cfg,
		next->cfg, errors)) {
		entrances_abandon(server->entrances);
		return false;
	}
	go_over(server, next);
	return true;
}

static void
on_begin(void *arg)
{
	systemd_reloading(((struct server *)arg)->systemd);
}

static void
on_verdict(void *arg, const struct reload_verdict *verdict)
{
	struct server *server = arg;

	http_reloaded(server->http, verdict->is_accepted, verdict->at_s,
	    verdict->text);
	systemd_reloaded(server->systemd, verdict->is_accepted);
}

static struct reload *
make_reload(struct server *server)
{
	return reload_open(&(struct reload_setup){
	    .base = server->base,
	    .shared = server->shared,
	    .admin = server->admin,
	    .activation = server->activation,
	    .apply = apply,
	    .on_begin = on_begin,
	    .on_verdict = on_verdict,
	    .arg = server,
	});
}

static void
answer_reload(void *errand, const struct reload_verdict *verdict)
{
	http_errand_finish(errand, verdict->is_accepted, verdict->text);
}

static void
on_reload(void *arg, struct http_errand *take)
{
	struct server *server = arg;

	reload_ask(server->reload, RELOAD_BY_COMMAND, answer_reload, take);
}

/* --- From start to end -------------------------------------------------- */

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

	server->delay = loop_event(server->base, -1, 0, on_delay, server);
	server->deadline = loop_event(server->base, -1, 0, on_deadline, server);
	event_add(heard, NULL);
	event_base_dispatch(server->base);
	assert(server->is_stopping);
	upkeep_close(upkeep);
	event_free(heard);
	event_free(server->delay);
	event_free(server->deadline);
}

static int
serve(struct server *server)
{
	int code = 1;

	server->crew = crew_start(server->shared);
	if (server->crew != NULL) {
		server->systemd = systemd_open(server->base, server->crew);
		show(server);
		http_enter(server->http, HTTP_RUNNING);
		psql_line_announce(server->shared->cfg);
		server->reload = make_reload(server);
		server->watch = watch_open(server->base, on_change, server);
		watch_set(server->watch, server->shared->cfg);
		run_loop(server);
		code = server->exit_code;
	}
	http_close(server->http);
	systemd_close(server->systemd);
	watch_close(server->watch);
	reload_close(server->reload);
	crew_stop(server->crew);
	return code;
}

static int64_t
turned_ms(void *arg, unsigned worker)
{
	const struct server *server = arg;
	unsigned count;

	return worker_turned_ms(crew_workers(server->crew, &count)[worker]);
}

static bool
open_http(struct server *server)
{
	const struct http_setup setup = {
		.cfg = server->shared->cfg,
		.main = server->mailbox,
		.on_quit = on_quit,
		.on_reload = on_reload,
		.turned_ms = turned_ms,
		.arg = server,
	};

	return http_open(&setup, &server->http) == 0;
}

static int
serve_config(struct server *server, struct config *cfg)
{
	int code = 1;

	log_setup(cfg->log_level, cfg->log_format);
	log_info("configuration loaded", log_str("file", cfg->path));
	server->base = event_base_new();
	assert(server->base != NULL);
	server->mailbox = mailbox_new(server->base, server);
	server->shared = shared_new(cfg, NULL);
	if (open_http(server)) {
		if (open_entrances(server))
			code = serve(server);
		else
			http_close(server->http);
	}
	entrances_free(server->entrances);
	shared_unref(server->shared);
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
	struct server server = {
		.signal_fd = catch_signals(),
		.activation = activation_take(),
		.admin = line->admin,
	};
	struct config *cfg;
	int code = 1;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_AUTO);
	cfg = config_load(&line->config_paths, line->names, false);
	if (cfg != NULL && config_http_set_admin(cfg, line->admin) &&
	    activation_check_names(server.activation, cfg, stderr) &&
	    activation_apply(server.activation, cfg, stderr))
		code = serve_config(&server, cfg);
	config_unref(cfg);
	activation_free(server.activation);
	close(server.signal_fd);
	return code;
}
