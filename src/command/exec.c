/* SPDX-License-Identifier: PostgreSQL */

/*
 * One command between the opening and the closing of a passage.  Until it runs,
 * signals are ours; then they are the command's, and once it has ended they end
 * the wait for its last bytes.
 */
#include "command/exec.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/command_line.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/xmalloc.h"
#include "check/way.h"
#include "client/owner.h"
#include "command/child.h"
#include "command/child_environment.h"
#include "command/exec_environment.h"
#include "command/passage.h"
#include "command/upkeep.h"
#include "config/config.h"
#include "config/load.h"
#include "config/named_connections.h"

struct exec {
	const struct command_line *line;
	struct config *cfg;
	const struct config_connection *connection;
	struct client_owners owners;
	char *password; /* NULL: none is configured */
	struct exec_environment environment;
	struct event_base *base;
	struct check_way way;
	struct passage *passage;
	unsigned port; /* 0: none yet */
	struct child child;
	int signal_fd;
	bool is_draining;
};

static void
complain(const char *what, const char *why)
{
	fprintf(stderr, "pgjump: %s: %s\n", what, why);
}

/* --- The command line ----------------------------------------------------- */

static bool
read_user(struct exec *exec)
{
	const char *user = exec->line->user;
	const struct passwd *entry;
	uid_t *uid = &exec->owners.uids[1];

	exec->owners.uids[0] = geteuid();
	exec->owners.count = 1;
	if (user == NULL)
		return true;
	entry = getpwnam(user);
	if (entry != NULL)
		*uid = entry->pw_uid;
	else if (user[0] != '\0' && strlen(user) < 10 &&
	    user[strspn(user, TEXT_DIGITS)] == '\0')
		*uid = (uid_t)strtoul(user, NULL, 10);
	else {
		complain(user, "there is no user of this name");
		return false;
	}
	exec->owners.count = 2;
	return true;
}

/* Whether the command runs as another user, who cannot read our files. */
static bool
is_for_other_user(const struct exec *exec)
{
	return exec->owners.count == 2 &&
	    exec->owners.uids[1] != exec->owners.uids[0];
}

static bool
read_config(struct exec *exec)
{
	const struct config_connection **named;

	exec->cfg = config_load(&exec->line->config_paths, exec->line->names,
	    !exec->line->no_check && check_way_may_ask());
	if (exec->cfg == NULL)
		return false;
	named = named_connections(exec->cfg, exec->line->names);
	if (named == NULL)
		return false;
	exec->connection = config_keep_one(exec->cfg, named[0]);
	exec->cfg->workers = 1;
	free(named);
	log_setup(exec->cfg->log_level == LOG_LEVEL_INFO ? LOG_LEVEL_WARNING
							 : exec->cfg->log_level,
	    exec->cfg->log_format);
	return true;
}

static bool
load_password(struct exec *exec)
{
	const struct secret *password = &exec->connection->password;
	char error[FAULT_WORDS_MAX];

	if (!secret_is_set(password))
		return true;
	exec->password = secret_load(password, error, sizeof error);
	if (exec->password != NULL)
		return true;
	complain("the password of the database cannot be read", error);
	return false;
}

/* --- The way, checked ----------------------------------------------------- */

static bool
is_ignored(int number)
{
	struct sigaction action;

	return sigaction(number, NULL, &action) == 0 &&
	    action.sa_handler == SIG_IGN;
}

/* A signal while there is no command yet; see check/way.h. */
static int
take_early_signal(void *arg)
{
	struct exec *exec = arg;
	int number = signals_next(exec->signal_fd);

	switch (number) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
		return is_ignored(number) ? 0 : number;
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		child_stop_self(number);
		return 0;
	default:
		return 0;
	}
}

/* Returns 0, or the exit code. */
static int
find_way(struct exec *exec)
{
	const struct check_talk_signals signals = { .fd = exec->signal_fd,
		.take = take_early_signal,
		.arg = exec };

	if (!exec->line->no_check)
		return check_way_walk(exec->cfg, exec->connection, &signals,
		    &exec->way);
	exec->way.base = event_base_new();
	assert(exec->way.base != NULL);
	return 0;
}

/* --- While it runs -------------------------------------------------------- */

static bool
asks_to_end(int number)
{
	return number == SIGINT || number == SIGTERM || number == SIGQUIT ||
	    number == SIGHUP;
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct exec *exec = arg;
	bool by_process;
	int number = signals_next_from(fd, &by_process);

	(void)what;
	if (number == SIGCHLD)
		child_look(&exec->child);
	else if (!exec->child.has_ended)
		child_pass_on(&exec->child, number, by_process);
	else if (asks_to_end(number))
		event_base_loopbreak(exec->base);
	if (exec->child.has_ended && !exec->is_draining)
		event_base_loopbreak(exec->base);
}

static void
run_loop(struct exec *exec)
{
	struct upkeep *upkeep = upkeep_open(exec->base);
	struct event *heard = loop_event(exec->base, exec->signal_fd,
	    EV_READ | EV_PERSIST, on_signal, exec);

	event_add(heard, NULL);
	event_base_dispatch(exec->base);
	exec->is_draining = true;
	passage_drain(exec->passage); /* what the command sent shall arrive */
	event_free(heard);
	upkeep_close(upkeep);
}

/* What its clients were told is lost in the output of the command. */
static void
tell_end(const struct exec *exec)
{
	struct gate_state clients = passage_look(exec->passage);

	log_tell_all_counts();
	if (clients.tunnel_failures > 0)
		fprintf(stderr,
		    "pgjump: the tunnel failed while %s ran, for %llu "
		    "client%s: %s\n",
		    exec->line->command[0],
		    (unsigned long long)clients.tunnel_failures,
		    clients.tunnel_failures > 1 ? "s" : "",
		    failure_stage(clients.last_tunnel_failure)->label);
}

/* --- From start to end ---------------------------------------------------- */

static int
run_command(struct exec *exec)
{
	const struct exec_environment *environment = &exec->environment;
	struct child_setup setup = { .argv = exec->line->command,
		.env = environment->env->list };
	int code;

	if (environment->password_fd >= 0) {
		setup.readable_path = environment->password_path;
		setup.other_env = environment->other_env->list;
	}
	code = child_start(&exec->child, &setup);

	if (code != 0) {
		complain(setup.argv[0], strerror(errno));
		return code;
	}
	run_loop(exec);
	tell_end(exec);
	return child_code(&exec->child);
}

static bool
open_passage(struct exec *exec)
{
	const struct passage_setup setup = {
		.base = exec->base,
		.cfg = exec->cfg,
		.owners = &exec->owners,
		.take_worker_base = exec->way.base,
		.take_link = exec->way.link,
	};
	char error[256];

	exec->passage = passage_open(&setup, error, sizeof error);
	if (exec->passage != NULL)
		exec->port = passage_choose_port(exec->passage, error,
		    sizeof error);
	if (exec->port == 0)
		complain("no port on loopback", error);
	return exec->port != 0;
}

static bool
make_environment(struct exec *exec)
{
	return exec_environment_fill(&exec->environment,
	    &(struct exec_wanted){
		.connection = exec->connection,
		.port = exec->port,
		.password = exec->password,
		.has_other_user = is_for_other_user(exec),
		.keeps_others = exec->line->keep_env,
		.sets = &exec->line->sets,
	    });
}

static int
serve_command(struct exec *exec)
{
	int code = find_way(exec);

	if (code != 0)
		return code;
	exec->base = event_base_new();
	assert(exec->base != NULL);
	code = 1;
	if (open_passage(exec) && make_environment(exec))
		code = run_command(exec);
	passage_close(exec->passage);
	check_way_end(&exec->way);
	event_base_free(exec->base);
	return code;
}

static void
clear(struct exec *exec)
{
	exec_environment_clear(&exec->environment);
	secret_free(exec->password);
	config_unref(exec->cfg);
	close(exec->signal_fd);
}

/* A shell's loop goes on after a program that was interrupted and says so by
 * its exit code alone. */
static bool
was_interrupted(int code)
{
	return code == 128 + SIGINT;
}

int
exec_run(const struct command_line *line)
{
	struct exec exec = { .line = line };
	int code = 1;

	exec.signal_fd = signals_catch(child_signals, child_signal_count);
	exec_environment_begin(&exec.environment);
	if (read_user(&exec) && exec_environment_check(&line->sets) &&
	    read_config(&exec) && load_password(&exec)) {
		check_way_prepare();
		code = serve_command(&exec);
	}
	clear(&exec);
	if (was_interrupted(code))
		child_die_by(SIGINT);
	return code;
}
