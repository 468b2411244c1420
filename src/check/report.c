/* SPDX-License-Identifier: PostgreSQL */

/*
 * The names of what a check finds, and its verdict.
 */
#include "check/report.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "config/config.h"

/* Which connections have a phase. */
enum need {
	ALWAYS,
	WITH_JUMP,
	WITH_PROXY,
	WITHOUT_PROXY, /* which resolves and connects in our place */
};

static const struct {
	const char *name;
	enum need need;
} phases[] = {
	[CHECK_CONFIG] = { "config", ALWAYS },
	[CHECK_PROXY] = { "proxy", WITH_PROXY },
	[CHECK_RESOLVE] = { "resolve", WITHOUT_PROXY },
	[CHECK_CONNECT] = { "connect", WITHOUT_PROXY },
	[CHECK_HANDSHAKE] = { "handshake", WITH_JUMP },
	[CHECK_HOSTKEY] = { "hostkey", WITH_JUMP },
	[CHECK_AUTH] = { "auth", WITH_JUMP },
	[CHECK_FORWARD] = { "forward", WITH_JUMP },
	[CHECK_POSTGRES] = { "postgres", ALWAYS },
	[CHECK_TLS] = { "tls", ALWAYS },
	[CHECK_LOGIN] = { "login", ALWAYS },
	[CHECK_SERVER] = { "server", ALWAYS },
};

static const char *const statuses[] = {
	[CHECK_WAITING] = "skipped", /* the report ended before it began */
	[CHECK_RUNNING] = "interrupted",
	[CHECK_OK] = "ok",
	[CHECK_FAILED] = "failed",
	[CHECK_SKIPPED] = "skipped",
};

static const char *const sides[] = {
	[SIDE_TUNNEL] = "tunnel",
	[SIDE_DATABASE] = "database",
	[SIDE_CLIENT] = "client",
	[SIDE_LOCAL] = "local",
};

#define EXIT_INTERRUPTED 130

const char *
check_report_phase_name(enum check_phase phase)
{
	assert(phase < CHECK_PHASE_COUNT);
	return phases[phase].name;
}

const char *
check_report_status_name(enum check_status status)
{
	return statuses[status];
}

size_t
check_report_step(enum check_phase phase, unsigned hop)
{
	if (phase < CHECK_PROXY)
		return phase;
	if (phase < CHECK_FORWARD)
		return phase + (hop - 1) * CHECK_HOP_PHASES;
	return phase + (CONFIG_HOPS_MAX - 1) * CHECK_HOP_PHASES;
}

unsigned
check_report_hop(size_t step)
{
	if (step < CHECK_PROXY || step >= check_report_step(CHECK_FORWARD, 0))
		return 0;
	return 1 + (unsigned)(step - CHECK_PROXY) / CHECK_HOP_PHASES;
}

enum check_phase
check_report_phase(size_t step)
{
	unsigned hop = check_report_hop(step);

	if (step < CHECK_PROXY)
		return (enum check_phase)step;
	if (hop > 0)
		return (enum check_phase)(step - (hop - 1) * CHECK_HOP_PHASES);
	return (enum check_phase)(
	    step - (CONFIG_HOPS_MAX - 1) * CHECK_HOP_PHASES);
}

static bool
has_phase(const struct config_jump *jump, enum check_phase phase)
{
	bool has_proxy = jump != NULL && jump->proxy.type != PROXY_NONE;

	switch (phases[phase].need) {
	case ALWAYS:
		break;
	case WITH_JUMP:
		return jump != NULL;
	case WITH_PROXY:
		return has_proxy;
	case WITHOUT_PROXY:
		return !has_proxy;
	}
	return true;
}

/* The outer jump box resolves the name of an inner one, and connects to it. */
bool
check_report_has(const struct check_report *report, size_t step)
{
	const struct config_jump *jump = report->connection->jump;
	enum check_phase phase = check_report_phase(step);
	unsigned hop = check_report_hop(step);

	if (hop > 1)
		return hop <= config_hops_count(jump) && phase != CHECK_PROXY &&
		    phase != CHECK_RESOLVE;
	return has_phase(jump != NULL && hop == 1 ? config_hops_at(jump, 1)
						  : jump,
	    phase);
}

static bool
is_interrupted(const struct check_report *report)
{
	return !report->is_done || report->fault.code == FAIL_SHUTDOWN;
}

const char *
check_report_status(const struct check_report *report)
{
	if (is_interrupted(report))
		return "interrupted";
	return report->fault.code == FAIL_NONE ? "ok" : "failed";
}

int
check_report_code(const struct check_report *report)
{
	if (is_interrupted(report))
		return EXIT_INTERRUPTED;
	return report->fault.code == FAIL_NONE
	    ? 0
	    : failure_stage(report->fault.code)->exit_code;
}

const char *
check_report_side(const struct check_report *report)
{
	if (report->fault.code == FAIL_NONE || is_interrupted(report))
		return "";
	return sides[failure_stage(report->fault.code)->side];
}

void
check_report_advice_run(struct check_advice *advice, const char *place,
    const char *command, ...)
{
	va_list args;
	int len;

	snprintf(advice->place, sizeof advice->place, "%s", place);
	va_start(args, command);
	len = vsnprintf(advice->command, sizeof advice->command, command, args);
	va_end(args);
	if ((size_t)len >= sizeof advice->command)
		advice->place[0] = advice->command[0] = '\0';
}

void
check_report_advice_line(struct check_advice *advice, const char *line, ...)
{
	va_list args;

	assert(advice->line_count < CHECK_LINES_MAX);
	va_start(args, line);
	vsnprintf(advice->lines[advice->line_count++], sizeof advice->lines[0],
	    line, args);
	va_end(args);
}
