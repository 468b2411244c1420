/* SPDX-License-Identifier: PostgreSQL */

/*
 * One report under one mutex.
 */
#include "check/board.h"

#include <assert.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xmalloc.h"

struct check_board {
	pthread_mutex_t mutex;
	struct check_report report;
	struct check_report *given_up; /* shown instead, if not NULL */
	enum check_phase phase;        /* the last one that was entered */
	unsigned hop;                  /* of phases that belong to one */
	int changed_fd;
};

struct check_board *
check_board_new(const struct config_connection *connection, int changed_fd)
{
	struct check_board *board = xcalloc(1, sizeof *board);

	pthread_mutex_init(&board->mutex, NULL);
	board->report.connection = connection;
	board->hop = 1;
	board->changed_fd = changed_fd;
	return board;
}

void
check_board_free(struct check_board *board)
{
	if (board == NULL)
		return;
	pthread_mutex_destroy(&board->mutex);
	free(board->given_up);
	free(board);
}

void
check_board_look(struct check_board *board, struct check_report *out)
{
	pthread_mutex_lock(&board->mutex);
	*out = board->given_up != NULL ? *board->given_up : board->report;
	pthread_mutex_unlock(&board->mutex);
}

bool
check_board_is_done(struct check_board *board)
{
	bool is_done;

	pthread_mutex_lock(&board->mutex);
	is_done = board->given_up != NULL || board->report.is_done;
	pthread_mutex_unlock(&board->mutex);
	return is_done;
}

bool
check_board_is_late(struct check_board *board, int64_t by_ms)
{
	int64_t due_ms;

	pthread_mutex_lock(&board->mutex);
	due_ms = board->given_up != NULL ? 0 : board->report.due_ms;
	pthread_mutex_unlock(&board->mutex);
	return due_ms != 0 && due_ms <= by_ms;
}

static struct check_report *
open_report(struct check_board *board)
{
	pthread_mutex_lock(&board->mutex);
	return &board->report;
}

static void
close_report(struct check_board *board)
{
	pthread_mutex_unlock(&board->mutex);
	eventfd_write(board->changed_fd, 1);
}

static void
set_text(char *out, size_t size, const char *format, va_list args)
{
	char text[FAULT_DETAIL_MAX];

	vsnprintf(text, sizeof text, format, args);
	text_printable(out, size, text, strlen(text));
}

static void
end_step(struct check_step *step, enum check_status status)
{
	step->status = status;
	step->duration_ms = clock_ms() - step->started_ms;
}

static struct check_step *
step_of(const struct check_board *board, struct check_report *report,
    enum check_phase phase)
{
	return &report->steps[check_report_step(phase, board->hop)];
}

/* The line of the phase holds the cause alone; the verdict holds everything. */
static void
fail_step(const struct check_board *board, struct check_report *report,
    const struct fault *fault)
{
	struct check_step *step = step_of(board, report, board->phase);

	assert(step->status == CHECK_RUNNING);
	report->fault = *fault;
	if (fault->code != FAIL_SHUTDOWN)
		fault_cause(fault, step->message, sizeof step->message);
	end_step(step,
	    fault->code == FAIL_SHUTDOWN ? CHECK_RUNNING : CHECK_FAILED);
}

static void
finish(struct check_report *report)
{
	report->is_done = true;
	if (report->started_ms != 0)
		report->duration_ms = clock_ms() - report->started_ms;
}

bool
check_board_give_up(struct check_board *board, const struct fault *fault,
    const struct check_advice *advice)
{
	struct check_report *report = open_report(board);
	bool is_late = report->due_ms != 0;

	if (is_late) {
		board->given_up = xmalloc(sizeof *board->given_up);
		*board->given_up = *report;
		fail_step(board, board->given_up, fault);
		board->given_up->advice = *advice;
		finish(board->given_up);
	}
	close_report(board);
	return is_late;
}

void
check_board_enter(struct check_board *board, enum check_phase phase)
{
	struct check_report *report = open_report(board);
	struct check_step *step = step_of(board, report, phase);

	assert(step_of(board, report, board->phase)->status != CHECK_RUNNING);
	board->phase = phase;
	step->status = CHECK_RUNNING;
	step->started_ms = clock_ms();
	if (report->started_ms == 0)
		report->started_ms = step->started_ms;
	close_report(board);
}

void
check_board_hop(struct check_board *board, unsigned hop)
{
	open_report(board);
	board->hop = hop;
	close_report(board);
}

void
check_board_due(struct check_board *board, int64_t due_ms)
{
	open_report(board)->due_ms = due_ms;
	close_report(board);
}

void
check_board_pass(struct check_board *board, const char *message, ...)
{
	struct check_step *step = step_of(board, open_report(board),
	    board->phase);
	va_list args;

	assert(step->status == CHECK_RUNNING);
	va_start(args, message);
	set_text(step->message, sizeof step->message, message, args);
	va_end(args);
	end_step(step, CHECK_OK);
	close_report(board);
}

void
check_board_fail(struct check_board *board, const struct fault *fault)
{
	fail_step(board, open_report(board), fault);
	close_report(board);
}

void
check_board_skip(struct check_board *board, enum check_phase phase,
    const char *why, ...)
{
	struct check_step *step = step_of(board, open_report(board), phase);
	va_list args;

	va_start(args, why);
	set_text(step->message, sizeof step->message, why, args);
	va_end(args);
	step->status = CHECK_SKIPPED;
	close_report(board);
}

static struct check_fact *
add_fact(const struct check_board *board, struct check_report *report,
    enum check_phase phase, const char *key)
{
	struct check_step *step = step_of(board, report, phase);

	assert(step->fact_count < CHECK_FACTS_MAX);
	step->facts[step->fact_count].key = key;
	return &step->facts[step->fact_count++];
}

void
check_board_fact(struct check_board *board, enum check_phase phase,
    const char *key, const char *text)
{
	struct check_fact *fact;

	if (text == NULL || text[0] == '\0')
		return;
	fact = add_fact(board, open_report(board), phase, key);
	text_printable(fact->text, sizeof fact->text, text, strlen(text));
	close_report(board);
}

/* The list under this key, which is the last fact of the phase or new. */
static struct check_fact *
open_list(const struct check_board *board, struct check_report *report,
    enum check_phase phase, const char *key)
{
	struct check_step *step = step_of(board, report, phase);
	struct check_fact *fact;

	if (step->fact_count > 0 &&
	    strcmp(step->facts[step->fact_count - 1].key, key) == 0)
		return &step->facts[step->fact_count - 1];
	fact = add_fact(board, report, phase, key);
	fact->is_list = true;
	return fact;
}

/* An item that does not fit is left out. */
void
check_board_item(struct check_board *board, enum check_phase phase,
    const char *key, const char *text)
{
	struct check_fact *fact = open_list(board, open_report(board), phase,
	    key);
	size_t used = strlen(fact->text), size = sizeof fact->text;

	if (used + strlen(text) + 2 <= size) {
		text_printable(fact->text + used, size - used - 1, text,
		    strlen(text));
		strcat(fact->text, "\n");
	}
	close_report(board);
}

void
check_board_number(struct check_board *board, enum check_phase phase,
    const char *key, double number)
{
	struct check_fact *fact = add_fact(board, open_report(board), phase,
	    key);

	fact->is_number = true;
	fact->number = number;
	close_report(board);
}

void
check_board_probe(struct check_board *board, const struct check_probe *probe)
{
	struct check_report *report = open_report(board);

	if (report->probe_count < CHECK_PROBES_MAX)
		report->probes[report->probe_count++] = *probe;
	close_report(board);
}

void
check_board_remark(struct check_board *board, const char *remark, ...)
{
	struct check_report *report = open_report(board);
	va_list args;

	assert(report->remark_count < CHECK_REMARKS_MAX);
	va_start(args, remark);
	set_text(report->remarks[report->remark_count++], FAULT_WORDS_MAX,
	    remark, args);
	va_end(args);
	close_report(board);
}

void
check_board_advise(struct check_board *board, const struct check_advice *advice)
{
	open_report(board)->advice = *advice;
	close_report(board);
}

void
check_board_ask(struct check_board *board,
    const struct check_question *question)
{
	open_report(board)->question = *question;
	close_report(board);
}

void
check_board_finish(struct check_board *board)
{
	finish(open_report(board));
	close_report(board);
}
