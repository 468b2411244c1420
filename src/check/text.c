/* SPDX-License-Identifier: PostgreSQL */

/*
 * The layout of reports:
 *
 *	name: database through jump box
 *	  status   milliseconds  phase  message
 *	  verdict
 *	  remarks, hint, lines to paste, command
 *
 * A line to be pasted stands alone and is never broken, however long.
 */
#include "check/text.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "config/config.h"
#include "config/hops.h"

enum color {
	PLAIN,
	BOLD,
	DIM,
	RED,
	GREEN,
	YELLOW,
};

static const char *const colors[] = {
	[PLAIN] = "",
	[BOLD] = "\033[1m",
	[DIM] = "\033[2m",
	[RED] = "\033[1;31m",
	[GREEN] = "\033[32m",
	[YELLOW] = "\033[33m",
};

static const enum color status_colors[] = {
	[CHECK_WAITING] = DIM,
	[CHECK_RUNNING] = YELLOW,
	[CHECK_OK] = GREEN,
	[CHECK_FAILED] = RED,
	[CHECK_SKIPPED] = DIM,
};

#define COLOR_OFF  "\033[0m"
#define ERASE_LINE "\r\033[K"

/* A narrower terminal breaks lines wherever it likes. */
#define WIDTH_MIN 40

/* Columns of what is said of a phase: below its first line, and where those
 * would leave too little room. */
#define MESSAGE_COLUMN 36
#define MESSAGE_NARROW 6
#define WIDTH_WIDE     80

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
}

/* The columns of a terminal; 0: lines are not broken. */
static size_t
width_of(FILE *out)
{
	struct winsize size;

	return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 &&
		size.ws_col >= WIDTH_MIN
	    ? size.ws_col
	    : 0;
}

/* NO_COLOR: no-color.org. */
struct check_text
check_text_on(FILE *out)
{
	const char *term = getenv("TERM");
	bool is_live = isatty(fileno(out)) && term != NULL &&
	    strcmp(term, "dumb") != 0;

	return (struct check_text){
		.out = out,
		.is_live = is_live,
		.is_colored = is_live && !is_set("NO_COLOR"),
		.width = width_of(out),
	};
}

static void
put(const struct check_text *text, enum color color, const char *words)
{
	bool is_colored = text->is_colored && color != PLAIN;

	fprintf(text->out, "%s%s%s", is_colored ? colors[color] : "", words,
	    is_colored ? COLOR_OFF : "");
}

/* --- Words ---------------------------------------------------------------- */

/*
 * A further word of a line: behind a space, or at `indent` in the next line if
 * it does not fit.  Returns the column behind it.
 */
static size_t
put_next(const struct check_text *text, size_t column, size_t indent,
    const char *word)
{
	size_t len = strcspn(word, " ");
	bool is_full = text->width > 0 && column + 1 + len > text->width;

	if (is_full)
		fprintf(text->out, "\n%*s%.*s", (int)indent, "", (int)len,
		    word);
	else
		fprintf(text->out, " %.*s", (int)len, word);
	return (is_full ? indent : column + 1) + len;
}

/*
 * Words from `column` on.  A word is never broken.  Returns the column behind
 * the last one.
 */
static size_t
put_words(const struct check_text *text, size_t column, size_t indent,
    const char *words)
{
	size_t len = strcspn(words, " ");

	fprintf(text->out, "%.*s", (int)len, words);
	column += len;
	while (words[len] == ' ') {
		words += len + 1;
		len = strcspn(words, " ");
		column = put_next(text, column, indent, words);
	}
	return column;
}

static size_t
put_colored_words(const struct check_text *text, enum color color,
    size_t column, size_t indent, const char *words)
{
	bool is_colored = text->is_colored && color != PLAIN;

	fputs(is_colored ? colors[color] : "", text->out);
	column = put_words(text, column, indent, words);
	fputs(is_colored ? COLOR_OFF : "", text->out);
	return column;
}

/* A sentence below the phases. */
static void
put_sentence(const struct check_text *text, const char *sentence)
{
	fputs("  ", text->out);
	put_words(text, 2, 4, sentence);
	putc('\n', text->out);
}

/* --- Phases --------------------------------------------------------------- */

static void
put_title(struct check_text *text, const struct check_report *report)
{
	const struct config_connection *connection = report->connection;
	const struct config_jump *jump = connection->jump, *first;

	text->has_title = true;
	if (text->has_report)
		putc('\n', text->out);
	text->has_report = true;
	put(text, BOLD, connection->name);
	if (jump == NULL) {
		fprintf(text->out, ": %s without a tunnel\n",
		    connection->label);
		return;
	}
	first = config_hops_at(jump, 1);
	fprintf(text->out, ": %s through jump box %s", connection->label,
	    first->label);
	if (first->proxy.label != NULL)
		fprintf(text->out, " by proxy %s", first->proxy.label);
	for (unsigned hop = 2; hop <= config_hops_count(jump); hop++)
		fprintf(text->out, ", then %s",
		    config_hops_at(jump, hop)->label);
	putc('\n', text->out);
}

/* A line above the phases of each hop of a chain. */
static void
put_hop(const struct check_text *text, const struct check_report *report,
    size_t step)
{
	const struct config_jump *jump = report->connection->jump;
	unsigned hop = check_report_hop(step), hops = config_hops_count(jump);

	if (hops < 2 || hop == 0)
		return;
	for (size_t i = check_report_step(CHECK_PROXY, hop); i < step; i++)
		if (check_report_has(report, i))
			return;
	fprintf(text->out, "  hop %u of %u: %s\n", hop, hops,
	    config_hops_at(jump, hop)->label);
}

/* What the verdict says in full is not said of the phase as well. */
static bool
is_said_below(const struct check_report *report, const struct check_step *step)
{
	char message[FAULT_DETAIL_MAX];

	if (step->status != CHECK_FAILED || report->fault.code == FAIL_NONE)
		return false;
	fault_message_bare(&report->fault, message, sizeof message);
	return strstr(message, step->message) != NULL;
}

static void
put_message(const struct check_text *text, const char *phase,
    const char *message)
{
	bool is_wide = text->width == 0 || text->width >= WIDTH_WIDE;

	fprintf(text->out, "%-9s  ", phase);
	put_words(text, MESSAGE_COLUMN,
	    is_wide ? MESSAGE_COLUMN : MESSAGE_NARROW, message);
	putc('\n', text->out);
}

static void
put_step(const struct check_text *text, const struct check_report *report,
    size_t index)
{
	const struct check_step *step = &report->steps[index];
	const char *phase = check_report_phase_name(check_report_phase(index));
	char status[16], time[24] = "";

	snprintf(status, sizeof status, "  %-11s",
	    check_report_status_name(step->status));
	if (step->started_ms != 0)
		snprintf(time, sizeof time, "%lld ms",
		    (long long)step->duration_ms);
	put(text, status_colors[step->status], status);
	fprintf(text->out, " %9s  ", time);
	if (step->message[0] != '\0' && !is_said_below(report, step))
		put_message(text, phase, step->message);
	else
		fprintf(text->out, "%s\n", phase);
}

/* A phase that was skipped, and about which nothing is to be said. */
static bool
is_mere_skip(const struct check_report *report, size_t index)
{
	const struct check_step *step = &report->steps[index];

	return check_report_has(report, index) &&
	    (step->status == CHECK_SKIPPED || step->status == CHECK_WAITING) &&
	    step->message[0] == '\0';
}

/* All that follow in one line; returns the last one. */
static size_t
put_skipped(const struct check_text *text, const struct check_report *report,
    size_t index)
{
	size_t column = strlen("  skipped   "), last = index;

	put(text, DIM, "  skipped    ");
	for (; index < CHECK_STEPS_MAX; index++) {
		const char *phase = check_report_phase_name(
		    check_report_phase(index));

		if (!check_report_has(report, index))
			continue;
		if (!is_mere_skip(report, index))
			break;
		fprintf(text->out, "%s", last == index ? " " : ", ");
		column = put_colored_words(text, DIM, column + 2,
		    MESSAGE_NARROW, phase);
		last = index;
	}
	putc('\n', text->out);
	return last;
}

static void
erase_live_line(struct check_text *text)
{
	if (text->has_live_line)
		fputs(ERASE_LINE, text->out);
	text->has_live_line = false;
}

/* The phase in progress, and how long it has been. */
static void
draw_live_line(struct check_text *text, enum check_phase phase,
    const struct check_step *step)
{
	char line[80];

	if (!text->is_live || step->status != CHECK_RUNNING)
		return;
	snprintf(line, sizeof line, "  %-11s %6lld ms  %s ...", "",
	    (long long)(clock_ms() - step->started_ms),
	    check_report_phase_name(phase));
	put(text, YELLOW, line);
	text->has_live_line = true;
}

static bool
is_over(const struct check_step *step)
{
	return step->status == CHECK_OK || step->status == CHECK_FAILED ||
	    step->status == CHECK_SKIPPED;
}

/* Print the phases that are over; in a final report, the others as well. */
static void
put_steps(struct check_text *text, const struct check_report *report,
    bool is_final)
{
	for (; text->next < CHECK_STEPS_MAX; text->next++) {
		if (!check_report_has(report, text->next))
			continue;
		if (!is_final &&
		    (!is_over(&report->steps[text->next]) ||
			is_mere_skip(report, text->next)))
			break;
		put_hop(text, report, text->next);
		if (is_mere_skip(report, text->next))
			text->next = put_skipped(text, report, text->next);
		else
			put_step(text, report, text->next);
	}
}

void
check_text_show(struct check_text *text, const struct check_report *report)
{
	erase_live_line(text);
	if (!text->has_title)
		put_title(text, report);
	put_steps(text, report, false);
	if (text->next < CHECK_STEPS_MAX)
		draw_live_line(text, check_report_phase(text->next),
		    &report->steps[text->next]);
	fflush(text->out);
}

/* --- The verdict ---------------------------------------------------------- */

static void
put_probes(const struct check_text *text, const struct check_report *report)
{
	for (size_t i = 0; i < report->probe_count; i++) {
		const struct check_probe *probe = &report->probes[i];

		put(text, DIM, "  asked      ");
		fprintf(text->out, "%7lld ms  %-9s  %s\n",
		    (long long)probe->duration_ms, "forward", probe->outcome);
	}
}

/* Set apart: it is what the reader has come for. */
static void
put_advice(const struct check_text *text, const struct check_advice *advice)
{
	char place[320];

	if (advice->hint[0] != '\0') {
		fputs("\n  ", text->out);
		put(text, GREEN, "Fix:");
		putc(' ', text->out);
		put_words(text, 7, 4, advice->hint);
		putc('\n', text->out);
	}
	if (advice->line_count > 0)
		fprintf(text->out, "  Add to %s:\n", advice->file);
	for (size_t i = 0; i < advice->line_count; i++) {
		fputs("    ", text->out);
		put(text, BOLD, advice->lines[i]);
		putc('\n', text->out);
	}
	if (advice->command[0] == '\0')
		return;
	snprintf(place, sizeof place, "Run %s:", advice->place);
	put_sentence(text, place);
	fputs("    ", text->out);
	put(text, BOLD, advice->command);
	putc('\n', text->out);
}

static void
put_verdict(const struct check_text *text, const struct check_report *report)
{
	size_t login = check_report_step(CHECK_LOGIN, 0), column;
	char message[FAULT_DETAIL_MAX], time[32];
	enum color color = YELLOW;

	snprintf(message, sizeof message, "interrupted");
	if (strcmp(check_report_status(report), "failed") == 0) {
		color = RED;
		fault_message_bare(&report->fault, message, sizeof message);
	} else if (strcmp(check_report_status(report), "ok") == 0) {
		color = GREEN;
		snprintf(message, sizeof message, "%s",
		    report->steps[login].status == CHECK_OK
			? "ok"
			: "ok, without a login to the database");
	}
	fputs("  ", text->out);
	column = put_colored_words(text, color, 2, 4, message);
	if (report->is_done) {
		snprintf(time, sizeof time, "%lld",
		    (long long)report->duration_ms);
		putc(',', text->out);
		column = put_next(text, column + 1, 4, "after");
		column = put_next(text, column, 4, time);
		put_next(text, column, 4, "ms");
	}
	putc('\n', text->out);
}

void
check_text_end(struct check_text *text, const struct check_report *report)
{
	erase_live_line(text);
	if (!text->has_title)
		put_title(text, report);
	put_steps(text, report, true);
	put_probes(text, report);
	put_verdict(text, report);
	for (size_t i = 0; i < report->remark_count; i++)
		put_sentence(text, report->remarks[i]);
	put_advice(text, &report->advice);
	fflush(text->out);
	text->has_title = false;
	text->next = 0;
}

void
check_text_line(struct check_text *text, const struct check_report *report)
{
	const char *status = check_report_status(report);
	bool is_failed = strcmp(status, "failed") == 0;
	char message[FAULT_DETAIL_MAX];

	fprintf(text->out, "%s: ", report->connection->name);
	put(text,
	    is_failed                       ? RED
		: strcmp(status, "ok") == 0 ? GREEN
					    : YELLOW,
	    status);
	if (is_failed) {
		fault_message_bare(&report->fault, message, sizeof message);
		fprintf(text->out, ", %s", message);
	}
	putc('\n', text->out);
	fflush(text->out);
}

void
check_text_sum(struct check_text *text,
    const struct config_connection *const *named, const int *codes,
    size_t count)
{
	size_t ok_count = 0, column;
	char sum[80];

	for (size_t i = 0; i < count; i++)
		ok_count += codes[i] == 0;
	snprintf(sum, sizeof sum, "%zu of %zu ok", ok_count, count);
	if (text->has_report)
		putc('\n', text->out);
	put(text, ok_count == count ? GREEN : RED, sum);
	column = strlen(sum);
	if (ok_count < count)
		column = put_words(text, column, 2, "; not:");
	for (size_t i = 0; i < count; i++) {
		if (codes[i] == 0)
			continue;
		column = put_next(text, column, 2, named[i]->name);
	}
	putc('\n', text->out);
	fflush(text->out);
}
