/* SPDX-License-Identifier: PostgreSQL */

/*
 * A thread walks; the main thread waits for its end or for a signal.  A walk
 * that computes hears neither signal nor deadline, so the program may end while
 * it goes on.
 */
#include "check/way.h"

#include <event2/event.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xmalloc.h"
#include "check/approach.h"
#include "check/ask.h"
#include "check/board.h"
#include "check/login.h"
#include "check/route.h"
#include "check/text.h"
#include "check/walk.h"
#include "config/config.h"
#include "ssh/link.h"
#include "ssh/resolver.h"

/* How often to look for a walk that is late, and how late one may be: see
 * check/check.c. */
#define TICK_MS      500
#define LATE_MS      500
#define CLOSE_MAX_MS 200

/* The jump boxes before the last one, and what they need. */
struct check_way_outer {
	struct check_approach approach;
	struct resolver *resolver;
	int cancel_fd;
};

struct walk {
	struct check_task task;
	struct config *cfg;
	struct check_way_outer *outer;
	const struct check_talk_signals *signals;
	struct check_route *route;
	struct check_board *board;
	struct check_report *report; /* what was looked at last */
	pthread_t thread;
	int changed_fd;
	int signal; /* that ended it; 0: none */
};

static void *
run(void *arg)
{
	struct walk *walk = arg;

	check_walk(&walk->task, walk->route, &walk->outer->approach,
	    walk->board, true);
	check_board_finish(walk->board);
	return NULL;
}

static bool
is_done(struct walk *walk)
{
	check_board_look(walk->board, walk->report);
	return walk->report->is_done;
}

static void
sleep_until_change(struct walk *walk, int wait_ms)
{
	struct pollfd fds[] = {
		{ .fd = walk->changed_fd, .events = POLLIN },
		{ .fd = walk->signals->fd, .events = POLLIN },
	};
	eventfd_t count;

	if (poll(fds, 2, wait_ms) <= 0)
		return;
	if (fds[0].revents != 0)
		eventfd_read(walk->changed_fd, &count);
	if (fds[1].revents != 0 && walk->signal == 0)
		walk->signal = walk->signals->take(walk->signals->arg);
}

static void
print_failure(struct walk *walk)
{
	struct check_text text = check_text_on(stderr);

	is_done(walk);
	text.is_live = false;
	check_text_end(&text, walk->report);
}

/* The walk computes for so long that nobody waits for it. */
static void
give_up_if_late(struct walk *walk)
{
	if (!check_board_is_late(walk->board, clock_ms() - LATE_MS) ||
	    !check_walk_give_up(walk->report, walk->board))
		return;
	print_failure(walk);
	fflush(stderr);
	_exit(check_report_code(walk->report));
}

/* Until its end, or for a moment after a signal. */
static void
await(struct walk *walk)
{
	int64_t end_ms;

	while (walk->signal == 0 && !is_done(walk)) {
		sleep_until_change(walk, TICK_MS);
		give_up_if_late(walk);
	}
	if (walk->signal == 0)
		return;
	eventfd_write(walk->task.cancel_fd, 1);
	end_ms = clock_ms() + CLOSE_MAX_MS;
	while (!is_done(walk)) {
		if (clock_ms() >= end_ms)
			_exit(128 + walk->signal);
		sleep_until_change(walk, clock_left_ms(end_ms));
	}
}

static int
code_of(struct walk *walk)
{
	int code;

	if (walk->signal != 0)
		return 128 + walk->signal;
	is_done(walk);
	code = check_report_code(walk->report);
	if (code != 0)
		print_failure(walk);
	return code;
}

/* Whether a person has made it possible to get further. */
static bool
ask(struct walk *walk)
{
	enum check_answer answer;

	if (walk->signal != 0 || !check_ask_is_possible())
		return false;
	walk->signal = check_ask_boards(walk->cfg, &walk->board, 1,
	    walk->signals, &answer);
	return walk->signal == 0 && answer == CHECK_ANSWER_YES;
}

static int
walk_it(struct walk *walk)
{
	if (pthread_create(&walk->thread, NULL, run, walk) != 0) {
		fputs("pgjump: cannot start a thread\n", stderr);
		return 1;
	}
	await(walk);
	pthread_join(walk->thread, NULL);
	return code_of(walk);
}

static void
end(struct walk *walk)
{
	check_route_free(walk->route);
	check_approach_end(&walk->outer->approach);
	walk->outer->approach = (struct check_approach){ { NULL } };
}

static void
free_outer(struct check_way_outer *outer)
{
	if (outer == NULL)
		return;
	check_approach_end(&outer->approach);
	resolver_free(outer->resolver);
	close(outer->cancel_fd);
	free(outer);
}

static struct check_way_outer *
new_outer(void)
{
	struct check_way_outer *outer = xcalloc(1, sizeof *outer);

	outer->resolver = resolver_new();
	outer->cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return outer;
}

/* Walk once.  Returns the exit code, and whether to walk again. */
static int
walk_once(struct walk *walk, struct check_way *out, bool *again)
{
	int code;

	walk->board = check_board_new(walk->task.connection, walk->changed_fd);
	walk->route = check_route_new(&walk->task);
	code = walk_it(walk);
	if (code == 0)
		out->base = check_route_release(walk->route, &out->link);
	else
		end(walk);
	*again = code != 0 && ask(walk);
	check_board_free(walk->board);
	return walk->signal != 0 ? 128 + walk->signal : code;
}

int
check_way_walk(struct config *cfg, const struct config_connection *connection,
    const struct check_talk_signals *signals, struct check_way *out)
{
	struct check_way_outer *outer = new_outer();
	struct walk walk = {
		.task = { .cfg = cfg,
		    .connection = connection,
		    .resolver = outer->resolver,
		    .cancel_fd = outer->cancel_fd },
		.cfg = cfg,
		.outer = outer,
		.signals = signals,
		.report = xmalloc(sizeof *walk.report),
		.changed_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
	};
	bool again;
	int code = 0;

	if (check_ask_is_possible())
		walk.signal = check_ask_keys(cfg, &connection, 1, signals);
	again = walk.signal == 0;
	if (!again)
		code = 128 + walk.signal;
	while (again)
		code = walk_once(&walk, out, &again);
	if (code == 0)
		out->outer = outer;
	else
		free_outer(outer);
	close(walk.changed_fd);
	free(walk.report);
	return code;
}

void
check_way_end(struct check_way *way)
{
	free_outer(way->outer);
	way->outer = NULL;
}

void
check_way_prepare(void)
{
	check_login_prepare();
}

bool
check_way_may_ask(void)
{
	return check_ask_is_possible();
}
