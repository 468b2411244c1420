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

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && value[0] != '\0';
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
	};
}

static void
put(const struct check_text *text, enum color color, const char *words)
{
	bool is_colored = text->is_colored && color != PLAIN;

	fprintf(text->out, "%s%s%s", is_colored ? colors[color] : "", words,
	    is_colored ? COLOR_OFF : "");
}

static void
put_title(struct check_text *text, const struct check_report *report)
{
	const struct config_connection *connection = report->connection;
	const struct config_jump *jump = connection->jump, *first;

	text->has_title = true;
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

static void
put_step(const struct check_text *text, enum check_phase phase,
    const struct check_step *step)
{
	char status[16], time[24] = "";

	snprintf(status, sizeof status, "  %-11s",
	    check_report_status_name(step->status));
	if (step->started_ms != 0)
		snprintf(time, sizeof time, "%lld ms",
		    (long long)step->duration_ms);
	put(text, status_colors[step->status], status);
	fprintf(text->out, " %9s  ", time);
	if (step->message[0] != '\0')
		fprintf(text->out, "%-9s  %s\n", check_report_phase_name(phase),
		    step->message);
	else
		fprintf(text->out, "%s\n", check_report_phase_name(phase));
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
	const struct check_step *step;

	for (; text->next < CHECK_STEPS_MAX; text->next++) {
		step = &report->steps[text->next];
		if (!check_report_has(report, text->next))
			continue;
		if (!is_over(step) && !is_final)
			break;
		put_hop(text, report, text->next);
		put_step(text, check_report_phase(text->next), step);
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

static void
put_advice(const struct check_text *text, const struct check_advice *advice)
{
	if (advice->hint[0] != '\0')
		fprintf(text->out, "  Fix: %s\n", advice->hint);
	if (advice->line_count > 0)
		fprintf(text->out, "  Add to %s:\n", advice->file);
	for (size_t i = 0; i < advice->line_count; i++)
		fprintf(text->out, "    %s\n", advice->lines[i]);
	if (advice->command[0] != '\0')
		fprintf(text->out, "  Run %s:\n    %s\n", advice->place,
		    advice->command);
}

static void
put_verdict(const struct check_text *text, const struct check_report *report)
{
	char message[FAULT_DETAIL_MAX];

	fputs("  ", text->out);
	if (strcmp(check_report_status(report), "failed") == 0) {
		fault_message_bare(&report->fault, message, sizeof message);
		put(text, RED, message);
	} else if (strcmp(check_report_status(report), "ok") == 0) {
		put(text, GREEN,
		    report->steps[check_report_step(CHECK_LOGIN, 0)].status ==
			    CHECK_OK
			? "ok"
			: "ok, without a login to the database");
	} else {
		put(text, YELLOW, "interrupted");
	}
	if (report->is_done)
		fprintf(text->out, ", after %lld ms",
		    (long long)report->duration_ms);
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
		fprintf(text->out, "  %s\n", report->remarks[i]);
	put_advice(text, &report->advice);
	fflush(text->out);
	text->has_title = false;
	text->next = 0;
}
