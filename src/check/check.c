/* SPDX-License-Identifier: PostgreSQL */

/*
 * The main thread of a check.  Threads walk the connections side by side; the
 * main thread prints reports in the order named.  A signal ends everything at
 * once, after what is known has been printed.
 */
#include "check/check.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/signals.h"
#include "base/xmalloc.h"
#include "check/approach.h"
#include "check/ask.h"
#include "check/board.h"
#include "check/json.h"
#include "check/limit.h"
#include "check/login.h"
#include "check/route.h"
#include "check/text.h"
#include "check/walk.h"
#include "config/config.h"
#include "config/load.h"
#include "config/named_connections.h"
#include "ssh/resolver.h"

/* sshd may refuse the eleventh connection that has not logged in yet (its
 * default MaxStartups); some are left to others. */
#define THREADS_MAX 8

/* How often to update the time in the live line, if there is one, and to look
 * for late walks.
 */
#define TICK_MS       100
#define QUIET_TICK_MS 500

/* A walk that can hear its deadline ends well within this time after it. */
#define LATE_MS 500

/* A walk closes its connections within this time after a signal.  One that
 * computes (a key's passphrase) does not hear the signal. */
#define CLOSE_MAX_MS 200

struct check {
	const struct command_line *line;
	struct config *cfg;
	const struct config_connection **named;
	const struct config_connection **connections; /* walked in this round */
	size_t count;
	size_t *places; /* of these among those that are named */
	int *codes;     /* of those that are named */
	size_t named_count;
	struct check_board **boards;
	struct resolver *resolver;
	int64_t deadline_ms; /* 0: none */
	int changed_fd, cancel_fd, signal_fd;
	int signal;                        /* that ended the check; 0: none */
	struct check_talk_signals signals; /* while a person is asked */
	pthread_mutex_t mutex;
	size_t taken; /* connections that a thread has walked or walks */
	pthread_t threads[THREADS_MAX];
	size_t thread_count;
	bool has_lost_thread; /* a thread that computes was left behind */
	size_t lost_count;    /* such threads, not replaced yet */
	struct check_text text;
	struct check_report *report; /* what was looked at last */
	size_t printed;              /* number of reports printed as text */
};

/* Nobody reads questions beside JSON, or on the way to another program. */
static bool
may_ask(const struct check *check)
{
	return !check->line->json && !check->line->quiet &&
	    check->signal == 0 && isatty(STDOUT_FILENO) &&
	    check_ask_is_possible();
}

/* --- Threads -------------------------------------------------------------- */

/* Take the next connection to walk; false: there is none. */
static bool
take_one(struct check *check, size_t *index)
{
	pthread_mutex_lock(&check->mutex);
	*index = check->taken;
	if (check->taken < check->count)
		check->taken++;
	pthread_mutex_unlock(&check->mutex);
	return *index < check->count;
}

static void *
walk_some(void *arg)
{
	struct check *check = arg;
	size_t index;

	while (take_one(check, &index)) {
		const struct check_task task = {
			.cfg = check->cfg,
			.connection = check->connections[index],
			.resolver = check->resolver,
			.cancel_fd = check->cancel_fd,
			.deadline_ms = check->deadline_ms,
		};
		struct check_route *route = check_route_new(&task);
		struct check_approach approach = { { NULL } };

		check_walk(&task, route, &approach, check->boards[index],
		    !check->line->no_login);
		check_route_free(route);
		check_approach_end(&approach);
		check_board_finish(check->boards[index]);
	}
	return NULL;
}

/* If the system refuses a thread, those that have started do all the work. */
static bool
start_threads(struct check *check)
{
	while (check->thread_count < check->count &&
	    check->thread_count < THREADS_MAX &&
	    pthread_create(&check->threads[check->thread_count], NULL,
		walk_some, check) == 0)
		check->thread_count++;
	return check->thread_count > 0;
}

/* --- Looking ------------------------------------------------------------- */

static const struct check_report *
look(struct check *check, size_t index)
{
	check_board_look(check->boards[index], check->report);
	return check->report;
}

/* Start a thread for each one left behind, to walk the remaining connections.
 * If the system refuses, the next look tries again. */
static void
replace_threads(struct check *check)
{
	pthread_t thread;

	while (check->lost_count > 0 &&
	    pthread_create(&thread, NULL, walk_some, check) == 0) {
		pthread_detach(thread);
		check->lost_count--;
	}
}

static void
give_up_late(struct check *check)
{
	int64_t by_ms = clock_ms() - LATE_MS;

	for (size_t i = 0; i < check->count; i++) {
		if (!check_board_is_late(check->boards[i], by_ms) ||
		    !check_walk_give_up(look(check, i), check->boards[i]))
			continue;
		check->has_lost_thread = true;
		check->lost_count++;
	}
	replace_threads(check);
}

/* --- Printing ------------------------------------------------------------- */

/* Print one report, done or not. */
static void
print_text(struct check *check, const struct check_report *report)
{
	if (check->line->quiet)
		check_text_line(&check->text, report);
	else
		check_text_end(&check->text, report);
}

/* Print what is new; false: every report is printed. */
static bool
show_text(struct check *check)
{
	while (check->printed < check->count) {
		if (!look(check, check->printed)->is_done) {
			if (!check->line->quiet)
				check_text_show(&check->text, check->report);
			return true;
		}
		print_text(check, check->report);
		check->printed++;
	}
	return false;
}

/* Reports as JSON come all at once, at the end. */
static bool
is_walking(struct check *check)
{
	for (size_t i = 0; i < check->count; i++)
		if (!check_board_is_done(check->boards[i]))
			return true;
	return false;
}

static void
print_json(struct check *check)
{
	bool is_one = check->count == 1;

	if (!is_one)
		puts("[");
	for (size_t i = 0; i < check->count; i++) {
		check_json_put(stdout, look(check, i));
		puts(i + 1 < check->count ? "," : "");
	}
	if (!is_one)
		puts("]");
}

/* Print what is left, done or not. */
static void
print_rest(struct check *check)
{
	if (check->line->json) {
		print_json(check);
		return;
	}
	for (; check->printed < check->count; check->printed++)
		print_text(check, look(check, check->printed));
}

/* --- The main thread ------------------------------------------------------ */

static void
take_signal(struct check *check)
{
	int number = signals_next(check->signal_fd);

	if (number == 0)
		return;
	check->signal = number;
	eventfd_write(check->cancel_fd, 1);
}

/* Sleep until something changes or `wait_ms` are over. */
static void
sleep_until_change(struct check *check, int wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = check->changed_fd, .events = POLLIN },
		{ .fd = check->signal_fd, .events = POLLIN },
	};
	eventfd_t count;

	if (poll(fds, 2, wait_ms) <= 0)
		return;
	if (fds[0].revents != 0)
		eventfd_read(check->changed_fd, &count);
	if (fds[1].revents != 0)
		take_signal(check);
}

static void
watch(struct check *check)
{
	bool is_text = !check->line->json;
	int wait_ms = is_text && check->text.is_live ? TICK_MS : QUIET_TICK_MS;

	while (check->signal == 0 &&
	    (is_text ? show_text(check) : is_walking(check))) {
		sleep_until_change(check, wait_ms);
		give_up_late(check);
	}
}

/* Wait for the walks that hear a signal.  False: some do not. */
static bool
wait_for_walks(struct check *check)
{
	int64_t end_ms = clock_ms() + CLOSE_MAX_MS;

	while (is_walking(check)) {
		if (clock_ms() >= end_ms)
			return false;
		sleep_until_change(check, clock_left_ms(end_ms));
	}
	return true;
}

static int
exit_code(struct check *check)
{
	int code = 0;

	for (size_t i = 0; i < check->count; i++)
		check->codes[check->places[i]] = check_report_code(
		    look(check, i));
	if (check->signal != 0)
		return 128 + check->signal;
	for (size_t i = 0; i < check->named_count && code == 0; i++)
		code = check->codes[i];
	return code;
}

static int
run(struct check *check)
{
	bool have_ended;
	int code;

	if (!start_threads(check)) {
		fputs("pgjump: cannot start a thread\n", stderr);
		return 1;
	}
	watch(check);
	have_ended = wait_for_walks(check);
	print_rest(check);
	code = exit_code(check);
	fflush(stdout);
	if (!have_ended || check->has_lost_thread)
		_exit(code); /* a thread still uses what we would free */
	for (size_t i = 0; i < check->thread_count; i++)
		pthread_join(check->threads[i], NULL);
	return code;
}

/* --- Rounds --------------------------------------------------------------- */

static int
take_signal_of(void *arg)
{
	struct check *check = arg;

	take_signal(check);
	return check->signal;
}

/* Keep the connections with a YES for the next round; false: there is none. */
static bool
keep_answered(struct check *check, const enum check_answer answers[])
{
	size_t kept = 0;

	for (size_t i = 0; i < check->count; i++) {
		if (answers[i] != CHECK_ANSWER_YES)
			continue;
		check->connections[kept] = check->connections[i];
		check->places[kept++] = check->places[i];
	}
	check->count = kept;
	return kept > 0;
}

/* The time that a person takes is not that of the walks. */
static void
take_no_time(struct check *check, int64_t started_ms)
{
	if (check->deadline_ms > 0)
		check->deadline_ms += clock_ms() - started_ms;
}

static bool
ask_all(struct check *check)
{
	enum check_answer *answers = xcalloc(check->count, sizeof *answers);
	int64_t started_ms = clock_ms();
	bool go_on;

	go_on = check_ask_boards(check->cfg, check->boards, check->count,
		    &check->signals, answers) == 0;
	take_no_time(check, started_ms);
	go_on = go_on && keep_answered(check, answers);
	free(answers);
	return go_on;
}

/* Ask for what no walk can do without.  False: a signal ended it. */
static bool
ask_first(struct check *check)
{
	int64_t started_ms = clock_ms();

	if (may_ask(check))
		check_ask_keys(check->cfg, check->connections, check->count,
		    &check->signals);
	take_no_time(check, started_ms);
	return check->signal == 0;
}

static void
free_boards(struct check *check)
{
	for (size_t i = 0; i < check->named_count; i++) {
		check_board_free(check->boards[i]);
		check->boards[i] = NULL;
	}
}

/* Walk, and once more where a person has made it possible to get further. */
static int
run_rounds(struct check *check)
{
	bool go_on = ask_first(check);
	int code = 0;

	while (go_on) {
		check->taken = check->printed = check->thread_count = 0;
		for (size_t i = 0; i < check->count; i++)
			check
			    ->boards[i] = check_board_new(check->connections[i],
			    check->changed_fd);
		code = run(check);
		go_on = code != 0 && may_ask(check) && ask_all(check);
		free_boards(check);
	}
	return check->signal != 0 ? 128 + check->signal : code;
}

static int
check_all(struct check *check)
{
	int code;

	while (check->connections[check->count] != NULL)
		check->count++;
	check->named_count = check->count;
	check->named = xcalloc(check->count, sizeof *check->named);
	memcpy(check->named, check->connections,
	    check->count * sizeof *check->named);
	check->boards = xcalloc(check->count, sizeof *check->boards);
	check->codes = xcalloc(check->count, sizeof *check->codes);
	check->places = xcalloc(check->count, sizeof *check->places);
	for (size_t i = 0; i < check->count; i++)
		check->places[i] = i;
	check->report = xmalloc(sizeof *check->report);
	check->changed_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	check->cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	check->resolver = resolver_new();
	check->text = check_text_on(stdout);
	pthread_mutex_init(&check->mutex, NULL);
	code = run_rounds(check);
	if (check->named_count > 1 && !check->line->json)
		check_text_sum(&check->text, check->named, check->codes,
		    check->named_count);
	pthread_mutex_destroy(&check->mutex);
	resolver_free(check->resolver);
	close(check->changed_fd);
	close(check->cancel_fd);
	free(check->report);
	free(check->boards);
	free(check->places);
	free(check->codes);
	free(check->named);
	return code;
}

int
check_run(const struct command_line *line)
{
	/* Until here, where a report begins, they end the program at once. */
	static const int ending[] = { SIGINT, SIGTERM, SIGQUIT };
	struct check check = { .line = line };
	int code = 1;

	check.cfg = line->json
	    ? config_load_for_json(&line->config_paths, line->names)
	    : config_load(&line->config_paths, line->names, may_ask(&check));
	check_login_prepare(); /* the file may name such variables */
	if (check.cfg != NULL)
		check.connections = named_connections(check.cfg, line->names);
	if (check.connections != NULL &&
	    check_limit_read(line->timeout, &check.deadline_ms)) {
		log_setup(LOG_LEVEL_ERROR, check.cfg->log_format);
		check.signal_fd = signals_catch(ending,
		    sizeof ending / sizeof *ending);
		check.signals = (struct check_talk_signals){ check.signal_fd,
			take_signal_of, &check };
		code = check_all(&check);
		close(check.signal_fd);
	}
	free(check.connections);
	config_unref(check.cfg);
	return code;
}
