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

bool
check_report_has(const struct check_report *report, enum check_phase phase)
{
	const struct config_jump *jump = report->connection->jump;
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
